/* SCRAM within SMTP, against libgsasl's server side: its nonces are random, so that no transcript can hold it. */
#include <gsasl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smtp.h"

enum { LINE_MAX_BYTES = 1024 };

struct talk {
    struct leg_settings leg;
    struct login_memory memory;
    struct session *session;
    Gsasl *library;
    Gsasl_session *server;
    enum want want;
    char trace[8192];
};

static int on_property(Gsasl *library, Gsasl_session *session, Gsasl_property property)
{
    (void)library;
    switch ((int)property) {
    case GSASL_PASSWORD:
        return gsasl_property_set(session, property, "open sesame");
    case GSASL_SCRAM_ITER:
        return gsasl_property_set(session, property, "4096");
    case GSASL_SCRAM_SALT:
        return gsasl_property_set(session, property, "QSXCR+Q6sek8bf92");
    default:
        return GSASL_NO_CALLBACK;
    }
}

static void on_trace(void *owner, bool from_server, const char *bytes, size_t n)
{
    struct talk *t = owner;
    size_t used = strlen(t->trace);
    (void)snprintf(t->trace + used, sizeof t->trace - used, "%s%.*s\n", from_server ? "S: " : "C: ", (int)n, bytes);
}

static void say(struct talk *t, const char *line)
{
    t->want = session_feed(t->session, line, strlen(line));
    t->want = session_feed(t->session, "\r\n", 2);
}

/* What the client says, without its line end. */
static void hear(struct talk *t, char line[LINE_MAX_BYTES])
{
    size_t n;
    const char *bytes = session_output(t->session, &n);
    assert_true(n >= 2 && n < LINE_MAX_BYTES);
    memcpy(line, bytes, n - 2);
    line[n - 2] = '\0';
    session_sent(t->session, n);
}

static void expect(struct talk *t, const char *line)
{
    char heard[LINE_MAX_BYTES];
    hear(t, heard);
    assert_string_equal(heard, line);
}

/* Up to the AUTH command; ${response}: the client's first words in it. */
static void begin(struct talk *t, const char *mechanism, char response[LINE_MAX_BYTES])
{
    static const char message[] = "Subject: x\r\n\r\n";
    const struct session_trace trace = {.line = on_trace, .owner = t};
    const struct smtp_task task = {.leg = &t->leg,
                                   .hello_name = "probe.example",
                                   .from = "a@b",
                                   .to = "c@d",
                                   .message = message,
                                   .message_bytes = strlen(message),
                                   .memory = &t->memory};
    char line[LINE_MAX_BYTES], command[64];
    *t = (struct talk){
        .leg = {
            .leg = LEG_SMTP, .security = SECURITY_TLS, .auth = true, .username = "probe", .password = "open sesame"}};
    assert_int_equal(gsasl_init(&t->library), GSASL_OK);
    gsasl_callback_set(t->library, on_property);
    assert_int_equal(gsasl_server_start(t->library, mechanism, &t->server), GSASL_OK);
    t->session = smtp_new(&task);
    session_set_trace(t->session, &trace);
    (void)session_start(t->session, "192.0.2.1");
    say(t, "220 hi");
    expect(t, "EHLO probe.example");
    (void)snprintf(line, sizeof line, "250 AUTH PLAIN %s", mechanism);
    say(t, "250-mx");
    say(t, line);
    hear(t, line);
    (void)snprintf(command, sizeof command, "AUTH %s ", mechanism);
    assert_memory_equal(line, command, strlen(command));
    (void)snprintf(response, LINE_MAX_BYTES, "%s", line + strlen(command));
}

static void end(struct talk *t)
{
    assert_null(strstr(t->trace, "open sesame"));
    session_free(t->session);
    gsasl_finish(t->server);
    gsasl_done(t->library);
}

/* One turn of the server: answers ${response}, says 334 and what libgsasl answers. */
static int turn(struct talk *t, const char *response)
{
    char line[LINE_MAX_BYTES];
    char *said = NULL;
    int result = gsasl_step64(t->server, response, &said);
    assert_true(result == GSASL_OK || result == GSASL_NEEDS_MORE);
    (void)snprintf(line, sizeof line, "334 %s", said);
    gsasl_free(said);
    say(t, line);
    return result;
}

static void test_login(void **state)
{
    static const char *const mechanisms[] = {"SCRAM-SHA-256", "SCRAM-SHA-1"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct talk t;
        char response[LINE_MAX_BYTES], trace[512];
        begin(&t, mechanisms[i], response);
        assert_int_equal(turn(&t, response), GSASL_NEEDS_MORE);
        hear(&t, response);
        assert_int_equal(turn(&t, response), GSASL_OK);
        expect(&t, "");
        say(&t, "235 welcome");
        expect(&t, "MAIL FROM:<a@b>");
        assert_string_equal(session_mechanism(t.session), mechanisms[i]);
        assert_int_equal(t.memory.offered, mechanism_bit(mechanism_named(mechanisms[i], strlen(mechanisms[i]))) |
                                               mechanism_bit(MECHANISM_PLAIN));
        (void)snprintf(trace, sizeof trace,
                       "C: AUTH %s ****\nS: 334 ****\nC: ****\nS: 334 ****\nC: ****\nS: 235 welcome\n", mechanisms[i]);
        assert_non_null(strstr(t.trace, trace));
        end(&t);
    }
}

static void must_have_failed(struct talk *t, enum cause cause, const char *said)
{
    size_t n;
    const char *bytes = session_output(t->session, &n);
    const struct failure *why = session_failure(t->session);
    assert_int_equal(t->want, WANT_FAILED);
    assert_int_equal(why->leg, LEG_SMTP);
    assert_int_equal(why->stage, STAGE_AUTH);
    assert_int_equal(why->cause, cause);
    assert_int_equal(n, strlen(said));
    assert_true(n == 0 || memcmp(bytes, said, n) == 0);
    assert_int_equal(smtp_fate(t->session), SMTP_NOT_SENT);
    end(t);
}

static void test_yes_without_proof(void **state)
{
    struct talk t;
    char response[LINE_MAX_BYTES];
    (void)state;
    begin(&t, "SCRAM-SHA-256", response);
    say(&t, "235 come in");
    must_have_failed(&t, CAUSE_BAD_SERVER_PROOF, "");
    begin(&t, "SCRAM-SHA-256", response);
    (void)turn(&t, response);
    hear(&t, response);
    say(&t, "235 come in");
    must_have_failed(&t, CAUSE_BAD_SERVER_PROOF, "");
}

static void test_wrong_proof(void **state)
{
    struct talk t;
    char response[LINE_MAX_BYTES];
    (void)state;
    begin(&t, "SCRAM-SHA-256", response);
    (void)turn(&t, response);
    hear(&t, response);
    say(&t, "334 dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQT0="); /* v=AAAA... */
    must_have_failed(&t, CAUSE_BAD_SERVER_PROOF, "*\r\n");
}

static void test_third_challenge(void **state)
{
    struct talk t;
    char response[LINE_MAX_BYTES];
    (void)state;
    begin(&t, "SCRAM-SHA-256", response);
    (void)turn(&t, response);
    hear(&t, response);
    (void)turn(&t, response);
    expect(&t, "");
    say(&t, "334 ");
    must_have_failed(&t, CAUSE_MALFORMED, "*\r\n");
}

static void test_refused_proof(void **state)
{
    struct talk t;
    char response[LINE_MAX_BYTES];
    (void)state;
    begin(&t, "SCRAM-SHA-256", response);
    (void)turn(&t, response);
    hear(&t, response);
    say(&t, "535 no");
    expect(&t, "AUTH PLAIN AHByb2JlAG9wZW4gc2VzYW1l");
    say(&t, "235 welcome");
    expect(&t, "MAIL FROM:<a@b>");
    assert_string_equal(session_mechanism(t.session), "PLAIN");
    assert_int_equal(t.memory.worked, MECHANISM_PLAIN);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"SCRAM logs in: 334, the server's proof, an empty line, 235", test_login, NULL, NULL, NULL},
        {"a 235 without the server's proof fails", test_yes_without_proof, NULL, NULL, NULL},
        {"a wrong proof of the server is cancelled", test_wrong_proof, NULL, NULL, NULL},
        {"a challenge behind the proof is malformed", test_third_challenge, NULL, NULL, NULL},
        {"a refused proof is followed by the password, under TLS", test_refused_proof, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("mail: SCRAM in SMTP", tests, NULL, NULL);
}
