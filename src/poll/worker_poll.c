#include <stdlib.h>

#include "group.h"

struct look_result *look_result_new(const struct leg_outcome *outcome)
{
    struct look_result *r = malloc(sizeof *r);
    if (r == NULL)
        return NULL;
    r->references = 1;
    r->outcome = *outcome;
    r->outcome.failure = failure_copy(&outcome->failure);
    return r;
}

static struct look_result *result_ref(struct look_result *r)
{
    if (r != NULL)
        r->references++;
    return r;
}

void look_result_drop(struct look_result *r)
{
    if (r == NULL || --r->references > 0)
        return;
    leg_outcome_clear(&r->outcome);
    free(r);
}

/* --- its life --- */

static void pause_over(void *owner);

struct poll *poll_new(struct worker *w, struct watched *x)
{
    struct poll *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct poll){.worker = w, .watched = x, .step = POLL_PARKED, .insists = x->insists};
    look_outcome_none(&p->look);
    p->pause = deadline_new(w->with.loop, pause_over, p);
    if (p->pause == NULL) {
        free(p);
        return NULL;
    }
    x->poll = p;
    return p;
}

static void poll_free(struct poll *p)
{
    struct worker *w = p->worker;
    p->watched->poll = NULL;
    if (p->step != POLL_PARKED)
        w->in_flight--;
    list_remove(&p->link);
    deadline_free(p->pause);
    look_outcome_clear(&p->look);
    look_result_drop(p->incoming);
    free(p);
    worker_wake(w);
}

void poll_joins(struct poll *p)
{
    if (p->step == POLL_PARKED)
        p->worker->in_flight++;
    p->step = POLL_LOOKING;
}

void poll_leaves(struct poll *p)
{
    list_remove(&p->link);
    if (p->step != POLL_PARKED)
        p->worker->in_flight--;
    p->step = POLL_PARKED;
}

static void give_up_send(struct poll *p)
{
    struct send *send = p->send;
    p->send = NULL;
    send_abort(send);
}

void poll_cancel(struct poll *p)
{
    give_up_send(p);
    poll_free(p);
}

/* The server may have the mail already: its answer is worth a moment. */
void poll_stop(struct poll *p)
{
    if (p->send != NULL && send_is_past_dot(p->send)) {
        send_last_wait(p->send);
        p->send = NULL;
    }
    poll_cancel(p);
}

/* --- its looking half --- */

/* A look that was not made because of ${why} (moved). */
static void not_looked(struct poll *p, struct failure *why)
{
    struct leg_outcome outcome;
    leg_outcome_init(&outcome);
    failure_move(&outcome.failure, why);
    outcome.settled_ms = wall_now_ms();
    struct look_result *result = look_result_new(&outcome);
    leg_outcome_clear(&outcome);
    poll_looked(p, result, NULL, loop_now_ms(p->worker->with.loop));
    look_result_drop(result);
}

void poll_go(struct poll *p)
{
    struct leg_settings leg;
    struct failure why = failure_none;
    definition_leg(p->watched->row.definition, LEG_INCOMING, &leg);
    if (leg_lacks_secret(&leg, &why)) {
        poll_joins(p);
        not_looked(p, &why);
    } else if (p->watched->row.first_poll) {
        poll_joins(p);
        p->step = POLL_SENDING;
        send_start(p);
    } else {
        group_park(p->watched->group, p);
        group_go(p->watched->group);
    }
}

/* What this machine lacks for a look, sending lacks too. */
static bool hits_sending(const struct look_outcome *look)
{
    return look->kind == LOOK_OWN && leg_lacks(&look->failure);
}

void poll_looked(struct poll *p, struct look_result *result, const struct look_report *report, uint64_t began_ms)
{
    struct leg_outcome none;
    leg_outcome_init(&none);
    none.failure = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    p->incoming = result_ref(result);
    row_look_ended(&p->watched->row, result != NULL ? &result->outcome : &none, result != NULL ? report : NULL,
                   began_ms, &p->look);
    p->step = POLL_SENDING;
    if (hits_sending(&p->look)) {
        struct send_outcome skipped;
        give_up_send(p);
        send_outcome_skipped(&skipped);
        poll_sent(p, NULL, &skipped);
    } else {
        send_start(p);
    }
}

/* --- its sending half, and its end --- */

static void pause_over(void *owner)
{
    struct poll *p = owner;
    p->step = POLL_SENDING;
    send_start(p);
}

/* This machine lacked something: once a poll that is tried again, before it counts. */
static bool is_sent_again(struct poll *p, const struct send_outcome *outcome)
{
    if (outcome->kind != SEND_OWN || !leg_lacks(&outcome->failure) || p->sent_twice || p->worker->stopping)
        return false;
    p->sent_twice = true;
    p->step = POLL_PAUSED;
    deadline_set(p->pause, worker_second_try_ms());
    return true;
}

static void judge(struct poll *p, const struct leg_outcome *smtp, struct send_outcome *outcome)
{
    struct worker *w = p->worker;
    struct watched *x = p->watched;
    struct moment now = worker_now(w);
    struct journal journal = out_journal(w);
    const struct leg_outcome *incoming = p->incoming != NULL ? &p->incoming->outcome : NULL;
    struct poll_facts facts = {
        .look = p->look, .send = *outcome, .incoming = incoming, .smtp = smtp, .history_s = w->options.history_s};
    facts.whole_ms = (incoming != NULL ? incoming->whole_ms : 0) + (smtp != NULL ? smtp->whole_ms : 0);

    watched_show_next(w, x);
    row_poll_ended(&x->row, &facts, &now, &journal);
    w->polls_total++;
    out_status(w, x);
}

static void start_again(struct worker *w, struct watched *x)
{
    x->again = false;
    if (!schedule_has(&x->due))
        return; /* it is not polled any more */
    x->insists = true;
    (void)schedule_set(w->schedule, &x->due, loop_now_ms(w->with.loop)); /* is planned: needs no memory */
}

void poll_sent(struct poll *p, const struct leg_outcome *smtp, struct send_outcome *outcome)
{
    struct worker *w = p->worker;
    struct watched *x = p->watched;
    p->send = NULL;
    out_failure(w, &outcome->failure);
    if (!is_sent_again(p, outcome)) {
        judge(p, smtp, outcome);
        poll_free(p);
        if (x->again)
            start_again(w, x);
    }
    send_outcome_clear(outcome);
}
