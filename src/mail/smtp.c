#include "smtp_machine.h"

#include <stdio.h>
#include <string.h>

static struct smtp *smtp_of(struct session *s)
{
    return (struct smtp *)s;
}

/* --- how it fails --- */

/* After what broke the protocol nothing is said any more; else the server gets its QUIT. */
bool smtp_is_protocol_error(enum cause cause)
{
    return cause == CAUSE_MALFORMED || cause == CAUSE_OVERSIZE || cause == CAUSE_SHUTDOWN ||
           cause == CAUSE_BAD_SERVER_PROOF || cause == CAUSE_RESOURCES;
}

void smtp_fail_with(struct smtp *m, struct failure *why)
{
    bool polite = !smtp_is_protocol_error(why->cause);
    if (failure_is(&m->refusal)) /* it decided already */
        failure_move(why, &m->refusal);
    session_fail_with(&m->base, why);
    if (polite && m->base.want == WANT_FAILED)
        session_say(&m->base, "QUIT");
}

void smtp_fail_reply(struct smtp *m, enum cause cause)
{
    struct failure why = session_reply_failure(&m->base, cause, m->reply.code, m->reply.text, m->reply.text_bytes);
    smtp_fail_with(m, &why);
}

void smtp_fail_detail(struct smtp *m, enum cause cause, const char *detail)
{
    struct failure why = failure_make(m->base.leg->leg, m->base.stage, cause, 0);
    failure_detail(&why, "%s", detail);
    smtp_fail_with(m, &why);
}

/* What a reply that is not the hoped-for one means, by its code alone. */
enum cause smtp_cause(int32_t code)
{
    return code == 421   ? CAUSE_SHUTDOWN
           : code >= 500 ? CAUSE_PERMANENT
           : code >= 400 ? CAUSE_TEMPORARY
                         : CAUSE_MALFORMED;
}

enum smtp_step smtp_refused(struct smtp *m)
{
    smtp_fail_reply(m, smtp_cause(m->reply.code));
    return STAY;
}

/* --- greeting, hello, STARTTLS --- */

static void say_hello(struct smtp *m)
{
    const char *verb = m->step == EHLO ? "EHLO" : "HELO";
    m->offers = (struct smtp_offers){0};
    if (m->task.hello_name[0] != '\0')
        session_say(&m->base, "%s %s", verb, m->task.hello_name);
    else /* RFC 5321 s. 4.1.3 */
        session_say(&m->base, "%s [%s%s]", verb, strchr(m->address, ':') != NULL ? "IPv6:" : "", m->address);
}

static enum smtp_step after_hello(struct smtp *m)
{
    const struct leg_settings *leg = m->base.leg;
    if (leg->security != SECURITY_STARTTLS || m->base.secured)
        return leg->auth ? AUTH : MAIL;
    if (m->offers.starttls)
        return START_TLS;
    m->base.stage = STAGE_START_TLS; /* never on in clear: who strips the offer would win */
    smtp_fail_detail(m, CAUSE_UNSUPPORTED, "the server does not offer STARTTLS");
    return STAY;
}

/* RFC 5321 s. 3.2: an old server knows only HELO, which offers neither TLS nor AUTH. */
static enum smtp_step ehlo_refused(struct smtp *m)
{
    static const int32_t not_known[] = {500, 501, 502, 504, 550};
    bool old = false;
    for (size_t i = 0; i < sizeof not_known / sizeof not_known[0]; i++)
        old = old || m->reply.code == not_known[i];
    if (!old)
        return smtp_refused(m);
    if (m->base.leg->security != SECURITY_STARTTLS && !m->base.leg->auth)
        return HELO;
    smtp_fail_reply(m, CAUSE_UNSUPPORTED);
    return STAY;
}

static void say_starttls(struct smtp *m)
{
    session_say(&m->base, "STARTTLS");
}

static enum smtp_step hear_starttls(struct smtp *m)
{
    session_want_tls(&m->base);
    return STAY;
}

/* --- the end: nothing that is heard now matters --- */

static void say_rset(struct smtp *m)
{
    session_say(&m->base, "RSET");
    session_settle(&m->base);
}

static void say_quit(struct smtp *m)
{
    session_say(&m->base, "QUIT");
    session_settle(&m->base);
}

static enum smtp_step hear_quit(struct smtp *m)
{
    session_close(&m->base);
    return STAY;
}

/* --- the table --- */

enum { ANY = 0, TAKEN = 2 }; /* instead of a code: every one; 2xx */
enum due { SOON, LATE };     /* when the reply is due: in time, or at the end of all that the leg may last */

/* In the order in which it is read.  NOLINTBEGIN(clang-analyzer-optin.performance.Padding) */
/* clang-format off */
static const struct row {
    void (*say)(struct smtp *m);
    int32_t hoped;                             /* a code, or the above */
    enum smtp_step (*hear)(struct smtp *m);    /* the hoped-for reply; returns the next step.  NULL: it is ${then} */
    enum smtp_step then;
    enum smtp_step (*refused)(struct smtp *m); /* any other reply */
    enum stage stage;                          /* of a failure here */
    enum due due;
} rows[STAY] = {
    /*             we say             hope   hear                then     or else               failure, waits */
    [GREETING]  = {NULL,              220,   NULL,               EHLO,    smtp_refused,         STAGE_GREETING,  SOON},
    [EHLO]      = {say_hello,         250,   after_hello,        AUTH,    ehlo_refused,         STAGE_HELLO,     SOON},
    [HELO]      = {say_hello,         250,   after_hello,        MAIL,    smtp_refused,         STAGE_HELLO,     SOON},
    [START_TLS] = {say_starttls,      220,   hear_starttls,      EHLO,    smtp_refused,         STAGE_START_TLS, SOON},
    [AUTH]      = {smtp_say_auth,     235,   smtp_hear_auth,     MAIL,    smtp_auth_refused,    STAGE_AUTH,      LATE},
    [MAIL]      = {smtp_say_mail,     TAKEN, NULL,               RCPT,    smtp_group_refused,   STAGE_MAIL_FROM, SOON},
    [RCPT]      = {smtp_say_rcpt,     TAKEN, smtp_hear_rcpt,     DATA,    smtp_group_refused,   STAGE_RCPT_TO,   SOON},
    [DATA]      = {smtp_say_data,     354,   smtp_hear_data,     MESSAGE, smtp_refused,         STAGE_DATA,      SOON},
    [MESSAGE]   = {smtp_say_message,  TAKEN, smtp_hear_message,  QUIT,    smtp_message_refused, STAGE_DATA,      LATE},
    [LONE_DOT]  = {smtp_say_lone_dot, ANY,   smtp_hear_lone_dot, STAY,    NULL,                 STAGE_DATA,      SOON},
    [RSET]      = {say_rset,          ANY,   NULL,               QUIT,    NULL,                 STAGE_QUIT,      SOON},
    [QUIT]      = {say_quit,          ANY,   hear_quit,          STAY,    NULL,                 STAGE_QUIT,      SOON},
};
/* clang-format on */
/* NOLINTEND(clang-analyzer-optin.performance.Padding) */

static void enter(struct smtp *m, enum smtp_step step)
{
    bool said = (m->grouped && (step == RCPT || step == DATA)) || (m->early && step == MESSAGE);
    m->step = step;
    m->base.stage = rows[step].stage;
    m->base.patience = rows[step].due == LATE ? PATIENCE_WHOLE : PATIENCE_REPLY;
    m->base.lines.max = step == AUTH ? SASL_LINE_MAX + strlen("334 ") : LIMIT_LINE_BYTES;
    if (!said && rows[step].say != NULL)
        rows[step].say(m);
}

/* --- as a machine --- */

static bool is_hoped(int32_t hoped, int32_t code)
{
    return hoped == ANY || hoped == code || (hoped == TAKEN && code / 100 == 2);
}

static void hear_reply(struct smtp *m)
{
    const struct row *row = &rows[m->step];
    m->base.progress++;
    if (m->early || session_is_early(&m->base)) {
        session_unsay(&m->base);
        smtp_fail_reply(m, m->reply.code == 421 ? CAUSE_SHUTDOWN : CAUSE_MALFORMED);
        return;
    }
    enum smtp_step next = !is_hoped(row->hoped, m->reply.code) ? row->refused(m)
                          : row->hear != NULL                  ? row->hear(m)
                                                               : row->then;
    smtp_reply_begin(&m->reply);
    if (next != STAY)
        enter(m, next);
}

static void smtp_line(struct session *s, const char *bytes, size_t n)
{
    struct smtp *m = smtp_of(s);
    m->line = bytes;
    m->line_bytes = n;
    switch (smtp_reply_line(&m->reply, s->login, bytes, n)) {
    case SMTP_MORE:
    case SMTP_DONE:
        break;
    case SMTP_MALFORMED:
        smtp_fail_reply(m, CAUSE_MALFORMED);
        return;
    case SMTP_OVERSIZE:
        smtp_fail_detail(m, CAUSE_OVERSIZE, "a reply of too many lines");
        return;
    }
    if (m->step == EHLO && m->reply.lines > 1 && n > strlen("250-"))
        smtp_offer(&m->offers, bytes + strlen("250-"), n - strlen("250-"));
    if (n <= strlen("250") || bytes[strlen("250")] != '-')
        hear_reply(m);
}

static void smtp_start(struct session *s, const char *local_address)
{
    struct smtp *m = smtp_of(s);
    size_t n = strcspn(local_address, "%"); /* without the zone of a link-local one */
    (void)snprintf(m->address, sizeof m->address, "%.*s", (int)n, local_address);
    enter(m, GREETING);
}

static void smtp_secured(struct session *s)
{
    enter(smtp_of(s), EHLO); /* what was offered before is void (RFC 3207 s. 4.2) */
}

static void smtp_sent(struct session *s)
{
    smtp_message_gone(smtp_of(s));
}

static void smtp_resume(struct session *s, bool early)
{
    struct smtp *m = smtp_of(s);
    m->early = early;
    enter(m, MESSAGE);
}

/* Some servers offer PIPELINING and forget what came with a command: nobody would guess that from a time limit. */
static void hint_at_pipelining(struct smtp *m, const struct failure *why)
{
    struct failure told = failure_copy(why);
    failure_detail(&told, "%s; the server offers PIPELINING, and did not answer all that was sent at once",
                   text_bytes(why->detail));
    session_fail_with(&m->base, &told);
}

static bool smtp_broken(struct session *s, const struct failure *why)
{
    struct smtp *m = smtp_of(s);
    if (s->want == WANT_HOLD && s->early_bytes > 0) /* what it said before it left tells more */
        (void)session_resume(s);
    if (failure_is(&m->refusal)) /* it decided already */
        session_fail_with(s, &m->refusal);
    else if (why->cause == CAUSE_TIMED_OUT && m->grouped && (m->step == RCPT || m->step == DATA))
        hint_at_pipelining(m, why);
    return false;
}

static size_t smtp_open(const struct session *s, const char *bytes, size_t n)
{
    const struct smtp *m = (const struct smtp *)s;
    return m->step == AUTH && n > strlen("334 ") && memcmp(bytes, "334", strlen("334")) == 0 ? strlen("334 ") : n;
}

static void smtp_release(struct session *s)
{
    failure_clear(&smtp_of(s)->refusal);
}

static const struct machine smtp_machine = {
    .start = smtp_start,
    .line = smtp_line,
    .secured = smtp_secured,
    .resume = smtp_resume,
    .sent = smtp_sent,
    .broken = smtp_broken,
    .open = smtp_open,
    .release = smtp_release,
};

struct session *smtp_new(const struct smtp_task *task)
{
    struct session *s = session_new(sizeof(struct smtp), &smtp_machine, task->leg, task->memory, task->cache);
    if (s == NULL)
        return NULL;
    struct smtp *m = smtp_of(s);
    m->task = *task;
    m->refusal = failure_none;
    m->mechanism = MECHANISM_NONE;
    m->fate = SMTP_NOT_SENT;
    return s;
}

enum smtp_fate smtp_fate(const struct session *s)
{
    return ((const struct smtp *)s)->fate;
}
