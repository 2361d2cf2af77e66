#include "drive.h"

#include <stdlib.h>
#include <string.h>

static const char secret[] = "secret-word";
/* The password, by itself and in base64 (which PLAIN's line contains). */
static const char *const shapes[] = {"secret-word", "c2VjcmV0LXdvcmQ"};

static bool shows_secret(const char *bytes, size_t n)
{
    for (size_t i = 0; n > 0 && i < sizeof shapes / sizeof shapes[0]; i++)
        if (memmem(bytes, n, shapes[i], strlen(shapes[i])) != NULL)
            return true;
    return false;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

void drive_leg(const uint8_t *input, size_t n, enum leg which, struct leg_settings *leg)
{
    uint8_t flags = n > 0 ? input[0] : 0;
    *leg = (struct leg_settings){.leg = which,
                                 .server = "mail.example.org",
                                 .security = (enum security)(SECURITY_NONE + (flags & 3) % 3),
                                 .auth = which == LEG_INCOMING || (flags & 0x08) == 0,
                                 .username = "user",
                                 .password = secret,
                                 .timeout_s = 15,
                                 .tls_name = "mail.example.org",
                                 .plaintext_auth = (flags & 0x04) != 0};
}

/* Mails that the owner of the look in hand wants deleted. */
static unsigned doomed;

struct play {
    struct session *session;
    const struct leg_settings *leg;
    enum want want;
    bool secured, tagged;
    char tag[4];
};

/* Foreign mail is neither deleted nor marked as read: nothing is deleted before the owner said so, CLOSE never leaves,
 * and no mail is asked for in a way that marks it. */
static void check_manners(const char *bytes, size_t n)
{
    static const struct {
        const char *word;
        bool deletes;
    } words[] = {{"DELE ", true}, {"STORE ", true}, {"EXPUNGE", true}, {" CLOSE", false}, {"BODY[", false}};
    for (size_t i = 0; n > 0 && i < sizeof words / sizeof words[0]; i++)
        must((words[i].deletes && doomed > 0) || memmem(bytes, n, words[i].word, strlen(words[i].word)) == NULL);
}

static void check_output(struct play *p)
{
    size_t n;
    const char *bytes = session_output(p->session, &n);
    bool may = p->secured || p->leg->plaintext_auth;
    must(may || !shows_secret(bytes, n));
    if (p->leg->leg == LEG_INCOMING)
        check_manners(bytes, n);
    if (!p->tagged && n >= sizeof p->tag) {
        memcpy(p->tag, bytes, sizeof p->tag);
        p->tagged = true;
    }
    session_sent(p->session, n);
}

/* All that it wants until it wants to read. */
static void satisfy(struct play *p)
{
    check_output(p);
    while (p->want == WANT_TLS || p->want == WANT_HOLD) {
        p->secured = p->secured || p->want == WANT_TLS;
        p->want = p->want == WANT_TLS ? session_secured(p->session) : session_resume(p->session);
        check_output(p);
    }
}

/* From a buffer of its very size, so that reading past it is seen. */
static void feed(struct play *p, const char *bytes, size_t n)
{
    char *piece = malloc(n);
    must(piece != NULL);
    memcpy(piece, bytes, n);
    p->want = session_feed(p->session, piece, n);
    free(piece);
    satisfy(p);
}

static void speak(struct play *p, const uint8_t *input, size_t n)
{
    char piece[256 + sizeof p->tag];
    size_t at = DRIVE_HEAD;
    for (unsigned round = 0; at < n && p->want == WANT_READ; round++) {
        size_t length = 0, most = (size_t)input[1 + round % 4] + 1;
        for (; length < most && at < n; at++) {
            if (input[at] == '$') {
                memcpy(piece + length, p->tag, sizeof p->tag);
                length += sizeof p->tag;
            } else {
                piece[length++] = (char)input[at];
            }
        }
        feed(p, piece, length);
    }
}

static void check_text(const struct leg_settings *leg, const struct text *t)
{
    must(text_length(t) <= FAILURE_TEXT_MAX);
    for (size_t i = 0; i < text_length(t); i++)
        must(text_bytes(t)[i] >= 0x20 && text_bytes(t)[i] <= 0x7E);
    must(!leg->auth || !shows_secret(text_bytes(t), text_length(t)));
}

static void trace(void *owner, bool from_server, const char *bytes, size_t n)
{
    const struct leg_settings *leg = owner;
    (void)from_server;
    must(!leg->auth || !shows_secret(bytes, n)); /* without authentication there is nothing to hide */
}

void drive(struct session *s, const struct leg_settings *leg, const uint8_t *input, size_t n)
{
    must(s != NULL);
    struct play p = {.session = s, .leg = leg, .secured = leg->security == SECURITY_TLS};
    struct leg_settings shown = *leg;
    const struct session_trace tracing = {trace, &shown};
    memcpy(p.tag, "AAAA", sizeof p.tag);
    session_set_trace(s, &tracing);
    p.want = session_start(s, "192.0.2.1");
    satisfy(&p);
    speak(&p, input, n);
    if (p.want == WANT_READ)
        p.want = session_eof(s);
    must(p.want == WANT_FAILED || p.want == WANT_CLOSE);
    must(failure_is(session_failure(s)) == (p.want == WANT_FAILED));
    must(session_settled(s) == (p.want == WANT_CLOSE));
    check_text(leg, session_failure(s)->reply);
    check_text(leg, session_failure(s)->detail);
    must(session_feed(s, "x\r\n", 3) == p.want);
    session_free(s);
}

/* --- looks --- */

struct owner {
    uint8_t flags;
    unsigned judged;
};

static enum disposal judge(void *owner, const struct mail_facts *mail)
{
    struct owner *o = owner;
    o->judged++;
    must(mail->token_count <= LOOK_TOKENS_MAX);
    if (mail->token_count == 0)
        return DISPOSAL_LEAVE;
    enum disposal what = (enum disposal)(DISPOSAL_DELETE - mail->tokens[0].handle[0] % 3);
    doomed += what == DISPOSAL_DELETE;
    return what;
}

static bool missing(void *owner)
{
    const struct owner *o = owner;
    return (o->flags & 0x10) != 0;
}

void drive_look(const uint8_t *input, size_t n, struct session *(*new)(const struct look_task *))
{
    struct leg_settings leg;
    struct drop_memory *drop = drop_memory_new();
    if (n < DRIVE_HEAD || drop == NULL) {
        drop_memory_free(drop);
        return;
    }
    drive_leg(input, n, LEG_INCOMING, &leg);
    struct owner owner = {input[0], 0};
    const struct look_task task = {.leg = &leg,
                                   .drop = drop,
                                   .expects_old = (input[0] & 0x20) != 0,
                                   .judge = judge,
                                   .missing = missing,
                                   .owner = &owner};
    for (unsigned looks = 0; looks < 2; looks++) {
        doomed = 0;
        drive(new (&task), &leg, input, n);
    }
    (void)drop_memory_entries(drop);
    drop_memory_free(drop);
}
