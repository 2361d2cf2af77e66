/* RFC 3501, 4315 (UIDPLUS), 4959 (SASL-IR), 3691 (UNSELECT). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fake_parts.h"

enum { IMAP_COMMANDS, IMAP_PLAIN };

/* The words behind CAPABILITY. */
static const char *capability(const struct connection *c)
{
    static const char *const words[2][2] = {
        {"IMAP4rev1 SASL-IR AUTH=PLAIN UIDPLUS UNSELECT", "IMAP4rev1 SASL-IR AUTH=PLAIN UNSELECT"},
        {"IMAP4rev1 STARTTLS SASL-IR AUTH=PLAIN UIDPLUS UNSELECT", "IMAP4rev1 STARTTLS SASL-IR AUTH=PLAIN UNSELECT"}};
    return words[fake_offers_tls(c)][fake_fault(c, FAULT_NO_UIDPLUS) != 0];
}

void imap_greet(struct connection *c)
{
    fake_say(c, "* OK [CAPABILITY %s] fake.test\r\n", capability(c));
}

static void say_ok(struct connection *c, const char *what)
{
    fake_say(c, "%s OK %s\r\n", c->tag, what);
}

/* --- who --- */

static void answer_login(struct connection *c, enum login_answer answer)
{
    switch (answer) {
    case LOGIN_YES:
        fake_say(c, "%s OK [CAPABILITY %s] logged in\r\n", c->tag, capability(c));
        break;
    case LOGIN_NO:
        fake_say(c, "%s NO [AUTHENTICATIONFAILED] authentication failed\r\n", c->tag);
        break;
    case LOGIN_TOO_EARLY: /* never: it is for POP3 alone */
    case LOGIN_IN_USE:
        fake_say(c, "%s NO [INUSE] somebody else is here\r\n", c->tag);
        break;
    }
}

/* An atom or a quoted string; NULL: neither. */
static const char *take_string(const char *at, char out[256])
{
    size_t n = 0;
    bool quoted = *at == '"';
    if (quoted)
        at++;
    while (*at != '\0' && n < 255 && *at != (quoted ? '"' : ' ')) {
        if (quoted && *at == '\\')
            at++;
        out[n++] = *at++;
    }
    out[n] = '\0';
    if (quoted && *at++ != '"')
        return NULL;
    return *at == ' ' ? at + 1 : at;
}

static void start_tls(struct connection *c, const char *argument)
{
    (void)argument;
    if (!fake_offers_tls(c)) {
        fake_say(c, "%s BAD what?\r\n", c->tag);
        return;
    }
    say_ok(c, "go on");
    fake_secure_next(c);
}

static void login(struct connection *c, const char *argument)
{
    char user[256], password[256];
    const char *next = take_string(argument, user);
    if (next == NULL || take_string(next, password) == NULL)
        fake_say(c, "%s BAD what?\r\n", c->tag);
    else
        answer_login(c, fake_login(c, user, password));
}

static void plain(struct connection *c, const char *response)
{
    char user[256], password[256];
    if (!plain_read(response, user, password))
        fake_say(c, "%s BAD what?\r\n", c->tag);
    else
        answer_login(c, fake_login(c, user, password));
}

static void authenticate(struct connection *c, const char *argument)
{
    if (strncasecmp(argument, "PLAIN", 5) != 0) {
        fake_say(c, "%s NO which?\r\n", c->tag);
    } else if (argument[5] == ' ') {
        plain(c, argument + 6);
    } else {
        c->state = IMAP_PLAIN;
        fake_say(c, "+ \r\n");
    }
}

static void capabilities(struct connection *c, const char *argument)
{
    (void)argument;
    fake_say(c, "* CAPABILITY %s\r\n", capability(c));
    say_ok(c, "done");
}

static void logout(struct connection *c, const char *argument)
{
    (void)argument;
    fake_say(c, "* BYE bye\r\n");
    say_ok(c, "bye");
    fake_logout(c);
    fake_close(c);
}

static void nothing(struct connection *c, const char *argument)
{
    (void)argument;
    say_ok(c, "done");
}

/* --- where --- */

static void select_box(struct connection *c, const char *argument)
{
    (void)argument;
    c->selected = true;
    fake_say(
        c,
        "* FLAGS (\\Seen \\Deleted)\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted)] all\r\n* %zu EXISTS\r\n* 0 RECENT\r\n"
        "* OK [UIDVALIDITY 1] valid\r\n* OK [UIDNEXT %" PRIu32 "] next\r\n%s OK [READ-WRITE] selected\r\n",
        c->box->count, c->box->uid_next, c->tag);
}

/* --- which mails --- */

struct range {
    uint64_t first, last;
};

static uint64_t take_number(const char **at, uint64_t star)
{
    if (**at == '*') {
        (*at)++;
        return star;
    }
    char *end;
    uint64_t number = strtoull(*at, &end, 10);
    *at = end;
    return number;
}

/* The next range of a set; false: there is none. */
static bool take_range(const char **at, uint64_t star, struct range *r)
{
    if (**at == ',')
        (*at)++;
    if (**at != '*' && (**at < '0' || **at > '9'))
        return false;
    r->first = r->last = take_number(at, star);
    if (**at == ':') {
        (*at)++;
        r->last = take_number(at, star);
    }
    if (r->first > r->last) {
        uint64_t swapped = r->first;
        r->first = r->last;
        r->last = swapped;
    }
    return true;
}

typedef void serve_mail(struct connection *c, size_t i, const char *items);

/* Serves each mail of the set at ${argument}, and returns what stands behind the set. */
static const char *each(struct connection *c, const char *argument, bool by_uid, serve_mail *serve)
{
    const struct mailbox *box = c->box;
    uint64_t star = box->count == 0 ? 0 : by_uid ? box->mails[box->count - 1].uid : box->count;
    const char *items = argument + strcspn(argument, " ");
    struct range r;
    if (*items == ' ')
        items++;
    while (take_range(&argument, star, &r))
        for (size_t i = 0; i < box->count; i++) {
            uint64_t number = by_uid ? box->mails[i].uid : i + 1;
            if (number >= r.first && number <= r.last)
                serve(c, i, items);
        }
    return items;
}

/* --- reading them --- */

static bool is_wanted(const char *name, size_t n, const char *fields, size_t fields_n)
{
    for (const char *at = fields; at < fields + fields_n;) {
        size_t length = strcspn(at, " )");
        if (length == n && strncasecmp(at, name, n) == 0)
            return true;
        at += length + 1;
    }
    return false;
}

/* The header fields of ${m} that are named in ${fields}, with their folded lines and the blank line. */
static size_t pick_fields(const struct mail *m, const char *fields, size_t fields_n, char *out)
{
    size_t used = 0, end = fake_header_end(m);
    bool wanted = false;
    for (size_t i = 0; i < end;) {
        const char *line = m->text + i, *stop = memchr(line, '\n', end - i);
        size_t n = stop != NULL ? (size_t)(stop - line) + 1 : end - i;
        if (line[0] != ' ' && line[0] != '\t') {
            const char *colon = memchr(line, ':', n);
            wanted = colon != NULL && is_wanted(line, (size_t)(colon - line), fields, fields_n);
        }
        if (wanted) {
            memcpy(out + used, line, n);
            used += n;
        }
        i += n;
    }
    memcpy(out + used, "\r\n", 2);
    return used + 2;
}

static void say_fields(struct connection *c, const struct mail *m, const char *items)
{
    const char *fields = strcasestr(items, "HEADER.FIELDS (");
    char *picked = malloc(m->bytes + 2);
    if (fields == NULL || picked == NULL) {
        free(picked);
        return;
    }
    fields += strlen("HEADER.FIELDS (");
    size_t fields_n = strcspn(fields, ")"), n = pick_fields(m, fields, fields_n, picked);
    fake_say(c, " BODY[HEADER.FIELDS (%.*s)] {%zu}\r\n", (int)fields_n, fields, n);
    fake_say_bytes(c, picked, n);
    free(picked);
}

static void fetch_one(struct connection *c, size_t i, const char *items)
{
    const struct mail *m = &c->box->mails[i];
    char date[40];
    time_t arrived = (time_t)m->arrived_s;
    struct tm utc;
    (void)gmtime_r(&arrived, &utc);
    (void)strftime(date, sizeof date, "%d-%b-%Y %H:%M:%S +0000", &utc);
    if (c->broken || fake_breaks(c, PHASE_FETCH))
        return;
    fake_say(c, "* %zu FETCH (UID %" PRIu32, i + 1, m->uid);
    if (strcasestr(items, "FLAGS") != NULL)
        fake_say(c, " FLAGS (%s)", m->deleted ? "\\Deleted" : "");
    if (strcasestr(items, "INTERNALDATE") != NULL)
        fake_say(c, " INTERNALDATE \"%s\"", date);
    if (strcasestr(items, "RFC822.SIZE") != NULL)
        fake_say(c, " RFC822.SIZE %zu", m->bytes);
    say_fields(c, m, items);
    fake_say(c, ")\r\n");
}

static void fetch(struct connection *c, const char *argument)
{
    (void)each(c, argument, false, fetch_one);
    if (!c->broken)
        say_ok(c, "done");
}

static void uid_fetch(struct connection *c, const char *argument)
{
    (void)each(c, argument, true, fetch_one);
    if (!c->broken)
        say_ok(c, "done");
}

/* Two criteria alone: DELETED, and all others as "every mail that is not deleted". */
static void uid_search(struct connection *c, const char *argument)
{
    bool deleted = strncasecmp(argument, "DELETED", 7) == 0;
    fake_say(c, "* SEARCH");
    for (size_t i = 0; i < c->box->count; i++)
        if (c->box->mails[i].deleted == deleted)
            fake_say(c, " %" PRIu32, c->box->mails[i].uid);
    fake_say(c, "\r\n");
    say_ok(c, "done");
}

/* --- deleting them --- */

static void flag_one(struct connection *c, size_t i, const char *items)
{
    c->box->mails[i].deleted = items[0] != '-';
    if (strcasestr(items, "SILENT") == NULL)
        fake_say(c, "* %zu FETCH (UID %" PRIu32 " FLAGS (\\Deleted))\r\n", i + 1, c->box->mails[i].uid);
}

static void uid_store(struct connection *c, const char *argument)
{
    (void)each(c, argument, true, flag_one);
    say_ok(c, "done");
}

static void say_expunged(void *owner, size_t number)
{
    fake_say(owner, "* %zu EXPUNGE\r\n", number);
}

static void expunge(struct connection *c, const char *argument)
{
    (void)argument;
    if (fake_does(c, PHASE_EXPUNGE))
        box_remove_deleted(c->fake, c->box, say_expunged, c);
    if (!fake_breaks(c, PHASE_EXPUNGE))
        say_ok(c, "done");
}

/* --- all commands --- */

static const struct {
    const char *word;
    void (*serve)(struct connection *c, const char *argument);
    unsigned needs;        /* 1: a login; 2: a selected mailbox */
    enum fake_phase phase; /* PHASE_NONE: it looks itself */
} commands[] = {
    {"CAPABILITY", capabilities, 0, PHASE_HELLO},
    {"STARTTLS", start_tls, 0, PHASE_START_TLS},
    {"LOGIN", login, 0, PHASE_LOGIN},
    {"AUTHENTICATE", authenticate, 0, PHASE_LOGIN},
    {"LOGOUT", logout, 0, PHASE_QUIT},
    {"NOOP", nothing, 0, PHASE_NONE},
    {"SELECT", select_box, 1, PHASE_SELECT},
    {"UNSELECT", nothing, 2, PHASE_NONE},
    {"UID FETCH", uid_fetch, 2, PHASE_NONE},
    {"UID SEARCH", uid_search, 2, PHASE_SEARCH},
    {"UID STORE", uid_store, 2, PHASE_DELETE},
    {"UID EXPUNGE", expunge, 2, PHASE_NONE},
    {"EXPUNGE", expunge, 2, PHASE_NONE},
    {"FETCH", fetch, 2, PHASE_NONE},
};

void imap_line(struct connection *c, char *line, size_t n)
{
    (void)n;
    if (c->state == IMAP_PLAIN) {
        c->state = IMAP_COMMANDS;
        plain(c, line);
        return;
    }
    c->fake->counts[COUNT_COMMANDS]++;
    size_t tag = strcspn(line, " ");
    (void)snprintf(c->tag, sizeof c->tag, "%.*s", (int)tag, line);
    const char *command = line[tag] == ' ' ? line + tag + 1 : "";
    unsigned has = c->box == NULL ? 0 : c->selected ? 2 : 1;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        size_t length = strlen(commands[i].word);
        bool same = strncasecmp(command, commands[i].word, length) == 0;
        if (!same || (command[length] != ' ' && command[length] != '\0') || has < commands[i].needs)
            continue;
        if (!fake_breaks(c, commands[i].phase))
            commands[i].serve(c, command[length] == ' ' ? command + length + 1 : "");
        return;
    }
    fake_say(c, "%s BAD what?\r\n", c->tag);
}
