/* RFC 1939, 2449 (CAPA), 3206. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fake_parts.h"

void pop3_greet(struct connection *c)
{
    fake_say(c, "+OK fake.test\r\n");
}

static void capabilities(struct connection *c, const char *argument)
{
    char delay[32] = "";
    (void)argument;
    unsigned delay_s = fake_fault(c, FAULT_LOGIN_DELAY);
    if (delay_s != 0)
        (void)snprintf(delay, sizeof delay, "LOGIN-DELAY %u\r\n", delay_s);
    fake_say(c, "+OK\r\n%s%s%sUSER\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n.\r\n",
             fake_offers_tls(c) ? "STLS\r\n" : "", delay, fake_fault(c, FAULT_BARE) == 0 ? "PIPELINING\r\n" : "");
}

static void start_tls(struct connection *c, const char *argument)
{
    (void)argument;
    if (!fake_offers_tls(c)) {
        fake_say(c, "-ERR what?\r\n");
        return;
    }
    fake_say(c, "+OK go on\r\n");
    fake_secure_next(c);
}

static void user(struct connection *c, const char *argument)
{
    (void)snprintf(c->user, sizeof c->user, "%s", argument);
    fake_say(c, "+OK\r\n");
}

/* RFC 1939 s. 6: what a session marked that did not end with QUIT is not deleted. */
static void unmark_all(struct mailbox *box)
{
    for (size_t i = 0; i < box->count; i++)
        box->mails[i].deleted = false;
}

static void pass(struct connection *c, const char *argument)
{
    switch (fake_login(c, c->user, argument)) {
    case LOGIN_YES:
        unmark_all(c->box);
        fake_say(c, "+OK logged in\r\n");
        break;
    case LOGIN_NO:
        fake_say(c, "-ERR [AUTH] authentication failed\r\n");
        break;
    case LOGIN_IN_USE:
        fake_say(c, "-ERR [IN-USE] somebody else is here\r\n");
        break;
    case LOGIN_TOO_EARLY:
        fake_say(c, "-ERR [LOGIN-DELAY] not so often\r\n");
        break;
    }
}

static void status(struct connection *c, const char *argument)
{
    size_t count = 0, bytes = 0;
    (void)argument;
    for (size_t i = 0; i < c->box->count; i++) {
        count += !c->box->mails[i].deleted;
        bytes += c->box->mails[i].deleted ? 0 : c->box->mails[i].bytes;
    }
    fake_say(c, "+OK %zu %zu\r\n", count, bytes);
}

/* The mail that ${argument} numbers; NULL, and it is said: none. */
static struct mail *numbered(struct connection *c, const char *argument)
{
    size_t number = strtoul(argument, NULL, 10);
    if (number >= 1 && number <= c->box->count && !c->box->mails[number - 1].deleted)
        return &c->box->mails[number - 1];
    fake_say(c, "-ERR no such message\r\n");
    return NULL;
}

static void say_entry(struct connection *c, const char *before, const struct mail *m, bool uid)
{
    size_t number = (size_t)(m - c->box->mails) + 1;
    if (uid)
        fake_say(c, "%s%zu u%" PRIu32 "\r\n", before, number, m->uid);
    else
        fake_say(c, "%s%zu %zu\r\n", before, number, m->bytes);
}

static void list(struct connection *c, const char *argument, bool uid)
{
    if (argument[0] != '\0') {
        const struct mail *m = numbered(c, argument);
        if (m != NULL)
            say_entry(c, "+OK ", m, uid);
        return;
    }
    fake_say(c, "+OK\r\n");
    for (size_t i = 0; i < c->box->count; i++)
        if (!c->box->mails[i].deleted)
            say_entry(c, "", &c->box->mails[i], uid);
    fake_say(c, ".\r\n");
}

static void sizes(struct connection *c, const char *argument)
{
    list(c, argument, false);
}

static void uids(struct connection *c, const char *argument)
{
    list(c, argument, true);
}

/* RFC 1939 s. 3: a line that begins with a dot gets one more. */
static void say_stuffed(struct connection *c, const char *text, size_t n)
{
    while (n > 0) {
        const char *end = memchr(text, '\n', n);
        size_t length = end != NULL ? (size_t)(end - text) + 1 : n;
        if (text[0] == '.')
            fake_say_bytes(c, ".", 1);
        fake_say_bytes(c, text, length);
        text += length;
        n -= length;
    }
    fake_say_bytes(c, ".\r\n", 3);
}

static void top(struct connection *c, const char *argument)
{
    const struct mail *m = numbered(c, argument);
    if (m == NULL)
        return;
    fake_say(c, "+OK\r\n");
    say_stuffed(c, m->text, fake_header_end(m));
}

static void retrieve(struct connection *c, const char *argument)
{
    const struct mail *m = numbered(c, argument);
    if (m == NULL)
        return;
    fake_say(c, "+OK\r\n");
    say_stuffed(c, m->text, m->bytes);
}

static void delete_one(struct connection *c, const char *argument)
{
    struct mail *m = numbered(c, argument);
    if (m == NULL)
        return;
    m->deleted = true;
    fake_say(c, "+OK\r\n");
}

static void nothing(struct connection *c, const char *argument)
{
    (void)argument;
    fake_say(c, "+OK\r\n");
}

static bool has_deleted(const struct mailbox *box)
{
    for (size_t i = 0; i < box->count; i++)
        if (box->mails[i].deleted)
            return true;
    return false;
}

/* Only now the marked mails are deleted. */
static void quit(struct connection *c, const char *argument)
{
    enum fake_phase phase = c->box != NULL && has_deleted(c->box) ? PHASE_EXPUNGE : PHASE_QUIT;
    (void)argument;
    if (phase == PHASE_EXPUNGE && fake_does(c, phase))
        box_remove_deleted(c->fake, c->box, NULL, NULL);
    fake_logout(c);
    if (fake_breaks(c, phase))
        return;
    fake_say(c, "+OK bye\r\n");
    fake_close(c);
}

static const struct {
    const char *word;
    void (*serve)(struct connection *c, const char *argument);
    bool in_box;
    enum fake_phase phase; /* PHASE_NONE: it looks itself */
} commands[] = {
    {"CAPA", capabilities, false, PHASE_HELLO},
    {"STLS", start_tls, false, PHASE_START_TLS},
    {"USER", user, false, PHASE_USER},
    {"PASS", pass, false, PHASE_LOGIN},
    {"QUIT", quit, false, PHASE_NONE},
    {"STAT", status, true, PHASE_SELECT},
    {"LIST", sizes, true, PHASE_NONE},
    {"UIDL", uids, true, PHASE_LIST},
    {"TOP", top, true, PHASE_FETCH},
    {"RETR", retrieve, true, PHASE_FETCH},
    {"DELE", delete_one, true, PHASE_DELETE},
    {"NOOP", nothing, true, PHASE_NONE},
    {"RSET", nothing, true, PHASE_NONE},
};

void pop3_line(struct connection *c, char *line, size_t n)
{
    (void)n;
    c->fake->counts[COUNT_COMMANDS]++;
    size_t word = strcspn(line, " ");
    const char *argument = line[word] == ' ' ? line + word + 1 : "";
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strlen(commands[i].word) != word || strncasecmp(line, commands[i].word, word) != 0)
            continue;
        if (commands[i].in_box && c->box == NULL)
            fake_say(c, "-ERR log in first\r\n");
        else if (!fake_breaks(c, commands[i].phase))
            commands[i].serve(c, argument);
        return;
    }
    fake_say(c, "-ERR what?\r\n");
}
