#include <stdlib.h>

#include "group.h"

/* One round of a group: its session, on up to IN_USE_TRIES connections, and the rows that have joined it. */
struct look {
    struct worker *worker;
    struct group *group;
    const struct definition *definition; /* one reference: ${leg} points into it */
    struct leg_settings leg;
    struct look_task task; /* of ${session} */
    struct link joined;
    struct session *session;
    struct conversation *conversation;
    struct deadline *pause; /* before another connection */
    uint64_t began_ms;      /* of the first connection */
    uint64_t login_ms;      /* when the server took the login; 0: it did not */
    uint64_t spent_ms;      /* of four timeouts, by connections and pauses so far */
    unsigned tries;         /* connections so far that found the mailbox in use */
    bool tried_twice;       /* this machine lacked something, once */
    uint64_t again_ms;      /* not 0: after this pause there is another connection */
    bool insists;           /* log in even where the same was refused a moment ago */
    bool counted;           /* in flight by itself: nobody has joined it */
    bool over;              /* its rows were told; it only says goodbye */
    uint64_t ticket;        /* of the last probe found: on record before the deletion leaves */
    struct ticket_wait wait;
    struct journal journal;
};

static void connect_again(void *owner);

/* --- what the session asks --- */

static void stamp(void *owner, struct journal_entry *entry)
{
    struct look *k = owner;
    struct journal out = out_journal(k->worker);
    k->ticket = entry->ticket = tickets_next(k->worker->tickets);
    out.write(out.owner, entry);
}

static enum disposal judge(void *owner, const struct mail_facts *mail)
{
    struct look *k = owner;
    return group_judge(k->group, mail, &k->journal);
}

static bool misses(void *owner)
{
    struct look *k = owner;
    for (struct link *l = list_first(&k->joined); l != NULL; l = list_next(&k->joined, l))
        if (row_misses(&LIST_OWNER(l, struct poll, link)->watched->row, k->began_ms))
            return true;
    return false;
}

/* Whether a first contact must go through all mails: a probe waits that was sent before anything was remembered. */
static bool expects_old(const struct group *g)
{
    for (struct link *l = list_first(&g->members); l != NULL; l = list_next(&g->members, l)) {
        const struct probes *p = &LIST_OWNER(l, struct watched, member)->row.probes;
        for (size_t i = 0; i < p->outstanding_count; i++)
            if (p->outstanding[i].accepted_mono_ms < (int64_t)g->drop_began_ms && !p->outstanding[i].missed)
                return true;
    }
    return false;
}

/* --- its end --- */

static void look_free(struct look *k)
{
    conversation_free(k->conversation);
    session_free(k->session);
    ticket_wait_end(&k->wait);
    deadline_free(k->pause);
    if (k->counted)
        k->worker->in_flight--;
    definition_unref(k->definition);
    free(k);
}

void look_give_up(struct group *g)
{
    struct look *k = g->look;
    if (k == NULL)
        return;
    g->look = NULL;
    look_free(k);
}

/* The rows are told before the next session may begin. */
static void tell(struct look *k, const struct leg_outcome *outcome, const struct look_report *report)
{
    struct look_result *result = look_result_new(outcome);
    k->over = true;
    for (struct link *l; (l = list_first(&k->joined)) != NULL;) {
        list_remove(l);
        poll_looked(LIST_OWNER(l, struct poll, link), result, report, k->began_ms);
    }
    look_result_drop(result);
}

static void end(struct look *k)
{
    struct group *g = k->group;
    struct worker *w = k->worker;
    g->look = NULL;
    look_free(k);
    group_count_memory(g);
    worker_wake(w);
    group_go(g);
}

static void lack_memory(struct leg_outcome *outcome)
{
    leg_outcome_init(outcome);
    outcome->failure = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    failure_detail(&outcome->failure, "out of memory");
    outcome->settled_ms = wall_now_ms();
}

/* No session could be made. */
static void end_for_lack(struct look *k)
{
    struct leg_outcome outcome;
    lack_memory(&outcome);
    tell(k, &outcome, NULL);
    leg_outcome_clear(&outcome);
    end(k);
}

/* --- one connection --- */

static uint64_t whole_ms(const struct look *k)
{
    return (uint64_t)k->leg.timeout_s * 1000 * CONVERSATION_WHOLE_TIMES;
}

/*
 * A mailbox in use: others may be about to leave it.  But they must not be rows of this process that wait for the lock,
 * and the leg's whole time holds for all connections together.
 */
static uint64_t pause_for_in_use(struct look *k)
{
    static const uint64_t pauses_ms[IN_USE_TRIES] = {5000, 10000, 20000, 0};
    uint64_t pause_ms = pauses_ms[k->tries];
    if (pause_ms == 0 || k->spent_ms + pause_ms >= whole_ms(k) || conversation_is_contested(k->conversation))
        return 0;
    k->tries++;
    return pause_ms;
}

static uint64_t pause_before_another(struct look *k, const struct failure *why)
{
    if (list_is_empty(&k->joined))
        return 0; /* the last look for a removed row is just one */
    if (why->cause == CAUSE_IN_USE && why->stage == STAGE_AUTH)
        return pause_for_in_use(k);
    if (!leg_lacks(why) || k->tried_twice || k->group->is_delayed)
        return 0;
    k->tried_twice = true;
    return worker_second_try_ms();
}

/* Searching is the first that comes after a login. */
static void stage_came(void *owner, enum stage stage)
{
    struct look *k = owner;
    if (stage == STAGE_SEARCH)
        k->login_ms = loop_now_ms(k->worker->with.loop);
}

/* Once: the row whose interval is the shortest, when that is too short. */
static void tell_delay(struct group *g, uint32_t delay_s)
{
    const struct definition *shortest = NULL;
    for (struct link *l = list_first(&g->members); l != NULL; l = list_next(&g->members, l)) {
        const struct definition *d = LIST_OWNER(l, struct watched, member)->row.definition;
        if (shortest == NULL ||
            definition_number(d, SETTING_interval_s) < definition_number(shortest, SETTING_interval_s))
            shortest = d;
    }
    if (g->delay_told || shortest == NULL || definition_number(shortest, SETTING_interval_s) >= delay_s)
        return;
    g->delay_told = true;
    log_write(g->worker->options.log, LOG_LINE_WARNING,
              "%s: the interval is %u s, but the server takes one login in %u s (LOGIN-DELAY): starts will be missed",
              definition_text(shortest, SETTING_name), (unsigned)definition_number(shortest, SETTING_interval_s),
              (unsigned)delay_s);
}

static void note_delay(struct look *k)
{
    uint64_t delay_s = look_report(k->session)->login_delay_s;
    uint64_t ago_ms = loop_now_ms(k->worker->with.loop) - k->login_ms;
    if (k->login_ms == 0 || delay_s == 0)
        return;
    tell_delay(k->group, (uint32_t)delay_s);
    if (ago_ms < delay_s * 1000)
        group_delay(k->group, delay_s * 1000 - ago_ms);
}

static void settled(void *owner, const struct leg_outcome *outcome)
{
    struct look *k = owner;
    note_delay(k);
    out_failure(k->worker, &outcome->failure);
    k->spent_ms += outcome->whole_ms;
    k->again_ms = k->worker->stopping ? 0 : pause_before_another(k, &outcome->failure);
    if (k->again_ms > 0)
        return;
    tell(k, outcome, look_report(k->session));
    worker_wake(k->worker);
}

static void closed(void *owner)
{
    struct look *k = owner;
    if (k->again_ms == 0) {
        end(k);
        return;
    }
    conversation_free(k->conversation);
    session_free(k->session);
    k->conversation = NULL;
    k->session = NULL;
    k->spent_ms += k->again_ms;
    deadline_set(k->pause, k->again_ms);
}

static void recorded(void *owner)
{
    struct look *k = owner;
    conversation_resume(k->conversation);
}

/* Probes were found: that must be on record before they are deleted, or a kill between would make them missing.  What
 * the rows are about to send goes into the same commit. */
static void held(void *owner)
{
    struct look *k = owner;
    for (struct link *l = list_first(&k->joined); l != NULL; l = list_next(&k->joined, l))
        send_prepare(LIST_OWNER(l, struct poll, link));
    if (tickets_is_here(k->worker->tickets, k->ticket))
        conversation_resume(k->conversation);
    else
        tickets_wait(k->worker->tickets, &k->wait, k->ticket, recorded, k);
}

static const struct conversation_events events = {
    .stage = stage_came, .held = held, .settled = settled, .closed = closed};

static bool connect_once(struct look *k)
{
    struct worker *w = k->worker;
    struct group *g = k->group;
    k->task = (struct look_task){.leg = &k->leg,
                                 .memory = &g->login,
                                 .cache = w->cache,
                                 .drop = g->drop,
                                 .expects_old = expects_old(g),
                                 .judge = judge,
                                 .missing = misses,
                                 .owner = k};
    k->session = k->leg.protocol == PROTOCOL_POP3 ? pop3_look_new(&k->task) : imap_look_new(&k->task);
    if (k->session == NULL)
        return false;
    k->conversation = conversation_start(&w->with, &k->leg, k->session, &events, k);
    if (k->conversation == NULL)
        return false;
    if (k->insists)
        conversation_insist(k->conversation);
    if (k->spent_ms > 0)
        conversation_limit(k->conversation, whole_ms(k) > k->spent_ms ? whole_ms(k) - k->spent_ms : 1);
    return true;
}

static void connect_again(void *owner)
{
    struct look *k = owner;
    k->again_ms = 0;
    if (!connect_once(k))
        end_for_lack(k);
}

/* --- its beginning --- */

static void join(struct look *k, struct poll *p)
{
    list_remove(&p->link);
    poll_joins(p);
    list_append(&k->joined, &p->link);
    k->insists = k->insists || p->insists;
    uint32_t timeout_s = definition_number(p->watched->row.definition, SETTING_in_timeout_s);
    if (timeout_s > k->leg.timeout_s) /* who is the most patient decides: a failure is for all of them */
        k->leg.timeout_s = timeout_s;
}

static bool is_near(const struct watched *x, uint64_t now_ms)
{
    uint64_t quarter_ms = (uint64_t)definition_number(x->row.definition, SETTING_interval_s) * 1000 / 4;
    uint64_t near_ms = quarter_ms < GROUP_JOIN_MS ? quarter_ms : GROUP_JOIN_MS;
    return x->poll == NULL && !x->row.first_poll && schedule_is_set(&x->due) && x->due.next_ms <= now_ms + near_ms;
}

static void join_all(struct look *k)
{
    struct worker *w = k->worker;
    struct group *g = k->group;
    uint64_t now_ms = loop_now_ms(w->with.loop);
    for (struct link *l; (l = list_first(&g->parked)) != NULL && worker_has_room(w);)
        join(k, LIST_OWNER(l, struct poll, link));
    for (struct link *l = list_first(&g->members); l != NULL && worker_has_room(w); l = list_next(&g->members, l)) {
        struct watched *x = LIST_OWNER(l, struct watched, member);
        struct poll *p = is_near(x, now_ms) ? watched_begin(w, x, x->due.next_ms) : NULL;
        if (p != NULL)
            join(k, p);
    }
}

/* What is known of the mailbox, as far as it may be used. */
static bool prepare_memory(struct group *g)
{
    if (g->drop == NULL)
        g->drop = drop_memory_new();
    else if (g->drop_is_void)
        drop_memory_void(g->drop);
    if (g->drop_is_void)
        g->drop_began_ms = loop_now_ms(g->worker->with.loop);
    g->drop_is_void = false;
    return g->drop != NULL;
}

static struct look *look_new(struct group *g, const struct definition *definition)
{
    struct look *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    k->worker = g->worker;
    k->group = g;
    k->began_ms = loop_now_ms(g->worker->with.loop);
    k->journal = (struct journal){.write = stamp, .owner = k};
    list_init(&k->joined);
    k->pause = deadline_new(g->worker->with.loop, connect_again, k);
    if (k->pause == NULL) {
        free(k);
        return NULL;
    }
    k->definition = definition_ref(definition);
    definition_leg(definition, LEG_INCOMING, &k->leg);
    g->look = k;
    return k;
}

/* Without memory for a session, those who wait get that result; a removed row's probes just stay. */
static void lack(struct group *g)
{
    struct leg_outcome outcome;
    lack_memory(&outcome);
    for (struct link *l; (l = list_first(&g->parked)) != NULL;) {
        struct poll *p = LIST_OWNER(l, struct poll, link);
        list_remove(l);
        poll_joins(p);
        struct look_result *result = look_result_new(&outcome);
        poll_looked(p, result, NULL, loop_now_ms(g->worker->with.loop));
        look_result_drop(result);
    }
    leg_outcome_clear(&outcome);
}

static void begin(struct group *g)
{
    struct worker *w = g->worker;
    struct link *first = list_first(&g->parked);
    const struct definition *last_look = g->last_look;
    const struct definition *definition =
        first != NULL ? LIST_OWNER(first, struct poll, link)->watched->row.definition : last_look;
    struct look *k = prepare_memory(g) ? look_new(g, definition) : NULL;
    g->last_look = NULL; /* this one is it, for whomever */
    definition_unref(last_look);
    if (k == NULL) {
        lack(g);
        group_release(g);
        return;
    }
    join_all(k);
    k->counted = list_is_empty(&k->joined);
    if (k->counted)
        w->in_flight++;
    if (!connect_once(k))
        end_for_lack(k);
}

void group_park(struct group *g, struct poll *p)
{
    list_append(&g->parked, &p->link);
}

void group_go(struct group *g)
{
    if (g->look != NULL || g->worker->stopping)
        return;
    if (list_is_empty(&g->parked) && g->last_look == NULL) {
        group_release(g);
        return;
    }
    if (g->is_delayed)
        return; /* the end of that calls again */
    if (worker_has_room(g->worker)) {
        list_remove(&g->ready);
        begin(g);
    } else if (!list_holds(&g->ready)) {
        list_append(&g->worker->ready, &g->ready);
    }
}
