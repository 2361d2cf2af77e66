#include "conversation_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

/* --- its life --- */

static void release(struct conversation *c)
{
    if (c->lookup != NULL)
        lookup_cancel(c->lookup);
    conversation_let_go(c, HOST_NOT_TRIED, NULL);
    deadline_free(c->patience);
    deadline_free(c->whole);
    failure_clear(&c->failed);
    failure_clear(&c->taken_over);
    failure_clear(&c->resolved.failure);
    leg_outcome_clear(&c->outcome);
    free(c);
}

void conversation_enter(struct conversation *c)
{
    c->depth++;
}

void conversation_leave(struct conversation *c)
{
    if (--c->depth == 0 && c->freed)
        release(c);
}

void conversation_free(struct conversation *c)
{
    if (c == NULL)
        return;
    c->freed = true;
    conversation_enter(c);
    conversation_leave(c);
}

static void clock_due(void *owner);
static void whole_due(void *owner);

struct conversation *conversation_start(const struct surroundings *with, const struct leg_settings *leg,
                                        struct session *session, const struct conversation_events *events, void *owner)
{
    struct conversation *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    *c = (struct conversation){.with = *with, .leg = leg, .session = session, .events = events, .owner = owner};
    c->failed = failure_none;
    c->taken_over = failure_none;
    c->resolved.failure = failure_none;
    c->stage = STAGE_NONE;
    c->connect_left_ms = (uint64_t)leg->timeout_s * 1000;
    c->whole_left_ms = c->connect_left_ms * CONVERSATION_WHOLE_TIMES;
    leg_outcome_init(&c->outcome);
    c->patience = deadline_new(with->loop, clock_due, c);
    c->whole = deadline_new(with->loop, whole_due, c);
    if (c->patience == NULL || c->whole == NULL) {
        deadline_free(c->patience);
        deadline_free(c->whole);
        free(c);
        return NULL;
    }
    deadline_set(c->patience, 0);
    return c;
}

void conversation_insist(struct conversation *c)
{
    c->insists = true;
}

bool conversation_is_contested(const struct conversation *c)
{
    return c->lock != NULL && lock_is_held(c->lock) && lock_wanted(c->lock);
}

/* --- its clocks --- */

static void time_is_up(struct conversation *c, uint64_t waited_ms)
{
    bool handshake = c->step == STEP_FIRST_TLS || c->step == STEP_TLS;
    enum stage stage = c->step == STEP_CONNECT ? STAGE_CONNECT : handshake ? STAGE_TLS : STAGE_NONE;
    struct failure why = failure_make(LEG_NONE, stage, CAUSE_TIMED_OUT, 0);
    char peer[CONVERSATION_PEER_MAX];
    conversation_peer(c, peer, sizeof peer);
    if (c->step == STEP_CONNECT) {
        conversation_unreachable(c, &why);
        return;
    }
    failure_detail(&why, "%s, %" PRIu64 " ms", peer, waited_ms);
    conversation_broken(c, &why);
}

static void clock_due(void *owner)
{
    struct conversation *c = owner;
    conversation_enter(c);
    if (c->step == STEP_BEGIN)
        conversation_reach(c);
    else if (c->step == STEP_PASSED_BY)
        conversation_unreachable(c, &c->taken_over);
    else if (c->settled)
        conversation_close(c);
    else
        time_is_up(c, (uint64_t)c->leg->timeout_s * 1000);
    conversation_leave(c);
}

static void whole_due(void *owner)
{
    struct conversation *c = owner;
    conversation_enter(c);
    if (!c->settled)
        time_is_up(c, loop_now_ms(c->with.loop) - c->whole_set_ms);
    conversation_leave(c);
}

void conversation_limit(struct conversation *c, uint64_t ms)
{
    uint64_t now_ms = loop_now_ms(c->with.loop);
    uint64_t used_ms = c->stream != NULL ? now_ms - c->whole_set_ms : 0;
    if (c->settled || c->whole_left_ms <= used_ms + ms)
        return;
    c->whole_left_ms = ms;
    if (c->stream == NULL)
        return;
    c->whole_set_ms = now_ms;
    deadline_set(c->whole, ms);
}

/* --- its stages --- */

void conversation_stage(struct conversation *c, enum stage stage)
{
    if (c->settled || stage == c->stage)
        return;
    uint64_t now_ms = loop_now_ms(c->with.loop);
    if (c->stage != STAGE_NONE) {
        uint32_t spent_ms = (uint32_t)(now_ms - c->stage_began_ms);
        c->outcome.stage_ms[c->stage] += spent_ms;
        c->outcome.whole_ms += spent_ms;
    }
    c->stage = stage;
    c->stage_began_ms = now_ms;
    if (stage == STAGE_NONE)
        return;
    c->reached |= UINT32_C(1) << stage;
    if (c->events->stage != NULL)
        c->events->stage(c->owner, stage);
}

/* A stage that was reached took some time, even when the clock did not tick in it. */
static void round_up(struct conversation *c)
{
    for (unsigned i = 0; i < STAGE_END; i++)
        if ((c->reached >> i & 1) != 0 && c->outcome.stage_ms[i] == 0)
            c->outcome.stage_ms[i] = 1;
    if (c->reached != 0 && c->outcome.whole_ms == 0)
        c->outcome.whole_ms = 1;
}

/* --- its end --- */

void conversation_peer(const struct conversation *c, char *dst, size_t size)
{
    char address[ADDRESS_TEXT_MAX + 18] = "?";
    if (c->tried > 0)
        address_print(&c->resolved.addresses[c->tried - 1], address);
    (void)snprintf(dst, size, "%s port %u", address, (unsigned)c->leg->port);
}

static bool is_refusal(const struct failure *f)
{
    return f->stage == STAGE_AUTH && (f->cause == CAUSE_BAD_CREDENTIALS || f->cause == CAUSE_PERMANENT);
}

/* What this login came to is for all who have the same credentials. */
static void remember_login(struct conversation *c)
{
    if (c->with.refusals == NULL || !c->leg->auth || c->stream == NULL)
        return;
    struct credentials who = conversation_credentials(c);
    if (is_refusal(&c->outcome.failure))
        refusals_note(c->with.refusals, &who, &c->outcome.failure, loop_now_ms(c->with.loop), wall_now_ms());
    else if (c->outcome.mechanism[0] != '\0')
        refusals_forget(c->with.refusals, &who);
}

/* A server that waited while this process stood still may have closed because of that. */
static void excuse(struct conversation *c)
{
    struct failure *f = &c->outcome.failure;
    char peer[CONVERSATION_PEER_MAX];
    if (f->leg != c->leg->leg || (f->cause != CAUSE_CLOSED && f->cause != CAUSE_SHUTDOWN) || c->stream == NULL ||
        loop_stalls(c->with.loop) <= c->stalls)
        return;
    conversation_peer(c, peer, sizeof peer);
    failure_clear(f);
    *f = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    failure_detail(f, "%s closed the connection after this process had stood still", peer);
}

void conversation_settle(struct conversation *c, struct failure *why)
{
    conversation_stage(c, STAGE_NONE);
    c->settled = true;
    round_up(c);
    failure_move(&c->outcome.failure, why);
    if (failure_is(&c->outcome.failure) && c->outcome.failure.leg == LEG_NONE)
        c->outcome.failure.leg = c->leg->leg;
    excuse(c);
    if (c->outcome.failure.leg == LEG_LOCAL) {
        c->outcome.failure.stage = STAGE_LOCAL; /* what this machine lacks says nothing about a step of the server's */
        if (c->outcome.failure.cause == CAUSE_UNREACHABLE) /* no route is one more thing that it lacks */
            c->outcome.failure.cause = CAUSE_RESOURCES;
    }
    if (c->stream != NULL) {
        c->outcome.tls = *stream_facts(c->stream);
        (void)text_copy(c->outcome.mechanism, sizeof c->outcome.mechanism, session_mechanism(c->session));
    }
    c->outcome.settled_ms = wall_now_ms();
    remember_login(c);
    deadline_clear(c->whole);
    deadline_set(c->patience, CONVERSATION_FAREWELL_MS);
    c->events->settled(c->owner, &c->outcome);
}

void conversation_let_go(struct conversation *c, enum host_answer answer, const struct failure *why)
{
    stream_free(c->stream);
    c->stream = NULL;
    struct host_slot *slot = c->slot;
    struct lock *lock = c->lock;
    c->slot = NULL;
    c->lock = NULL;
    host_slot_release(slot, answer, why);
    lock_release(lock);
}

void conversation_finish(struct conversation *c, struct failure *why)
{
    conversation_settle(c, why);
    conversation_close(c);
}

/* Whether the host answered; a handshake that comes before the greeting stands for it. */
static enum host_answer answer_of(const struct conversation *c)
{
    const struct failure *f = &c->outcome.failure;
    bool silent = f->cause == CAUSE_TIMED_OUT && (f->stage == STAGE_GREETING || c->step == STEP_FIRST_TLS);
    return silent ? HOST_TIMED_OUT : f->leg == LEG_LOCAL ? HOST_NOT_TRIED : HOST_ANSWERED;
}

void conversation_close(struct conversation *c)
{
    if (c->freed || c->step == STEP_CLOSED)
        return;
    enum host_answer answer = answer_of(c);
    c->step = STEP_CLOSED;
    deadline_clear(c->patience);
    conversation_let_go(c, answer, &c->outcome.failure);
    if (!c->freed)
        c->events->closed(c->owner);
}
