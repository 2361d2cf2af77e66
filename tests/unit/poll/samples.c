/* What polls leave in the samples of their row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "one_world.h"

enum { WEEK_S = 7 * 24 * 3600 };

static int begin_sampled(void **state)
{
    (void)begin(state);
    w.history_s = WEEK_S;
    return 0;
}

/* The last entry that had any. */
static const struct sampled *last_sampled(void)
{
    const struct sampled *last = NULL;
    for (size_t i = 0; i < w.entry_count; i++) {
        if (w.entries[i].sampled.kind != SAMPLED_NOTHING)
            last = &w.entries[i].sampled;
    }
    return last;
}

static void what_is_measured(void **state)
{
    (void)state;
    const struct sample *open = &w.row.sampling.open;
    world_poll(&w);
    assert_int_equal(open->polls, 1);
    assert_int_equal(open->sum_ms[SAMPLE_SEND], 30);
    assert_int_equal(open->measured[SAMPLE_LOOK], 0); /* the first poll only sends */
    world_poll(&w);
    assert_int_equal(open->polls, 1); /* another minute */
    assert_int_equal(open->sum_ms[SAMPLE_LOOK], 20);
    assert_int_equal(open->measured[SAMPLE_DELIVERY], 1);
    assert_int_equal(open->worst_ms[SAMPLE_DELIVERY], 500);
    assert_int_equal(sample_worst(open), VERDICT_UP);
    w.underway_ms = 0;
    world_poll(&w);
    world_poll(&w);
    assert_int_equal(open->measured[SAMPLE_DELIVERY], 1); /* at once is a time too */
    assert_int_equal(open->sum_ms[SAMPLE_DELIVERY], 0);
}

static void what_failed_has_no_time(void **state)
{
    (void)state;
    const struct sample *open = &w.row.sampling.open;
    world_poll(&w);
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    assert_int_equal(open->measured[SAMPLE_SEND], 0);
    assert_int_equal(open->measured[SAMPLE_LOOK], 1);
    assert_int_equal(open->failed, 1);
    assert_int_equal(sample_worst(open), VERDICT_DOWN);
    w.box = BOX_CLOSED;
    world_poll(&w);
    assert_int_equal(open->measured[SAMPLE_LOOK], 0);
    assert_int_equal(open->measured[SAMPLE_DELIVERY], 0);
}

static void full_ones_leave(void **state)
{
    (void)state;
    world_poll(&w);
    const struct sample first = w.row.sampling.open;
    assert_null(last_sampled());
    world_poll(&w);
    assert_non_null(last_sampled());
    assert_int_equal(last_sampled()->kind, SAMPLED_FULL);
    assert_memory_equal(&last_sampled()->full, &first, sizeof first);
    const struct journal_entry *last = &w.entries[w.entry_count - 1];
    assert_memory_equal(&last->memory.sampling, &w.row.sampling, sizeof w.row.sampling);
}

static void without_a_history(void **state)
{
    (void)state;
    w.history_s = 0;
    world_poll(&w);
    world_poll(&w);
    assert_null(last_sampled());
    assert_int_equal(w.row.sampling.open.polls, 0);
    w.history_s = WEEK_S;
    world_poll(&w);
    w.history_s = 0;
    world_poll(&w);
    assert_int_equal(last_sampled()->kind, SAMPLED_FORGET);
    const size_t entries = w.entry_count;
    world_poll(&w);
    for (size_t i = entries; i < w.entry_count; i++)
        assert_int_equal(w.entries[i].sampled.kind, SAMPLED_NOTHING);
}

static void they_move_with_their_row(void **state)
{
    (void)state;
    struct restored_row left = {0};
    struct row there;
    for (int i = 0; i < 3; i++)
        world_poll(&w);
    assert_true(row_keep(&w.row, &left));
    assert_true(row_init(&there, 3, 77, w.row.definition, w.sealer));
    assert_true(row_restore(&there, &left, &w.now, &w.journal));
    assert_memory_equal(&there.sampling, &w.row.sampling, sizeof there.sampling);
    row_clear(&there);
    definition_unref(left.definition);
    status_clear(&left.status);
    free(left.probes);
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, begin_sampled, end, NULL                                                                       \
    }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ROW("a poll's times are sampled where its legs came to their end", what_is_measured),
        ROW("a leg that failed has no time", what_failed_has_no_time),
        ROW("a sample that is full leaves with the status of the poll that began the next", full_ones_leave),
        ROW("without a history nothing is sampled, and what was is forgotten once", without_a_history),
        ROW("samples go on in another worker, and over a restart", they_move_with_their_row),
    };
    return cmocka_run_group_tests_name("samples of a row", tests, NULL, NULL);
}
