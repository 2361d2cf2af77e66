/* Logging in: AUTHENTICATE with SASL (RFC 9051 s. 6.2.2), or LOGIN (s. 6.2.3), which takes the place of PLAIN and of
 * SASL's LOGIN where neither is offered. */
#include <stdio.h>
#include <string.h>

#include "imap_machine.h"

/* RFC 7888 s. 5: with LITERAL- a literal that does not wait has at most so many octets. */
enum { LITERAL_MINUS_MAX = 4096 };

/* --- LOGIN --- */

static bool is_quotable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80 || *c == '\r' || *c == '\n')
            return false;
    return true;
}

static void put(struct imap *i, const char *text)
{
    session_put(&i->look.session, text, strlen(text), true);
}

static void put_quoted(struct imap *i, const char *text)
{
    put(i, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            put(i, "\\");
        session_put(&i->look.session, c, 1, true);
    }
    put(i, "\"");
}

/* Whether the octets of a literal may follow at once; else the server's go-ahead is awaited. */
static bool put_literal_size(struct imap *i, const char *text)
{
    char size[32];
    size_t n = strlen(text);
    bool at_once = i->literal_plus || (i->literal_minus && n <= LITERAL_MINUS_MAX);
    (void)snprintf(size, sizeof size, at_once ? "{%zu+}\r\n" : "{%zu}\r\n", n);
    put(i, size);
    return at_once;
}

/* Goes on with LOGIN where it had to wait. */
static void say_login(struct imap *i)
{
    const struct leg_settings *leg = i->look.session.leg;
    const char *const arguments[] = {leg->username, leg->password};
    enum { PIECES = 4 }; /* of each argument: how it begins, and its octets when it is a literal */

    while (i->login_piece < PIECES) {
        const char *text = arguments[i->login_piece / 2];
        bool begins = i->login_piece++ % 2 == 0;
        if (begins && is_quotable(text)) {
            put(i, " ");
            put_quoted(i, text);
            i->login_piece++;
        } else if (begins) {
            put(i, " ");
            if (!put_literal_size(i, text))
                return;
        } else {
            put(i, text);
        }
    }
    i->login_piece++; /* no go-ahead is awaited any more */
    put(i, "\r\n");
}

static void begin_login(struct imap *i)
{
    char command[64];
    unsigned number = imap_begin_command(i, IMAP_LOGIN);
    int n = snprintf(command, sizeof command, "%s%u LOGIN", i->tag, number);
    session_put(&i->look.session, command, (size_t)n, true);
    (void)snprintf(command + n, sizeof command - (size_t)n, " ****");
    session_trace_line(&i->look.session, false, command, strlen(command));
    i->login_piece = 0;
    say_login(i);
}

/* --- AUTHENTICATE --- */

static void begin_authenticate(struct imap *i)
{
    struct session *s = &i->look.session;
    const char *name = mechanism_name(i->mechanism);
    char first[SASL_LINE_MAX + 1], command[96];
    bool begins = login_first(s->login, first);
    unsigned number = imap_begin_command(i, IMAP_AUTHENTICATE);

    if (begins && i->sasl_ir) {
        (void)snprintf(command, sizeof command, "%s%u AUTHENTICATE %s ", i->tag, number, name);
        session_say_secret(s, command, first);
    } else {
        session_say(s, "%s%u AUTHENTICATE %s", i->tag, number, name);
        if (begins)
            look_answer_later(&i->look, first);
    }
    login_wipe_line(first);
}

void imap_login(struct imap *i)
{
    struct session *s = &i->look.session;
    struct failure why = failure_none;
    unsigned plain = mechanism_bit(MECHANISM_PLAIN);
    /* A server that offers AUTH=LOGIN alone takes that for certain; Dovecot then refuses the command LOGIN. */
    unsigned in_clear = plain | mechanism_bit(MECHANISM_LOGIN);
    bool by_login = (i->mechanisms & in_clear) == 0 && !i->login_disabled;

    s->stage = STAGE_AUTH;
    look_forget_answer(&i->look);
    i->mechanism = login_pick(s->login, by_login ? i->mechanisms | plain : i->mechanisms, s->secured, &why);
    if (i->mechanism == MECHANISM_NONE) {
        session_fail_with(s, &why);
        session_say(s, "%s%u LOGOUT", i->tag, ++i->commands);
        return;
    }
    i->has_capabilities = false; /* what is offered may change with the login (RFC 9051 s. 6.2.2) */
    i->by_login = by_login && i->mechanism == MECHANISM_PLAIN;
    if (i->by_login)
        begin_login(i);
    else
        begin_authenticate(i);
}

/* --- what the server says to it --- */

void imap_hear_challenge(struct imap *i, const char *text, size_t n)
{
    enum imap_command command = i->pending_count > 0 ? i->pending[0].command : IMAP_NOTHING;
    if (session_is_early(&i->look.session)) {
        session_unsay(&i->look.session);
        imap_fail(i, CAUSE_MALFORMED, "a go-ahead that comes before its command was sent");
    } else if (command == IMAP_AUTHENTICATE) {
        look_answer(&i->look, text, n);
    } else if (command == IMAP_LOGIN && (i->login_piece == 1 || i->login_piece == 3)) {
        say_login(i);
    } else {
        imap_fail(i, CAUSE_MALFORMED, "a go-ahead that nothing waited for");
    }
}

void imap_hear_login(struct imap *i, const char *text, size_t n)
{
    struct session *s = &i->look.session;
    struct failure why = failure_none;
    if (i->status != IMAP_OK) {
        why = imap_refusal(i, text, n, true);
        if (login_refused(s->login, &why, false)) {
            failure_clear(&why);
            imap_login(i);
            return;
        }
        session_fail_with(s, &why);
        session_say(s, "%s%u LOGOUT", i->tag, ++i->commands);
        return;
    }
    if (!login_accepted(s->login, &why)) {
        session_fail_with(s, &why);
        return;
    }
    if (i->look.first_response != NULL) {
        imap_fail(i, CAUSE_MALFORMED, "accepted before the login was complete");
        return;
    }
    session_logged_in(s, i->by_login ? "LOGIN" : mechanism_name(i->mechanism));
    imap_take_code(i, text, n);
    imap_select(i);
}
