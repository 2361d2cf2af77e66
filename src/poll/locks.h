/*
 * The lock of a mailbox: sessions on one (address connected to, user), POP3 or IMAP, never overlap (RFC 1939 s. 4 locks it; an IMAP
 * session beside it would make it fail).  First come, first served.
 */
#ifndef EMAILMON_LOCKS_H
#define EMAILMON_LOCKS_H

#include "address.h"

struct locks;
struct lock;

struct locks *locks_new(void);
void locks_free(struct locks *l);

/** locks_acquire(l, address, user, granted, owner): Wait for it; ${granted}(owner) possibly before this returns.  NULL: memory.
 *  lock_release(k): Give it back, or stop waiting.  lock_wanted(k): whether others wait for it. */
struct lock *locks_acquire(struct locks *l, const struct address *address, const char *user, void (*granted)(void *owner), void *owner);
void lock_release(struct lock *k);
bool lock_wanted(const struct lock *k);

#endif
