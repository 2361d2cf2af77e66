/*
 * A probe as it is on record.
 */
#ifndef EMAILMON_PROBE_RECORD_H
#define EMAILMON_PROBE_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/** Life of a probe. */
enum probe_state {
    PROBE_SENDING = 1, /* its first byte may have left */
    PROBE_OUT,         /* certainly accepted */
    PROBE_MAYBE,       /* the connection broke after the final dot */
    PROBE_OPTIONAL,    /* sent; its absence proves nothing any more */
    PROBE_CONSUMED,    /* found */
    PROBE_REMOVED,     /* certainly not accepted */
    PROBE_LOST         /* given up */
};

struct probe_record {
    uint8_t nonce[8];
    uint64_t time_s;     /* of the token */
    int64_t accepted_ms; /* wall clock of the acceptance; 0: not known */
    uint8_t state;       /* enum probe_state; 0: there is no probe */
};

/** probe_record_is_of(a, b): They are records of one probe. */
static inline bool probe_record_is_of(const struct probe_record *a, const struct probe_record *b)
{
    return a->time_s == b->time_s && memcmp(a->nonce, b->nonce, sizeof a->nonce) == 0;
}

/** probe_record_settle(own, sent): A probe's own record that says no more than that it is being sent becomes ${sent},
 *  if that is of the same probe (struct row_memory). */
static inline void probe_record_settle(struct probe_record *own, const struct probe_record *sent)
{
    if (own->state == PROBE_SENDING && sent->state != 0 && probe_record_is_of(own, sent))
        *own = *sent;
}

#endif
