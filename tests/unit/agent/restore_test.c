/* What the agent makes of what the state knew, without a master. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "agent_parts.h"
#include "short_memory.h"

enum { NEW_SERIAL = 1000 };

static struct agent *a;
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

/* A row made by SET. */
static const struct definition *set_definition(const char *name)
{
    struct draft d;
    const struct definition *base = fake_definition(name);
    assert_true(draft_from(&d, base));
    d.storage = STORAGE_NON_VOLATILE;
    const struct definition *made = draft_freeze(&d);
    draft_end(&d);
    definition_unref(base);
    return made;
}

/* Rows 7 (b, up; disabled by SET), 9 (gone from the file, down), 12 (made by SET, up), 1 is promised to c. */
static struct restored *state_of_before(void)
{
    struct restored *r = restored_new();
    assert_non_null(r);
    r->rows = calloc(3, sizeof *r->rows);
    r->promises = calloc(1, sizeof *r->promises);
    r->events = calloc(3, sizeof *r->events);
    put_row(r, 9, 99, "gone", VERDICT_DOWN);
    put_row(r, 7, 77, "b", VERDICT_UP);
    put_row(r, 12, 120, "made", VERDICT_UP);
    r->rows[2].definition = set_definition("made");
    r->promises[r->promise_count++] = (struct restored_promise){.index = 1, .name = text("c")};
    put_event(r, 5, true);
    put_event(r, 6, false);
    put_event(r, 8, false);
    assert_true(restored_index(r));
    return r;
}

static void make_agent(void)
{
    last_serial = NEW_SERIAL;
    a = fake_agent();
    a->options.serial_of = serial_of;
    a->options.serial_owner = &last_serial;
    monitors_free(a->set);
    a->set = monitors_new(agent_serial, a);
    a->restored = state_of_before();
}

static int set_up(void **state)
{
    (void)state;
    make_agent();
    assert_true(agent_restore(a));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    restored_unref(a->restored);
    fake_agent_free(a);
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
    assert_int_equal(monitors_tally(a->set, VERDICT_UP), 2);
}

static enum order_kind next_order(void)
{
    struct order order;
    assert_true(queue_take(a->options.orders[0], &order));
    order_drop(&order);
    return order.kind;
}

/* The row with that serial has a probe that was not found yet. */
static void has_a_probe(uint64_t serial)
{
    const struct restored *r = a->restored;
    for (size_t i = 0; i < r->row_count; i++) {
        if (r->rows[i].serial != serial)
            continue;
        r->rows[i].probes = calloc(1, sizeof *r->rows[i].probes);
        assert_non_null(r->rows[i].probes);
        r->rows[i].probe_count = 1;
    }
}

static void rows_that_did_not_come(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b"};
    struct journal_entry entry;
    has_a_probe(99);
    has_a_probe(77);
    tell_file(names, 2);
    assert_true(queue_take(a->options.journal, &entry));
    assert_int_equal(entry.kind, JOURNAL_GONE);
    assert_int_equal(entry.index, 9);
    assert_int_equal(entry.serial, 99);
    assert_false(queue_take(a->options.journal, &entry));
    assert_null(a->restored);
    assert_int_equal(next_order(), ORDER_PUT); /* the row made by SET */
    assert_int_equal(next_order(), ORDER_PUT);
    assert_int_equal(next_order(), ORDER_PUT);
    assert_int_equal(next_order(), ORDER_ABSENT);
    assert_int_equal(next_order(), ORDER_READY);
}

static void another_history(void **state)
{
    (void)state;
    struct order order;
    a->options.history_s = 60;
    agent_take_file(a, &(struct notice){.kind = NOTICE_FILE, .history_s = 60});
    while (queue_take(a->options.orders[0], &order)) {
        assert_int_not_equal(order.kind, ORDER_HISTORY);
        order_drop(&order);
    }
    agent_take_file(a, &(struct notice){.kind = NOTICE_FILE, .history_s = 0});
    assert_true(queue_take(a->options.orders[0], &order));
    assert_int_equal(order.kind, ORDER_HISTORY);
    assert_int_equal(order.history_s, 0);
}

static void rows_made_by_set(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "made"};
    assert_int_equal(row("made")->index, 12);
    assert_int_equal(row("made")->serial, 120);
    assert_int_equal(row("made")->status.verdict, VERDICT_UP);
    assert_int_equal(row("made")->definition->storage, STORAGE_NON_VOLATILE);
    struct save save;
    assert_false(queue_take(a->options.saves, &save));
    tell_file(names, 2); /* the file adopts it */
    assert_int_equal(row("made")->index, 12);
    assert_int_equal(row("made")->serial, 120);
    assert_int_equal(row("made")->status.verdict, VERDICT_UP);
    assert_int_equal(row("made")->definition->storage, STORAGE_READ_ONLY);
}

static void admin_status(void **state)
{
    (void)state;
    static const char *const names[] = {"b"};
    const struct restored *before = a->restored;
    union {
        const struct restored *shown;
        struct restored *mine;
    } r = {.shown = before}; /* still this test's own */
    for (size_t i = 0; i < r.mine->row_count; i++) {
        if (r.mine->rows[i].index == 7)
            r.mine->rows[i].admin = (struct admin_override){.set = TRUTH_FALSE, .file = TRUTH_TRUE};
    }
    tell_file(names, 1);
    assert_false(definition_is_on(row("b")->definition));
    assert_true(row("b")->definition->overridden);
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
    assert_true(queue_take(a->options.journal, &entry));
    assert_int_equal(entry.kind, JOURNAL_SETTLED);
    assert_int_equal(entry.seq, 6);
    assert_false(queue_take(a->options.journal, &entry));
}

/* An agent that could not restore does not start: each attempt is another one's. */
static bool restore_anew(void *stage)
{
    (void)stage;
    memory_spare(true);
    make_agent();
    memory_spare(false);
    bool right = agent_restore(a);
    memory_spare(true);
    if (right) {
        assert_non_null(monitors_named(a->set, "made"));
        assert_int_equal(event_log_count(a->events), 3);
        assert_int_equal(notes_pending(&a->notes) + a->notes.dropped, 2);
    }
    (void)tear_down(NULL);
    return right;
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
        SENTENCE("workers are told of another history, and of no other", another_history),
        SENTENCE("rows made by SET are there before the file, which may take them over", rows_made_by_set),
        SENTENCE("an AdminStatus by SET of a row of the file is remembered", admin_status),
        SENTENCE("a name that comes back after its row went is another row", another_row_of_the_same_name),
        SENTENCE("events come back, those not acknowledged leave again, and what is settled is kept",
                 events_leave_again),
        SHORT_MEMORY("without memory nothing is restored by halves", .act = restore_anew),
    };
    return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
