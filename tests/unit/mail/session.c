/* What all three machines stand on, tried with a machine of its own that only counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

struct counter {
    struct session base;
    size_t lines, raw_octets, resumed, early, gone;
    bool forgives; /* broken() ends it well */
    char last[64];
};

static const struct leg_settings leg = {.leg = LEG_INCOMING, .security = SECURITY_NONE, .password = ""};

static struct counter *of(struct session *s)
{
    return (struct counter *)s;
}

static void on_start(struct session *s, const char *local_address)
{
    session_say(s, "HELLO %s", local_address);
}

/* A line is a command to this machine. */
static void on_line(struct session *s, const char *bytes, size_t n)
{
    struct counter *c = of(s);
    c->lines++;
    (void)snprintf(c->last, sizeof c->last, "%.*s", (int)n, bytes);
    if (strcmp(c->last, "tls") == 0)
        session_want_tls(s);
    else if (strcmp(c->last, "hold") == 0)
        session_hold(s);
    else if (strcmp(c->last, "raw") == 0)
        s->raw = true;
    else if (strcmp(c->last, "settle") == 0)
        session_settle(s);
    else if (strcmp(c->last, "close") == 0)
        session_close(s);
    else if (strcmp(c->last, "login") == 0)
        session_logged_in(s, "TOY");
    else if (strcmp(c->last, "fail") == 0)
        session_fail_reply(s, CAUSE_PERMANENT, 42, bytes, n);
}

/* Octets are taken up to a zero, which ends them. */
static size_t on_raw(struct session *s, const char *bytes, size_t n)
{
    const char *zero = memchr(bytes, '\0', n);
    size_t used = zero == NULL ? n : (size_t)(zero - bytes) + 1;
    of(s)->raw_octets += used;
    s->raw = zero == NULL;
    return used;
}

static void on_secured(struct session *s)
{
    session_say(s, "SECURED");
}

static void on_resume(struct session *s, bool early)
{
    of(s)->resumed++;
    of(s)->early += early;
}

static void on_sent(struct session *s)
{
    of(s)->gone++;
}

static bool on_broken(struct session *s, const struct failure *why)
{
    assert_int_not_equal(why->stage, STAGE_NONE);
    return of(s)->forgives;
}

static size_t on_open(const struct session *s, const char *bytes, size_t n)
{
    (void)s;
    return n > 2 && memcmp(bytes, "+ ", 2) == 0 ? 2 : n;
}

static const struct machine counting = {.start = on_start,
                                        .line = on_line,
                                        .raw = on_raw,
                                        .secured = on_secured,
                                        .resume = on_resume,
                                        .sent = on_sent,
                                        .broken = on_broken,
                                        .open = on_open};

static struct session *begin(void)
{
    struct session *s = session_new(sizeof(struct counter), &counting, &leg, NULL, NULL);
    assert_non_null(s);
    assert_int_equal(session_start(s, "192.0.2.1"), WANT_READ);
    session_sent(s, strlen("HELLO 192.0.2.1\r\n"));
    return s;
}

static enum want feed(struct session *s, const char *text)
{
    return session_feed(s, text, strlen(text));
}

static void must_have_failed(const struct session *s, enum stage stage, enum cause cause)
{
    assert_int_equal(session_failure(s)->leg, LEG_INCOMING);
    assert_int_equal(session_failure(s)->stage, stage);
    assert_int_equal(session_failure(s)->cause, cause);
}

/* --- output --- */

static void test_output(void **state)
{
    struct session *s = begin();
    size_t n;
    (void)state;
    assert_int_equal(of(s)->gone, 1);
    assert_null(session_output(s, &n));
    session_say(s, "A %d", 1);
    session_put(s, "\0\n", 2, false);
    assert_memory_equal(session_output(s, &n), "A 1\r\n\0\n", 7);
    assert_int_equal(n, 7);
    session_sent(s, 3);
    session_say(s, "B");
    assert_memory_equal(session_output(s, &n), "\r\n\0\nB\r\n", 7);
    assert_int_equal(of(s)->gone, 1);
    session_sent(s, n);
    assert_int_equal(of(s)->gone, 2);
    session_say(s, "C");
    session_unsay(s);
    assert_null(session_output(s, &n));
    session_free(s);
    session_free(NULL);
}

static void test_much_output(void **state)
{
    struct session *s = begin();
    char text[300];
    size_t n;
    (void)state;
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 100; i++)
        session_put(s, text, sizeof text, true);
    const char *bytes = session_output(s, &n);
    assert_int_equal(n, 100 * sizeof text);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], 'x');
    session_free(s);
}

static void test_wiped(void **state)
{
    struct session *s = begin();
    size_t n;
    (void)state;
    session_say_secret(s, "PASS ", "open sesame");
    assert_memory_equal(session_output(s, &n), "PASS open sesame\r\n", 18);
    const char *kept = s->output;
    session_sent(s, n);
    for (size_t i = 0; i < 18; i++)
        assert_int_equal(kept[i], 0);
    session_free(s);
}

static void test_no_smuggling(void **state)
{
    static const char *const values[] = {"a\r\nQUIT", "a\n", "\r"};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct session *s = begin();
        size_t n;
        if (i < 3)
            session_say(s, "USER %s", values[i]);
        else
            session_say_secret(s, "PASS ", values[i - 3]);
        assert_null(session_output(s, &n));
        must_have_failed(s, STAGE_GREETING, CAUSE_POLICY);
        session_free(s);
    }
}

/* --- input --- */

static void test_lines_and_raw(void **state)
{
    static const char text[] = "one\r\nraw\r\nabc\0two\r\nraw\n\0three\n";
    (void)state;
    for (size_t piece = 1; piece <= sizeof text - 1; piece++) {
        struct session *s = begin();
        for (size_t at = 0; at < sizeof text - 1; at += piece)
            assert_int_equal(session_feed(s, text + at, piece < sizeof text - 1 - at ? piece : sizeof text - 1 - at),
                             WANT_READ);
        assert_int_equal(of(s)->lines, 5);
        assert_int_equal(of(s)->raw_octets, 5);
        assert_string_equal(of(s)->last, "three");
        session_free(s);
    }
}

static void test_caps(void **state)
{
    static const struct {
        const char *before;
        uint64_t cap;
    } cases[] = {{"raw\n", LIMIT_BEFORE_LOGIN_BYTES}, {"login\nraw\n", LIMIT_SESSION_BYTES}};
    char *block = malloc(65536);
    (void)state;
    memset(block, 'x', 65536);
    for (size_t i = 0; i < 2; i++)
        for (int forgives = 0; forgives < 2; forgives++) {
            struct session *s = begin();
            of(s)->forgives = forgives != 0;
            uint64_t left = cases[i].cap - strlen(cases[i].before);
            assert_int_equal(feed(s, cases[i].before), WANT_READ);
            for (size_t n; left > 0; left -= n) {
                n = left < 65536 ? (size_t)left : 65536;
                assert_int_equal(session_feed(s, block, n), WANT_READ);
            }
            assert_int_equal(session_feed(s, "", 0), WANT_READ);
            assert_int_equal(session_feed(s, block, 1), forgives != 0 ? WANT_CLOSE : WANT_FAILED);
            if (forgives == 0)
                must_have_failed(s, STAGE_GREETING, CAUSE_OVERSIZE);
            else
                assert_false(failure_is(session_failure(s)));
            session_free(s);
        }
    free(block);
}

/* --- TLS, holding --- */

static void test_tls(void **state)
{
    struct session *s = begin();
    size_t n;
    (void)state;
    assert_false(s->secured);
    assert_int_equal(feed(s, "tls\r\n"), WANT_TLS);
    assert_int_equal(session_secured(s), WANT_READ);
    assert_true(s->secured);
    assert_memory_equal(session_output(s, &n), "SECURED\r\n", 9);
    session_free(s);
}

static void test_injection(void **state)
{
    static const char *const pieces[][2] = {
        {"tls\r\nx", ""}, {"tls\r\n", "x"}, {"tls\n\n", ""}, {"tls\r\nmore\r\n", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct session *s = begin();
        (void)feed(s, pieces[i][0]);
        assert_int_equal(feed(s, pieces[i][1]), WANT_FAILED);
        must_have_failed(s, STAGE_START_TLS, CAUSE_INJECTION);
        assert_int_equal(session_secured(s), WANT_FAILED);
        assert_int_equal(of(s)->lines, 1);
        session_free(s);
    }
}

static void test_handshake_fails(void **state)
{
    struct session *s = begin();
    struct failure why = failure_make(LEG_NONE, STAGE_TLS, CAUSE_CERT_EXPIRED, 10);
    (void)state;
    (void)feed(s, "tls\r\n");
    assert_int_equal(session_broken(s, &why), WANT_FAILED);
    must_have_failed(s, STAGE_TLS, CAUSE_CERT_EXPIRED);
    assert_int_equal(session_failure(s)->code, 10);
    session_free(s);
}

static void test_hold(void **state)
{
    struct session *s = begin();
    (void)state;
    assert_int_equal(feed(s, "hold\r\n"), WANT_HOLD);
    assert_int_equal(session_resume(s), WANT_READ);
    assert_int_equal(of(s)->early, 0);
    assert_int_equal(feed(s, "hold\r\nea"), WANT_HOLD);
    assert_int_equal(feed(s, "rly\r\nho"), WANT_HOLD); /* heard while held */
    assert_int_equal(of(s)->lines, 2);
    assert_int_equal(session_resume(s), WANT_READ);
    assert_int_equal(of(s)->early, 1);
    assert_int_equal(of(s)->lines, 3);
    assert_string_equal(of(s)->last, "early");
    assert_int_equal(feed(s, "ld\r\n"), WANT_HOLD);
    assert_int_equal(session_resume(s), WANT_READ);
    assert_int_equal(of(s)->resumed, 3);
    assert_int_equal(session_resume(s), WANT_READ); /* without a hold it is nothing */
    assert_int_equal(of(s)->resumed, 3);
    session_free(s);
}

static void test_too_early(void **state)
{
    struct session *s = begin();
    char block[4096];
    enum want want = feed(s, "hold\r\n");
    (void)state;
    memset(block, 'x', sizeof block);
    for (size_t n = 0; n < LIMIT_BEFORE_LOGIN_BYTES && want == WANT_HOLD; n += sizeof block)
        want = session_feed(s, block, sizeof block);
    assert_int_equal(want, WANT_HOLD);
    assert_int_equal(session_feed(s, "x", 1), WANT_FAILED);
    must_have_failed(s, STAGE_GREETING, CAUSE_OVERSIZE);
    session_free(s);
}

/* --- ends --- */

static void test_ends(void **state)
{
    static const struct {
        const char *name, *text;
        bool forgives, eof;
        enum want want;
        enum cause cause; /* NONE: no failure */
    } cases[] = {
        {"the server closes", "", false, true, WANT_FAILED, CAUSE_CLOSED},
        {"silence", "", false, false, WANT_FAILED, CAUSE_TIMED_OUT},
        {"closed, and forgiven", "", true, true, WANT_CLOSE, CAUSE_NONE},
        {"closed while held", "hold\r\n", false, true, WANT_FAILED, CAUSE_CLOSED},
        {"closed once settled", "settle\r\n", false, true, WANT_CLOSE, CAUSE_NONE},
        {"silence once settled", "settle\r\n", false, false, WANT_CLOSE, CAUSE_NONE},
        {"closed when closed", "close\r\n", false, true, WANT_CLOSE, CAUSE_NONE},
        {"failed, then settled", "fail\r\nsettle\r\n", false, true, WANT_FAILED, CAUSE_PERMANENT},
        {"settled, then failed", "settle\r\nfail\r\n", false, true, WANT_CLOSE, CAUSE_NONE},
        {"failed twice", "fail\r\n\r\r\r\n", false, true, WANT_FAILED, CAUSE_PERMANENT},
        {"no line once settled", "settle\r\n\r\r", false, false, WANT_CLOSE, CAUSE_NONE},
        {"no line", "\r\r", false, false, WANT_FAILED, CAUSE_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct failure silence = failure_make(LEG_NONE, STAGE_NONE, CAUSE_TIMED_OUT, 0);
        struct session *s = begin();
        of(s)->forgives = cases[i].forgives;
        (void)feed(s, cases[i].text);
        enum want want = cases[i].eof ? session_eof(s) : session_broken(s, &silence);
        if (want != cases[i].want || session_failure(s)->cause != cases[i].cause)
            fail_msg("%s: %d %s", cases[i].name, (int)want, cause_word(session_failure(s)->cause));
        assert_int_equal(feed(s, "tls\r\n"), want);
        assert_int_equal(session_settled(s), want == WANT_CLOSE);
        session_free(s);
    }
}

static void test_own_leg(void **state)
{
    struct session *s = begin();
    const struct failure why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 12);
    (void)state;
    assert_int_equal(session_broken(s, &why), WANT_FAILED);
    assert_int_equal(session_failure(s)->leg, LEG_LOCAL);
    assert_int_equal(session_failure(s)->stage, STAGE_LOCAL);
    session_free(s);
}

/* --- the trace --- */

static void on_trace(void *owner, bool from_server, const char *bytes, size_t n)
{
    char *trace = owner;
    (void)snprintf(trace + strlen(trace), 512 - strlen(trace), "%s%.*s|", from_server ? "<" : ">", (int)n, bytes);
}

static void test_trace(void **state)
{
    char trace[512] = "";
    struct session *s = begin();
    (void)state;
    session_set_trace(s, &(struct session_trace){.line = on_trace, .owner = trace});
    (void)feed(s, "hello\x1b[1m\r\n+ c2VjcmV0\r\n+ \r\n");
    session_say(s, "A");
    session_say_secret(s, "PASS ", "open sesame");
    assert_string_equal(trace, "<hello\\x1B[1m|<+ ****|<+ |>A|>PASS ****|");
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"output stays until it is sent, and unsaid it is gone", test_output, NULL, NULL, NULL},
        {"output grows", test_much_output, NULL, NULL, NULL},
        {"a secret is wiped when it is sent", test_wiped, NULL, NULL, NULL},
        {"no setting smuggles a second command", test_no_smuggling, NULL, NULL, NULL},
        {"lines and raw octets take turns, whatever the pieces", test_lines_and_raw, NULL, NULL, NULL},
        {"a session ends at its caps, to the octet", test_caps, NULL, NULL, NULL},
        {"TLS goes on where the machine says", test_tls, NULL, NULL, NULL},
        {"any octet before the handshake is an injection", test_injection, NULL, NULL, NULL},
        {"a failed handshake keeps its stage", test_handshake_fails, NULL, NULL, NULL},
        {"what comes while it is held is heard afterwards", test_hold, NULL, NULL, NULL},
        {"what comes while it is held has a cap", test_too_early, NULL, NULL, NULL},
        {"the first end counts", test_ends, NULL, NULL, NULL},
        {"a fault of this machine stays one", test_own_leg, NULL, NULL, NULL},
        {"the trace hides challenges and secrets", test_trace, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("mail: session", tests, NULL, NULL);
}
