/* What the agent makes of what the state knew, without a master. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "agent_parts.h"

enum { QUEUE = 64, NEW_SERIAL = 1000 };

static struct agent *a;
static struct queue *journal;
static uint64_t last_serial;

static uint64_t serial_of(void *owner, const char *name)
{
    uint64_t *serial = owner;
    (void)name;
    return ++*serial;
}

static const struct text *text(const char *bytes)
{
    return text_new(bytes, strlen(bytes));
}

static void put_row(struct restored *r, int32_t index, uint64_t serial, const char *name, enum verdict verdict)
{
    struct restored_row *row = &r->rows[r->row_count++];
    *row = (struct restored_row){.index = index, .serial = serial, .name = text(name), .has_status = true};
    status_init(&row->status);
    row_memory_init(&row->memory);
    row->status.verdict = (uint8_t)verdict;
    row->status.polls = (uint32_t)serial;
}

static void put_event(struct restored *r, uint32_t seq, bool settled)
{
    struct restored_event *e = &r->events[r->event_count++];
    e->event = (struct event){.seq = seq, .row = 7, .kind = EVENT_DOWN, .notify = true, .name = text("b")};
    e->settled = settled;
    r->last_seq = seq;
}

/* Rows 7 (b, up), 9 (gone from the file, down), 1 is promised to c. */
static struct restored *state_of_before(void)
{
    struct restored *r = restored_new();
    assert_non_null(r);
    r->rows = calloc(2, sizeof *r->rows);
    r->promises = calloc(1, sizeof *r->promises);
    r->events = calloc(3, sizeof *r->events);
    put_row(r, 9, 99, "gone", VERDICT_DOWN);
    put_row(r, 7, 77, "b", VERDICT_UP);
    r->promises[r->promise_count++] = (struct restored_promise){.index = 1, .name = text("c")};
    put_event(r, 5, true);
    put_event(r, 6, false);
    put_event(r, 8, false);
    assert_true(restored_index(r));
    return r;
}

static int set_up(void **state)
{
    (void)state;
    a = calloc(1, sizeof *a);
    assert_non_null(a);
    last_serial = NEW_SERIAL;
    a->options.serial_of = serial_of;
    a->options.serial_owner = &last_serial;
    a->set = monitors_new(agent_serial, a);
    a->events = event_log_new(EVENT_LOG_SETTLED);
    a->notices = (struct inbox){queue_new(QUEUE, sizeof(struct notice)), false};
    journal = queue_new(QUEUE, sizeof(struct journal_entry));
    a->journal = outbox_new(journal, sizeof(struct journal_entry));
    a->restored = state_of_before();
    assert_true(agent_restore(a));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    queue_free(a->notices.queue, notice_drop);
    outbox_free(a->journal, journal_entry_drop);
    queue_free(journal, journal_entry_drop);
    restored_unref(a->restored);
    order_list_clear(&a->orders);
    notes_clear(&a->notes);
    event_log_free(a->events);
    monitors_free(a->set);
    text_unref(a->config_error);
    free(a);
    return 0;
}

static void tell_file(const char *const *names, size_t count)
{
    struct notice notice = {.kind = NOTICE_FILE, .wanted_count = count, .time_ms = 1};
    notice.wanted = calloc(count, sizeof *notice.wanted);
    assert_non_null(notice.wanted);
    for (size_t i = 0; i < count; i++)
        notice.wanted[i].definition = fake_definition(names[i]);
    assert_true(queue_post(a->notices.queue, &notice));
    a->notices.ready = true;
    agent_take_all(a);
}

static const struct monitor *row(const char *name)
{
    const struct monitor *m = monitors_named(a->set, name);
    assert_non_null(m);
    return m;
}

static void indexes_and_statuses(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    tell_file(names, 3);
    assert_int_equal(row("a")->index, 2); /* the lowest that is nobody's: 1 is promised */
    assert_true(row("a")->serial > NEW_SERIAL);
    assert_int_equal(row("b")->index, 7);
    assert_int_equal(row("b")->serial, 77);
    assert_int_equal(row("b")->status.verdict, VERDICT_UP);
    assert_int_equal(row("b")->status.polls, 77);
    assert_int_equal(row("c")->index, 1);
    assert_int_equal(row("c")->status.verdict, VERDICT_UNKNOWN);
    assert_int_equal(monitors_tally(a->set, VERDICT_UP), 1);
}

static void rows_that_did_not_come(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b"};
    struct journal_entry entry;
    tell_file(names, 2);
    assert_true(queue_take(journal, &entry));
    assert_int_equal(entry.kind, JOURNAL_GONE);
    assert_int_equal(entry.index, 9);
    assert_int_equal(entry.serial, 99);
    assert_false(queue_take(journal, &entry));
    assert_null(a->restored);
    assert_int_equal(order_list_waiting(&a->orders), 3);
    assert_int_equal(a->orders.orders[a->orders.head + 2].kind, ORDER_READY);
}

static void another_row_of_the_same_name(void **state)
{
    (void)state;
    static const char *const names[] = {"b", "a"};
    tell_file(names, 2);
    tell_file(names + 1, 1);
    tell_file(names, 2);
    assert_int_equal(row("b")->index, 7);
    assert_true(row("b")->serial > NEW_SERIAL);
    assert_int_equal(row("b")->status.polls, 0);
}

static void events_leave_again(void **state)
{
    (void)state;
    struct journal_entry entry;
    assert_int_equal(event_log_count(a->events), 3);
    assert_int_equal(event_log_last(a->events), 8);
    assert_int_equal(notes_pending(&a->notes), 2);
    assert_int_equal(notes_next(&a->notes, 1000)->event.seq, 6);
    agent_settle(a, 6);
    agent_settle(a, 0); /* one that left without a number */
    assert_true(queue_take(journal, &entry));
    assert_int_equal(entry.kind, JOURNAL_SETTLED);
    assert_int_equal(entry.seq, 6);
    assert_false(queue_take(journal, &entry));
}

int main(void)
{
#define SENTENCE(sentence, function)                                                                                   \
    {                                                                                                                  \
        sentence, function, set_up, tear_down, NULL                                                                    \
    }
    const struct CMUnitTest tests[] = {
        SENTENCE("rows of the file get their index, serial and status back, and promises are kept",
                 indexes_and_statuses),
        SENTENCE("rows that did not come back are gone, and the worker is told that all is ordered",
                 rows_that_did_not_come),
        SENTENCE("a name that comes back after its row went is another row", another_row_of_the_same_name),
        SENTENCE("events come back, those not acknowledged leave again, and what is settled is kept",
                 events_leave_again),
    };
    return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
