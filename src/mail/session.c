#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* --- its life --- */

struct session *session_new(size_t size, const struct machine *machine, const struct leg_settings *leg,
                            struct login_memory *memory, struct sasl_cache *cache)
{
    struct session *s = calloc(1, size);
    if (s == NULL)
        return NULL;
    s->machine = machine;
    s->leg = leg;
    s->mechanism = "";
    s->failure = failure_none;
    s->want = WANT_READ;
    s->stage = STAGE_GREETING;
    s->patience = PATIENCE_REPLY;
    s->secured = leg->security == SECURITY_TLS;
    s->lines.max = LIMIT_LINE_BYTES;
    s->login = leg->auth ? login_begin(leg, memory, cache) : NULL;
    if (leg->auth && s->login == NULL) {
        free(s);
        return NULL;
    }
    return s;
}

static void drop(char **bytes, size_t *n, size_t size)
{
    if (*bytes != NULL)
        explicit_bzero(*bytes, size);
    free(*bytes);
    *bytes = NULL;
    *n = 0;
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    if (s->machine->release != NULL)
        s->machine->release(s);
    failure_clear(&s->failure);
    lines_free(&s->lines);
    drop(&s->output, &s->output_bytes, s->output_size);
    drop(&s->early, &s->early_bytes, s->early_bytes);
    login_free(s->login);
    free(s);
}

/* --- what it wants --- */

void session_want_tls(struct session *s)
{
    if (s->want == WANT_READ)
        s->want = WANT_TLS;
}

void session_hold(struct session *s)
{
    if (s->want == WANT_READ)
        s->want = WANT_HOLD;
}

void session_settle(struct session *s)
{
    s->settled = true;
}

void session_close(struct session *s)
{
    if (s->want == WANT_FAILED)
        return;
    s->settled = true;
    s->want = WANT_CLOSE;
}

void session_logged_in(struct session *s, const char *mechanism)
{
    s->logged_in = true;
    s->mechanism = mechanism;
}

static bool has_ended(const struct session *s)
{
    return s->want == WANT_CLOSE || s->want == WANT_FAILED;
}

/* --- how it fails --- */

void session_fail_with(struct session *s, struct failure *why)
{
    if (has_ended(s) || s->settled) {
        failure_clear(why);
        session_close(s);
        return;
    }
    if (why->leg == LEG_NONE)
        why->leg = s->leg->leg;
    if (why->stage == STAGE_NONE)
        why->stage = s->stage;
    failure_move(&s->failure, why);
    s->want = WANT_FAILED;
}

void session_fail_detail(struct session *s, enum cause cause, const char *format, ...)
{
    char detail[FAILURE_TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    struct failure why = failure_make(s->leg->leg, s->stage, cause, 0);
    failure_detail(&why, "%s", detail);
    session_fail_with(s, &why);
}

struct failure session_reply_failure(const struct session *s, enum cause cause, int32_t code, const char *bytes,
                                     size_t n)
{
    char shown[FAILURE_TEXT_MAX + 1];
    struct failure why = failure_make(s->leg->leg, s->stage, cause, code);
    failure_reply(&why, shown, session_mask(s, bytes, n, shown, sizeof shown));
    return why;
}

void session_fail_reply(struct session *s, enum cause cause, int32_t code, const char *bytes, size_t n)
{
    struct failure why = session_reply_failure(s, cause, code, bytes, n);
    session_fail_with(s, &why);
}

void session_fail_memory(struct session *s)
{
    struct failure why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    session_fail_with(s, &why);
}

/* --- what it hears --- */

/* Whatever ends the session from outside: ${why} is moved. */
static void end(struct session *s, struct failure *why)
{
    if (why->leg == LEG_NONE)
        why->leg = s->leg->leg;
    if (why->stage == STAGE_NONE)
        why->stage = s->stage;
    if (has_ended(s)) {
        failure_clear(why);
    } else if (!s->settled && s->machine->broken != NULL && s->machine->broken(s, why)) {
        failure_clear(why);
        session_close(s);
    } else {
        session_fail_with(s, why);
    }
}

static size_t hear_line(struct session *s, const char *bytes, size_t n)
{
    size_t used = n;
    struct failure why = failure_none;
    switch (lines_take(&s->lines, bytes, n, &used)) {
    case LINES_MORE:
        break;
    case LINES_READY:
        if (s->trace.line != NULL)
            session_trace_heard(s, s->lines.bytes, s->lines.n);
        s->machine->line(s, s->lines.bytes, s->lines.n);
        lines_next(&s->lines);
        break;
    case LINES_MALFORMED:
        why = failure_make(LEG_NONE, STAGE_NONE, CAUSE_MALFORMED, 0);
        failure_detail(&why, "a stray CR or a NUL in the answer");
        end(s, &why);
        break;
    case LINES_OVERSIZE:
        why = failure_make(LEG_NONE, STAGE_NONE, CAUSE_OVERSIZE, 0);
        failure_detail(&why, "a line of more than %zu octets", s->lines.max);
        end(s, &why);
        break;
    case LINES_NO_MEMORY:
        session_fail_memory(s);
        break;
    }
    return used;
}

static void end_oversize(struct session *s, uint64_t cap)
{
    struct failure why = failure_make(LEG_NONE, STAGE_NONE, CAUSE_OVERSIZE, 0);
    failure_detail(&why, "more than %llu octets %s", (unsigned long long)cap,
                   s->logged_in ? "in one session" : "before the login");
    end(s, &why);
}

/* The server spoke after its go-ahead for TLS, where no honest one does: what it slipped in was not protected. */
static void end_injection(struct session *s)
{
    struct failure why = failure_make(s->leg->leg, STAGE_START_TLS, CAUSE_INJECTION, 0);
    s->want = WANT_READ;
    session_fail_with(s, &why);
}

/* Said while held: heard when the session goes on. */
static void keep_early(struct session *s, const char *bytes, size_t n)
{
    struct failure too_much = failure_make(LEG_NONE, STAGE_NONE, CAUSE_OVERSIZE, 0);
    if (s->early_bytes + n > LIMIT_BEFORE_LOGIN_BYTES) {
        end(s, &too_much);
        return;
    }
    char *more = malloc(s->early_bytes + n); /* not realloc(): servers may repeat secrets */
    if (more == NULL) {
        session_fail_memory(s);
        return;
    }
    size_t before = s->early_bytes;
    if (before > 0)
        memcpy(more, s->early, before);
    memcpy(more + before, bytes, n);
    drop(&s->early, &s->early_bytes, before);
    s->early = more;
    s->early_bytes = before + n;
}

static void hear(struct session *s, const char *bytes, size_t n)
{
    while (n > 0 && s->want == WANT_READ) {
        uint64_t cap = s->logged_in ? LIMIT_SESSION_BYTES : LIMIT_BEFORE_LOGIN_BYTES;
        if (s->received_bytes >= cap) {
            end_oversize(s, cap);
            return;
        }
        size_t piece = n <= cap - s->received_bytes ? n : (size_t)(cap - s->received_bytes);
        size_t used = s->raw ? s->machine->raw(s, bytes, piece) : hear_line(s, bytes, piece);
        s->received_bytes += used;
        bytes += used;
        n -= used;
    }
    if (n > 0 && s->want == WANT_TLS)
        end_injection(s);
    else if (n > 0 && s->want == WANT_HOLD)
        keep_early(s, bytes, n);
}

/* --- what the driver calls --- */

enum want session_start(struct session *s, const char *local_address)
{
    s->machine->start(s, local_address);
    return s->want;
}

enum want session_feed(struct session *s, const void *bytes, size_t n)
{
    hear(s, bytes, n);
    return s->want;
}

enum want session_secured(struct session *s)
{
    if (s->want != WANT_TLS)
        return s->want;
    s->want = WANT_READ;
    s->secured = true;
    s->raw = false;
    lines_next(&s->lines);
    s->machine->secured(s);
    return s->want;
}

enum want session_resume(struct session *s)
{
    if (s->want != WANT_HOLD)
        return s->want;
    char *early = s->early;
    size_t n = s->early_bytes;
    s->early = NULL;
    s->early_bytes = 0;
    s->want = WANT_READ;
    s->machine->resume(s, n > 0);
    hear(s, early, n);
    drop(&early, &n, n);
    return s->want;
}

enum want session_eof(struct session *s)
{
    struct failure why = failure_make(LEG_NONE, STAGE_NONE, CAUSE_CLOSED, 0);
    end(s, &why);
    return s->want;
}

enum want session_broken(struct session *s, const struct failure *why)
{
    struct failure copy = failure_copy(why);
    end(s, &copy);
    return s->want;
}

enum stage session_stage(const struct session *s)
{
    return s->stage;
}

enum patience session_patience(const struct session *s)
{
    return s->patience;
}

uint64_t session_progress(const struct session *s)
{
    return s->progress;
}

bool session_settled(const struct session *s)
{
    return s->settled;
}

const struct failure *session_failure(const struct session *s)
{
    return &s->failure;
}

const char *session_mechanism(const struct session *s)
{
    return s->mechanism;
}
