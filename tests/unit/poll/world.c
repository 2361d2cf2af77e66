#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draft.h"
#include "short_memory.h"

static const int64_t start_wall_ms = INT64_C(1800000000000);

const struct definition *world_definition(const char *const *written)
{
    static const char *const required[] = {"name=office",
                                           "device=192.0.2.10",
                                           "smtp.to=p@example.com",
                                           "smtp.from=m@example.com",
                                           "incoming.username=probe",
                                           "incoming.password=x",
                                           NULL};
    struct draft draft;
    struct mistake why;
    draft_init(&draft);
    for (int round = 0; round < 2; round++) {
        const char *const *rows = round == 0 ? required : written;
        for (; rows != NULL && *rows != NULL; rows++) {
            char key[64];
            const char *value = strchr(*rows, '=');
            assert_non_null(value);
            (void)snprintf(key, sizeof key, "%.*s", (int)(value - *rows), *rows);
            const struct setting *s = setting_by_key(key);
            assert_non_null(s);
            if (!draft_put_written(&draft, setting_id(s), value + 1, &why))
                fail_msg("%s", why.text);
        }
    }
    const struct definition *d = draft_freeze(&draft);
    draft_end(&draft);
    assert_non_null(d);
    return d;
}

static void write_entry(void *owner, struct journal_entry *entry)
{
    struct world *w = owner;
    if (w->journal_refuses) {
        journal_entry_drop(entry);
        return;
    }
    assert_true(w->entry_count < ENTRIES_MAX);
    w->entries[w->entry_count++] = *entry;
}

void world_begin(struct world *w, const char *const *written)
{
    *w = (struct world){.now = {.mono_ms = 1000000, .wall_ms = start_wall_ms},
                        .deletion = DELETION_DONE,
                        .delivers = true,
                        .underway_ms = 500};
    static const struct token_key key = {.key = {7}, .instance = {7}};
    w->sealer = token_sealer_new(&key);
    assert_non_null(w->sealer);
    w->journal = (struct journal){.write = write_entry, .owner = w};
    const struct definition *d = world_definition(written);
    assert_true(row_init(&w->row, 3, 77, d, w->sealer));
    definition_unref(d);
}

void world_end(struct world *w)
{
    for (size_t i = 0; i < w->entry_count; i++)
        journal_entry_drop(&w->entries[i]);
    row_clear(&w->row);
    token_sealer_free(w->sealer);
}

/* --- the look --- */

static struct failure box_failure(const struct world *w)
{
    switch (w->box) {
    case BOX_FINE:
    case BOX_UNREADABLE:
        break;
    case BOX_CLOSED:
        return failure_make(LEG_INCOMING, STAGE_CONNECT, CAUSE_REFUSED, 111);
    case BOX_IN_USE:
        return failure_make(LEG_INCOMING, STAGE_AUTH, CAUSE_IN_USE, 0);
    case BOX_BREAKS_AFTER_READING:
        return failure_make(LEG_INCOMING, STAGE_FETCH, CAUSE_CLOSED, 0);
    case BOX_NO_DESCRIPTORS:
        return failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 24);
    }
    return failure_none;
}

static void read_mailbox(struct world *w, struct look_report *report)
{
    size_t stay = 0;
    for (size_t i = 0; i < w->mails; i++) {
        struct mail_facts mail = {.arrived_ms = w->arrived_ms[i], .token_count = 1, .tokens = {w->mailbox[i]}};
        memory_spare(true);
        assert_int_equal(token_verify(w->sealer, w->row.serial, &mail.tokens[0]), TOKEN_TRUE);
        memory_spare(false);
        (void)row_sight(&w->row, &mail.tokens[0], &mail, &w->now, &w->journal);
        report->inspected++;
        report->asked++;
        if (w->mails_stay) {
            w->arrived_ms[stay] = w->arrived_ms[i];
            w->mailbox[stay++] = w->mailbox[i];
        }
    }
    w->mails = stay;
    if (report->asked == 0)
        return;
    report->deletion = w->deletion;
    if (w->deletion == DELETION_REFUSED || w->deletion == DELETION_INEFFECTIVE)
        report->deletion_failure = failure_make(LEG_INCOMING, STAGE_DELETE, CAUSE_PERMANENT, 0);
    if (w->deletion == DELETION_BROKEN)
        report->deletion_failure = failure_make(LEG_INCOMING, STAGE_DELETE, CAUSE_CLOSED, 0);
}

static void look(struct world *w, struct leg_outcome *leg, struct look_outcome *out)
{
    struct look_report report = {.deletion_failure = failure_none};
    const uint64_t began = w->now.mono_ms;
    leg->failure = box_failure(w);
    leg->whole_ms = 20;
    leg->stage_ms[STAGE_CONNECT] = 1;
    leg->stage_ms[STAGE_SELECT] = 2;
    leg->stage_ms[STAGE_SEARCH] = 3;
    leg->stage_ms[STAGE_FETCH] = 4;
    leg->stage_ms[STAGE_DELETE] = 5;
    leg->tls = w->tls;
    (void)text_copy(leg->mechanism, sizeof leg->mechanism, "LOGIN");
    report.scanned = !failure_is(&leg->failure);
    report.finished = report.scanned && w->box != BOX_UNREADABLE;
    if (report.scanned || w->box == BOX_BREAKS_AFTER_READING)
        read_mailbox(w, &report);
    row_look_ended(&w->row, leg, w->box == BOX_NO_DESCRIPTORS ? NULL : &report, began, out);
    failure_clear(&report.deletion_failure);
}

/* --- the send --- */

static enum smtp_fate smtp_outcome(const struct world *w, struct failure *why)
{
    switch (w->smtp) {
    case SMTP_FINE:
        break;
    case SMTP_REFUSES:
        *why = failure_make(LEG_SMTP, STAGE_RCPT_TO, CAUSE_PERMANENT, 550);
        failure_reply(why, "550 no such user", strlen("550 no such user"));
        return SMTP_NOT_SENT;
    case SMTP_BREAKS_AFTER_DOT:
        *why = failure_make(LEG_SMTP, STAGE_AFTER_DOT, CAUSE_CLOSED, 0);
        return SMTP_UNCERTAIN;
    case SMTP_LACKS_MEMORY:
        *why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 12);
        return SMTP_NOT_SENT;
    case SMTP_BREAKS_LOCALLY_AFTER_DOT:
        *why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 12);
        return SMTP_UNCERTAIN;
    }
    return SMTP_ACCEPTED;
}

static void deliver(struct world *w, enum smtp_fate fate)
{
    if (!w->delivers || fate == SMTP_NOT_SENT)
        return;
    assert_true(w->mails < MAILS_MAX);
    w->arrived_ms[w->mails] = w->now.wall_ms + w->underway_ms;
    w->mailbox[w->mails++] = w->sent;
}

static void send_probe(struct world *w, const struct look_outcome *looked, struct leg_outcome *leg,
                       struct send_outcome *out)
{
    enum smtp_fate fate = smtp_outcome(w, &leg->failure);
    leg->whole_ms = 30;
    leg->stage_ms[STAGE_RCPT_TO] = 6;
    leg->stage_ms[STAGE_AFTER_DOT] = 7;
    leg->tls = w->tls;
    w->sent_data = fate != SMTP_NOT_SENT && row_may_send_data(&w->row, looked);
    if (fate == SMTP_ACCEPTED && !w->sent_data) {
        row_send_ended(&w->row, NULL, SMTP_ENOUGH, leg, &w->now, &w->journal, out);
        return;
    }
    memory_spare(true);
    assert_true(token_make(w->sealer, w->row.serial, w->row.handle, (uint64_t)(w->now.wall_ms / 1000), &w->sent));
    memory_spare(false);
    if (w->smtp != SMTP_LACKS_MEMORY)
        assert_true(row_send_begins(&w->row, &w->sent, &w->now, 1, &w->journal));
    row_send_ended(&w->row, &w->sent, fate, leg, &w->now, &w->journal, out);
    deliver(w, fate);
}

void world_poll_at(struct world *w, uint64_t ms)
{
    struct leg_outcome in, out;
    struct poll_facts facts = {.whole_ms = 55, .smtp = &out, .history_s = w->history_s};
    leg_outcome_init(&in);
    leg_outcome_init(&out);
    if (w->row.first_poll) {
        look_outcome_none(&facts.look);
    } else {
        look(w, &in, &facts.look);
        facts.incoming = &in;
    }
    send_probe(w, &facts.look, &out, &facts.send);
    row_poll_ended(&w->row, &facts, &w->now, &w->journal);
    look_outcome_clear(&facts.look);
    send_outcome_clear(&facts.send);
    leg_outcome_clear(&in);
    leg_outcome_clear(&out);
    w->now.mono_ms += ms;
    w->now.wall_ms += (int64_t)ms;
}

void world_poll(struct world *w)
{
    world_poll_at(w, INTERVAL_MS);
}

/* --- what came of it --- */

unsigned world_events(const struct world *w, enum event_kind kind)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->entry_count; i++)
        n += w->entries[i].kind == JOURNAL_STATUS && w->entries[i].has_event && w->entries[i].event.kind == kind;
    return n;
}

const struct event *world_last_event(const struct world *w)
{
    for (size_t i = w->entry_count; i > 0; i--) {
        if (w->entries[i - 1].kind == JOURNAL_STATUS && w->entries[i - 1].has_event)
            return &w->entries[i - 1].event;
    }
    return NULL;
}

/* A status says what became of the newest probe, again and again until there is another one. */
unsigned world_count(const struct world *w, enum probe_state state)
{
    struct probe_record last = {0};
    unsigned n = 0;
    for (size_t i = 0; i < w->entry_count; i++) {
        const struct journal_entry *e = &w->entries[i];
        const struct probe_record *record = e->kind == JOURNAL_PROBE ? &e->probe : &e->memory.sent;
        if (record->state == 0 || (record->state == last.state && probe_record_is_of(record, &last)))
            continue;
        n += record->state == state;
        last = *record;
    }
    return n;
}

void world_is(const struct world *w, enum verdict verdict, enum proof proof, enum cause cause)
{
    const struct status *s = &w->row.status;
    if (s->verdict != verdict || s->proof != proof || s->failure_cause != cause)
        fail_msg("%s, %s, %s (%s); expected %s, %s, %s", verdict_word(s->verdict), proof_word(s->proof),
                 cause_word(s->failure_cause), text_bytes(s->failure_text), verdict_word(verdict), proof_word(proof),
                 cause_word(cause));
}
