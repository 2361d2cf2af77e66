#include "conversation_parts.h"

static void follow(struct conversation *c, enum want want);

static uint64_t timeout_ms(const struct conversation *c)
{
    return (uint64_t)c->leg->timeout_s * 1000;
}

/* --- what the session has to say --- */

static bool send_output(struct conversation *c)
{
    size_t n;
    const void *bytes = session_output(c->session, &n);
    if (n == 0)
        return true;
    bool sent = c->dead || stream_write(c->stream, bytes, n);
    session_sent(c->session, n);
    return sent;
}

/* The clock of a reply begins anew with each whole reply, never by single bytes; some replies have all that is left. */
static void restart_patience(struct conversation *c, bool anew)
{
    uint64_t progress = session_progress(c->session);
    if (session_patience(c->session) == PATIENCE_WHOLE)
        deadline_clear(c->patience);
    else if (anew || progress != c->progress)
        deadline_set(c->patience, timeout_ms(c));
    c->progress = progress;
}

/* --- what it wants --- */

static void begin_tls(struct conversation *c)
{
    c->step = STEP_TLS;
    conversation_stage(c, STAGE_TLS);
    if (c->freed)
        return;
    deadline_set(c->patience, timeout_ms(c));
    if (stream_secure(c->stream, c->with.tls, c->leg->tls_name, c->leg->tls_verify))
        return;
    struct failure why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    conversation_broken(c, &why);
}

static void hold(struct conversation *c)
{
    c->step = STEP_HELD;
    deadline_clear(c->patience); /* the server waits for us now */
    c->events->held(c->owner);
}

/* After the result the session goes on, for politeness, as long as it lasts or CONVERSATION_FAREWELL_MS. */
static void settle_if_done(struct conversation *c, enum want want)
{
    if (c->settled || (want != WANT_CLOSE && want != WANT_FAILED && !session_settled(c->session)))
        return;
    struct failure why = failure_copy(session_failure(c->session));
    conversation_settle(c, &why);
}

static void follow(struct conversation *c, enum want want)
{
    if (!send_output(c) && want != WANT_FAILED && want != WANT_CLOSE) {
        struct failure why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
        c->dead = true;
        conversation_broken(c, &why);
        return;
    }
    if (want == WANT_READ)
        conversation_stage(c, session_stage(c->session));
    if (!c->freed)
        settle_if_done(c, want);
    if (c->freed)
        return;
    switch (want) {
    case WANT_READ:
        if (!c->settled)
            restart_patience(c, false);
        break;
    case WANT_TLS:
        begin_tls(c);
        break;
    case WANT_HOLD:
        hold(c);
        break;
    case WANT_CLOSE:
    case WANT_FAILED:
        conversation_close(c);
        break;
    }
}

/* --- what happens to it --- */

/* A new wait of the session, whose clock begins now whatever was before. */
static void go_on(struct conversation *c, enum want want)
{
    c->step = STEP_TALK;
    restart_patience(c, true);
    follow(c, want);
}

void conversation_talk(struct conversation *c)
{
    char local[ADDRESS_TEXT_MAX + 18] = "";
    if (c->leg->leg == LEG_SMTP) /* EHLO may have to name it */
        stream_local(c->stream, local);
    go_on(c, session_start(c->session, local));
}

void conversation_secured(struct conversation *c)
{
    if (c->step == STEP_TLS)
        go_on(c, session_secured(c->session));
}

void conversation_heard(struct conversation *c, const void *bytes, size_t n)
{
    if (c->freed)
        return;
    if (c->step != STEP_TALK && c->step != STEP_HELD)
        return;
    enum want want = session_feed(c->session, bytes, n);
    if (c->step == STEP_TALK || want != WANT_HOLD) /* what comes while held the session keeps, and knows as early */
        follow(c, want);
}

void conversation_resume(struct conversation *c)
{
    conversation_enter(c);
    if (c->step == STEP_HELD && !c->freed) {
        go_on(c, session_resume(c->session));
    }
    conversation_leave(c);
}

void conversation_ended(struct conversation *c)
{
    if (c->freed || c->step == STEP_CLOSED)
        return;
    if (c->settled) {
        conversation_close(c);
    } else if (c->step == STEP_TALK) {
        follow(c, session_eof(c->session));
    } else {
        struct failure why = failure_make(LEG_NONE, c->step == STEP_HELD ? STAGE_NONE : STAGE_TLS, CAUSE_CLOSED, 0);
        conversation_broken(c, &why);
    }
}

void conversation_broken(struct conversation *c, struct failure *failure)
{
    struct failure why = failure_none;
    failure_move(&why, failure);
    if (c->freed || c->step == STEP_CLOSED) {
        failure_clear(&why);
    } else if (c->settled) {
        failure_clear(&why);
        conversation_close(c);
    } else if (c->step == STEP_FIRST_TLS) {
        conversation_finish(c, &why);
    } else {
        follow(c, session_broken(c->session, &why));
        failure_clear(&why);
    }
}
