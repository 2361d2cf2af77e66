/* Every fault at every stage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp_talk.h"

static const struct setup starttls = {.security = SECURITY_STARTTLS};
static const struct setup login = {.security = SECURITY_TLS, .auth = true};

static const struct place {
    const char *name;
    const struct setup *setup;
    const char *script;
    enum stage stage;
    bool after_dot;
} places[] = {
    {"the greeting", NULL, "", STAGE_GREETING, false},
    {"EHLO", NULL, HI, STAGE_HELLO, false},
    {"STARTTLS", &starttls, HI "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n", STAGE_START_TLS, false},
    {"EHLO inside TLS", &starttls, HI START_TLS, STAGE_HELLO, false},
    {"AUTH", &login, HI AUTH("PLAIN") PLAIN_IR, STAGE_AUTH, false},
    {"a response of AUTH", &login, HI AUTH("LOGIN") "C: AUTH LOGIN\nS: 334 \n" USER, STAGE_AUTH, false},
    {"MAIL", NULL, HI BARE MAIL, STAGE_MAIL_FROM, false},
    {"RCPT", NULL, HI BARE MAIL "S: 250 ok\n" RCPT, STAGE_RCPT_TO, false},
    {"DATA", NULL, HI BARE MAIL "S: 250 ok\n" RCPT "S: 250 ok\nC: DATA\n", STAGE_DATA, false},
    {"DATA in a group", NULL, HI PIPELINING GROUP "S: 250 ok\nS: 250 ok\n", STAGE_DATA, false},
    {"the final dot", NULL, HI BARE ONE_BY_ONE, STAGE_AFTER_DOT, true},
};

static const struct fault {
    const char *name, *script;
    enum cause cause;
    int32_t code;
    bool answered; /* a whole reply came: the mail's fate is known */
} faults[] = {
    {"a closed connection", "! eof\n", CAUSE_CLOSED, 0, false},
    {"silence", "! silence\n", CAUSE_TIMED_OUT, 0, false},
    {"half a reply and no more", "s: 250-o\n! eof\n", CAUSE_CLOSED, 0, false},
    {"a reply without end", "S: 451-wait\nS: 451-wait\n! silence\n", CAUSE_TIMED_OUT, 0, false},
    {"421", "S: 421 4.3.2 going down\n", CAUSE_SHUTDOWN, 421, true},
    {"451", "S: 451 4.3.0 later\nC: QUIT\n", CAUSE_TEMPORARY, 451, true},
    {"554", "S: 554-5.3.0 never\nS: 554 5.3.0 ever\nC: QUIT\n", CAUSE_PERMANENT, 554, true},
    {"a code of the wrong kind", "S: 340 what\n", CAUSE_MALFORMED, 340, false},
    {"another protocol", "S: SSH-2.0-OpenSSH_9.2\n", CAUSE_MALFORMED, 0, false},
    {"an empty line", "S: \n", CAUSE_MALFORMED, 0, false},
    {"code 199", "S: 199 a\n", CAUSE_MALFORMED, 0, false},
    {"code 600", "S: 600 a\n", CAUSE_MALFORMED, 0, false},
    {"code 265", "S: 265 a\n", CAUSE_MALFORMED, 0, false},
    {"code 2500", "S: 2500 a\n", CAUSE_MALFORMED, 0, false},
    {"two digits", "S: 25\n", CAUSE_MALFORMED, 0, false},
    {"a space before the code", "S:  250 a\n", CAUSE_MALFORMED, 0, false},
    {"codes that differ in one reply", "S: 250-a\nS: 550 b\n", CAUSE_MALFORMED, 0, false},
    {"a NUL", "s: 250 a\\0b\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"a NUL before the code", "s: \\0250 a\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"a bare CR", "s: 250 a\\rb\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"two CR before LF", "s: 250 a\\r\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"Telnet", "s: \\xff\\xfd\\x18250 a\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"a line that is too long", "s: 250 \\R{13000}{x}\n", CAUSE_OVERSIZE, 0, false},
    {"a reply of too many lines", "s: \\R{129}{250-x\\r\\n}\n", CAUSE_OVERSIZE, 0, false},
};

enum { PLACES = sizeof places / sizeof places[0], FAULTS = sizeof faults / sizeof faults[0] };

static struct talk row_of(const struct place *place, const struct fault *fault)
{
    char *name, *script;
    if (asprintf(&name, "%s: %s is %s %s", place->name, fault->name, stage_word(place->stage),
                 cause_word(fault->cause)) < 0 ||
        asprintf(&script, "%s%s", place->script, fault->script) < 0)
        abort();
    return (struct talk){.name = name,
                         .setup = place->setup,
                         .script = script,
                         .end = WANT_FAILED,
                         .stage = place->stage,
                         .cause = fault->cause,
                         .code = fault->code,
                         .expect = place->after_dot && !fault->answered ? SMTP_UNCERTAIN : SMTP_NOT_SENT};
}

struct talk_table smtp_fault_rows(void)
{
    struct talk *rows = calloc((size_t)PLACES * FAULTS, sizeof *rows);
    if (rows == NULL)
        abort();
    for (size_t i = 0; i < (size_t)PLACES * FAULTS; i++)
        rows[i] = row_of(&places[i / FAULTS], &faults[i % FAULTS]);
    return (struct talk_table){rows, (size_t)PLACES * FAULTS};
}

static void free_text(const char *text)
{
    char *bytes;
    memcpy(&bytes, &text, sizeof bytes);
    free(bytes);
}

void smtp_fault_rows_free(struct talk_table t)
{
    struct talk *rows;
    for (size_t i = 0; i < t.count; i++) {
        free_text(t.rows[i].name);
        free_text(t.rows[i].script);
    }
    memcpy(&rows, &t.rows, sizeof rows);
    free(rows);
}
