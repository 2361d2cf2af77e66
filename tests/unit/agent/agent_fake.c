#include "agent_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_parts.h"
#include "edit.h"

static uint64_t serial_of(void *owner, const char *name)
{
    static uint64_t serial;
    (void)owner;
    (void)name;
    return ++serial;
}

static void put(struct draft *d, enum setting_id id, const char *written)
{
    struct mistake why;
    assert_true(draft_put_written(d, id, written, &why));
}

const struct definition *fake_definition(const char *name)
{
    struct draft d;
    draft_init(&d);
    put(&d, SETTING_name, name);
    put(&d, SETTING_device, "192.0.2.1");
    put(&d, SETTING_notify, "down,certificate");
    put(&d, SETTING_smtp_to, "to@example.com");
    put(&d, SETTING_smtp_from, "from@example.com");
    put(&d, SETTING_in_username, "user");
    put(&d, SETTING_in_password, "secret");
    assert_int_equal(draft_check(&d, NULL, NULL), 0);
    const struct definition *definition = draft_freeze(&d);
    draft_end(&d);
    assert_non_null(definition);
    return definition;
}

static void publish(struct edit *e)
{
    struct mistake why = {.kind = MISTAKE_NONE};
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, NULL, NULL);
    edit_end(e);
}

struct monitors *fake_set(const int32_t *indexes, size_t n)
{
    struct monitors *set = monitors_new(serial_of, NULL);
    assert_non_null(set);
    struct edit *e = edit_begin(set);
    for (size_t i = 0; i < n; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "row-%d", (int)indexes[i]);
        const struct definition *definition = fake_definition(name);
        assert_true(edit_put(e, indexes[i], definition));
        definition_unref(definition);
    }
    publish(e);
    return set;
}

void fake_incomplete(struct monitors *set, int32_t index)
{
    struct edit *e = edit_begin(set);
    struct draft *d = edit_draft(e, index, true);
    assert_non_null(d);
    d->row_status = ROW_NOT_READY;
    d->storage = STORAGE_NON_VOLATILE;
    publish(e);
}

enum { FAKE_ROOM = 1024 };

static struct queue *orders[1]; /* one agent at a time, with one worker */

struct agent *fake_agent(void)
{
    struct agent *a = calloc(1, sizeof *a);
    assert_non_null(a);
    a->options.notices = queue_new(FAKE_ROOM, sizeof(struct notice));
    a->options.reports = queue_new(FAKE_ROOM, sizeof(struct report));
    a->options.news = queue_new(FAKE_ROOM, sizeof(struct news));
    a->options.saved = queue_new(FAKE_ROOM, sizeof(struct saved));
    a->options.saves = queue_new(FAKE_ROOM, sizeof(struct save));
    a->notices.queue = a->options.notices;
    a->reports.queue = a->options.reports;
    a->news.queue = a->options.news;
    a->saved.queue = a->options.saved;
    a->set = monitors_new(serial_of, NULL);
    a->events = event_log_new(EVENT_LOG_SETTLED);
    orders[0] = queue_new(FAKE_ROOM, sizeof(struct order));
    a->options.orders = orders;
    assert_true(dispatch_init(&a->dispatch, orders, 1));
    a->options.journal = queue_new(FAKE_ROOM, sizeof(struct journal_entry));
    a->journal = outbox_new(a->options.journal, sizeof(struct journal_entry));
    assert_true(keep_init(&a->keep, a->options.saves, a->options.saved));
    tables_init(&a->tables, a->set, a->events);
    a->scalars = scalar_table(a);
    return a;
}

void fake_agent_free(struct agent *a)
{
    dispatch_clear(&a->dispatch);
    outbox_free(a->journal, journal_entry_drop);
    keep_clear(&a->keep);
    notes_clear(&a->notes);
    event_log_free(a->events);
    monitors_free(a->set);
    text_unref(a->config_error);
    text_unref(a->set_error);
    queue_free(a->notices.queue, notice_drop);
    queue_free(a->reports.queue, report_drop);
    queue_free(a->news.queue, news_drop);
    queue_free(a->saved.queue, NULL);
    queue_free(orders[0], order_drop);
    queue_free(a->options.saves, save_drop);
    queue_free(a->options.journal, journal_entry_drop);
    free(a);
}

size_t fake_orders(struct agent *a)
{
    struct order order;
    size_t n = 0;
    while (queue_take(a->options.orders[0], &order)) {
        order_drop(&order);
        n++;
    }
    return n + outbox_waiting(a->dispatch.orders[0]);
}

struct event fake_event(uint32_t seq)
{
    return (struct event){.seq = seq,
                          .time_ms = 1000,
                          .row = 7,
                          .kind = EVENT_DOWN,
                          .old = VERDICT_UP,
                          .new = VERDICT_DOWN,
                          .proof = PROOF_NONE,
                          .leg = LEG_SMTP,
                          .stage = STAGE_AUTH,
                          .cause = CAUSE_BAD_CREDENTIALS,
                          .notify = true,
                          .name = text_new("row-7", 5),
                          .text = text_new("no", 2)};
}
