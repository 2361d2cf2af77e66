/*
 * Samples: how a monitor did over time, for `emailmon report`.  A sample sums up the polls of one stretch of time.  A
 * row that is young has one for each minute or so; as it grows older the stretches double, so that not more than
 * SAMPLES_MAX of them cover what `history` asks for: those of a week are an hour each.
 *
 * Stretches are a 64th of an hour, doubled so often; they begin at multiples of their length, so that two neighbours
 * make one of the next length, and all rows have the same ones.
 */
#ifndef EMAILMON_SAMPLE_H
#define EMAILMON_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum { SAMPLE_UNIT_MS = 3600 * 1000 / 64, SAMPLE_DOUBLINGS_MAX = 15 };

/* Of a row: one is open; those of the group of stretches that it is in are recent, all others are packed away. */
enum { SAMPLES_MAX = 200, SAMPLES_GROUP = 8, SAMPLES_FULL_MAX = SAMPLES_MAX - SAMPLES_GROUP };

/** What is timed: the two legs, where they came to their end, and deliveries. */
enum sample_time { SAMPLE_SEND, SAMPLE_LOOK, SAMPLE_DELIVERY, SAMPLE_TIMES };

struct sample {
    uint32_t begin;    /* in units since 1970 */
    uint8_t doublings; /* it is 1 << doublings units long */
    uint8_t verdicts;  /* sample_verdict() of each that a poll came to */
    uint16_t polls, failed;
    uint16_t measured[SAMPLE_TIMES]; /* in how many polls */
    uint32_t sum_ms[SAMPLE_TIMES], worst_ms[SAMPLE_TIMES];
};

/** sample_verdict(v): its bit.  sample_worst(s): the worst of them. */
uint8_t sample_verdict(enum verdict v);
enum verdict sample_worst(const struct sample *s);

/** sample_of_poll(s, wall_ms, verdict, failed): One poll that ended then.
 *  sample_measure(s, time, ms): and this time of it. */
void sample_of_poll(struct sample *s, int64_t wall_ms, enum verdict verdict, bool failed);
void sample_measure(struct sample *s, enum sample_time time, uint32_t ms);

/**
 * sample_join(into, from, doublings): When both are of one stretch that is doubled so often, or as often as the longer
 * of them, and one sample can count all their polls, ${into} is the sum of both.  False: both stay as they are.
 */
bool sample_join(struct sample *into, const struct sample *from, uint8_t doublings);

/** samples_thin(samples, count): Bring ${count} of them, in the order in which they were made, to SAMPLES_FULL_MAX at
 *  most: stretches become as long as that of the last one, then the first ones go.  Return how many are left. */
size_t samples_thin(struct sample *samples, size_t count);

/** What a row samples: the sample that is open, and since when there are any (units; 0: none yet). */
struct sampling {
    uint32_t since;
    struct sample open; /* without polls: none is */
};

/**
 * sampling_add(s, poll, history_s, full): ${poll} is of this row.  True: its stretch is another than that of the open
 * sample, which is now ${*full}, to be kept.  A clock that was set makes a stretch end early, and nothing else.
 */
bool sampling_add(struct sampling *s, const struct sample *poll, uint32_t history_s, struct sample *full);

/** samples_are_together(a, b, offset): Both are in one group of SAMPLES_GROUP stretches; another ${offset}, other
 *  groups. */
bool samples_are_together(const struct sample *a, const struct sample *b, uint32_t offset);

/**
 * On record samples are packed, one behind the other.  samples_pack(samples, count, packed): Return the octets.
 * samples_unpack(packed, n, samples, room): Return how many there were; what is damaged ends them.
 */
enum { SAMPLE_PACKED_MAX = 51 };
size_t samples_pack(const struct sample *samples, size_t count, uint8_t *packed);
size_t samples_unpack(const uint8_t *packed, size_t n, struct sample *samples, size_t room);

#endif
