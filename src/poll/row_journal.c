/* What leaves a row: entries of the journal and events. */
#include <string.h>

#include "row_parts.h"

static struct journal_entry entry_of(const struct row *r, enum journal_kind kind)
{
    return (struct journal_entry){.kind = kind, .index = r->index, .serial = r->serial};
}

void row_journal_probe(const struct row *r, const struct outstanding *o, enum probe_state state, uint64_t ticket,
                       const struct journal *journal)
{
    struct journal_entry entry = entry_of(r, JOURNAL_PROBE);
    entry.ticket = ticket;
    entry.probe = probes_record(o);
    entry.probe.state = (uint8_t)state;
    journal->write(journal->owner, &entry);
}

static void note(struct row *r, struct outstanding *o, const struct journal *journal)
{
    if (o->noted == o->state)
        return;
    o->noted = o->state;
    row_journal_probe(r, o, (enum probe_state)o->state, 0, journal);
}

/* What became of the newest one stands in the row's own line, with the status. */
static bool is_in_line(const struct row *r, const struct outstanding *o)
{
    return o == probes_newest(&r->probes) && o->noted == PROBE_SENDING &&
           (o->state == PROBE_OUT || o->state == PROBE_MAYBE);
}

void row_journal_probes(struct row *r, const struct journal *journal)
{
    for (uint8_t i = 0; i < r->probes.outstanding_count; i++) {
        struct outstanding *o = &r->probes.outstanding[i];
        if (!is_in_line(r, o))
            note(r, o, journal);
    }
}

void row_journal_newest(struct row *r, const struct journal *journal)
{
    struct outstanding *newest = probes_newest(&r->probes);
    if (newest != NULL)
        note(r, newest, journal);
}

void row_journal_forget(const struct row *r, const struct journal *journal)
{
    struct journal_entry entry = entry_of(r, JOURNAL_FORGET);
    journal->write(journal->owner, &entry);
}

static const struct text *setting_text(const struct row *r, enum setting_id id)
{
    const char *words = definition_text(r->definition, id);
    return text_new(words, strlen(words));
}

void row_journal_status(const struct row *r, struct event *event, const struct sampled *sampled,
                        const struct journal *journal)
{
    struct journal_entry entry = entry_of(r, JOURNAL_STATUS);
    entry.name = setting_text(r, SETTING_name);
    status_init(&entry.status);
    status_copy(&entry.status, &r->status);
    row_keep_memory(r, &entry.memory);
    if (sampled != NULL)
        entry.sampled = *sampled;
    if (event != NULL) {
        entry.has_event = true;
        entry.event = *event;
    }
    journal->write(journal->owner, &entry);
}

void row_event(const struct row *r, enum event_kind kind, enum verdict old, const struct moment *now, struct event *out)
{
    *out = (struct event){
        .time_ms = now->wall_ms,
        .row = r->index,
        .kind = (uint8_t)kind,
        .old = (uint8_t)old,
        .new = r->status.verdict,
        .proof = r->status.proof,
        .leg = LEG_NONE,
        .stage = STAGE_NONE,
        .cause = CAUSE_NONE,
        /* The bits of `notify` stand in the order of the kinds. */
        .notify = (definition_number(r->definition, SETTING_notify) >> (kind - EVENT_DOWN) & 1) != 0,
        .smtp_cert_days = r->status.smtp_cert_days,
        .in_cert_days = r->status.in_cert_days,
        .name = setting_text(r, SETTING_name),
        .device = setting_text(r, SETTING_device),
    };
}
