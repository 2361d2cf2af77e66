/* What the agent keeps: events, notifications, orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "event_log.h"
#include "notes.h"

enum { KEEP = 5, LIMIT = 100 };

static void add_event(struct event_log *l, uint32_t seq, bool pending)
{
    struct event event = fake_event(seq);
    assert_true(event_log_add(l, &event, pending));
    event_clear(&event);
}

static void the_log_keeps_the_last_settled_events(void **state)
{
    (void)state;
    struct event_log *l = event_log_new(KEEP);
    for (uint32_t seq = 1; seq <= 1000; seq++) {
        add_event(l, seq, false);
        assert_int_equal(event_log_count(l), seq < KEEP ? seq : KEEP);
    }
    assert_int_equal(event_log_from(l, 0)->seq, 996);
    assert_int_equal(event_log_last(l), 1000);
    assert_null(event_log_from(l, 1001));
    event_log_free(l);
}

static void the_log_keeps_every_event_that_is_not_acknowledged(void **state)
{
    (void)state;
    struct event_log *l = event_log_new(KEEP);
    for (uint32_t seq = 1; seq <= 300; seq++)
        add_event(l, seq, seq % 10 == 0);
    assert_int_equal(event_log_count(l), 30 + KEEP);
    uint64_t next = 0;
    for (uint32_t seq = 10; seq < 290; seq += 10, next++) {
        assert_int_equal(event_log_from(l, next)->seq, seq);
        next = seq;
    }
    event_log_settle(l, 10); /* now it is the oldest of those that may go */
    assert_int_equal(event_log_from(l, 0)->seq, 20);
    event_log_settle(l, 300); /* ... and this the youngest */
    assert_int_equal(event_log_from(l, 300)->seq, 300);
    assert_int_equal(event_log_count(l), 28 + KEEP);
    event_log_settle(l, 10);
    event_log_settle(l, 5000);
    assert_int_equal(event_log_count(l), 28 + KEEP);
    event_log_free(l);
}

static void the_log_puts_a_late_number_in_its_place_and_takes_none_twice(void **state)
{
    (void)state;
    struct event_log *l = event_log_new(KEEP);
    struct event event = fake_event(2);
    add_event(l, 1, true);
    add_event(l, 3, true);
    add_event(l, 2, true);
    assert_false(event_log_add(l, &event, true));
    event_clear(&event);
    assert_int_equal(event_log_from(l, 2)->seq, 2);
    assert_int_equal(event_log_from(l, 3)->seq, 3);
    assert_int_equal(event_log_last(l), 3);
    event_log_free(l);
}

static uint32_t add_note(struct notes *n, uint32_t seq)
{
    struct event event = fake_event(seq);
    uint32_t dropped;
    assert_true(notes_add(n, &event, LIMIT, &dropped));
    event_clear(&event);
    return dropped;
}

static void a_note_leaves_the_queue_only_when_it_is_acknowledged(void **state)
{
    (void)state;
    struct notes n = {0};
    uint32_t seq = 0;
    add_note(&n, 41);
    const struct note *note = notes_next(&n, 100000);
    assert_non_null(note);
    assert_int_equal(note->event.seq, 41);
    uint64_t id = note->id;
    assert_null(notes_next(&n, 200000)); /* it is on its way */
    assert_int_equal(notes_wait_ms(&n, 200000), -1);
    notes_unsent(&n, id);
    assert_int_equal(notes_next(&n, 200000)->id, id);
    assert_int_equal(notes_pending(&n), 1);
    assert_true(notes_acknowledge(&n, id, &seq));
    assert_int_equal(seq, 41);
    assert_int_equal(notes_pending(&n), 0);
    assert_false(notes_acknowledge(&n, id, &seq)); /* late answers mean nothing */
    notes_clear(&n);
}

static void add_unnumbered(struct notes *n, uint64_t told, size_t limit)
{
    struct event event = fake_event(0);
    uint32_t dropped;
    event.told = told;
    assert_true(notes_add(n, &event, limit, &dropped));
    assert_int_equal(dropped, 0);
    event_clear(&event);
}

static void a_note_without_a_number_gets_it_as_long_as_it_is_here(void **state)
{
    (void)state;
    struct notes n = {0};
    uint32_t seq;
    add_note(&n, 1);
    for (uint64_t told = 5; told <= 8; told++)
        add_unnumbered(&n, told, LIMIT);
    add_note(&n, 2);
    add_unnumbered(&n, 9, LIMIT);
    assert_false(notes_number(&n, 0, 30)); /* nobody's */
    assert_false(notes_number(&n, 4, 30));
    assert_false(notes_number(&n, 10, 30));
    uint64_t now = 100000, ids[3];
    for (size_t i = 0; i < 3; i++, now += 10)
        ids[i] = notes_next(&n, now)->id;
    assert_true(notes_acknowledge(&n, ids[2], &seq)); /* the second of them, before the first */
    assert_int_equal(seq, 0);
    assert_false(notes_number(&n, 6, 36));
    assert_true(notes_number(&n, 5, 35)); /* on its way */
    assert_true(notes_acknowledge(&n, ids[1], &seq));
    assert_int_equal(seq, 35);
    assert_true(notes_number(&n, 8, 38));
    assert_true(notes_number(&n, 9, 39));
    static const uint32_t expected[] = {0, 38, 2, 39}; /* 7 is still without */
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++, now += 10)
        assert_int_equal(notes_next(&n, now)->event.seq, expected[i]);
    notes_clear(&n);
    add_unnumbered(&n, 11, 1);
    add_unnumbered(&n, 12, 1);
    assert_false(notes_number(&n, 11, 41)); /* it gave way */
    assert_true(notes_number(&n, 12, 42));
    notes_clear(&n);
}

static void no_more_than_a_window_is_on_its_way(void **state)
{
    (void)state;
    struct notes n = {0};
    uint32_t seq;
    for (uint32_t i = 1; i <= LIMIT; i++)
        add_note(&n, i);
    uint64_t now = 100000;
    for (uint32_t i = 1; i <= NOTES_WINDOW; i++, now += 10)
        assert_int_equal(notes_next(&n, now)->event.seq, i);
    assert_null(notes_next(&n, now));
    assert_true(notes_acknowledge(&n, 3, &seq)); /* not the oldest: still counted off */
    assert_int_equal(notes_pending(&n), LIMIT - 1);
    assert_int_equal(notes_next(&n, now)->event.seq, NOTES_WINDOW + 1);
    notes_clear(&n);
}

static void all_that_was_on_its_way_is_due_again_in_order_when_the_session_ends(void **state)
{
    (void)state;
    struct notes n = {0};
    uint32_t seq;
    uint64_t now = 100000;
    for (uint32_t i = 1; i <= 8; i++)
        add_note(&n, i);
    for (uint32_t i = 1; i <= 6; i++, now += 10)
        assert_non_null(notes_next(&n, now));
    assert_true(notes_acknowledge(&n, 2, &seq));
    notes_refuse(&n, 1, now);
    assert_int_equal(notes_wait_ms(&n, now), NOTES_RETRY_MS);
    notes_all_due(&n);
    static const uint32_t expected[] = {1, 3, 4, 5, 6, 7, 8};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++, now += 10)
        assert_int_equal(notes_next(&n, now)->event.seq, expected[i]);
    assert_null(notes_next(&n, now + 1000));
    notes_clear(&n);
}

static void a_refused_note_waits_before_it_is_tried_again(void **state)
{
    (void)state;
    struct notes n = {0};
    add_note(&n, 1);
    uint64_t id = notes_next(&n, 100000)->id;
    notes_refuse(&n, id, 100000);
    assert_null(notes_next(&n, 100000 + NOTES_RETRY_MS - 1));
    assert_int_equal(notes_next(&n, 100000 + NOTES_RETRY_MS)->id, id);
    notes_clear(&n);
}

static void a_storm_leaves_at_no_more_than_500_a_second(void **state)
{
    (void)state;
    enum { STORM = 3000, SECONDS = 5 };
    static uint64_t sent_at[STORM];
    struct notes n = {0};
    size_t sent = 0;
    uint32_t seq, dropped;
    for (uint32_t i = 1; i <= STORM; i++) {
        struct event event = fake_event(i);
        assert_true(notes_add(&n, &event, STORM, &dropped));
        event_clear(&event);
    }
    for (uint64_t now = 100000; now < 100000 + SECONDS * 1000; now++) {
        const struct note *note;
        while ((note = notes_next(&n, now)) != NULL) {
            sent_at[sent++] = now;
            assert_true(notes_acknowledge(&n, note->id, &seq));
        }
        assert_true(notes_wait_ms(&n, now) > 0);
    }
    assert_in_range(sent, 480 * SECONDS, 500 * SECONDS);
    for (size_t i = 500; i < sent; i++)
        assert_true(sent_at[i] - sent_at[i - 500] >= 1000);
    notes_clear(&n);
}

static void the_oldest_note_gives_way_when_there_are_too_many_and_is_counted(void **state)
{
    (void)state;
    struct notes n = {0};
    uint32_t seq;
    for (uint32_t i = 1; i <= LIMIT; i++)
        assert_int_equal(add_note(&n, i), 0);
    uint64_t id = notes_next(&n, 100000)->id;
    assert_int_equal(add_note(&n, LIMIT + 1), 1); /* although it was on its way */
    assert_int_equal(n.dropped, 1);
    assert_int_equal(notes_pending(&n), LIMIT);
    assert_false(notes_acknowledge(&n, id, &seq));
    for (uint32_t i = LIMIT + 2; i <= 10 * LIMIT; i++)
        assert_int_equal(add_note(&n, i), i - LIMIT);
    assert_int_equal(notes_next(&n, 200000)->event.seq, 9 * LIMIT + 1);
    notes_clear(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_keeps_the_last_settled_events),
        cmocka_unit_test(the_log_keeps_every_event_that_is_not_acknowledged),
        cmocka_unit_test(the_log_puts_a_late_number_in_its_place_and_takes_none_twice),
        cmocka_unit_test(a_note_leaves_the_queue_only_when_it_is_acknowledged),
        cmocka_unit_test(a_note_without_a_number_gets_it_as_long_as_it_is_here),
        cmocka_unit_test(no_more_than_a_window_is_on_its_way),
        cmocka_unit_test(all_that_was_on_its_way_is_due_again_in_order_when_the_session_ends),
        cmocka_unit_test(a_refused_note_waits_before_it_is_tried_again),
        cmocka_unit_test(a_storm_leaves_at_no_more_than_500_a_second),
        cmocka_unit_test(the_oldest_note_gives_way_when_there_are_too_many_and_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
