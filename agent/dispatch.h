/*
 * Which worker watches which row, and the orders to each.  All rows of one mailbox are one worker's, so that they share
 * its sessions; where a row belongs follows from its definition alone.
 */
#ifndef EMAILMON_DISPATCH_H
#define EMAILMON_DISPATCH_H

#include "outbox.h"
#include "records.h"

struct dispatch {
    size_t workers;
    struct outbox *orders[WORKERS_MAX];           /* of struct order, to each worker */
    struct process_report processes[WORKERS_MAX]; /* the last that each told of itself */
    size_t stopped;                               /* workers that have ended */
};

/** dispatch_init(d, orders, workers): The queue of each worker, 1..WORKERS_MAX of them.  False: memory.
 *  dispatch_clear(d): also after that, and of one that is all zero. */
bool dispatch_init(struct dispatch *d, struct queue *const *orders, size_t workers);
void dispatch_clear(struct dispatch *d);

/** dispatch_worker(d, definition): the number of the worker whose the row is. */
size_t dispatch_worker(const struct dispatch *d, const struct definition *definition);

/** dispatch_reserve(d, n): Make places for ${n} changes or polls, so that telling them cannot fail; false: memory.
 *  dispatch_release(d, n): so many will not come after all. */
bool dispatch_reserve(struct dispatch *d, size_t n);
void dispatch_release(struct dispatch *d, size_t n);

/** dispatch_change(d, change): Whoever has the row, or is to have it, is told; dispatch_poll(d, row): it is polled now.
 *  Each takes one reserved place. */
void dispatch_change(struct dispatch *d, const struct change *change);
void dispatch_poll(struct dispatch *d, const struct monitor *row);

/** dispatch_all(d, order): An order without a definition, to every worker.  False: memory; some may not hear of it. */
bool dispatch_all(struct dispatch *d, const struct order *order);

/** dispatch_flush(d): Post what waits for room.  dispatch_waits(d): whether any does.
 *  dispatch_process(d): what the workers told of themselves, as if they were one. */
void dispatch_flush(struct dispatch *d);
bool dispatch_waits(const struct dispatch *d);
struct process_report dispatch_process(const struct dispatch *d);

#endif
