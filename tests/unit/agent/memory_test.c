/*
 * Memory that is short at any point: an edit is whole or not there, and what is lost is counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "agent_parts.h"
#include "short_memory.h"

enum { ROWS = 3, EVENTS = 200 };

static void file(struct notice *notice, const char *const *names)
{
    *notice = (struct notice){.kind = NOTICE_FILE, .wanted_count = ROWS, .time_ms = 1000};
    notice->wanted = calloc(ROWS, sizeof *notice->wanted);
    assert_non_null(notice->wanted);
    for (size_t i = 0; i < ROWS; i++)
        notice->wanted[i].definition = fake_definition(names[i]);
}

static void a_file_is_taken_whole_or_not_at_all(void **state)
{
    static const char *const names[] = {"a", "b", "c"}, *const others[] = {"c", "d", "e"};
    (void)state;
    bool reached = true;
    for (unsigned nth = 1; reached; nth++) {
        struct agent *a = fake_agent();
        struct notice first, second;
        file(&first, names);
        file(&second, others);
        agent_take_file(a, &first);
        memory_fails_at(nth);
        agent_take_file(a, &second);
        reached = memory_has_failed();
        memory_fails_at(0);
        bool taken = monitors_named(a->set, "d") != NULL;
        assert_int_equal(monitors_count(a->set), ROWS);
        assert_true((monitors_named(a->set, "a") == NULL) == taken);
        assert_int_equal(fake_orders(a), taken ? ROWS + 4 : ROWS); /* two go, two come */
        assert_true(taken || reached);
        notice_drop(&first);
        notice_drop(&second);
        fake_agent_free(a);
    }
}

static void a_password_is_taken_or_not(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    (void)state;
    bool reached = true;
    for (unsigned nth = 1; reached; nth++) {
        struct agent *a = fake_agent();
        struct notice first;
        struct draft d;
        struct mistake why;
        file(&first, names);
        agent_take_file(a, &first);
        assert_true(draft_from(&d, first.wanted[1].definition));
        assert_true(draft_put_text(&d, SETTING_in_password, "new", 3, &why));
        struct wanted one = {.definition = draft_freeze(&d)};
        draft_end(&d);
        memory_fails_at(nth);
        agent_take_definition(a, &(struct notice){.kind = NOTICE_DEFINITION, .wanted = &one, .wanted_count = 1});
        reached = memory_has_failed();
        memory_fails_at(0);
        const struct monitor *row = monitors_named(a->set, "b");
        assert_non_null(row);
        bool taken = row->definition == one.definition;
        assert_int_equal(fake_orders(a), taken ? ROWS + 1 : ROWS);
        assert_true(taken || reached);
        definition_unref(one.definition);
        notice_drop(&first);
        fake_agent_free(a);
    }
}

/* --- SET --- */

static struct set_variable text_of(enum setting_id id, const char *text)
{
    return (struct set_variable){.column = settings[id].column,
                                 .index = 7,
                                 .is_instance = true,
                                 .type = SET_OCTETS,
                                 .octets = text,
                                 .length = strlen(text)};
}

/* A new row, a row that goes, and a poll; true when it was done. */
static bool set_rows(struct agent *a)
{
    const struct set_variable v[] = {
        text_of(SETTING_name, "new"),
        text_of(SETTING_device, "192.0.2.1"),
        text_of(SETTING_smtp_to, "to@example.com"),
        text_of(SETTING_smtp_from, "from@example.com"),
        text_of(SETTING_in_username, "user"),
        text_of(SETTING_in_password, "secret"),
        {.column = CONFIG_ROW_STATUS, .index = 7, .is_instance = true, .type = SET_INTEGER, .integer = 4},
        {.column = CONFIG_POLL_NOW, .index = 1, .is_instance = true, .type = SET_INTEGER, .integer = 2},
        {.column = settings[SETTING_enabled].column,
         .index = 2,
         .is_instance = true,
         .type = SET_INTEGER,
         .integer = 2},
    };
    struct set_fault fault;
    struct set_request *s = set_new(a);
    if (s == NULL)
        return false;
    const struct saved saved = {.id = a->keep.last_id + 1, .answer = SAVED};
    assert_true(queue_post(a->options.saved, &saved));
    size_t n = sizeof v / sizeof v[0];
    bool ok = set_take(s, v, n, &fault) && set_check(s, v, n, &fault) && set_commit(s, &fault);
    if (ok)
        set_finish(s);
    set_free(s);
    return ok;
}

static void a_set_is_done_whole_or_not_at_all(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    (void)state;
    bool done = false;
    bool reached = true;
    for (unsigned nth = 1; reached; nth++) {
        struct agent *a = fake_agent();
        struct notice first;
        file(&first, names);
        agent_take_file(a, &first);
        assert_int_equal(fake_orders(a), ROWS);
        memory_fails_at(nth);
        done = set_rows(a);
        reached = memory_has_failed();
        memory_fails_at(0);
        assert_true((monitors_named(a->set, "new") != NULL) == done);
        assert_true(definition_is_on(monitors_named(a->set, "b")->definition) != done);
        assert_int_equal(fake_orders(a), done ? 3 : 0);
        assert_null(a->open_set);
        notice_drop(&first);
        fake_agent_free(a);
    }
    assert_true(done);
}

/* --- notifications --- */

/* Events one after the other, of which the ${nth} allocation of the agent fails; true when it was reached. */
static bool tell_events(struct agent *a, unsigned nth)
{
    bool reached = false;
    for (uint32_t seq = 1; seq <= EVENTS; seq++) {
        struct event event = fake_event(seq);
        memory_fails_at(nth);
        (void)event_log_add(a->events, &event, true);
        agent_notify(a, &event);
        reached = reached || memory_has_failed();
        nth = reached ? 0 : nth - memory_allocations();
        memory_fails_at(0);
        event_clear(&event);
    }
    return reached;
}

static void a_notification_that_finds_no_memory_is_counted(void **state)
{
    size_t failures = 0;
    bool reached = true;
    (void)state;
    for (unsigned nth = 1; reached; nth++) {
        struct agent *a = fake_agent();
        reached = tell_events(a, nth);
        assert_int_equal(notes_pending(&a->notes) + a->notes.dropped, EVENTS);
        assert_true(event_log_count(a->events) >= EVENTS - 1);
        failures += a->notes.dropped;
        fake_agent_free(a);
    }
    assert_true(failures > 0);
}

static size_t histories_told(struct agent *a)
{
    struct order order;
    size_t n = 0;
    while (queue_take(a->options.orders[0], &order)) {
        n += order.kind == ORDER_HISTORY;
        order_drop(&order);
        (void)outbox_flush(a->dispatch.orders[0]);
    }
    return n;
}

static void a_history_that_was_not_told_is_told_by_the_next_file(void **state)
{
    const struct notice file = {.kind = NOTICE_FILE, .history_s = 60};
    const struct order order = {.kind = ORDER_READY};
    (void)state;
    bool reached = true;
    for (unsigned nth = 1; reached; nth++) {
        struct agent *a = fake_agent();
        while (queue_post(a->options.orders[0], &order)) /* a worker that is behind */
            continue;
        memory_fails_at(nth);
        agent_take_file(a, &file);
        reached = memory_has_failed();
        memory_fails_at(0);
        const size_t told = histories_told(a);
        agent_take_file(a, &file);
        assert_int_equal(told + histories_told(a), 1);
        fake_agent_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_taken_whole_or_not_at_all),
        cmocka_unit_test(a_password_is_taken_or_not),
        cmocka_unit_test(a_history_that_was_not_told_is_told_by_the_next_file),
        cmocka_unit_test(a_set_is_done_whole_or_not_at_all),
        cmocka_unit_test(a_notification_that_finds_no_memory_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
