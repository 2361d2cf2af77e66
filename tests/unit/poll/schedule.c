/* When each row starts. */
#include "schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 2000 };

static struct schedule *s;
static struct schedule_item items[ROWS];

static int begin(void **state)
{
    (void)state;
    memset(items, 0, sizeof items);
    s = schedule_new(1);
    return s == NULL;
}

static int end(void **state)
{
    (void)state;
    schedule_free(s);
    return 0;
}

static void by_start(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int i = 0; i < ROWS; i++) {
        random = random * 1664525 + 1013904223;
        assert_true(schedule_set(s, &items[i], random >> 12));
    }
    for (int i = 0; i < ROWS; i += 3) { /* another start for some, none for others */
        random = random * 1664525 + 1013904223;
        assert_true(schedule_set(s, &items[i], random >> 12));
        schedule_drop(s, &items[(i + 1) % ROWS]);
        assert_false(schedule_is_set(&items[(i + 1) % ROWS]));
    }
    uint64_t last = 0;
    int taken = 0;
    while (schedule_next_ms(s) != UINT64_MAX) {
        uint64_t next = schedule_next_ms(s);
        assert_true(next >= last);
        assert_null(next == 0 ? NULL : schedule_take(s, next - 1));
        struct schedule_item *item = schedule_take(s, next);
        assert_non_null(item);
        assert_true(item->next_ms == next);
        assert_false(schedule_is_set(item));
        last = next;
        taken++;
    }
    assert_int_equal(taken, ROWS - (ROWS + 2) / 3);
    assert_null(schedule_take(s, UINT64_MAX));
}

/* Starts ${n} newcomers that came at 1000 ms, at the times that the schedule says; when the last one started. */
static uint64_t start_all(int n, uint64_t *longest_gap)
{
    uint64_t now = 0, previous = 1000;
    *longest_gap = 0;
    for (int i = 0; i < n; i++) {
        now = schedule_next_ms(s);
        struct schedule_item *item = schedule_take(s, now);
        assert_ptr_equal(item, &items[i]); /* in the order of coming */
        assert_true(item->next_ms <= now);
        if (now - previous > *longest_gap)
            *longest_gap = now - previous;
        previous = now;
    }
    return now;
}

static void come(int n, uint32_t interval_s)
{
    for (int i = 0; i < n; i++)
        assert_true(schedule_newcomer(s, &items[i], interval_s, 1000));
}

static void evenly(void **state)
{
    (void)state;
    uint64_t gap;
    come(ROWS, 60); /* 33 a second */
    uint64_t last = start_all(ROWS, &gap);
    assert_true(last > 1000 + 59000 && last <= 1000 + 60000);
    assert_true(gap <= 31);
}

static void at_least_ten_a_second(void **state)
{
    (void)state;
    uint64_t gap;
    come(20, 3600);
    assert_int_equal(start_all(20, &gap), 1000 + 19 * 100);
    assert_int_equal(gap, 100);
}

static void at_most_five_hundred_a_second(void **state)
{
    (void)state;
    uint64_t gap;
    come(ROWS, 1);
    assert_int_equal(start_all(ROWS, &gap), 1000 + (ROWS - 1) * 2);
    assert_int_equal(gap, 2);
}

static void at_most_its_share(void **state)
{
    (void)state;
    uint64_t gap;
    schedule_free(s);
    s = schedule_new(4);
    come(ROWS, 1);
    assert_int_equal(start_all(ROWS, &gap), 1000 + (ROWS - 1) * 8);
    assert_int_equal(gap, 8);
}

static void at_once(void **state)
{
    (void)state;
    assert_true(schedule_newcomer(s, &items[0], 300, 5000));
    assert_ptr_equal(schedule_take(s, 5000), &items[0]);
    assert_null(schedule_take(s, 5000));
}

static void intervals_apart(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_true(schedule_newcomer(s, &items[i], i < 5 ? 60 : 300, 1000));
    int at_start = 0;
    while (schedule_take(s, 1000) != NULL)
        at_start++;
    assert_int_equal(at_start, 2); /* one of each interval */
}

static void one_by_one_keep_their_distance(void **state)
{
    (void)state;
    assert_true(schedule_newcomer(s, &items[0], 60, 1000));
    assert_ptr_equal(schedule_take(s, 1000), &items[0]);
    assert_true(schedule_newcomer(s, &items[1], 60, 1001));
    assert_null(schedule_take(s, 1099));
    assert_ptr_equal(schedule_take(s, 1100), &items[1]);
    assert_null(schedule_take(s, 10000));
    assert_true(schedule_newcomer(s, &items[2], 60, 10000));
    assert_ptr_equal(schedule_take(s, 10000), &items[2]);
}

static void dropped_newcomers(void **state)
{
    (void)state;
    come(10, 60);
    for (int i = 0; i < 10; i += 2)
        schedule_drop(s, &items[i]);
    assert_true(schedule_set(s, &items[1], 99999)); /* out of the wave, with a start of its own */
    assert_true(schedule_newcomer(s, &items[0], 60, 1000));
    int order[] = {3, 5, 7, 9, 0};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        assert_ptr_equal(schedule_take(s, 5000), &items[order[i]]);
    assert_null(schedule_take(s, 5000));
    assert_ptr_equal(schedule_take(s, 99999), &items[1]);
}

static void all_dropped(void **state)
{
    (void)state;
    come(10, 60);
    for (int i = 0; i < 10; i++)
        schedule_drop(s, &items[i]);
    assert_null(schedule_take(s, 5000));
    assert_true(schedule_next_ms(s) == UINT64_MAX);
}

static void the_grid(void **state)
{
    (void)state;
    static const struct {
        uint64_t start_ms, interval_ms, now_ms, next_ms;
        uint32_t missed;
    } rows[] = {
        {1000, 60000, 1000, 61000, 0},   {1000, 60000, 1500, 61000, 0},   {1000, 60000, 60999, 61000, 0},
        {1000, 60000, 61000, 121000, 1}, {1000, 60000, 61001, 121000, 1}, {1000, 60000, 301000, 361000, 5},
        {1000, 60000, 0, 61000, 0}, /* the session began before its time */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t missed;
        uint64_t next = schedule_grid(rows[i].start_ms, rows[i].interval_ms, rows[i].now_ms, &missed);
        assert_true(next == rows[i].next_ms);
        assert_int_equal(missed, rows[i].missed);
    }
}

static void the_lag(void **state)
{
    (void)state;
    assert_int_equal(schedule_lag_ms(s, 100000), 0);
    schedule_started(s, 100000, 100300);
    schedule_started(s, 100200, 100250);
    schedule_started(s, 130000, 130100);
    schedule_started(s, 140500, 140400); /* early is not late */
    assert_int_equal(schedule_lag_ms(s, 140400), 300);
    assert_int_equal(schedule_lag_ms(s, 159999), 300);
    assert_int_equal(schedule_lag_ms(s, 160000), 100);
    assert_int_equal(schedule_lag_ms(s, 190000), 0);
    assert_true(schedule_set(s, &items[0], 189000)); /* overdue now */
    assert_int_equal(schedule_lag_ms(s, 190000), 1000);
    assert_ptr_equal(schedule_take(s, 190000), &items[0]);
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, begin, end, NULL                                                                               \
    }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ROW("whoever is due first is taken first, whatever was set and dropped before", by_start),
        ROW("newcomers start evenly over their interval, in the order of coming", evenly),
        ROW("few newcomers start at ten a second", at_least_ten_a_second),
        ROW("very many start at five hundred a second", at_most_five_hundred_a_second),
        ROW("of four schedules each starts a quarter of that", at_most_its_share),
        ROW("a single newcomer starts at once", at_once),
        ROW("newcomers of different intervals do not wait for each other", intervals_apart),
        ROW("newcomers that come one by one keep their distance too", one_by_one_keep_their_distance),
        ROW("a newcomer that was dropped costs the others nothing", dropped_newcomers),
        ROW("when all newcomers were dropped nothing is due", all_dropped),
        ROW("the grid has no drift, and what was missed is counted", the_grid),
        ROW("the lag is the greatest lateness of the last minute, and of what is overdue", the_lag),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
