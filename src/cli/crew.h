/*
 * The workers of one process, and what is theirs: the queues to each of them, and the three things that they share.
 */
#ifndef EMAILMON_CREW_H
#define EMAILMON_CREW_H

#include "worker.h"

struct crew {
    size_t count;
    struct queue *orders[WORKERS_MAX];   /* of struct order, to each */
    struct queue *receipts[WORKERS_MAX]; /* of struct receipt, to each */
    struct lock_table *locks;
    struct refusals *refusals;
    struct handover *handover;
    struct worker *workers[WORKERS_MAX];
};

/** crew_init(c, count, room): ${count} workers (1..WORKERS_MAX), none of which runs yet, with queues of ${room}
 *  records.  False: memory, descriptors.  crew_clear(c): also after that, and of one that is all zero; none may run any
 *  more. */
bool crew_init(struct crew *c, size_t count, size_t room);
void crew_clear(struct crew *c);

/** crew_start(c, options, why): Start all; what ${options} says of in_flight and per_host is for all of them together,
 *  each worker has its share, at least 1.  False: ${why} says why one could not; others may run. */
bool crew_start(struct crew *c, const struct worker_options *options, struct failure *why);

/** crew_dismiss(c): ORDER_STOP to each, where no agent does that.  crew_stop(c): Wait until all have ended. */
void crew_dismiss(struct crew *c);
void crew_stop(struct crew *c);

#endif
