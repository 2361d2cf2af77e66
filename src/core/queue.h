/*
 * A bounded queue of records between two threads, with a descriptor that wakes the reader.  The mutex is held for
 * one copy.  A record is a plain value: what it points to is counted and immutable, and belongs to
 * the queue from post to take.  Nobody waits for a full queue: what must not be lost waits in the sender's own list.
 */
#ifndef EMAILMON_QUEUE_H
#define EMAILMON_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;

/** queue_new(capacity, record_bytes): Return a queue, or NULL (memory, descriptors). */
struct queue *queue_new(size_t capacity, size_t record_bytes);

/**
 * queue_free(q, drop): Free; ${drop} (may be NULL) is called for each record still inside, to release what it holds.
 * No thread may use ${q} any more.
 */
void queue_free(struct queue *q, void (*drop)(void *record));

/** queue_post(q, record): Copy one record in; false when full.  Any thread. */
bool queue_post(struct queue *q, const void *record);

/** queue_take(q, record): Copy the oldest out; false when empty.  The reader's thread. */
bool queue_take(struct queue *q, void *record);

/** queue_fd(q): A descriptor (eventfd) that becomes readable when the queue holds something after it was empty. */
int queue_fd(const struct queue *q);

/** queue_drain(q): Make the descriptor unreadable; call it before taking until empty, so that no wake-up is missed.
 *  Who leaves records inside must come back for them unasked. */
void queue_drain(struct queue *q);

#endif
