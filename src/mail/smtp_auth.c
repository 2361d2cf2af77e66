#include <stdio.h>
#include <string.h>

#include "exchange.h"
#include "smtp_machine.h"

/* RFC 4954 s. 4: an AUTH command with its initial response has the length of any command, 512 octets. */
enum { AUTH_COMMAND_MAX = 500 };

/* --- AUTH (RFC 4954) --- */

static void say_response(struct smtp *m, const char *line)
{
    session_say_secret(&m->base, "", line);
}

/* The command, with the client's first words when it begins and they fit. */
static void say_auth_command(struct smtp *m)
{
    char line[SASL_LINE_MAX + 1], command[64];
    const char *name = mechanism_name(m->mechanism);
    bool begins = login_first(m->base.login, line);
    bool fits = begins && strlen("AUTH  ") + strlen(name) + strlen(line) <= AUTH_COMMAND_MAX;
    m->response_owed = begins && (!fits || m->response_apart);
    (void)snprintf(command, sizeof command, "AUTH %s ", name);
    if (begins && !m->response_owed)
        session_say_secret(&m->base, command, line);
    else
        session_say(&m->base, "AUTH %s", name);
    login_wipe_line(line);
}

void smtp_say_auth(struct smtp *m)
{
    struct failure why = failure_none;
    m->response_apart = false;
    m->mechanism = login_pick(m->base.login, m->offers.mechanisms, m->base.secured, &why);
    if (m->mechanism == MECHANISM_NONE)
        smtp_fail_with(m, &why);
    else
        say_auth_command(m);
}

static enum smtp_step hear_challenge(struct smtp *m)
{
    char line[SASL_LINE_MAX + 1];
    struct failure why = failure_none;
    size_t skipped = m->line_bytes < strlen("334 ") ? m->line_bytes : strlen("334 ");
    if (m->response_owed && login_first(m->base.login, line)) {
        m->response_owed = false;
        say_response(m, strcmp(line, "=") == 0 ? "" : line);
    } else if (login_answer(m->base.login, m->line + skipped, m->line_bytes - skipped, line, &why)) {
        say_response(m, line);
    } else {
        session_fail_with(&m->base, &why);
        session_say(&m->base, "*"); /* s. 4: the exchange is cancelled */
    }
    login_wipe_line(line);
    return STAY;
}

enum smtp_step smtp_hear_auth(struct smtp *m)
{
    struct failure why = failure_none;
    if (m->response_owed) {
        enum cause cause = mechanism_proves_server(m->mechanism) ? CAUSE_BAD_SERVER_PROOF : CAUSE_MALFORMED;
        smtp_fail_detail(m, cause, "accepted before the login was complete");
        return STAY;
    }
    if (!login_accepted(m->base.login, &why)) {
        smtp_fail_with(m, &why);
        return STAY;
    }
    session_logged_in(&m->base, mechanism_name(m->mechanism));
    return MAIL;
}

/* s. 4.2, 4.7.1: which refusals are of the mechanism, and which of user name and password. */
enum smtp_step smtp_auth_refused(struct smtp *m)
{
    int32_t code = m->reply.code;
    if (code == 334)
        return hear_challenge(m);
    if (code == 500 && !m->response_owed && !m->response_apart) { /* the command was too long for this server */
        m->response_apart = true;
        say_auth_command(m);
        return STAY;
    }
    if (code != 535 && code != 504 && code != 534)
        return smtp_refused(m);
    struct failure why = session_reply_failure(&m->base, code == 535 ? CAUSE_BAD_CREDENTIALS : CAUSE_PERMANENT, code,
                                               m->reply.text, m->reply.text_bytes);
    bool again = login_refused(m->base.login, &why, code != 535);
    if (!again)
        smtp_fail_with(m, &why);
    failure_clear(&why);
    return again ? AUTH : STAY;
}
