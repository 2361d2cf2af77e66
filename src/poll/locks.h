/*
 * The lock of a mailbox: sessions on one (address connected to, user), POP3 or IMAP, never overlap (RFC 1939 s. 4 locks
 * it; an IMAP session beside it would make it fail).  First come, first served, whichever worker they belong to.  Users
 * are compared without regard to case: at most servers "Probe" and "probe" are one mailbox, and elsewhere the one just
 * waits for the other.
 */
#ifndef EMAILMON_LOCKS_H
#define EMAILMON_LOCKS_H

#include "address.h"
#include "loop.h"

struct lock_table;
struct locks;
struct lock;

/** lock_table_new(): What all workers of a process share: who has which mailbox, and who waits for it.  NULL: memory.
 *  lock_table_free(t): When no worker uses it any more; NULL is fine. */
struct lock_table *lock_table_new(void);
void lock_table_free(struct lock_table *t);

/** locks_new(table, loop): The locks of one worker, which runs ${loop}.  NULL: memory, descriptors.  locks_free(l): No
 *  lock of this worker may be held or waited for; NULL is fine. */
struct locks *locks_new(struct lock_table *table, struct loop *loop);
void locks_free(struct locks *l);

/**
 * locks_acquire(l, address, user, granted, owner): Take the lock or a place in its queue;
 * lock_is_held() says which.  In the queue, ${granted}(owner) is called once, when it is this one's
 * turn, never before this returns.  NULL: memory.
 * lock_release(k): Give it back, or stop waiting; when the next one is of the same worker its granted() is called
 * inside.  NULL is fine.
 * lock_is_held(k): it is here.  lock_wanted(k): whether others wait behind it.
 */
struct lock *locks_acquire(struct locks *l, const struct address *address, const char *user,
                           void (*granted)(void *owner), void *owner);
void lock_release(struct lock *k);
bool lock_is_held(const struct lock *k);
bool lock_wanted(const struct lock *k);

#endif
