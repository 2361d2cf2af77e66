/* A row and its send: a probe that leaves, and what became of it. */
#include "row_parts.h"

void send_outcome_skipped(struct send_outcome *out)
{
    *out = (struct send_outcome){.kind = SEND_SKIPPED, .failure = failure_none};
}

void send_outcome_clear(struct send_outcome *out)
{
    failure_clear(&out->failure);
    send_outcome_skipped(out);
}

static bool look_fails(const struct row *r, const struct look_outcome *look)
{
    struct failure why = failure_none;
    switch (look->kind) {
    case LOOK_FAILED:
    case LOOK_OWN:
        return true;
    case LOOK_NOT_MADE:
        if (!row_lacks_secret(r, LEG_INCOMING, &why))
            return false;
        failure_clear(&why);
        return true;
    case LOOK_FOUND:
    case LOOK_NOTHING_EXPECTED:
    case LOOK_PENDING:
    case LOOK_UNFINISHED:
    case LOOK_MISSING:
        break;
    }
    return false;
}

bool row_may_send_data(const struct row *r, const struct look_outcome *look)
{
    return r->probes.outstanding_count < PROBES_MAX || !look_fails(r, look);
}

bool row_send_begins(struct row *r, const struct token *t, const struct moment *now, uint64_t ticket,
                     const struct journal *journal)
{
    struct outstanding lost;
    bool was_lost;
    row_expire(r, now, journal);
    row_journal_newest(r, journal);
    if (!probes_sending(&r->probes, t, &lost, &was_lost))
        return false;
    if (was_lost) {
        r->status.lost++;
        row_journal_probe(r, &lost, PROBE_LOST, 0, journal);
    }
    row_count_outstanding(r);
    struct outstanding *sending = &r->probes.outstanding[r->probes.outstanding_count - 1];
    sending->noted = PROBE_SENDING;
    row_journal_probe(r, sending, PROBE_SENDING, ticket, journal);
    return true;
}

/* What the fate of the mail makes of the probe. */
static enum probe_state state_of(enum smtp_fate fate)
{
    switch (fate) {
    case SMTP_ACCEPTED:
        return PROBE_OUT;
    case SMTP_UNCERTAIN:
        return PROBE_MAYBE;
    case SMTP_NOT_SENT:
    case SMTP_ENOUGH:
        break;
    }
    return PROBE_REMOVED;
}

static void settle(struct row *r, const struct token *t, enum probe_state state, const struct moment *now,
                   const struct journal *journal)
{
    if (!probes_fate(&r->probes, t, state, now->mono_ms, now->wall_ms))
        return;
    if (state == PROBE_REMOVED) {
        struct outstanding removed;
        probes_describe(t, &removed);
        row_journal_probe(r, &removed, PROBE_REMOVED, 0, journal);
    }
    row_count_outstanding(r);
}

/* What broke here and not there is never the server's fault, also after the final dot. */
static enum send_kind failed_kind(enum smtp_fate fate, const struct failure *why)
{
    if (why->leg != LEG_SMTP)
        return SEND_OWN;
    return fate == SMTP_UNCERTAIN ? SEND_MAYBE : SEND_FAILED;
}

void row_send_ended(struct row *r, const struct token *t, enum smtp_fate fate, const struct leg_outcome *leg,
                    const struct moment *now, const struct journal *journal, struct send_outcome *out)
{
    *out = (struct send_outcome){.kind = SEND_SENT, .failure = failure_none};
    if (t != NULL)
        settle(r, t, state_of(fate), now, journal);
    if (fate == SMTP_ACCEPTED)
        r->status.sent++;
    if (fate == SMTP_ACCEPTED || fate == SMTP_ENOUGH)
        return;
    out->failure = failure_is(&leg->failure) ? failure_copy(&leg->failure)
                                             : failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    out->kind = failed_kind(fate, &out->failure);
}

void row_send_untold(struct row *r, const struct journal *journal)
{
    row_journal_newest(r, journal);
    row_journal_probes(r, journal);
}
