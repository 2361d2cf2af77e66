#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "must.h"
#include "proof.h"
#include "tokens.h"

static const char secret[] = "secret-word";
/* The password, by itself and in base64 (which PLAIN's line contains). */
static const char *const shapes[] = {"secret-word", "c2VjcmV0LXdvcmQ"};

enum { TAG_LETTERS = 4, PIECE_MAX = 1024, EXPANDED_MAX = 512 };

struct play {
    const struct drive_machine *machine;
    void *owner;
    struct drive d;
    struct session *session;
    struct proof proof;
    enum want want;
    bool secured, tagged, early;
    bool proved; /* the server has shown that it knows the password */
    char tag[TAG_LETTERS];
    uint64_t progress;

    /* what the server has yet to say */
    const uint8_t *at, *end;
    uint8_t pieces[2];
    unsigned round;
    bool clock, next;
    bool shown; /* on standard error, for people */
};

/* --- what the client says --- */

static bool shows_secret(const char *bytes, size_t n)
{
    for (size_t i = 0; n > 0 && i < sizeof shapes / sizeof shapes[0]; i++)
        if (memmem(bytes, n, shapes[i], strlen(shapes[i])) != NULL)
            return true;
    return false;
}

/* SCRAM's messages are the last words of lines. */
static void hear_proof(struct play *p, const char *line, size_t n)
{
    char message[PROOF_MESSAGE_MAX];
    size_t length;
    const char *blank = memrchr(line, ' ', n), *word = blank != NULL ? blank + 1 : line;
    if (memmem(line, n, "SCRAM-SHA-", strlen("SCRAM-SHA-")) != NULL)
        p->proof.sha256 = memmem(line, n, "SHA-256", strlen("SHA-256")) != NULL;
    if (base64_read(word, n - (size_t)(word - line), message, sizeof message, &length))
        proof_hear(&p->proof, message, length);
}

static void check_lines(struct play *p, const char *bytes, size_t n)
{
    while (n > 0) {
        const char *end = memchr(bytes, '\n', n);
        must(end != NULL && end > bytes && end[-1] == '\r' && memchr(bytes, '\r', n) == end - 1);
        hear_proof(p, bytes, (size_t)(end - bytes) - 1);
        n -= (size_t)(end - bytes) + 1;
        bytes = end + 1;
    }
}

static void take_output(struct play *p)
{
    size_t n;
    const char *bytes = session_output(p->session, &n);
    must(p->secured || p->d.leg.plaintext_auth || !shows_secret(bytes, n));
    check_lines(p, bytes, n);
    if (n > 0)
        p->machine->said(&p->d, p->owner, bytes, n);
    if (!p->tagged && n >= TAG_LETTERS) {
        memcpy(p->tag, bytes, TAG_LETTERS);
        p->tagged = true;
    }
    session_sent(p->session, n);
    must(session_progress(p->session) >= p->progress);
    p->progress = session_progress(p->session);
}

/* --- what the server says --- */

static size_t encode(const char *message, char *out)
{
    must(base64_write(message, strlen(message), out, EXPANDED_MAX));
    return strlen(out);
}

/* What stands behind "%". */
static size_t expand(struct play *p, char what, char *out)
{
    char final[PROOF_MESSAGE_MAX];
    if (tokens_write(what, out))
        return TOKEN_CHARS;
    if (what == 'f')
        return encode(proof_first(&p->proof), out);
    if (what == 'v') {
        p->proved = true;
        proof_final(&p->proof, secret, final);
        return encode(final, out);
    }
    p->next = what == 'n';
    return 0;
}

static size_t take_piece(struct play *p, char piece[PIECE_MAX])
{
    enum { AS_IT_FITS = 63 };
    uint8_t wanted = p->pieces[p->round++ % 2];
    size_t n = 0, most = wanted == AS_IT_FITS ? PIECE_MAX - EXPANDED_MAX : wanted + 1U;
    while (p->at < p->end && n < most && !p->next) {
        char c = (char)*p->at++;
        if (c == '|')
            break;
        if (c == '%' && p->at < p->end) {
            n += expand(p, (char)*p->at++, piece + n);
        } else if (c == '$') {
            memcpy(piece + n, p->tag, TAG_LETTERS);
            n += TAG_LETTERS;
        } else {
            piece[n++] = c;
        }
    }
    return n;
}

/* From a buffer of its very size, so that reading past it is seen. */
static void feed(struct play *p)
{
    char piece[PIECE_MAX];
    size_t n = take_piece(p, piece);
    char *exact = malloc(n);
    must(exact != NULL);
    memcpy(exact, piece, n);
    p->want = session_feed(p->session, exact, n);
    free(exact);
}

/* All that it wants until it wants to read. */
static void satisfy(struct play *p)
{
    take_output(p);
    while (p->want == WANT_TLS || p->want == WANT_HOLD) {
        bool hold = p->want == WANT_HOLD;
        if (hold && p->early && p->at < p->end && !p->next)
            feed(p);
        if (p->want != WANT_TLS && p->want != WANT_HOLD)
            break;
        p->secured = p->secured || !hold;
        p->d.held = p->d.held || hold;
        p->want = hold ? session_resume(p->session) : session_secured(p->session);
        take_output(p);
    }
}

/* --- a session --- */

static void check_text(const struct play *p, const struct text *t)
{
    must(text_length(t) <= FAILURE_TEXT_MAX);
    for (size_t i = 0; i < text_length(t); i++)
        must(text_bytes(t)[i] >= 0x20 && text_bytes(t)[i] <= 0x7E);
    must(!p->d.leg.auth || !shows_secret(text_bytes(t), text_length(t)));
}

static void trace(void *owner, bool from_server, const char *bytes, size_t n)
{
    const struct play *p = owner;
    if (p->shown)
        (void)fprintf(stderr, "%c: %.*s\n", from_server ? 'S' : 'C', (int)n, bytes);
    must(!p->d.leg.auth || !shows_secret(bytes, n)); /* without authentication there is nothing to hide */
}

static void break_off(struct play *p)
{
    const struct failure late = failure_make(LEG_NONE, STAGE_NONE, CAUSE_TIMED_OUT, 0);
    bool settled = session_settled(p->session);
    p->want = p->clock ? session_broken(p->session, &late) : session_eof(p->session);
    must(!settled || p->want == WANT_CLOSE);
}

static void check_end(const struct play *p)
{
    const struct failure *why = session_failure(p->session);
    must(p->want == WANT_FAILED || p->want == WANT_CLOSE);
    must(failure_is(why) == (p->want == WANT_FAILED));
    must(p->proved || strncmp(session_mechanism(p->session), "SCRAM", strlen("SCRAM")) != 0);
    must(session_settled(p->session) == (p->want == WANT_CLOSE));
    must(!failure_is(why) || (why->stage > STAGE_NONE && why->stage < STAGE_END && why->cause > CAUSE_NONE));
    check_text(p, why->reply);
    check_text(p, why->detail);
    must(session_feed(p->session, "x\r\n", 3) == p->want);
}

static void show_end(const struct play *p)
{
    char line[FAILURE_TEXT_MAX + 1];
    if (!p->shown)
        return;
    (void)failure_print(session_failure(p->session), line, sizeof line);
    (void)fprintf(stderr, "-- %s %s\n", p->want == WANT_CLOSE ? "closed" : "failed", line);
}

static void play(struct play *p)
{
    const struct session_trace tracing = {trace, p};
    p->session = p->machine->make(&p->d, p->owner);
    must(p->session != NULL);
    p->secured = p->d.leg.security == SECURITY_TLS;
    p->tagged = p->next = p->proved = p->d.held = false;
    p->progress = 0;
    memcpy(p->tag, "AAAA", TAG_LETTERS);
    session_set_trace(p->session, &tracing);
    p->want = session_start(p->session, "192.0.2.1");
    satisfy(p);
    while (p->want == WANT_READ && p->at < p->end && !p->next) {
        feed(p);
        satisfy(p);
    }
    if (p->want == WANT_READ)
        break_off(p);
    check_end(p);
    show_end(p);
    p->machine->ended(&p->d, p->owner, p->session, p->want);
    session_free(p->session);
}

/* What an ended session did not hear is nobody's. */
static void skip_to_next(struct play *p)
{
    while (!p->next && p->at < p->end) {
        const uint8_t *mark = memchr(p->at, '%', (size_t)(p->end - p->at));
        p->next = mark != NULL && mark + 1 < p->end && mark[1] == 'n';
        p->at = mark == NULL || mark + 1 == p->end ? p->end : mark + 2;
    }
}

static void read_head(struct play *p, const uint8_t head[DRIVE_HEAD])
{
    uint8_t six[DRIVE_HEAD];
    for (size_t i = 0; i < DRIVE_HEAD; i++)
        six[i] = head[i] & 0x3F;
    bool odd = p->machine->leg == LEG_INCOMING && (six[0] & 8) != 0;
    p->d.flags = six[0];
    p->d.leg = (struct leg_settings){.leg = p->machine->leg,
                                     .server = "mail.example.org",
                                     .security = (enum security)(SECURITY_NONE + (six[0] & 3) % 3),
                                     .plaintext_auth = (six[0] & 4) != 0,
                                     .auth = p->machine->leg == LEG_INCOMING || (six[0] & 8) == 0,
                                     .username = odd ? "u\"\xC3\xA9" : "user",
                                     .password = secret,
                                     .timeout_s = 15,
                                     .tls_name = "mail.example.org"};
    p->d.memory =
        (struct login_memory){.worked = (six[1] & 7) % (MECHANISM_COUNT + 1), .offered = 0x1F, .refused = six[1] & 8};
    p->clock = (six[1] & 16) != 0;
    p->early = (six[1] & 32) != 0;
    p->pieces[0] = six[2];
    p->pieces[1] = six[3];
}

void drive(const struct drive_machine *machine, void *owner, const uint8_t *input, size_t n)
{
    static struct sasl_cache *cache;
    static bool shown;
    if (n < DRIVE_HEAD)
        return;
    if (cache == NULL) {
        cache = sasl_cache_new();
        shown = getenv("DRIVE_SHOW") != NULL;
    }
    struct play p = {.machine = machine, .owner = owner, .at = input + DRIVE_HEAD, .end = input + n, .shown = shown};
    read_head(&p, input);
    p.d.cache = cache;
    for (unsigned i = 0; i < DRIVE_SESSIONS_MAX && (i == 0 || p.next); i++) {
        play(&p);
        skip_to_next(&p);
    }
}
