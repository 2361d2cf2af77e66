#include "sample.h"

#include <string.h>

enum { UNITS_AN_HOUR = 64, HOUR_S = 3600 };

/* --- one --- */

uint8_t sample_verdict(enum verdict v)
{
    return (uint8_t)(1U << (v - VERDICT_UP));
}

enum verdict sample_worst(const struct sample *s)
{
    static const enum verdict worst_first[] = {VERDICT_DOWN, VERDICT_UNKNOWN, VERDICT_UP};
    for (size_t i = 0; i < sizeof worst_first / sizeof worst_first[0]; i++) {
        if ((s->verdicts & sample_verdict(worst_first[i])) != 0)
            return worst_first[i];
    }
    return VERDICT_UNKNOWN;
}

void sample_of_poll(struct sample *s, int64_t wall_ms, enum verdict verdict, bool failed)
{
    *s = (struct sample){.begin = wall_ms < 0 ? 0 : (uint32_t)(wall_ms / SAMPLE_UNIT_MS),
                         .verdicts = sample_verdict(verdict),
                         .polls = 1,
                         .failed = failed};
}

void sample_measure(struct sample *s, enum sample_time time, uint32_t ms)
{
    s->measured[time] = 1;
    s->sum_ms[time] = s->worst_ms[time] = ms;
}

static void lengthen(struct sample *s, uint8_t doublings)
{
    s->begin = s->begin >> doublings << doublings;
    s->doublings = doublings;
}

static uint32_t sum_of(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

bool sample_join(struct sample *into, const struct sample *from, uint8_t doublings)
{
    if (doublings < into->doublings)
        doublings = into->doublings;
    if (doublings < from->doublings)
        doublings = from->doublings;
    if (into->begin >> doublings != from->begin >> doublings || into->polls + from->polls > UINT16_MAX)
        return false;
    lengthen(into, doublings);
    into->verdicts |= from->verdicts;
    into->polls = (uint16_t)(into->polls + from->polls);
    into->failed = (uint16_t)(into->failed + from->failed);
    for (size_t i = 0; i < SAMPLE_TIMES; i++) {
        into->measured[i] = (uint16_t)(into->measured[i] + from->measured[i]);
        into->sum_ms[i] = sum_of(into->sum_ms[i], from->sum_ms[i]);
        if (into->worst_ms[i] < from->worst_ms[i])
            into->worst_ms[i] = from->worst_ms[i];
    }
    return true;
}

size_t samples_thin(struct sample *samples, size_t count)
{
    if (count <= SAMPLES_FULL_MAX)
        return count;
    const uint8_t doublings = samples[count - 1].doublings;
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        if (!sample_join(&samples[kept - 1], &samples[i], doublings))
            samples[kept++] = samples[i];
    }
    if (kept <= SAMPLES_FULL_MAX)
        return kept;
    memmove(&samples[0], &samples[kept - SAMPLES_FULL_MAX], SAMPLES_FULL_MAX * sizeof samples[0]);
    return SAMPLES_FULL_MAX;
}

/* --- those of a row --- */

/* How often a stretch is doubled so that SAMPLES_FULL_MAX cover so many units; the first may not be whole. */
static uint8_t doublings_for(uint64_t units)
{
    uint8_t doublings = 0;
    while (doublings < SAMPLE_DOUBLINGS_MAX && (uint64_t)(SAMPLES_FULL_MAX - 1) << doublings < units)
        doublings++;
    return doublings;
}

static uint8_t doublings_of(const struct sampling *s, uint32_t now, uint32_t history_s)
{
    const uint64_t asked = (uint64_t)history_s * UNITS_AN_HOUR / HOUR_S;
    const uint64_t lived = now - s->since;
    return doublings_for(lived < asked ? lived : asked);
}

bool sampling_add(struct sampling *s, const struct sample *poll, uint32_t history_s, struct sample *full)
{
    /* What began by a clock that was ahead would be young until then. */
    if (s->since == 0 || s->since > poll->begin)
        s->since = poll->begin;
    const uint8_t doublings = doublings_of(s, poll->begin, history_s);
    const bool is_first = s->open.polls == 0;
    if (!is_first && sample_join(&s->open, poll, doublings))
        return false;
    *full = s->open;
    s->open = *poll;
    lengthen(&s->open, doublings);
    return !is_first;
}

bool samples_are_together(const struct sample *a, const struct sample *b, uint32_t offset)
{
    const uint8_t doublings = a->doublings > b->doublings ? a->doublings : b->doublings;
    return ((a->begin >> doublings) + offset) / SAMPLES_GROUP == ((b->begin >> doublings) + offset) / SAMPLES_GROUP;
}

/* --- on record ---
 *
 * An octet: doublings, whether it is plain (no poll failed, and all times were measured in each), verdicts.  Then
 * numbers of seven bits an octet, the lowest first, the eighth saying that more follow: begin, polls; of one that is
 * not plain failed and all measured; of each time that was measured sum and worst.  A poll of a healthy row takes 16.
 */

enum { DOUBLINGS_SHIFT = 4, PLAIN = 1 << 3, VERDICTS = PLAIN - 1, MORE = 0x80, SEVEN_BITS = 7 };

static uint8_t *put_number(uint8_t *to, uint32_t number)
{
    for (; number >= MORE; number >>= SEVEN_BITS)
        *to++ = (uint8_t)(number | MORE);
    *to++ = (uint8_t)number;
    return to;
}

static bool is_plain(const struct sample *s)
{
    bool plain = s->failed == 0;
    for (size_t i = 0; i < SAMPLE_TIMES; i++)
        plain &= s->measured[i] == s->polls;
    return plain;
}

static uint8_t *pack(uint8_t *to, const struct sample *s)
{
    const bool plain = is_plain(s);
    *to++ = (uint8_t)(s->doublings << DOUBLINGS_SHIFT | (plain ? PLAIN : 0) | (s->verdicts & VERDICTS));
    to = put_number(to, s->begin);
    to = put_number(to, s->polls);
    if (!plain)
        to = put_number(to, s->failed);
    for (size_t i = 0; !plain && i < SAMPLE_TIMES; i++)
        to = put_number(to, s->measured[i]);
    for (size_t i = 0; i < SAMPLE_TIMES; i++) {
        if (s->measured[i] == 0)
            continue;
        to = put_number(to, s->sum_ms[i]);
        to = put_number(to, s->worst_ms[i]);
    }
    return to;
}

size_t samples_pack(const struct sample *samples, size_t count, uint8_t *packed)
{
    uint8_t *to = packed;
    for (size_t i = 0; i < count; i++)
        to = pack(to, &samples[i]);
    return (size_t)(to - packed);
}

struct packed {
    const uint8_t *at, *end;
    bool damaged;
};

static uint32_t take_number(struct packed *p, uint32_t most)
{
    uint64_t number = 0;
    for (unsigned shift = 0; p->at < p->end && number <= most; shift += SEVEN_BITS) {
        const uint8_t octet = *p->at++;
        number |= (uint64_t)(octet & (MORE - 1)) << shift;
        if (octet < MORE && number <= most)
            return (uint32_t)number;
        if (octet < MORE || shift >= 4 * SEVEN_BITS)
            break;
    }
    p->damaged = true;
    return 0;
}

static void take_counts(struct packed *p, struct sample *s, bool plain)
{
    s->failed = plain ? 0 : (uint16_t)take_number(p, s->polls);
    for (size_t i = 0; i < SAMPLE_TIMES; i++)
        s->measured[i] = plain ? s->polls : (uint16_t)take_number(p, s->polls);
}

static bool unpack(struct packed *p, struct sample *s)
{
    const uint8_t first = *p->at++;
    *s = (struct sample){.doublings = first >> DOUBLINGS_SHIFT, .verdicts = first & VERDICTS};
    s->begin = take_number(p, UINT32_MAX);
    s->polls = (uint16_t)take_number(p, UINT16_MAX);
    take_counts(p, s, (first & PLAIN) != 0);
    for (size_t i = 0; i < SAMPLE_TIMES; i++) {
        if (s->measured[i] == 0)
            continue;
        s->sum_ms[i] = take_number(p, UINT32_MAX);
        s->worst_ms[i] = take_number(p, UINT32_MAX);
    }
    return !p->damaged && s->polls > 0;
}

size_t samples_unpack(const uint8_t *packed, size_t n, struct sample *samples, size_t room)
{
    struct packed p = {.at = packed, .end = n > 0 ? packed + n : packed};
    size_t count = 0;
    while (p.at < p.end && count < room && unpack(&p, &samples[count]))
        count++;
    return count;
}
