#include <stdio.h>
#include <string.h>

#include "conversation_parts.h"
#include "server.h"
#include "syntax.h"
#include "text.h"

static void next_address(struct conversation *c);
static void connect_address(struct conversation *c);

struct credentials conversation_credentials(const struct conversation *c)
{
    return (struct credentials){.address = &c->resolved.addresses[c->tried - 1],
                                .port = c->leg->port,
                                .user = c->leg->username,
                                .secret = c->leg->password};
}

static void lack_memory(struct conversation *c)
{
    struct failure why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    failure_detail(&why, "out of memory");
    conversation_finish(c, &why);
}

/* --- the name --- */

static void looked_up(void *owner, const struct resolved *result)
{
    struct conversation *c = owner;
    conversation_enter(c);
    c->lookup = NULL;
    c->resolved = *result;
    c->resolved.failure = failure_copy(&result->failure);
    if (result->count > 0) {
        next_address(c);
    } else {
        struct failure why = failure_copy(&result->failure);
        conversation_finish(c, &why);
    }
    conversation_leave(c);
}

/* Without authorities nobody can prove anything: then nobody is asked to. */
static bool can_verify(struct conversation *c)
{
    struct failure why;
    if (c->leg->security == SECURITY_NONE || !c->leg->tls_verify ||
        tls_ready(c->with.tls, loop_now_ms(c->with.loop), &why))
        return true;
    conversation_finish(c, &why);
    return false;
}

void conversation_reach(struct conversation *c)
{
    char name[SERVER_MAX + 1];
    const char *bare = c->leg->server;
    size_t n = strlen(bare);
    syntax_bare_host(&bare, &n);
    memcpy(name, bare, n);
    name[n] = '\0';

    if (!can_verify(c))
        return;
    c->step = STEP_RESOLVE;
    conversation_stage(c, STAGE_RESOLVE);
    if (c->freed)
        return;
    /* The answer may come, and the conversation end, before this returns; it is not gone before conversation_leave().
     */
    struct lookup *lookup = resolver_lookup(c->with.resolver, name, looked_up, c);
    if (lookup != NULL && c->freed)
        lookup_cancel(lookup);
    else if (lookup != NULL)
        c->lookup = lookup;
}

/* --- one address after the other --- */

/* The same user and password were refused there within a minute: the result is the same, and no login is spent on it.
 */
static bool was_refused(struct conversation *c)
{
    char when[sizeof "2026-11-24T03:11:55Z"];
    int64_t wall_ms;
    if (c->with.refusals == NULL || !c->leg->auth || c->insists)
        return false;
    struct credentials who = conversation_credentials(c);
    struct failure why;
    if (!refusals_find(c->with.refusals, &who, loop_now_ms(c->with.loop), &why, &wall_ms))
        return false;
    time_print_utc(when, sizeof when, wall_ms);
    why.leg = c->leg->leg;
    failure_detail(&why, "refused at %s, not sent again within %d s%s%s", when, REFUSAL_LASTS_MS / 1000,
                   text_length(why.reply) > 0 ? ": " : "", text_bytes(why.reply));
    conversation_finish(c, &why);
    return true;
}

static void slot_changed(void *owner)
{
    struct conversation *c = owner;
    char peer[CONVERSATION_PEER_MAX];
    conversation_enter(c);
    switch (host_slot_state(c->slot)) {
    case HOST_SLOT_WAITING:
        break;
    case HOST_SLOT_GRANTED:
        connect_address(c);
        break;
    case HOST_SLOT_SILENT:
        conversation_peer(c, peer, sizeof peer);
        c->taken_over = failure_copy(host_slot_why(c->slot));
        c->taken_over.leg = c->leg->leg;
        failure_detail(&c->taken_over, "%s does not answer: result of the last one that tried", peer);
        c->step = STEP_PASSED_BY;
        deadline_set(c->patience, 0); /* in the next turn: those who wait for one lock come here one inside the other */
        break;
    }
    conversation_leave(c);
}

static void have_lock(void *owner)
{
    struct conversation *c = owner;
    conversation_enter(c);
    c->step = STEP_SLOT;
    c->slot = hosts_acquire(c->with.hosts, &c->resolved.addresses[c->tried - 1], c->leg->port, slot_changed, c);
    if (c->slot == NULL)
        lack_memory(c);
    else
        slot_changed(c);
    conversation_leave(c);
}

/* The lock before the slot: who waits for a mailbox must not keep others from the host. */
static void next_address(struct conversation *c)
{
    conversation_stage(c, STAGE_NONE);
    if (c->tried == c->resolved.count) {
        conversation_finish(c, &c->failed);
        return;
    }
    c->tried++;
    if (was_refused(c))
        return;
    if (c->leg->leg != LEG_INCOMING) {
        have_lock(c);
        return;
    }
    c->step = STEP_LOCK;
    c->lock = locks_acquire(c->with.locks, &c->resolved.addresses[c->tried - 1], c->leg->username, have_lock, c);
    if (c->lock == NULL)
        lack_memory(c);
    else if (lock_is_held(c->lock))
        have_lock(c);
}

/* --- the connection --- */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A part of what is left of the timeout, but not less than a slow connection needs. */
static uint64_t share_ms(const struct conversation *c)
{
    uint64_t even_ms = c->connect_left_ms / (c->resolved.count - c->tried + 1);
    uint64_t least_ms = least((uint64_t)c->leg->timeout_s * 1000, CONVERSATION_ADDRESS_LEAST_MS);
    return least(even_ms > least_ms ? even_ms : least_ms, c->whole_left_ms);
}

static void connected(void *owner)
{
    struct conversation *c = owner;
    conversation_enter(c);
    if (c->leg->security == SECURITY_TLS) {
        c->step = STEP_FIRST_TLS;
        conversation_stage(c, STAGE_TLS);
        if (!c->freed)
            deadline_set(c->patience, (uint64_t)c->leg->timeout_s * 1000);
        if (!c->freed && !stream_secure(c->stream, c->with.tls, c->leg->tls_name, c->leg->tls_verify))
            lack_memory(c);
    } else {
        conversation_talk(c);
    }
    conversation_leave(c);
}

static void secured(void *owner)
{
    struct conversation *c = owner;
    conversation_enter(c);
    if (c->step == STEP_FIRST_TLS)
        conversation_talk(c);
    else
        conversation_secured(c);
    conversation_leave(c);
}

static void heard(void *owner, const void *bytes, size_t n)
{
    struct conversation *c = owner;
    conversation_enter(c);
    conversation_heard(c, bytes, n);
    conversation_leave(c);
}

static void ended(void *owner)
{
    struct conversation *c = owner;
    conversation_enter(c);
    conversation_ended(c);
    conversation_leave(c);
}

static void failed(void *owner, const struct failure *failure)
{
    struct conversation *c = owner;
    struct failure why = failure_copy(failure);
    conversation_enter(c);
    c->dead = true;
    if (c->step == STEP_CONNECT)
        conversation_unreachable(c, &why);
    else
        conversation_broken(c, &why);
    conversation_leave(c);
}

static const struct stream_events stream_events = {
    .connected = connected, .secured = secured, .bytes = heard, .ended = ended, .failed = failed};

static void connect_address(struct conversation *c)
{
    if (was_refused(c)) /* while it waited */
        return;
    c->step = STEP_CONNECT;
    conversation_stage(c, STAGE_CONNECT);
    if (c->freed)
        return;
    c->dead = false;
    c->began_ms = c->whole_set_ms = loop_now_ms(c->with.loop);
    c->share_ms = share_ms(c);
    c->stalls = loop_stalls(c->with.loop);
    c->stream = stream_connect(c->with.loop, &c->resolved.addresses[c->tried - 1], c->leg->port, &stream_events, c);
    if (c->stream == NULL) {
        lack_memory(c);
        return;
    }
    deadline_set(c->patience, c->share_ms);
    deadline_set(c->whole, c->whole_left_ms);
}

/* --- no connection --- */

static void charge(struct conversation *c)
{
    if (c->stream == NULL)
        return;
    /* No more than its clock allowed: the loop may have stood still, which is nobody's fault. */
    uint64_t spent_ms = least(loop_now_ms(c->with.loop) - c->began_ms, c->share_ms);
    c->connect_left_ms -= least(spent_ms, c->connect_left_ms);
    c->whole_left_ms -= least(spent_ms, c->whole_left_ms);
    deadline_clear(c->patience);
    deadline_clear(c->whole);
}

/* Which address it was, and what else there is to say. */
static void describe(const struct conversation *c, struct failure *why)
{
    char peer[CONVERSATION_PEER_MAX], said[FAILURE_TEXT_MAX + 1], of[40] = "";
    conversation_peer(c, peer, sizeof peer);
    (void)snprintf(said, sizeof said, "%s%s", why->detail != NULL ? ": " : "", text_bytes(why->detail));
    if (c->resolved.count > 1)
        (void)snprintf(of, sizeof of, " (address %zu of %zu)", c->tried, c->resolved.count);
    failure_detail(why, "%s%s%s", peer, of, said);
}

void conversation_unreachable(struct conversation *c, struct failure *failure)
{
    struct failure why = failure_none;
    failure_move(&why, failure);
    bool passed_by = c->step == STEP_PASSED_BY;
    bool local = why.leg == LEG_LOCAL;
    if (!local)
        why.leg = c->leg->leg;
    if (!passed_by)
        describe(c, &why);
    charge(c);

    bool timed_out = why.cause == CAUSE_TIMED_OUT;
    conversation_let_go(c, local || passed_by ? HOST_NOT_TRIED : timed_out ? HOST_TIMED_OUT : HOST_ANSWERED, &why);
    /* An address that this machine has no route to (IPv6, often) says less than a server's refusal at another. */
    bool stop = (local && why.cause == CAUSE_RESOURCES) || c->whole_left_ms == 0;
    if (stop || !local || !failure_is(&c->failed) || c->failed.leg == LEG_LOCAL)
        failure_move(&c->failed, &why);
    failure_clear(&why);
    if (stop)
        c->tried = c->resolved.count;
    next_address(c);
}
