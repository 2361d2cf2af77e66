/* Looks whose memory runs short at each allocation in turn: they end, say so, and
 * leave a drop memory that still works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "look.h"
#include "short_memory.h"

#define OWN "em1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct leg_settings leg = {.leg = LEG_INCOMING,
                                        .server = "mail.example.org",
                                        .security = SECURITY_TLS,
                                        .auth = true,
                                        .username = "user",
                                        .password = "secret-word",
                                        .timeout_s = 15,
                                        .tls_name = "mail.example.org"};

static const char tops[] = "+OK\r\nX: y\r\n.\r\n+OK\r\nMessage-ID: <" OWN "@x>\r\n.\r\n+OK\r\n.\r\n";
static const char mails[] = "* 1 FETCH (UID 2 BODY[HEADER.FIELDS (MESSAGE-ID)] {2}\r\n\r\n)\r\n"
                            "* 2 FETCH (UID 4 BODY[HEADER.FIELDS (MESSAGE-ID)] \"Message-ID: <" OWN "@x>\")\r\n"
                            "* 3 FETCH (UID 8 BODY[HEADER.FIELDS (MESSAGE-ID)] NIL)\r\n$4 OK\r\n";

/* What the server says, flight by flight; "$" is the client's tag. */
static const char *const pop3[] = {"+OK\r\n", "+OK\r\nTOP\r\nUIDL\r\nSASL PLAIN\r\nPIPELINING\r\n.\r\n",
                                   "+OK\r\n", "+OK 3 9\r\n+OK\r\n1 a\r\n2 b\r\n3 c\r\n.\r\n",
                                   tops,      "+OK\r\n+OK\r\n",
                                   NULL};
static const char *const imap[] = {
    "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR]\r\n",
    "$1 OK in\r\n",
    "* CAPABILITY IMAP4rev1\r\n$2 OK\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 9]\r\n$3 OK\r\n",
    mails,
    "$5 OK\r\n* SEARCH 4\r\n$6 OK\r\n",
    "* 2 EXPUNGE\r\n$7 OK\r\n* BYE\r\n$8 OK\r\n",
    NULL};

static enum disposal judge(void *owner, const struct mail_facts *mail)
{
    ++*(unsigned *)owner;
    return mail->token_count > 0 ? DISPOSAL_DELETE : DISPOSAL_LEAVE;
}

static bool missing(void *owner)
{
    return *(const unsigned *)owner == 0;
}

static enum want satisfy(struct session *s, enum want want, char tag[4])
{
    size_t n;
    do {
        const char *bytes = session_output(s, &n);
        if (n >= 4)
            memcpy(tag, bytes, 4);
        session_sent(s, n);
        if (want == WANT_HOLD)
            want = session_resume(s);
    } while (n > 0 || want == WANT_HOLD);
    return want;
}

static enum want say(struct session *s, const char *text, const char tag[4])
{
    enum want want = WANT_READ;
    for (; *text != '\0' && want == WANT_READ; text++)
        want = *text == '$' ? session_feed(s, tag, 4) : session_feed(s, text, 1);
    return want;
}

/* Return whether it ended well. */
static bool look(struct session *(*new)(const struct look_task *), const char *const *flights, struct drop_memory *drop,
                 unsigned *judged)
{
    char tag[4] = "AAAA";
    const struct look_task task = {.leg = &leg, .drop = drop, .judge = judge, .missing = missing, .owner = judged};
    *judged = 0;
    struct session *s = new (&task);
    if (s == NULL)
        return false;
    enum want want = satisfy(s, session_start(s, "192.0.2.1"), tag);
    for (size_t i = 0; flights[i] != NULL && want == WANT_READ; i++) {
        /* At a hold a flight may be left in the middle. */
        want = say(s, flights[i], tag);
        want = satisfy(s, want, tag);
    }
    if (want == WANT_READ)
        want = session_eof(s);
    bool well = want == WANT_CLOSE;
    assert_true(well || want == WANT_FAILED);
    assert_int_equal(failure_is(session_failure(s)), !well);
    session_free(s);
    return well;
}

static void every_allocation_may_fail(struct session *(*new)(const struct look_task *), const char *const *flights)
{
    unsigned judged;
    for (unsigned n = 1;; n++) {
        struct drop_memory *drop = drop_memory_new();
        assert_non_null(drop);
        memory_fails_at(n);
        bool well = look(new, flights, drop, &judged);
        bool failed = memory_has_failed();
        memory_fails_at(0);
        assert_true(well || failed);
        drop_memory_void(drop);
        assert_true(look(new, flights, drop, &judged));
        assert_int_equal(judged, 3);
        drop_memory_free(drop);
        if (!failed)
            return;
    }
}

static void pop3_survives_memory_that_runs_short(void **state)
{
    (void)state;
    every_allocation_may_fail(pop3_look_new, pop3);
}

static void imap_survives_memory_that_runs_short(void **state)
{
    (void)state;
    every_allocation_may_fail(imap_look_new, imap);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pop3_survives_memory_that_runs_short),
        cmocka_unit_test(imap_survives_memory_that_runs_short),
    };
    return cmocka_run_group_tests_name("mail/look_memory", tests, NULL, NULL);
}
