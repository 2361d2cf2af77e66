#include <stdio.h>
#include <string.h>

#include "smtp_machine.h"

/* --- the transaction --- */

/* No line of a message may end otherwise than with CRLF: what some server takes for the end of DATA must not be in it.
 */
static bool is_clean(const char *bytes, size_t n)
{
    for (const char *at = bytes, *end = bytes + n, *feed; at < end; at = feed + 1) {
        feed = memchr(at, '\n', (size_t)(end - at));
        if (feed == NULL || memchr(at, '\r', (size_t)(feed - at)) != feed - 1)
            return false;
    }
    return n > 0;
}

void smtp_say_rcpt(struct smtp *m)
{
    session_say(&m->base, "RCPT TO:<%s>", m->task.to);
}

void smtp_say_data(struct smtp *m)
{
    session_say(&m->base, "DATA");
}

void smtp_say_mail(struct smtp *m)
{
    if (!is_clean(m->task.message, m->task.message_bytes)) {
        smtp_fail_detail(m, CAUSE_POLICY, "the probe holds a line that does not end with CRLF");
        return;
    }
    if (m->offers.size_limit != 0 && m->offers.size_limit < m->task.message_bytes) {
        smtp_fail_detail(m, CAUSE_POLICY, "the server takes no message as long as the probe");
        return;
    }
    if (m->offers.size)
        session_say(&m->base, "MAIL FROM:<%s> SIZE=%zu", m->task.from, m->task.message_bytes);
    else
        session_say(&m->base, "MAIL FROM:<%s>", m->task.from);
    m->grouped = m->offers.pipelining;
    if (!m->grouped)
        return;
    smtp_say_rcpt(m);
    if (!m->task.no_data)
        smtp_say_data(m);
}

/* In a group the other replies are still to come, and decide how to leave. */
enum smtp_step smtp_group_refused(struct smtp *m)
{
    enum cause cause = smtp_cause(m->reply.code);
    bool last = m->step == RCPT && m->task.no_data;
    if (!m->grouped || last || smtp_is_protocol_error(cause))
        return smtp_refused(m);
    if (!failure_is(&m->refusal))
        m->refusal = session_reply_failure(&m->base, cause, m->reply.code, m->reply.text, m->reply.text_bytes);
    return m->step == MAIL ? RCPT : DATA;
}

enum smtp_step smtp_hear_rcpt(struct smtp *m)
{
    if (!m->task.no_data)
        return DATA;
    if (failure_is(&m->refusal)) {
        struct failure why = failure_none;
        smtp_fail_with(m, &why);
        return STAY;
    }
    m->fate = SMTP_ENOUGH;
    return RSET;
}

/* RFC 2920 s. 3.1: a server may say 354 although it took no recipient; an empty message ends that. */
enum smtp_step smtp_hear_data(struct smtp *m)
{
    if (failure_is(&m->refusal))
        return LONE_DOT;
    session_hold(&m->base);
    return STAY;
}

void smtp_say_lone_dot(struct smtp *m)
{
    session_say(&m->base, ".");
}

enum smtp_step smtp_hear_lone_dot(struct smtp *m)
{
    struct failure why = failure_none;
    smtp_fail_with(m, &why); /* with the refusal */
    return STAY;
}

/* s. 4.5.2: a dot at the beginning of a line is doubled; one by itself is the end. */
void smtp_say_message(struct smtp *m)
{
    const char *at = m->task.message, *end = at + m->task.message_bytes;
    while (at < end) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        const char *next = feed == NULL ? end : feed + 1;
        if (*at == '.')
            session_put(&m->base, ".", 1, false);
        session_put(&m->base, at, (size_t)(next - at), false);
        at = next;
    }
    if (m->base.want == WANT_FAILED) { /* no memory for all of it: half a message must not leave */
        session_unsay(&m->base);
        return;
    }
    if (m->base.trace.line != NULL) {
        char note[64];
        (void)snprintf(note, sizeof note, "(the probe, %zu octets)", m->task.message_bytes);
        session_trace_line(&m->base, false, note, strlen(note));
    }
    session_say(&m->base, ".");
}

/* Until a whole reply comes nobody knows whether the mail was taken (s. 4.5.3.2.6). */
void smtp_message_gone(struct smtp *m)
{
    if (m->step != MESSAGE || m->dot_gone)
        return;
    m->dot_gone = true;
    m->fate = SMTP_UNCERTAIN;
    m->base.stage = STAGE_AFTER_DOT;
}

enum smtp_step smtp_hear_message(struct smtp *m)
{
    m->fate = SMTP_ACCEPTED;
    return QUIT;
}

enum smtp_step smtp_message_refused(struct smtp *m)
{
    if (m->reply.code >= 400) /* a whole answer: it was not taken */
        m->fate = SMTP_NOT_SENT;
    return smtp_refused(m);
}
