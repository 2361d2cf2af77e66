/* Samples: how they are summed up, thinned and packed. */
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, WEEK_S = 7 * DAY_S };
#define BEGAN_MS INT64_C(1795489915123)

/* --- a row that is sampled, and kept as the state keeps it --- */

struct kept {
    struct sampling sampling;
    struct sample full[SAMPLES_FULL_MAX + 1];
    size_t count;
};

static void keep_poll(struct kept *k, const struct sample *poll, uint32_t history_s)
{
    if (!sampling_add(&k->sampling, poll, history_s, &k->full[k->count]))
        return;
    k->count = samples_thin(k->full, k->count + 1);
    assert_in_range(k->count, 1, SAMPLES_FULL_MAX);
}

static struct sample poll_at(int64_t wall_ms)
{
    struct sample s;
    sample_of_poll(&s, wall_ms, VERDICT_UP, false);
    sample_measure(&s, SAMPLE_SEND, 30);
    sample_measure(&s, SAMPLE_LOOK, 20);
    sample_measure(&s, SAMPLE_DELIVERY, 500);
    return s;
}

static void keep_many(struct kept *k, int64_t from_ms, uint32_t seconds, uint32_t interval_s, uint32_t history_s)
{
    for (uint32_t s = 0; s < seconds; s += interval_s) {
        const struct sample poll = poll_at(from_ms + INT64_C(1000) * s);
        keep_poll(k, &poll, history_s);
    }
}

/* Seconds that a sample is long. */
static uint32_t length_s(const struct sample *s)
{
    return (uint32_t)((uint64_t)SAMPLE_UNIT_MS << s->doublings) / 1000;
}

static int64_t begin_ms(const struct sample *s)
{
    return (int64_t)s->begin * SAMPLE_UNIT_MS;
}

/* --- sums --- */

/* What all polls came to: in numbers that cannot overflow. */
struct total {
    uint64_t polls, failed, measured[SAMPLE_TIMES], sum_ms[SAMPLE_TIMES];
    uint32_t worst_ms[SAMPLE_TIMES];
    uint8_t verdicts;
};

static void count(struct total *t, const struct sample *s)
{
    t->polls += s->polls;
    t->failed += s->failed;
    t->verdicts |= s->verdicts;
    for (size_t i = 0; i < SAMPLE_TIMES; i++) {
        t->measured[i] += s->measured[i];
        t->sum_ms[i] += s->sum_ms[i];
        if (s->worst_ms[i] > t->worst_ms[i])
            t->worst_ms[i] = s->worst_ms[i];
    }
}

static struct sample any_poll(int64_t wall_ms)
{
    static const enum verdict verdicts[] = {VERDICT_UP, VERDICT_UP, VERDICT_DOWN, VERDICT_UNKNOWN};
    struct sample s;
    sample_of_poll(&s, wall_ms, verdicts[random() % 4], random() % 3 == 0);
    for (enum sample_time t = 0; t < SAMPLE_TIMES; t++) {
        if (random() % 4 != 0)
            sample_measure(&s, t, (uint32_t)(random() % 20000));
    }
    return s;
}

static void sums_are_conserved(void **state)
{
    enum { ROUNDS = 50 };
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srandom(seed);
    for (int round = 0; round < ROUNDS; round++) {
        static struct kept k;
        struct total given = {0}, kept = {0};
        const long pace_s = 1 + random() % 2000;
        k = (struct kept){0};
        for (int64_t s = random() % HOUR_S, end = s + WEEK_S; s < end; s += 1 + random() % pace_s) {
            const struct sample poll = any_poll(BEGAN_MS + 1000 * s);
            keep_poll(&k, &poll, WEEK_S);
            count(&given, &poll);
        }
        for (size_t i = 0; i < k.count; i++)
            count(&kept, &k.full[i]);
        count(&kept, &k.sampling.open);
        assert_memory_equal(&given, &kept, sizeof given);
    }
}

static void full_counts(void **state)
{
    (void)state;
    struct sample many = poll_at(BEGAN_MS);
    const struct sample one = many;
    many.polls = UINT16_MAX;
    struct sample before = many;
    assert_false(sample_join(&many, &one, 0));
    assert_memory_equal(&many, &before, sizeof many);
    many.polls = 1;
    many.sum_ms[SAMPLE_SEND] = UINT32_MAX - 1;
    assert_true(sample_join(&many, &one, 0));
    assert_int_equal(many.sum_ms[SAMPLE_SEND], UINT32_MAX);
}

static void worst_verdict(void **state)
{
    (void)state;
    static const struct {
        uint8_t polls[3];
        enum verdict worst;
    } rows[] = {{{VERDICT_UP, VERDICT_UP, VERDICT_UP}, VERDICT_UP},
                {{VERDICT_UP, VERDICT_UNKNOWN, VERDICT_UP}, VERDICT_UNKNOWN},
                {{VERDICT_UNKNOWN, VERDICT_DOWN, VERDICT_UP}, VERDICT_DOWN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample s = {0};
        for (size_t p = 0; p < 3; p++)
            s.verdicts |= sample_verdict((enum verdict)rows[i].polls[p]);
        assert_int_equal(sample_worst(&s), rows[i].worst);
    }
}

/* --- how long they are --- */

static void young_row(void **state)
{
    (void)state;
    static struct kept k;
    k = (struct kept){0};
    keep_many(&k, BEGAN_MS, 3 * HOUR_S, 60, WEEK_S);
    assert_in_range(k.count, 3 * 60 - 20, 3 * 60);
    assert_int_equal(length_s(&k.sampling.open), 56);
    assert_int_equal(k.full[0].polls, 1);
}

static void a_week_in_hours(void **state)
{
    (void)state;
    static const uint32_t intervals_s[] = {5, 60, 300, 1800};
    for (size_t i = 0; i < sizeof intervals_s / sizeof intervals_s[0]; i++) {
        static struct kept k;
        k = (struct kept){0};
        keep_many(&k, BEGAN_MS, 5 * WEEK_S, intervals_s[i], WEEK_S);
        assert_int_equal(length_s(&k.sampling.open), HOUR_S);
        assert_int_equal(begin_ms(&k.sampling.open) % (HOUR_S * 1000), 0);
        assert_true(begin_ms(&k.full[0]) <= BEGAN_MS + INT64_C(4000) * WEEK_S);
        for (size_t n = 0; n < k.count; n++)
            assert_int_equal(k.full[n].polls, HOUR_S / intervals_s[i]);
    }
}

static void rare_polls(void **state)
{
    (void)state;
    static struct kept k;
    k = (struct kept){0};
    keep_many(&k, BEGAN_MS, 3 * WEEK_S, 6 * HOUR_S, WEEK_S);
    assert_int_equal(k.count, 3 * 7 * 4 - 1);
    assert_int_equal(k.full[0].polls, 1);
}

static void another_history(void **state)
{
    (void)state;
    static struct kept k;
    k = (struct kept){0};
    keep_many(&k, BEGAN_MS, 2 * WEEK_S, 60, WEEK_S);
    keep_many(&k, BEGAN_MS + INT64_C(2000) * WEEK_S, DAY_S, 60, DAY_S); /* finer at once, where it is new */
    assert_int_equal(length_s(&k.sampling.open), 900);
    assert_int_equal(length_s(&k.full[0]), HOUR_S);
    keep_many(&k, BEGAN_MS + INT64_C(2000) * WEEK_S + INT64_C(1000) * DAY_S, 4 * WEEK_S, 60, 4 * WEEK_S);
    assert_int_equal(length_s(&k.sampling.open), 4 * HOUR_S);
    assert_in_range(k.count, 4 * 7 * 6, SAMPLES_FULL_MAX);
}

/* --- clocks --- */

static void clock_that_is_set(void **state)
{
    (void)state;
    static const int64_t jumps_s[] = {-30, 30, -HOUR_S, HOUR_S, -20 * WEEK_S, 20 * WEEK_S, -800 * WEEK_S};
    for (size_t i = 0; i < sizeof jumps_s / sizeof jumps_s[0]; i++) {
        static struct kept k;
        struct total kept = {0};
        k = (struct kept){0};
        keep_many(&k, BEGAN_MS, HOUR_S, 60, WEEK_S);
        keep_many(&k, BEGAN_MS + 1000 * (HOUR_S + jumps_s[i]), 600, 60, WEEK_S);
        keep_many(&k, BEGAN_MS + INT64_C(1000) * (HOUR_S + 600), HOUR_S, 60, WEEK_S); /* somebody sets it right */
        for (size_t n = 0; n < k.count; n++)
            count(&kept, &k.full[n]);
        count(&kept, &k.sampling.open);
        assert_int_equal(kept.polls, 60 + 10 + 60);
    }
}

/* A machine that starts with a clock of some later year, and is set right. */
static void born_in_the_future(void **state)
{
    (void)state;
    static struct kept k;
    keep_many(&k, BEGAN_MS + INT64_C(1000) * 400 * WEEK_S, HOUR_S, 60, WEEK_S);
    keep_many(&k, BEGAN_MS, 2 * WEEK_S, 60, WEEK_S);
    assert_int_equal(length_s(&k.sampling.open), HOUR_S);
    assert_in_range(begin_ms(&k.full[0]), 0, BEGAN_MS + INT64_C(1000) * WEEK_S);
}

static void before_1970(void **state)
{
    (void)state;
    struct sample s;
    sample_of_poll(&s, -5, VERDICT_UP, false);
    assert_int_equal(s.begin, 0);
}

/* --- groups --- */

static void groups_of_stretches(void **state)
{
    (void)state;
    unsigned ends = 0;
    for (uint32_t begin = 1000; begin < 1000 + 10 * SAMPLES_GROUP; begin++) {
        const struct sample a = {.begin = begin, .polls = 1}, b = {.begin = begin + 1, .polls = 1};
        const struct sample later = {.begin = begin + SAMPLES_GROUP, .polls = 1};
        ends += !samples_are_together(&a, &b, 5);
        assert_false(samples_are_together(&a, &later, 5));
    }
    assert_int_equal(ends, 10);
    const struct sample hour = {.begin = 640, .doublings = 6}, in_it = {.begin = 699, .doublings = 0};
    assert_true(samples_are_together(&hour, &in_it, UINT32_MAX));
}

/* --- packed --- */

static void packed_and_back(void **state)
{
    enum { COUNT = SAMPLES_MAX };
    (void)state;
    struct sample before[COUNT], after[COUNT];
    uint8_t packed[COUNT * SAMPLE_PACKED_MAX];
    memset(after, 0xEE, sizeof after);
    for (size_t i = 0; i < COUNT; i++) {
        before[i] = any_poll(BEGAN_MS + (int64_t)i * 60000);
        before[i].doublings = (uint8_t)(i % (SAMPLE_DOUBLINGS_MAX + 1));
        before[i].polls = (uint16_t)(1 + random() % UINT16_MAX);
        before[i].verdicts = (uint8_t)(1 + random() % 7);
    }
    before[1] = (struct sample){.begin = UINT32_MAX, .doublings = SAMPLE_DOUBLINGS_MAX, .verdicts = 7};
    before[1].polls = before[1].failed = UINT16_MAX;
    for (size_t i = 0; i < SAMPLE_TIMES; i++) {
        before[1].measured[i] = UINT16_MAX;
        before[1].sum_ms[i] = before[1].worst_ms[i] = UINT32_MAX;
    }
    const size_t n = samples_pack(before, COUNT, packed);
    assert_int_equal(samples_pack(&before[1], 1, packed), SAMPLE_PACKED_MAX);
    assert_int_equal(samples_pack(before, COUNT, packed), n);
    assert_int_equal(samples_unpack(packed, n, after, COUNT), COUNT);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(samples_unpack(packed, n, after, 3), 3);
    assert_int_equal(samples_unpack(NULL, 0, after, COUNT), 0);
}

static void a_healthy_hour(void **state)
{
    (void)state;
    static struct kept k;
    uint8_t packed[SAMPLES_MAX * SAMPLE_PACKED_MAX];
    k = (struct kept){0};
    keep_many(&k, BEGAN_MS, 2 * WEEK_S, 60, WEEK_S);
    assert_in_range(samples_pack(k.full, k.count, packed), 1, 17 * k.count);
}

static void damage(void **state)
{
    (void)state;
    const struct sample good[] = {any_poll(BEGAN_MS), any_poll(BEGAN_MS)};
    struct sample found[4];
    uint8_t packed[2 * SAMPLE_PACKED_MAX];
    const size_t first = samples_pack(good, 1, packed), n = samples_pack(good, 2, packed);
    for (size_t cut = 0; cut <= n; cut++)
        assert_int_equal(samples_unpack(packed, cut, found, 4), cut == n ? 2 : cut >= first);
    for (size_t at = 0; at < n; at++) {
        for (unsigned octet = 0; octet <= UINT8_MAX; octet++) {
            uint8_t changed[sizeof packed];
            memcpy(changed, packed, n);
            changed[at] = (uint8_t)octet;
            const size_t count = samples_unpack(changed, n, found, 4);
            for (size_t i = 0; i < count; i++)
                assert_true(found[i].polls > 0 && found[i].failed <= found[i].polls);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"polls, failures, sums and worst times of all samples of a week are those of its polls", sums_are_conserved,
         NULL, NULL, NULL},
        {"a sample whose counters are full takes no more polls, and a sum that is full stays so", full_counts, NULL,
         NULL, NULL},
        {"a sample is as bad as the worst poll in it", worst_verdict, NULL, NULL, NULL},
        {"a row that is young has a sample for each minute or so", young_row, NULL, NULL, NULL},
        {"samples of a row that is older than a week are full hours, whatever its interval", a_week_in_hours, NULL,
         NULL, NULL},
        {"polls that are rarer than samples have one each", rare_polls, NULL, NULL, NULL},
        {"another history changes the length of samples from then on", another_history, NULL, NULL, NULL},
        {"no poll is lost or counted twice when the clock is set", clock_that_is_set, NULL, NULL, NULL},
        {"a row that was new while the clock was ahead has samples of all of its time too", born_in_the_future, NULL,
         NULL, NULL},
        {"a clock before 1970 is 1970", before_1970, NULL, NULL, NULL},
        {"a group is eight stretches, one after the other", groups_of_stretches, NULL, NULL, NULL},
        {"packed samples come back as they were", packed_and_back, NULL, NULL, NULL},
        {"a packed sample of a healthy row takes 17 octets at most", a_healthy_hour, NULL, NULL, NULL},
        {"what is damaged ends the samples, and those that come back make sense", damage, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
