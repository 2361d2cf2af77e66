#include "trial.h"

#include <string.h>

#include "conversation.h"
#include "look.h"
#include "probe.h"
#include "smtp.h"

enum { LAST_LOOK_MS = 10000 }; /* after Ctrl-C */

struct trial {
    const struct trial_options *options;
    struct trial_result *result;
    struct surroundings with;
    struct lock_table *table; /* of ${with} */
    struct leg_settings smtp, incoming;
    struct smtp_task smtp_task;
    struct look_task look_task;
    struct login_memory logins[2];
    struct drop_memory *drop;
    struct sasl_cache *cache;
    struct token_sealer *sealer;
    struct watch *stop;
    struct deadline *pause; /* until the next look */
    struct deadline *tick;

    enum leg leg; /* whose conversation there is */
    struct session *session;
    struct conversation *conversation;

    struct token token;
    char message[PROBE_MAX_BYTES];
    size_t message_bytes;
    enum smtp_fate fate;
    bool begun;       /* the probe may have left */
    uint64_t sent_ms; /* when it was accepted, or its fate became uncertain */
    bool found;
    uint64_t in_use_ms;         /* since when the mailbox is; 0: it is not */
    uint64_t login_ms;          /* to the mailbox, the last one */
    uint64_t delay_ms;          /* so long after that the server takes no other */
    struct failure failures[2]; /* of sending; of the last look */
    bool stopping, last_look;
};

static void next(struct trial *t);

static void finish(struct trial *t)
{
    loop_stop(t->with.loop);
}

static struct failure out_of_memory(void)
{
    struct failure why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    failure_detail(&why, "out of memory");
    return why;
}

static struct failure *failure_of(struct trial *t, enum leg leg)
{
    return &t->failures[leg - LEG_SMTP];
}

/* --- conversations --- */

static void hang_up(struct trial *t)
{
    conversation_free(t->conversation);
    session_free(t->session);
    t->conversation = NULL;
    t->session = NULL;
}

static void stage_came(void *owner, enum stage stage)
{
    struct trial *t = owner;
    if (stage == STAGE_SEARCH) /* the first that comes after a login */
        t->login_ms = loop_now_ms(t->with.loop);
    if (t->options->events->stage != NULL)
        t->options->events->stage(t->options->owner, t->leg, stage);
}

static void held(void *owner)
{
    struct trial *t = owner;
    t->begun = t->begun || t->leg == LEG_SMTP;
    conversation_resume(t->conversation);
}

static void sent(struct trial *t)
{
    t->fate = smtp_fate(t->session);
    t->sent_ms = loop_now_ms(t->with.loop);
    t->result->sent_wall_ms = wall_now_ms();
}

/* What was found stays found, whatever came after it. */
static void looked(struct trial *t, const struct failure *why)
{
    const struct look_report *report = look_report(t->session);
    t->result->looks++;
    t->result->deleted = report->deletion == DELETION_DONE;
    t->delay_ms = (uint64_t)report->login_delay_s * 1000;
    bool in_use = why->cause == CAUSE_IN_USE;
    if (!in_use)
        t->in_use_ms = 0;
    else if (t->in_use_ms == 0)
        t->in_use_ms = loop_now_ms(t->with.loop);
    if (t->found && !t->result->deleted && failure_is(&report->deletion_failure)) {
        struct failure undeleted = failure_copy(&report->deletion_failure);
        failure_move(&t->result->failure, &undeleted);
    }
}

static void settled(void *owner, const struct leg_outcome *outcome)
{
    struct trial *t = owner;
    struct failure why = failure_copy(&outcome->failure);
    if (t->leg == LEG_SMTP)
        sent(t);
    else
        looked(t, &outcome->failure);
    failure_move(failure_of(t, t->leg), &why);
    if (t->options->events->leg != NULL)
        t->options->events->leg(t->options->owner, t->leg, outcome);
}

static void closed(void *owner)
{
    struct trial *t = owner;
    hang_up(t);
    next(t);
}

static const struct conversation_events conversation_events = {
    .stage = stage_came, .held = held, .settled = settled, .closed = closed};

static void trace(void *owner, bool from_server, const char *bytes, size_t n)
{
    const struct trial *t = owner;
    t->options->events->line(t->options->owner, t->leg, from_server, bytes, n);
}

/* False, and ${session} freed: memory. */
static bool talk(struct trial *t, const struct leg_settings *leg, struct session *session)
{
    const struct session_trace traced = {.line = trace, .owner = t};
    t->leg = leg->leg;
    t->session = session;
    if (session == NULL)
        return false;
    if (t->options->events->line != NULL)
        session_set_trace(session, &traced);
    t->conversation = conversation_start(&t->with, leg, session, &conversation_events, t);
    if (t->conversation != NULL)
        return true;
    hang_up(t);
    return false;
}

/* --- sending --- */

static bool write_probe(struct trial *t)
{
    const struct definition *d = t->options->definition;
    int64_t wall_ms = wall_now_ms();
    struct probe_parts parts = {.token = &t->token,
                                .from = definition_text(d, SETTING_smtp_from),
                                .to = definition_text(d, SETTING_smtp_to),
                                .wall_ms = wall_ms};
    uint8_t handle[TOKEN_HANDLE_BYTES];
    if (!token_handle(t->sealer, 0, handle) || !token_make(t->sealer, 0, handle, (uint64_t)(wall_ms / 1000), &t->token))
        return false;
    t->message_bytes = probe_write(&parts, t->message, sizeof t->message);
    return t->message_bytes > 0;
}

/* Whether a conversation is under way; else the leg's failure says why not. */
static bool send_probe(struct trial *t)
{
    const struct definition *d = t->options->definition;
    struct failure why = failure_none;
    if (!leg_lacks_secret(&t->smtp, &why)) {
        t->smtp_task = (struct smtp_task){.leg = &t->smtp,
                                          .hello_name = t->options->hello_name != NULL ? t->options->hello_name : "",
                                          .from = definition_text(d, SETTING_smtp_from),
                                          .to = definition_text(d, SETTING_smtp_to),
                                          .message = t->message,
                                          .memory = &t->logins[0],
                                          .cache = t->cache};
        bool written = write_probe(t);
        t->smtp_task.message_bytes = t->message_bytes;
        if (written && talk(t, &t->smtp, smtp_new(&t->smtp_task)))
            return true;
        why = out_of_memory();
    }
    failure_move(failure_of(t, LEG_SMTP), &why);
    return false;
}

/* --- looking --- */

/* All that is not this very probe belongs to others, those of other trials too. */
static enum disposal judge(void *owner, const struct mail_facts *mail)
{
    struct trial *t = owner;
    for (size_t i = 0; i < mail->token_count; i++) {
        if (!t->begun || !token_same(&mail->tokens[i], &t->token))
            continue;
        loop_refresh(t->with.loop);
        if (!t->found) {
            t->result->arrival_ms = (int64_t)(loop_now_ms(t->with.loop) - t->sent_ms);
            t->result->seen_wall_ms = wall_now_ms();
            t->result->arrived_wall_ms = mail->arrived_ms;
        }
        t->found = true;
        return DISPOSAL_DELETE;
    }
    return DISPOSAL_LEAVE;
}

static bool misses(void *owner)
{
    const struct trial *t = owner;
    return t->begun && !t->found;
}

static bool look_once(struct trial *t)
{
    struct failure why = failure_none;
    if (!leg_lacks_secret(&t->incoming, &why)) {
        t->look_task = (struct look_task){.leg = &t->incoming,
                                          .memory = &t->logins[1],
                                          .cache = t->cache,
                                          .drop = t->drop,
                                          .judge = judge,
                                          .missing = misses,
                                          .owner = t};
        bool pop3 = t->incoming.protocol == PROTOCOL_POP3;
        if (talk(t, &t->incoming, pop3 ? pop3_look_new(&t->look_task) : imap_look_new(&t->look_task))) {
            if (t->last_look)
                conversation_limit(t->conversation, LAST_LOOK_MS);
            return true;
        }
        why = out_of_memory();
    }
    failure_move(failure_of(t, LEG_INCOMING), &why);
    return false;
}

/* --- what comes after what --- */

static bool is_expected(const struct trial *t)
{
    return t->fate == SMTP_ACCEPTED || t->fate == SMTP_UNCERTAIN;
}

static uint64_t arrival_ms(const struct trial *t)
{
    return (t->options->arrival_s != 0 ? t->options->arrival_s : TRIAL_ARRIVAL_S) * UINT64_C(1000);
}

/* Whether another look may change anything. */
static bool is_worth_waiting(struct trial *t)
{
    uint64_t now_ms = loop_now_ms(t->with.loop);
    if (t->found)
        return false;
    if (t->in_use_ms != 0)
        return now_ms - t->in_use_ms < TRIAL_LOCKED_S * 1000;
    return !failure_is(failure_of(t, LEG_INCOMING)) && is_expected(t) && now_ms - t->sent_ms < arrival_ms(t);
}

static uint64_t pause_ms(const struct trial *t)
{
    uint64_t every_ms = TRIAL_LOOK_EVERY_S * 1000, ago_ms = loop_now_ms(t->with.loop) - t->login_ms;
    bool delayed = t->login_ms != 0 && ago_ms + every_ms < t->delay_ms;
    return delayed ? t->delay_ms - ago_ms : every_ms;
}

static void look_or_finish(void *owner)
{
    struct trial *t = owner;
    if (!look_once(t))
        finish(t);
}

static void look_later(struct trial *t)
{
    bool in_use = t->in_use_ms != 0;
    uint64_t since_ms = in_use ? t->in_use_ms : t->sent_ms, pause = pause_ms(t);
    if (t->options->events->waiting != NULL)
        t->options->events->waiting(t->options->owner, in_use ? TRIAL_WAIT_MAILBOX : TRIAL_WAIT_ARRIVAL,
                                    (uint32_t)((loop_now_ms(t->with.loop) - since_ms) / 1000),
                                    (uint32_t)((pause + 999) / 1000));
    deadline_set(t->pause, pause);
}

static void next(struct trial *t)
{
    if (t->stopping) {
        bool over = t->last_look || t->found || !is_expected(t);
        t->last_look = true;
        if (over)
            finish(t);
        else
            look_or_finish(t);
    } else if (t->leg == LEG_SMTP) {
        look_or_finish(t);
    } else if (is_worth_waiting(t)) {
        look_later(t);
    } else {
        finish(t);
    }
}

static void tick(void *owner)
{
    struct trial *t = owner;
    t->options->events->tick(t->options->owner);
    deadline_set(t->tick, TRIAL_TICK_MS);
}

/* The probe that was sent is deleted, if it is there already. */
static void stop_came(void *owner)
{
    struct trial *t = owner;
    watch_free(t->stop);
    t->stop = NULL;
    t->stopping = true;
    if (t->conversation != NULL && t->leg == LEG_SMTP && !t->begun)
        hang_up(t);
    if (t->conversation != NULL) {
        conversation_limit(t->conversation, LAST_LOOK_MS);
        return; /* the next step comes when it is closed */
    }
    deadline_clear(t->pause);
    next(t);
}

/* --- the verdict --- */

static struct failure not_delivered(const struct trial *t)
{
    struct failure why = failure_make(LEG_DELIVERY, STAGE_DELIVERY, CAUSE_NOT_DELIVERED, 0);
    failure_detail(&why, "accepted by the SMTP server, not in the mailbox after %u s (%u looks)",
                   (unsigned)((loop_now_ms(t->with.loop) - t->sent_ms) / 1000), t->result->looks);
    return why;
}

static void judge_all(struct trial *t)
{
    struct failure why = failure_none, *first = failure_of(t, LEG_SMTP), *second = failure_of(t, LEG_INCOMING);
    if (failure_is(first)) {
        failure_move(&why, first);
    } else if (t->found) {
        t->result->verdict = VERDICT_UP; /* its deletion's failure, if any, is in the result already */
        return;
    } else if (failure_is(second)) {
        failure_move(&why, second);
    } else if (t->stopping) {
        why = failure_make(LEG_DELIVERY, STAGE_DELIVERY, CAUSE_AWAITING_PROOF, 0);
        failure_detail(&why, "interrupted before the probe was seen");
    } else {
        why = not_delivered(t);
    }
    bool unknown = why.leg == LEG_LOCAL || why.cause == CAUSE_AWAITING_PROOF;
    t->result->verdict = unknown ? VERDICT_UNKNOWN : VERDICT_DOWN;
    failure_move(&t->result->failure, &why);
}

/* --- the whole --- */

static bool prepare(struct trial *t)
{
    const struct trial_options *o = t->options;
    t->with.loop = loop_new();
    if (t->with.loop == NULL)
        return false;
    t->with.resolver = resolver_new(t->with.loop, o->dns, &t->result->failure);
    t->with.tls = t->with.resolver != NULL ? tls_new(o->ca_file, &t->result->failure) : NULL;
    t->with.hosts = hosts_new(1, NULL, NULL);
    t->table = lock_table_new();
    t->with.locks = t->table != NULL ? locks_new(t->table, t->with.loop) : NULL;
    t->drop = drop_memory_new();
    t->cache = sasl_cache_new();
    t->sealer = token_sealer_new(&o->test_key);
    t->pause = deadline_new(t->with.loop, look_or_finish, t);
    t->tick = deadline_new(t->with.loop, tick, t);
    if (o->stop_fd >= 0)
        t->stop = loop_watch(t->with.loop, o->stop_fd, stop_came, t);
    return t->with.tls != NULL && t->with.hosts != NULL && t->with.locks != NULL && t->drop != NULL &&
           t->cache != NULL && t->sealer != NULL && t->pause != NULL && t->tick != NULL &&
           (o->stop_fd < 0 || t->stop != NULL);
}

static void end(struct trial *t)
{
    hang_up(t);
    watch_free(t->stop);
    deadline_free(t->pause);
    deadline_free(t->tick);
    drop_memory_free(t->drop);
    token_sealer_free(t->sealer);
    sasl_cache_free(t->cache);
    locks_free(t->with.locks);
    lock_table_free(t->table);
    hosts_free(t->with.hosts);
    tls_free(t->with.tls);
    resolver_free(t->with.resolver);
    loop_free(t->with.loop);
    failure_clear(&t->failures[0]);
    failure_clear(&t->failures[1]);
}

void trial_run(const struct trial_options *options, struct trial_result *result)
{
    struct trial t = {.options = options, .result = result, .fate = SMTP_NOT_SENT, .leg = LEG_SMTP};
    *result = (struct trial_result){
        .verdict = VERDICT_UNKNOWN, .failure = failure_none, .arrival_ms = -1, .arrived_wall_ms = INT64_MIN};
    t.failures[0] = t.failures[1] = failure_none;
    t.logins[0].worked = t.logins[1].worked = MECHANISM_NONE;
    definition_leg(options->definition, LEG_SMTP, &t.smtp);
    definition_leg(options->definition, LEG_INCOMING, &t.incoming);
    if (prepare(&t)) {
        if (options->events->tick != NULL)
            deadline_set(t.tick, TRIAL_TICK_MS);
        if (send_probe(&t) || look_once(&t))
            loop_run(t.with.loop);
        judge_all(&t);
    } else if (!failure_is(&result->failure)) {
        result->failure = out_of_memory();
    }
    end(&t);
}
