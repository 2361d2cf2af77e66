/*
 * What the agent has the store keep, and how long it waits for that.  Belongs to the agent thread.
 */
#ifndef EMAILMON_KEEP_H
#define EMAILMON_KEEP_H

#include "outbox.h"
#include "records.h"

/* A master gives a SET's commit up after a second or more (snmpd: a second by default). */
enum { KEEP_WAIT_MS = 600 };

struct keep {
    struct outbox *saves; /* of struct save, to the store */
    struct queue *saved;  /* of struct saved, from the store */
    uint64_t last_id;
    uint64_t late_id; /* a save that was begun and not answered in time; 0: none */
};

/** keep_init(k, saves, saved): The queues outlive ${k}; false: memory.  keep_clear(k): drop what still waits. */
bool keep_init(struct keep *k, struct queue *saves, struct queue *saved);
void keep_clear(struct keep *k);

/** keep_count(changes, n): How many of these concern the state: all but rows that were volatile and stay so.
 *  keep_fill(b, changes, n): Write those to ${b}, which has room for them. */
size_t keep_count(const struct change *changes, size_t n);
void keep_fill(struct save_batch *b, const struct change *changes, size_t n);

/** keep_reserve(k, n): Room for ${n} saves, so that having them kept cannot fail for memory.  keep_release(k, n). */
bool keep_reserve(struct keep *k, size_t n);
void keep_release(struct keep *k, size_t n);

enum kept {
    KEPT,         /* it is on disk */
    KEPT_REFUSED, /* it is not */
    KEPT_DROPPED, /* the store had no time for it, and will not look at it any more */
    KEPT_LATE     /* the store is at it: nobody knows */
};

/** keep_wait(k, kind, batch): Have it kept (or tried) at once; waits KEEP_WAIT_MS at most.  Takes the reference, and
 *  one reserved place.
 *  keep_later(k, batch): The same without waiting: it is kept as soon as that is possible. */
enum kept keep_wait(struct keep *k, enum save_kind kind, struct save_batch *batch);
void keep_later(struct keep *k, struct save_batch *batch);

/** keep_take(k): Take answers that came late.  keep_is_late(k): whether one is still
 * due: nobody knows what is on disk. */
void keep_take(struct keep *k);
bool keep_is_late(const struct keep *k);

#endif
