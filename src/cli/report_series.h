/*
 * The samples of one monitor as they are drawn: those of a window of time, in its order, with what they come to.
 */
#ifndef EMAILMON_REPORT_SERIES_H
#define EMAILMON_REPORT_SERIES_H

#include "sample.h"

/** From when until when is drawn; wall clock. */
struct window {
    int64_t from_ms, to_ms;
};

struct series {
    struct sample samples[SAMPLES_MAX];
    size_t count;
    int64_t holds_ms; /* for so long a sample speaks of what comes after its begin, when no other does */
    struct sample_sums {
        uint64_t polls, failed, measured[SAMPLE_TIMES], sum_ms[SAMPLE_TIMES];
        uint32_t worst_ms[SAMPLE_TIMES];
    } all;
};

/** series_make(s, samples, count, window): Of ${count} (SAMPLES_MAX at most) in whatever order. */
void series_make(struct series *s, const struct sample *samples, size_t count, const struct window *window);

/** series_stretch(s, i, window): Of what time the ${i}th sample speaks: until the next, unless there was a pause. */
struct window series_stretch(const struct series *s, size_t i, const struct window *window);

/** sample_begin_ms(s), sample_end_ms(s): Its own stretch. */
int64_t sample_begin_ms(const struct sample *s);
int64_t sample_end_ms(const struct sample *s);

#endif
