/* The end of a poll: the verdict, and what GET shows of it. */
#include <stddef.h>

#include "row_parts.h"

/* Which columns a leg's outcome fills: the only difference between the two. */
struct leg_columns {
    size_t whole_ms, connect_ms, tls_ms, login_ms, stage, cause, reply, tls_version, mechanism;
};

#define IN_STATUS(member) offsetof(struct status, member)

static const struct leg_columns smtp_columns = {
    .whole_ms = IN_STATUS(send_ms),
    .connect_ms = IN_STATUS(smtp_connect_ms),
    .tls_ms = IN_STATUS(smtp_tls_ms),
    .login_ms = IN_STATUS(smtp_auth_ms),
    .stage = IN_STATUS(smtp_stage),
    .cause = IN_STATUS(smtp_cause),
    .reply = IN_STATUS(smtp_reply),
    .tls_version = IN_STATUS(smtp_tls_version),
    .mechanism = IN_STATUS(smtp_mechanism),
};

static const struct leg_columns in_columns = {
    .whole_ms = IN_STATUS(look_ms),
    .connect_ms = IN_STATUS(in_connect_ms),
    .tls_ms = IN_STATUS(in_tls_ms),
    .login_ms = IN_STATUS(in_login_ms),
    .stage = IN_STATUS(in_stage),
    .cause = IN_STATUS(in_cause),
    .reply = IN_STATUS(in_reply),
    .tls_version = IN_STATUS(in_tls_version),
    .mechanism = IN_STATUS(in_mechanism),
};

static void *at(struct status *s, size_t offset)
{
    return (char *)s + offset;
}

/* A row that never spoke to the leg in this poll has measured nothing. */
static void show_leg(struct status *s, const struct leg_columns *columns, const struct leg_outcome *outcome,
                     const struct failure *failure)
{
    static const struct leg_outcome nothing = {0};
    const struct leg_outcome *o = outcome == NULL ? &nothing : outcome;
    *(uint32_t *)at(s, columns->whole_ms) = o->whole_ms;
    *(uint32_t *)at(s, columns->connect_ms) = o->stage_ms[STAGE_CONNECT];
    *(uint32_t *)at(s, columns->tls_ms) = o->stage_ms[STAGE_TLS];
    *(uint32_t *)at(s, columns->login_ms) = o->stage_ms[STAGE_AUTH];
    *(uint8_t *)at(s, columns->stage) = (uint8_t)failure->stage;
    *(uint8_t *)at(s, columns->cause) = (uint8_t)failure->cause;
    status_set_text(at(s, columns->reply), text_ref(failure->reply));
    if (outcome == NULL)
        return; /* what was agreed on before is still the last that is known */
    row_words(at(s, columns->tls_version), o->tls.version);
    row_words(at(s, columns->mechanism), o->mechanism);
}

void row_leg_forget(struct row *r, enum leg leg)
{
    const struct leg_columns *columns = leg == LEG_SMTP ? &smtp_columns : &in_columns;
    status_set_text(at(&r->status, columns->tls_version), NULL);
    status_set_text(at(&r->status, columns->mechanism), NULL);
    row_certificate_forget(r, leg);
}

static uint32_t stages_ms(const struct leg_outcome *o, enum stage first, enum stage last)
{
    uint64_t sum = 0;
    if (o == NULL)
        return 0;
    for (enum stage s = first; s <= last; s++)
        sum += o->stage_ms[s];
    return sum < o->whole_ms ? (uint32_t)sum : o->whole_ms; /* each was rounded up by itself */
}

static void show_times(struct status *s, const struct poll_facts *facts, const struct look_outcome *look)
{
    s->poll_ms = facts->whole_ms;
    s->smtp_data_ms = stages_ms(facts->smtp, STAGE_MAIL_FROM, STAGE_AFTER_DOT);
    s->in_search_ms = stages_ms(facts->incoming, STAGE_SELECT, STAGE_FETCH);
    s->in_delete_ms = stages_ms(facts->incoming, STAGE_DELETE, STAGE_DELETE);
    if (look->kind != LOOK_FOUND)
        s->delivery_ms = 0; /* nothing arrived that could be measured */
}

/* A leg's own failure, also where it does not decide: what broke after own probes were found, what was not deleted. */
static const struct failure *in_failure(const struct poll_facts *facts, const struct look_outcome *look)
{
    if (facts->incoming != NULL && failure_is(&facts->incoming->failure))
        return &facts->incoming->failure;
    if (look->undeleted)
        return &look->deletion;
    return look->kind == LOOK_MISSING ? &failure_none : &look->failure;
}

static void show_failure(struct status *s, const struct failure *f)
{
    char line[FAILURE_TEXT_MAX + 1];
    s->failure_leg = (uint8_t)f->leg;
    s->failure_stage = (uint8_t)f->stage;
    s->failure_cause = (uint8_t)f->cause;
    (void)failure_print(f, line, sizeof line);
    row_words(&s->failure_text, line);
    status_set_text(&s->server_reply, text_ref(f->reply));
}

/* A row's first verdict up is no news, nor is an unknown before it has been up or down; every down is. */
static bool is_event(const struct history *before, enum verdict now)
{
    return before->verdict != now && (before->settled_once || now == VERDICT_DOWN);
}

static void show_verdict(struct row *r, const struct judgement *j, const struct look_outcome *look,
                         const struct moment *now)
{
    struct status *s = &r->status;
    s->polls++;
    s->polls_failed += j->failed;
    s->consecutive_failures = j->next.failures;
    if (s->verdict != j->next.verdict)
        s->last_change = now->wall_ms;
    s->verdict = (uint8_t)j->next.verdict;
    s->proof = (uint8_t)j->next.proof;
    s->last_poll = now->wall_ms;
    if (look->kind == LOOK_FOUND)
        s->proven_at = now->wall_ms;
    show_failure(s, &j->failure);
}

static void journal_verdict(struct row *r, const struct history *before, const struct sampled *sampled,
                            const struct moment *now, const struct journal *journal)
{
    const enum verdict verdict = r->history.verdict;
    if (!is_event(before, verdict)) {
        row_journal_status(r, NULL, sampled, journal);
        return;
    }
    struct event event;
    r->status.transitions++;
    row_event(r, event_of_verdict(verdict), before->verdict, now, &event);
    event.leg = r->status.failure_leg;
    event.stage = r->status.failure_stage;
    event.cause = r->status.failure_cause;
    event.text = text_ref(r->status.failure_text);
    row_journal_status(r, &event, sampled, journal);
}

static void journal_certificate(struct row *r, enum leg leg, const struct leg_outcome *outcome,
                                const struct moment *now, const struct journal *journal)
{
    struct event event;
    if (row_certificate_event(r, leg, outcome, now, &event))
        row_journal_status(r, &event, NULL, journal);
}

/* The look as the rules see it: one that was left out because it lacks its password is this machine's own fault. */
static void effective_look(const struct row *r, const struct look_outcome *look, struct look_outcome *out)
{
    *out = *look;
    out->failure = failure_copy(&look->failure);
    out->deletion = failure_copy(&look->deletion);
    if (look->kind == LOOK_NOT_MADE && row_lacks_secret(r, LEG_INCOMING, &out->failure))
        out->kind = LOOK_OWN;
}

void row_poll_ended(struct row *r, const struct poll_facts *facts, const struct moment *now,
                    const struct journal *journal)
{
    struct look_outcome look;
    effective_look(r, &facts->look, &look);
    struct judgement j =
        verdict_judge(&look, &facts->send, &r->history, definition_number(r->definition, SETTING_failures_before_down));
    r->first_poll = false;
    row_expire(r, now, journal);
    row_journal_probes(r, journal);

    show_leg(&r->status, &smtp_columns, facts->smtp, &facts->send.failure);
    show_leg(&r->status, &in_columns, facts->incoming, in_failure(facts, &look));
    show_times(&r->status, facts, &look);
    row_certificate(r, LEG_SMTP, facts->smtp, now);
    row_certificate(r, LEG_INCOMING, facts->incoming, now);
    show_verdict(r, &j, &look, now);

    const struct sampled sampled = row_sample(r, facts, j.failed, look.kind == LOOK_FOUND, now);
    const struct history before = r->history;
    r->history = j.next; /* what is journaled is what the next poll starts from */
    journal_verdict(r, &before, &sampled, now, journal);
    journal_certificate(r, LEG_SMTP, facts->smtp, now, journal);
    journal_certificate(r, LEG_INCOMING, facts->incoming, now, journal);
    failure_clear(&j.failure);
    look_outcome_clear(&look);
}
