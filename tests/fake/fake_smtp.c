/* RFC 5321, 2920, 4954 (PLAIN alone). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fake_parts.h"

enum { SMTP_COMMANDS, SMTP_DATA };

void smtp_greet(struct connection *c)
{
    fake_say(c, "220 fake.test ESMTP\r\n");
}

static void say_ok(struct connection *c, const char *argument)
{
    (void)argument;
    fake_say(c, "250 2.0.0 ok\r\n");
}

static void hello(struct connection *c, const char *argument)
{
    (void)argument;
    fake_say(c, "250-fake.test\r\n");
    if (fake_fault(c, FAULT_BARE) == 0)
        fake_say(c, "250-PIPELINING\r\n");
    if (fake_offers_tls(c))
        fake_say(c, "250-STARTTLS\r\n");
    fake_say(c, "250-AUTH PLAIN\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 10240000\r\n");
}

static void auth(struct connection *c, const char *response)
{
    char user[256], password[256];
    if (plain_read(response, user, password) && strcmp(password, "wrong") != 0) {
        fake_say(c, "235 2.7.0 welcome\r\n");
        return;
    }
    c->fake->counts[COUNT_LOGINS_REFUSED]++;
    fake_say(c, "535 5.7.8 authentication failed\r\n");
}

static void sender(struct connection *c, const char *path)
{
    (void)path;
    c->has_sender = true;
    fake_say(c, "250 2.1.0 ok\r\n");
}

/* RCPT TO:<anybody@anywhere>: the mailbox "anybody". */
static void recipient(struct connection *c, const char *path)
{
    size_t n = strcspn(path, "@>");
    if (!c->has_sender || n >= sizeof c->to) {
        fake_say(c, "503 5.5.1 from whom?\r\n");
        return;
    }
    memcpy(c->to, path, n);
    c->to[n] = '\0';
    fake_say(c, "250 2.1.5 ok\r\n");
}

/* RFC 5321 s. 4.4: what a server puts before a mail that it takes. */
static size_t received(char line[256])
{
    char date[64];
    time_t now = time(NULL);
    struct tm utc;
    (void)gmtime_r(&now, &utc);
    (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
    return (size_t)snprintf(line, 256, "Received: from client by fake.test; %s\r\n", date);
}

static void deliver(struct connection *c, const char *text, size_t n)
{
    struct mailbox *box = box_of(c->fake, c->to);
    unsigned times = fake_fault(c, FAULT_SMTP_TIMES) > 1 ? fake_fault(c, FAULT_SMTP_TIMES) : 1;
    char before[256];
    size_t before_n = received(before);
    for (unsigned i = 0; i < times && box != NULL; i++) {
        char *copy = malloc(before_n + n);
        if (copy == NULL)
            return;
        memcpy(copy, before, before_n);
        memcpy(copy + before_n, text, n);
        if (!box_put(box, copy, before_n + n))
            free(copy);
    }
}

/* Evenly: of any thousand in a row, so many. */
static bool is_lost(const struct connection *c)
{
    uint64_t taken = c->fake->counts[COUNT_MAILS], loss = fake_fault(c, FAULT_SMTP_LOSS);
    return taken * loss / FAKE_LOSS_ALL != (taken - 1) * loss / FAKE_LOSS_ALL;
}

static void take_mail(struct connection *c, const char *text, size_t n)
{
    c->fake->counts[COUNT_MAILS]++;
    if (fake_does(c, PHASE_DOT) && !is_lost(c))
        deliver(c, text, n);
    if (!fake_breaks(c, PHASE_DOT))
        fake_say(c, "250 2.0.0 queued as 4711\r\n");
}

/* RFC 5321 s. 4.5.2: a doubled dot is one, a lone one the end. */
static void data_line(struct connection *c, const char *line, size_t n)
{
    if (n == 1 && line[0] == '.') {
        c->state = SMTP_COMMANDS;
        take_mail(c, c->data.bytes != NULL ? c->data.bytes : "", c->data.count);
        fake_buffer_clear(&c->data);
        return;
    }
    size_t dot = n > 0 && line[0] == '.' ? 1 : 0;
    if (!fake_buffer_add(&c->data, line + dot, n - dot) || !fake_buffer_add(&c->data, "\r\n", 2))
        fake_drop(c);
}

static void quit(struct connection *c, const char *argument)
{
    (void)argument;
    fake_say(c, "221 2.0.0 bye\r\n");
    fake_close(c);
}

static void data(struct connection *c, const char *argument)
{
    (void)argument;
    if (c->to[0] == '\0') {
        fake_say(c, "554 5.5.1 no valid recipients\r\n");
        return;
    }
    c->state = SMTP_DATA;
    fake_say(c, "354 go on\r\n");
    (void)fake_breaks(c, PHASE_MESSAGE);
}

static void start_tls(struct connection *c, const char *argument)
{
    (void)argument;
    if (!fake_offers_tls(c)) {
        fake_say(c, "502 5.5.1 what?\r\n");
        return;
    }
    fake_say(c, "220 2.0.0 go on\r\n");
    fake_secure_next(c);
}

static const struct {
    const char *word;
    void (*serve)(struct connection *c, const char *argument); /* what stands behind the word */
    enum fake_phase phase;
} commands[] = {
    {"EHLO ", hello, PHASE_HELLO},
    {"HELO ", say_ok, PHASE_NONE},
    {"MAIL FROM:<", sender, PHASE_MAIL},
    {"RCPT TO:<", recipient, PHASE_RCPT},
    {"DATA", data, PHASE_DATA},
    {"AUTH PLAIN ", auth, PHASE_LOGIN},
    {"STARTTLS", start_tls, PHASE_START_TLS},
    {"RSET", say_ok, PHASE_NONE},
    {"NOOP", say_ok, PHASE_NONE},
    {"QUIT", quit, PHASE_QUIT},
};

void smtp_line(struct connection *c, char *line, size_t n)
{
    if (c->state == SMTP_DATA) {
        data_line(c, line, n);
        return;
    }
    c->fake->counts[COUNT_COMMANDS]++;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        size_t word = strlen(commands[i].word);
        if (strncasecmp(line, commands[i].word, word) != 0)
            continue;
        if (!fake_breaks(c, commands[i].phase))
            commands[i].serve(c, line + word);
        return;
    }
    fake_say(c, "500 5.5.2 what?\r\n");
}
