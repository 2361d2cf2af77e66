#include "report_series.h"

#include <stdlib.h>

enum { PAUSE = 2 }; /* so many times the usual distance between two samples is a pause */

int64_t sample_begin_ms(const struct sample *s)
{
    return (int64_t)s->begin * SAMPLE_UNIT_MS;
}

int64_t sample_end_ms(const struct sample *s)
{
    return sample_begin_ms(s) + ((int64_t)SAMPLE_UNIT_MS << s->doublings);
}

static int by_begin(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static void count_in(struct sample_sums *all, const struct sample *s)
{
    all->polls += s->polls;
    all->failed += s->failed;
    for (size_t i = 0; i < SAMPLE_TIMES; i++) {
        all->measured[i] += s->measured[i];
        all->sum_ms[i] += s->sum_ms[i];
        if (all->worst_ms[i] < s->worst_ms[i])
            all->worst_ms[i] = s->worst_ms[i];
    }
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The usual distance: that which half of them do not pass. */
static int64_t usual_ms(const struct series *s)
{
    int64_t apart_ms[SAMPLES_MAX];
    if (s->count < 2)
        return 0;
    for (size_t i = 1; i < s->count; i++)
        apart_ms[i - 1] = sample_begin_ms(&s->samples[i]) - sample_begin_ms(&s->samples[i - 1]);
    qsort(apart_ms, s->count - 1, sizeof apart_ms[0], by_size);
    return apart_ms[(s->count - 1) / 2];
}

void series_make(struct series *s, const struct sample *samples, size_t count, const struct window *window)
{
    *s = (struct series){.count = 0};
    for (size_t i = 0; i < count; i++) {
        /* What lies in the future is of a clock that was wrong. */
        if (sample_end_ms(&samples[i]) > window->from_ms && sample_begin_ms(&samples[i]) <= window->to_ms)
            s->samples[s->count++] = samples[i];
    }
    qsort(s->samples, s->count, sizeof s->samples[0], by_begin);
    for (size_t i = 0; i < s->count; i++)
        count_in(&s->all, &s->samples[i]);
    s->holds_ms = PAUSE * usual_ms(s);
}

static int64_t clamp(int64_t ms, const struct window *window)
{
    return ms < window->from_ms ? window->from_ms : ms > window->to_ms ? window->to_ms : ms;
}

struct window series_stretch(const struct series *s, size_t i, const struct window *window)
{
    const int64_t begin_ms = sample_begin_ms(&s->samples[i]), own_ms = sample_end_ms(&s->samples[i]);
    const int64_t next_ms = i + 1 < s->count ? sample_begin_ms(&s->samples[i + 1]) : window->to_ms;
    const int64_t end_ms = next_ms - begin_ms <= s->holds_ms ? next_ms : own_ms;
    return (struct window){.from_ms = clamp(begin_ms, window), .to_ms = clamp(end_ms, window)};
}
