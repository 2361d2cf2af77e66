/*
 * The lock of a mailbox: sessions on one (address connected to, user), POP3 or IMAP, never overlap (RFC 1939 s. 4 locks
 * it; an IMAP session beside it would make it fail).  First come, first served.  Users are compared without regard to
 * case: at most servers "Probe" and "probe" are one mailbox, and elsewhere the one just waits for the other.
 */
#ifndef EMAILMON_LOCKS_H
#define EMAILMON_LOCKS_H

#include "address.h"

struct locks;
struct lock;

/** locks_new(): NULL: memory.  locks_free(l): No lock may be held or waited for; NULL is fine. */
struct locks *locks_new(void);
void locks_free(struct locks *l);

/**
 * locks_acquire(l, address, user, granted, owner): Take the lock or a place in its queue;
 * lock_is_held() says which.  In the queue, ${granted}(owner) is called once, when it is this one's
 * turn, never before this returns.  NULL: memory.
 * lock_release(k): Give it back, or stop waiting; the next one's granted() is called inside.  NULL is fine.
 * lock_is_held(k): it is here.  lock_wanted(k): whether others wait behind it.
 */
struct lock *locks_acquire(struct locks *l, const struct address *address, const char *user,
                           void (*granted)(void *owner), void *owner);
void lock_release(struct lock *k);
bool lock_is_held(const struct lock *k);
bool lock_wanted(const struct lock *k);

#endif
