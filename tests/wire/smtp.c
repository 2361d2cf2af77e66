/* SMTP against transcripts: RFC 5321, 2920, 3207, 4954. */
#include <stdlib.h>
#include <string.h>

#include "smtp_talk.h"

static const struct setup login = {.security = SECURITY_TLS, .auth = true};
static const struct setup starttls_login = {.security = SECURITY_STARTTLS, .auth = true};
static const struct setup no_name = {.hello = ""};

/* --- traces --- */

static void test_trace(void **state)
{
    static const struct talk plain = {.name = "trace",
                                      .setup = &starttls_login,
                                      .script = HI START_TLS AUTH("PLAIN") PLAIN_IR "S: 235 hi open sesame\n" REST};
    char *trace = talk_trace(&plain, &smtp_talk);
    (void)state;
    assert_string_equal(trace,
                        "S: 220 mx.example ESMTP\nC: EHLO probe.example\nS: 250-mx.example\nS: 250 STARTTLS\n"
                        "C: STARTTLS\nS: 220 go\nC: EHLO probe.example\nS: 250-mx.example\nS: 250-AUTH PLAIN\n"
                        "S: 250 PIPELINING\nC: AUTH PLAIN ****\nS: 235 hi ****\n"
                        "C: MAIL FROM:<from@example.com>\nC: RCPT TO:<to@example.net>\nC: DATA\n"
                        "S: 250 2.1.0 fine\nS: 250 2.1.5 fine\nS: 354 go ahead\nC: (the probe, 40 octets)\nC: .\n"
                        "S: 250 2.0.0 queued as 4711\nC: QUIT\nS: 221 bye\n");
    free(trace);
}

static void test_trace_of_challenges(void **state)
{
    static const struct talk cram = {.name = "trace",
                                     .setup = &login,
                                     .script = "S: 220 mx\nC: EHLO probe.example\n" AUTH(
                                         "CRAM-MD5") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST "S: 535 no\nC: QUIT\n"};
    char *trace = talk_trace(&cram, &smtp_talk);
    (void)state;
    assert_string_equal(trace, "S: 220 mx\nC: EHLO probe.example\nS: 250-mx.example\nS: 250-AUTH CRAM-MD5\n"
                               "S: 250 PIPELINING\nC: AUTH CRAM-MD5\nS: 334 ****\nC: ****\nS: 535 no\nC: QUIT\n");
    free(trace);
}

/* --- what the driver goes by --- */

static void play_to(struct session *s, const char *script, enum stage stage, enum patience patience)
{
    size_t n;
    enum want want = session_feed(s, script, strlen(script));
    (void)session_output(s, &n);
    if (want == WANT_HOLD)
        want = session_resume(s);
    assert_int_equal(want, WANT_READ);
    (void)session_output(s, &n);
    session_sent(s, n);
    assert_int_equal(session_stage(s), stage);
    assert_int_equal(session_patience(s), patience);
}

static void test_stages(void **state)
{
    const struct talk t = {.setup = &login};
    void *fixture;
    struct session *s = smtp_talk.make(&t, &fixture);
    (void)state;
    assert_int_equal(session_start(s, "192.0.2.1"), WANT_READ);
    play_to(s, "", STAGE_GREETING, PATIENCE_REPLY);
    play_to(s, "220 hi\r\n", STAGE_HELLO, PATIENCE_REPLY);
    play_to(s, "250-mx\r\n250 AUTH PLAIN\r\n", STAGE_AUTH, PATIENCE_WHOLE);
    play_to(s, "235 hi\r\n", STAGE_MAIL_FROM, PATIENCE_REPLY);
    assert_string_equal(session_mechanism(s), "PLAIN");
    play_to(s, "250 ok\r\n", STAGE_RCPT_TO, PATIENCE_REPLY);
    play_to(s, "250 ok\r\n", STAGE_DATA, PATIENCE_REPLY);
    play_to(s, "354 go\r\n", STAGE_AFTER_DOT, PATIENCE_WHOLE);
    assert_int_equal(smtp_fate(s), SMTP_UNCERTAIN);
    assert_false(session_settled(s));
    play_to(s, "250 ok\r\n", STAGE_QUIT, PATIENCE_REPLY);
    assert_true(session_settled(s));
    assert_int_equal(session_progress(s), 7);
    session_free(s);
    free(fixture);
}

static void test_message_on_its_way(void **state)
{
    const struct talk t = {.setup = NULL};
    void *fixture;
    size_t n;
    struct session *s = smtp_talk.make(&t, &fixture);
    (void)state;
    (void)session_start(s, "192.0.2.1");
    play_to(s, "220 hi\r\n", STAGE_HELLO, PATIENCE_REPLY);
    play_to(s, "250 mx\r\n", STAGE_MAIL_FROM, PATIENCE_REPLY);
    play_to(s, "250 ok\r\n", STAGE_RCPT_TO, PATIENCE_REPLY);
    play_to(s, "250 ok\r\n", STAGE_DATA, PATIENCE_REPLY);
    assert_int_equal(session_feed(s, "354 go\r\n", 8), WANT_HOLD);
    assert_int_equal(session_resume(s), WANT_READ);
    (void)session_output(s, &n);
    session_sent(s, n - 1); /* all but the LF behind the dot */
    assert_int_equal(session_stage(s), STAGE_DATA);
    assert_int_equal(session_eof(s), WANT_FAILED);
    assert_int_equal(session_failure(s)->stage, STAGE_DATA);
    assert_int_equal(session_failure(s)->cause, CAUSE_CLOSED);
    assert_int_equal(smtp_fate(s), SMTP_NOT_SENT);
    session_free(s);
    free(fixture);
}

static void test_ipv6_literal(void **state)
{
    const struct talk t = {.setup = &no_name};
    void *fixture;
    size_t n;
    struct session *s = smtp_talk.make(&t, &fixture);
    (void)state;
    (void)session_start(s, "fe80::1%eth0");
    (void)session_feed(s, "220 hi\r\n", 8);
    const char *said = session_output(s, &n);
    assert_int_equal(n, strlen("EHLO [IPv6:fe80::1]\r\n"));
    assert_memory_equal(said, "EHLO [IPv6:fe80::1]\r\n", n);
    session_free(s);
    free(fixture);
}

int main(void)
{
    const struct talk_table tables[] = {smtp_good_rows(), smtp_tls_rows(), smtp_auth_rows(), smtp_mail_rows(),
                                        smtp_fault_rows()};
    const size_t table_count = sizeof tables / sizeof tables[0];
    const struct CMUnitTest others[] = {
        {"the trace shows everything but secrets", test_trace, NULL, NULL, NULL},
        {"the trace shows no challenge and no response", test_trace_of_challenges, NULL, NULL, NULL},
        {"stages and clocks follow the conversation", test_stages, NULL, NULL, NULL},
        {"until the dot is gone nothing was delivered", test_message_on_its_way, NULL, NULL, NULL},
        {"an IPv6 address is said without its zone", test_ipv6_literal, NULL, NULL, NULL},
    };
    int failed = talk_main("wire: smtp", &smtp_talk, tables, table_count, others, sizeof others / sizeof others[0]);
    smtp_fault_rows_free(tables[table_count - 1]);
    return failed;
}
