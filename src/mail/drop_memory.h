/*
 * What is remembered of a mailbox between two looks, so that no mail is read twice: for POP3 the uids of mails that
 * are not ours (hashed with a random key: 8 octets a mail), for IMAP UIDVALIDITY, the last uid inspected, and gaps
 * below it.  A cache:
 * it only skips work and proves nothing.
 */
#ifndef EMAILMON_DROP_MEMORY_H
#define EMAILMON_DROP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drop_memory;

/** drop_memory_new(): Return an empty one, or NULL.  drop_memory_free(m): NULL does nothing. */
struct drop_memory *drop_memory_new(void);
void drop_memory_free(struct drop_memory *m);

/** drop_memory_void(m): Forget all: the next look is a first contact. */
void drop_memory_void(struct drop_memory *m);

/** drop_memory_is_new(m): Nothing was looked at yet (since it was made or voided). */
bool drop_memory_is_new(const struct drop_memory *m);

/** drop_memory_entries(m): how many uids it holds: for the limit over all mailboxes. */
size_t drop_memory_entries(const struct drop_memory *m);

#endif
