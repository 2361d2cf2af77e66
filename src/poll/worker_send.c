#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "worker_parts.h"

/* A probe on its way to the SMTP server.  It outlives its poll by the time that saying goodbye takes. */
struct send {
    struct worker *worker;
    struct watched *watched;             /* whose probe it is */
    struct poll *poll;                   /* NULL: that is over, or was given up */
    struct link link;                    /* among the worker's */
    const struct definition *definition; /* one reference: ${leg} points into it */
    struct leg_settings leg;
    struct smtp_task task; /* of ${session} */
    struct token token;
    bool begun;      /* the probe is recorded as sending ... */
    uint64_t ticket; /* ... with this one */
    bool settled;
    struct session *session;
    struct conversation *conversation;
    struct ticket_wait wait;
    size_t message_bytes;
    char message[];
};

static void send_free(struct send *s)
{
    conversation_free(s->conversation);
    session_free(s->session);
    ticket_wait_end(&s->wait);
    list_remove(&s->link);
    definition_unref(s->definition);
    free(s);
}

/* --- what became of it --- */

/* Records it, but for what the end of its poll records. */
static void record_fate(struct send *s, const struct leg_outcome *outcome, struct send_outcome *out)
{
    struct worker *w = s->worker;
    struct moment now = worker_now(w);
    struct journal journal = out_journal(w);
    const enum smtp_fate fate = s->session != NULL ? smtp_fate(s->session) : SMTP_NOT_SENT;
    row_send_ended(&s->watched->row, s->begun ? &s->token : NULL, fate, outcome, &now, &journal, out);
}

static void no_poll_follows(struct send *s, struct send_outcome *out)
{
    struct journal journal = out_journal(s->worker);
    row_send_untold(&s->watched->row, &journal);
    send_outcome_clear(out);
}

static void settled(void *owner, const struct leg_outcome *outcome)
{
    struct send *s = owner;
    struct poll *p = s->poll;
    struct send_outcome out;
    s->settled = true;
    s->poll = NULL;
    record_fate(s, outcome, &out);
    if (p != NULL)
        poll_sent(p, outcome, &out);
    else
        no_poll_follows(s, &out);
    worker_check_stopped(s->worker);
}

static void closed(void *owner)
{
    struct send *s = owner;
    struct worker *w = s->worker;
    send_free(s);
    worker_check_stopped(w);
}

/* --- before its first byte leaves --- */

static void recorded(void *owner)
{
    struct send *s = owner;
    conversation_resume(s->conversation);
}

/* The end of a send that nothing came of, for lack of memory. */
static void fail_for_lack(struct poll *p)
{
    struct leg_outcome outcome;
    struct send_outcome out = {.kind = SEND_OWN, .failure = failure_none};
    leg_outcome_init(&outcome);
    outcome.failure = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    failure_detail(&outcome.failure, "out of memory");
    outcome.settled_ms = wall_now_ms();
    out.failure = failure_copy(&outcome.failure);
    poll_sent(p, &outcome, &out);
    leg_outcome_clear(&outcome);
}

/* False: memory. */
static bool begin(struct send *s)
{
    struct worker *w = s->worker;
    struct moment now = worker_now(w);
    struct journal journal = out_journal(w);
    s->ticket = tickets_next(w->tickets);
    s->begun = row_send_begins(&s->watched->row, &s->token, &now, s->ticket, &journal);
    return s->begun;
}

/* A probe that might be lost from memory must be on record before it may arrive. */
static void held(void *owner)
{
    struct send *s = owner;
    struct worker *w = s->worker;
    if (!s->begun && !begin(s)) {
        struct poll *p = s->poll;
        send_free(s);
        fail_for_lack(p);
    } else if (tickets_is_here(w->tickets, s->ticket)) {
        conversation_resume(s->conversation);
    } else {
        tickets_wait(w->tickets, &s->wait, s->ticket, recorded, s);
    }
}

static const struct conversation_events events = {.held = held, .settled = settled, .closed = closed};

/* --- its start --- */

static struct send *send_new(struct poll *p)
{
    struct worker *w = p->worker;
    struct watched *x = p->watched;
    const struct definition *d = x->row.definition;
    char message[PROBE_MAX_BYTES];
    struct token token;
    int64_t wall_ms = wall_now_ms();
    struct probe_parts parts = {.token = &token,
                                .from = definition_text(d, SETTING_smtp_from),
                                .to = definition_text(d, SETTING_smtp_to),
                                .wall_ms = wall_ms};
    if (!token_make(w->sealer, x->row.serial, x->row.handle, (uint64_t)(wall_ms / 1000), &token))
        return NULL;
    size_t bytes = probe_write(&parts, message, sizeof message);
    struct send *s = bytes > 0 ? calloc(1, sizeof *s + bytes) : NULL;
    if (s == NULL)
        return NULL;
    s->worker = w;
    s->watched = x;
    s->poll = p;
    s->token = token;
    s->message_bytes = bytes;
    memcpy(s->message, message, bytes);
    s->definition = definition_ref(d);
    definition_leg(d, LEG_SMTP, &s->leg);
    list_append(&w->sends, &s->link);
    return s;
}

static bool lacks_secret(const struct poll *p, struct failure *why)
{
    struct leg_settings leg;
    definition_leg(p->watched->row.definition, LEG_SMTP, &leg);
    return leg_lacks_secret(&leg, why);
}

void send_prepare(struct poll *p)
{
    struct failure why = failure_none;
    if (p->send != NULL || p->watched->row.probes.outstanding_count >= PROBES_MAX || lacks_secret(p, &why)) {
        failure_clear(&why);
        return;
    }
    struct send *s = send_new(p);
    if (s != NULL && begin(s))
        p->send = s;
    else
        send_abort(s);
}

/* What was prepared for a definition that has changed since then is not sent. */
static struct send *take_prepared(struct poll *p)
{
    struct send *s = p->send;
    p->send = NULL;
    if (s == NULL || s->definition == p->watched->row.definition)
        return s;
    send_abort(s);
    return NULL;
}

static bool connect_it(struct send *s, const struct poll *p)
{
    struct worker *w = s->worker;
    s->task = (struct smtp_task){.leg = &s->leg,
                                 .hello_name = w->options.hello_name,
                                 .from = definition_text(s->definition, SETTING_smtp_from),
                                 .to = definition_text(s->definition, SETTING_smtp_to),
                                 .message = s->message,
                                 .message_bytes = s->message_bytes,
                                 .no_data = !row_may_send_data(&s->watched->row, &p->look),
                                 .memory = s->watched->row.logins,
                                 .cache = w->cache};
    s->session = smtp_new(&s->task);
    if (s->session == NULL)
        return false;
    s->conversation = conversation_start(&w->with, &s->leg, s->session, &events, s);
    if (s->conversation == NULL)
        return false;
    if (p->insists)
        conversation_insist(s->conversation);
    return true;
}

/* The leg opens no connection: it lacks its password (${why}, moved). */
static void not_sent(struct poll *p, struct failure *why)
{
    struct worker *w = p->worker;
    struct moment now = worker_now(w);
    struct journal journal = out_journal(w);
    struct leg_outcome outcome;
    struct send_outcome out;
    leg_outcome_init(&outcome);
    failure_move(&outcome.failure, why);
    outcome.settled_ms = now.wall_ms;
    row_send_ended(&p->watched->row, NULL, SMTP_NOT_SENT, &outcome, &now, &journal, &out);
    poll_sent(p, &outcome, &out);
    leg_outcome_clear(&outcome);
}

void send_start(struct poll *p)
{
    struct failure why = failure_none;
    struct send *s = take_prepared(p);
    if (s == NULL && lacks_secret(p, &why)) { /* what is prepared has it */
        not_sent(p, &why);
        return;
    }
    s = s != NULL ? s : send_new(p);
    if (s != NULL && connect_it(s, p)) {
        p->send = s;
        return;
    }
    send_abort(s);
    fail_for_lack(p);
}

/* --- given up --- */

/* No dot, no mail: what the session knows of the probe's fate is all that can be known. */
void send_abort(struct send *s)
{
    struct leg_outcome untold; /* nobody is told why */
    struct send_outcome out;
    if (s == NULL)
        return;
    if (s->begun && !s->settled) {
        leg_outcome_init(&untold);
        record_fate(s, &untold, &out);
        no_poll_follows(s, &out);
    }
    send_free(s);
}

bool send_is_past_dot(const struct send *s)
{
    return s->begun && !s->settled && s->session != NULL && session_stage(s->session) == STAGE_AFTER_DOT;
}

void send_last_wait(struct send *s)
{
    s->poll = NULL;
    conversation_limit(s->conversation, STOP_AFTER_DOT_MS);
}

void send_forget(struct worker *w, const struct watched *x)
{
    for (struct link *l = list_first(&w->sends), *next; l != NULL; l = next) {
        struct send *s = LIST_OWNER(l, struct send, link);
        next = list_next(&w->sends, l);
        if (s->watched == x)
            send_free(s);
    }
}

bool sends_matter(const struct worker *w)
{
    for (struct link *l = list_first(&w->sends); l != NULL; l = list_next(&w->sends, l))
        if (!LIST_OWNER(l, struct send, link)->settled)
            return true;
    return false;
}

void send_forget_all(struct worker *w)
{
    for (struct link *l; (l = list_take(&w->sends)) != NULL;)
        send_free(LIST_OWNER(l, struct send, link));
}
