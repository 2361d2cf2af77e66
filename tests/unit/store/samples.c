/* Samples on record: over restarts, with their row and not longer, never more than there may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "one_stage.h"

enum { ROW = 7, SERIAL = 77 };

/* --- writing them --- */

/* The ${number}th of a row that is polled once a stretch. */
static struct sample numbered(uint32_t number)
{
    struct sample s;
    sample_of_poll(&s, (int64_t)(1000 + number) * SAMPLE_UNIT_MS, VERDICT_UP, false);
    sample_measure(&s, SAMPLE_SEND, number);
    return s;
}

/* The poll that is the first of the ${number}th, so that the one before it is full. */
static struct journal_entry poll_number(uint32_t number)
{
    struct journal_entry entry = stage_status(ROW, SERIAL, "office");
    entry.memory.sampling = (struct sampling){.since = 1000, .open = numbered(number)};
    if (number > 0)
        entry.sampled = (struct sampled){.kind = SAMPLED_FULL, .full = numbered(number - 1)};
    return entry;
}

static void post_polls(uint32_t from, uint32_t to)
{
    for (uint32_t number = from; number < to; number++)
        post(poll_number(number));
    assert_true(stage_flush(&stage));
}

/* --- reading them --- */

static struct {
    struct sample samples[SAMPLES_MAX];
    size_t count;
} seen;

static bool wants(void *owner, int32_t index)
{
    (void)owner;
    return index == ROW;
}

static void see(void *owner, int32_t index, const struct sample *samples, size_t count)
{
    (void)owner;
    assert_int_equal(index, ROW);
    assert_in_range(count, 1, SAMPLES_MAX);
    memcpy(seen.samples, samples, count * sizeof samples[0]);
    seen.count = count;
}

static size_t read_samples(void)
{
    const struct samples_wanted wanted = {.wants = wants, .take = see};
    memset(&seen, 0, sizeof seen);
    if (!store_read_samples(stage.path, &wanted, stage.why, sizeof stage.why))
        fail_msg("%s", stage.why);
    return seen.count;
}

static void must_be_numbered(uint32_t from, uint32_t to)
{
    assert_int_equal(read_samples(), to - from);
    for (uint32_t i = from; i < to; i++) {
        const struct sample expected = numbered(i);
        assert_memory_equal(&seen.samples[i - from], &expected, sizeof expected);
    }
}

/* As many as there may be. */
static void must_be_the_last_before(uint32_t to)
{
    const uint32_t count = (uint32_t)read_samples();
    assert_in_range(count, SAMPLES_FULL_MAX + 1, SAMPLES_MAX);
    must_be_numbered(to - count, to);
}

/* --- tests --- */

static void they_come_back(void **state)
{
    (void)state;
    post(stage_status(8, 88, "another"));
    post_polls(0, 10);
    must_be_numbered(0, 10);
    stage_reopen(&stage);
    const struct sampling *kept = &restored_by_index(stage.restored, ROW)->memory.sampling;
    const struct sample open = numbered(9);
    assert_memory_equal(&kept->open, &open, sizeof open);
    assert_int_equal(kept->since, 1000);
    must_be_numbered(0, 10);
    post_polls(10, 20);
    stage_close(&stage);
    must_be_numbered(0, 20);
}

static void never_too_many(void **state)
{
    (void)state;
    enum { MANY = 3 * SAMPLES_MAX };
    post_polls(0, MANY);
    must_be_the_last_before(MANY);
    const size_t before = seen.count;
    struct journal_entry longer = poll_number(MANY); /* from here on, twice as long */
    longer.sampled.full.begin = longer.sampled.full.begin / 2 * 2;
    longer.sampled.full.doublings = 1;
    longer.memory.sampling.open = numbered(MANY + SAMPLES_GROUP); /* the others are packed away */
    post(longer);
    assert_true(stage_flush(&stage));
    uint32_t polls = 0;
    assert_in_range(read_samples(), SAMPLES_FULL_MAX / 2, SAMPLES_MAX / 2 + 3);
    for (size_t i = 0; i < seen.count; i++)
        polls += seen.samples[i].polls;
    assert_int_equal(polls, before + 1); /* the one that was open is full now, and there is another */
}

static void they_go_with_their_row(void **state)
{
    (void)state;
    post_polls(0, 5);
    post((struct journal_entry){.kind = JOURNAL_GONE, .index = ROW, .serial = SERIAL});
    assert_true(stage_flush(&stage));
    assert_int_equal(read_samples(), 0);
    post_polls(5, 7); /* too late */
    assert_int_equal(read_samples(), 0);

    struct journal_entry anew = poll_number(50);
    anew.serial = SERIAL + 1;
    anew.sampled.kind = SAMPLED_NOTHING;
    post(anew);
    assert_true(stage_flush(&stage));
    must_be_numbered(50, 51);
}

static struct journal_entry poll_without_history(void)
{
    struct journal_entry entry = stage_status(ROW, SERIAL, "office");
    entry.sampled.kind = SAMPLED_FORGET;
    entry.memory.sampling = (struct sampling){0};
    return entry;
}

static void they_are_forgotten(void **state)
{
    (void)state;
    post_polls(0, 5);
    post(poll_without_history());
    assert_true(stage_flush(&stage));
    assert_int_equal(read_samples(), 0);

    post_polls(5, 8); /* in one group: what came before is of no use, what came after is kept */
    post(poll_number(8));
    post(poll_without_history());
    post(poll_number(20));
    post_polls(21, 23);
    assert_int_equal(read_samples(), 4);
    assert_int_equal(seen.samples[0].sum_ms[SAMPLE_SEND], 19);
}

static void disk_that_was_full(void **state)
{
    (void)state;
    enum { BEFORE = 10, MEANWHILE = SAMPLES_MAX };
    post_polls(0, BEFORE);
    stage_disk(DISK_FULL);
    for (uint32_t number = BEFORE; number < BEFORE + MEANWHILE; number++)
        post(poll_number(number));
    assert_false(stage_flush(&stage));
    stage_disk(DISK_ALL_RIGHT);
    while (!stage_flush(&stage))
        continue;
    must_be_the_last_before(BEFORE + MEANWHILE);
}

static void whose_index_is_given_twice(void **state)
{
    (void)state;
    struct journal_entry later = poll_number(100);
    later.serial = SERIAL + 1;
    later.status.last_poll++;
    post_polls(0, 5);
    post(later);
    assert_true(stage_flush(&stage));
    stage_reopen(&stage);
    must_be_numbered(99, 101);
}

int main(void)
{
#define SENTENCE(sentence, function)                                                                                   \
    {                                                                                                                  \
        sentence, function, begin, end, NULL                                                                           \
    }
    const struct CMUnitTest tests[] = {
        SENTENCE("samples come back over restarts in their order, the open one last", they_come_back),
        SENTENCE("of too many the first go; when they become longer, neighbours are joined", never_too_many),
        SENTENCE("samples go with their row, and a new row of its index has none of them", they_go_with_their_row),
        SENTENCE("samples of a row that keeps none any more are forgotten", they_are_forgotten),
        SENTENCE("samples of a time in which the state could not be written are there when it can", disk_that_was_full),
        SENTENCE("of two rows with one index the samples of the one that stays are left", whose_index_is_given_twice),
    };
    return cmocka_run_group_tests_name("store: samples", tests, NULL, NULL);
}
