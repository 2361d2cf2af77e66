/* Logging in: AUTH with SASL (RFC 5034), or USER and PASS (RFC 1939 s. 7), which take the place of PLAIN
 * and of SASL's LOGIN where neither is offered. */
#include <stdio.h>
#include <string.h>

#include "pop3_machine.h"

/* RFC 5034 s. 4: with an initial response the whole line has at most 255 octets. */
enum { AUTH_LINE_MAX = 255 };

static void say_auth(struct pop3 *p)
{
    struct session *s = &p->look.session;
    const char *name = mechanism_name(p->mechanism);
    char first[SASL_LINE_MAX + 1], command[64];
    bool begins = login_first(s->login, first);

    pop3_enter(p, POP3_AUTH);
    (void)snprintf(command, sizeof command, "AUTH %s ", name);
    if (begins && strlen(command) + strlen(first) + strlen("\r\n") <= AUTH_LINE_MAX) {
        session_say_secret(s, command, first);
    } else {
        session_say(s, "AUTH %s", name);
        if (begins)
            look_answer_later(&p->look, first);
    }
    login_wipe_line(first);
}

void pop3_login(struct pop3 *p)
{
    struct session *s = &p->look.session;
    struct failure why = failure_none;
    unsigned offered = p->mechanisms;

    pop3_enter(p, POP3_AUTH);
    look_forget_answer(&p->look);
    /* A server that offers SASL's LOGIN alone takes that for certain; Dovecot then refuses USER and PASS. */
    p->by_user = p->user && (offered & (mechanism_bit(MECHANISM_PLAIN) | mechanism_bit(MECHANISM_LOGIN))) == 0;
    if (p->by_user)
        offered |= mechanism_bit(MECHANISM_PLAIN);
    p->mechanism = login_pick(s->login, offered, s->secured, &why);
    if (p->mechanism == MECHANISM_NONE) {
        session_fail_with(s, &why);
        session_say(s, "QUIT");
        return;
    }
    p->by_user = p->by_user && p->mechanism == MECHANISM_PLAIN;
    if (!p->by_user) {
        say_auth(p);
        return;
    }
    pop3_enter(p, POP3_USER);
    session_say(s, "USER %s", s->leg->username);
}

static void accepted(struct pop3 *p)
{
    struct session *s = &p->look.session;
    struct failure why = failure_none;
    if (!login_accepted(s->login, &why)) {
        session_fail_with(s, &why);
        return;
    }
    if (p->look.first_response != NULL) {
        pop3_fail(p, CAUSE_MALFORMED, "accepted before the login was complete");
        return;
    }
    session_logged_in(s, p->by_user ? "USER" : mechanism_name(p->mechanism));
    pop3_logged_in(p);
}

static void refused(struct pop3 *p, const char *text, size_t n)
{
    struct session *s = &p->look.session;
    struct failure why = session_reply_failure(s, pop3_cause(text, n, true), 0, text, n);
    if (login_refused(s->login, &why, false)) {
        failure_clear(&why);
        pop3_login(p);
        return;
    }
    session_fail_with(s, &why);
    session_say(s, "QUIT");
}

void pop3_hear_auth(struct pop3 *p, const char *line, size_t n)
{
    const char *text;
    size_t text_bytes;
    if (p->step == POP3_AUTH && n >= 1 && line[0] == '+' && (n == 1 || line[1] == ' ')) {
        size_t skipped = n == 1 ? 1 : 2; /* "+ ", and a challenge in base64 */
        p->look.session.progress++;
        look_answer(&p->look, line + skipped, n - skipped);
        return;
    }
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 1:
        accepted(p);
        break;
    case 0:
        refused(p, text, text_bytes);
        break;
    }
}

void pop3_hear_user(struct pop3 *p, const char *line, size_t n)
{
    struct session *s = &p->look.session;
    const char *text;
    size_t text_bytes;
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 1:
        pop3_enter(p, POP3_PASS);
        session_say_secret(s, "PASS ", s->leg->password);
        break;
    case 0:
        refused(p, text, text_bytes);
        break;
    }
}
