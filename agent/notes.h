/*
 * The notifications that the master has not acknowledged yet.  A note leaves this queue only when the master's Response
 * has come, or when there are too many and the oldest gives way; so nothing is lost while the master is away or
 * restarts.  A Response says that the master took it, not that a console got it: for that there is emailMonEventTable.
 * Pure bookkeeping: no Net-SNMP, no clock.
 */
#ifndef EMAILMON_NOTES_H
#define EMAILMON_NOTES_H

#include <stdbool.h>

#include "event.h"

enum {
    NOTES_WINDOW = 16,       /* on their way at once */
    NOTES_MIN_LIMIT = 20000, /* what waits at most; twice the rows, when that is more */
    NOTES_PER_SECOND = 490,  /* together with the burst at most 500 in any second: a console must survive a storm */
    NOTES_BURST = 10,
    NOTES_RETRY_MS = 1000 /* after the master refused one */
};

struct note {
    uint64_t id; /* stands for the note in callbacks, however late they come; never 0, never used again */
    struct event event;
    uint64_t told; /* the greatest event.told up to here */
    bool flying;   /* sent, no answer yet */
    bool done;     /* answered, but an older one is not yet */
};

struct notes {
    struct note *ring;
    size_t head, count, capacity; /* the last a power of two, or 0 */
    size_t done;                  /* of count */
    size_t flying;                /* of count */
    uint64_t last_id;
    uint64_t last_told;
    uint64_t not_before_ms; /* the master refused: no other before this */
    uint64_t spent_until;   /* rate: up to when credit is used up, in 1 / NOTES_PER_SECOND ms */
    uint32_t dropped;
};

/** All zero is an empty queue.  notes_clear(n): free. */
void notes_clear(struct notes *n);

/** notes_add(n, event, limit, dropped_seq): Queue one, with references of its own.  Beyond ${limit} the oldest gives
 *  way and is counted; ${dropped_seq} gets its number (else 0).  False: memory; then this one is counted as dropped. */
bool notes_add(struct notes *n, const struct event *event, size_t limit, uint32_t *dropped_seq);

/** notes_number(n, told, seq): The event that was queued without a number, as ${told}, has one now, which it bears from
 *  now on.  False: its note was acknowledged, or gave way.  Logarithmic. */
bool notes_number(struct notes *n, uint64_t told, uint32_t seq);

/** notes_next(n, now_ms): The oldest that may leave now (window, rate, pause after a refusal), and is flying from
 *  now on; or NULL.  Valid until the next call of any of these. */
const struct note *notes_next(struct notes *n, uint64_t now_ms);

/**
 * notes_acknowledge(n, id, seq): The master took it: true, and its number in ${seq};
 * false: a late answer, which means nothing.
 * notes_unsent(n, id): It did not leave, or no answer came: due again.
 * notes_refuse(n, id, now_ms): The master answered with an error: due again after NOTES_RETRY_MS.
 * notes_all_due(n): The session is gone, and answers with it: everything is due again.
 */
bool notes_acknowledge(struct notes *n, uint64_t id, uint32_t *seq);
void notes_unsent(struct notes *n, uint64_t id);
void notes_refuse(struct notes *n, uint64_t id, uint64_t now_ms);
void notes_all_due(struct notes *n);

/** notes_pending(n): how many are not acknowledged.  notes_wait_ms(n, now_ms): until the next may leave; -1: none
 *  before an answer comes. */
size_t notes_pending(const struct notes *n);
int notes_wait_ms(const struct notes *n, uint64_t now_ms);

#endif
