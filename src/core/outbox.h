/*
 * The sender's side of a queue whose records must not be lost: what finds no room waits here, in order, until there is.
 * Owned by the sender's thread.
 */
#ifndef EMAILMON_OUTBOX_H
#define EMAILMON_OUTBOX_H

#include "queue.h"

struct outbox;

/** outbox_new(to, record_bytes): ${to} is another's.  NULL: memory.  outbox_free(o, drop): ${drop} (may be NULL)
 *  releases what each record that still waits holds; NULL is fine. */
struct outbox *outbox_new(struct queue *to, size_t record_bytes);
void outbox_free(struct outbox *o, void (*drop)(void *record));

/** outbox_reserve(o, more): Make room for ${more} records, so that sending them, whenever that is, cannot fail; false:
 *  memory.  outbox_release(o, n): ${n} of them will not come after all. */
bool outbox_reserve(struct outbox *o, size_t more);
void outbox_release(struct outbox *o, size_t n);

/** outbox_send(o, record): Post it, or let it wait behind those that do.  False:
 * memory; the record is still the caller's. */
bool outbox_send(struct outbox *o, const void *record);

/** outbox_flush(o): Post what waits, as far as there is room; false: some still waits, try again in a moment. */
bool outbox_flush(struct outbox *o);

/** outbox_waiting(o): how many wait. */
size_t outbox_waiting(const struct outbox *o);

#endif
