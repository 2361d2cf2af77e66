/*
 * The worker thread: owns the polls.  It takes orders, polls each row when it is due, hands statuses to the agent
 * and journal entries to the store.  One event loop; it never blocks.
 */
#ifndef EMAILMON_WORKER_H
#define EMAILMON_WORKER_H

#include "handover.h"
#include "locks.h"
#include "log.h"
#include "queue.h"
#include "records.h"
#include "refusals.h"
#include "restored.h"
#include "token.h"

struct worker_options {
    struct log *log;
    const char *dns;                 /* name servers; "" : the system's */
    const char *ca_file;             /* "": the system's */
    const char *hello_name;          /* fully qualified name for EHLO; "" : the address literal */
    unsigned in_flight;              /* polls at work at once; who waits for a slot is none */
    unsigned per_host;               /* connections to one address and port at once */
    struct token_key key;            /* of probes */
    struct token_key test_key;       /* of the probes of `emailmon test` */
    uint32_t history_s;              /* what samples are to cover, until ORDER_HISTORY says another; 0: none */
    const struct restored *restored; /* what the state knew of rows, which go on there; NULL: nothing */
    uint8_t number;                  /* of this worker: 0..workers - 1 */
    uint8_t workers;                 /* of this process: 1..WORKERS_MAX */
    struct lock_table *locks;        /* of mailboxes: shared by all workers, outlives them, as the following */
    struct refusals *refusals;       /* of logins */
    struct handover *handover;       /* rows that go from one worker to another */
    struct queue *orders;            /* of struct order: read by the worker */
    struct queue *receipts;          /* of struct receipt: read by the worker */
    struct queue *reports;           /* of struct report: read by the agent */
    struct queue *journal;           /* of struct journal_entry: read by the store */
};

struct worker;

/** worker_start(options, why): Make the thread; options are copied, queues stay the caller's and outlive it.  NULL
 * fills ${why}. */
struct worker *worker_start(const struct worker_options *options, struct failure *why);

/** worker_stop(w): After ORDER_STOP was posted: wait until the thread has ended (at most about 2.5 s), free. */
void worker_stop(struct worker *w);

#endif
