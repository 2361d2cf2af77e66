/* Memory runs short at each allocation in turn: the session fails for a reason of its
 * own, and sends nothing by halves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "short_memory.h"
#include "smtp.h"

static const char message[] = "Subject: x\r\n\r\n.a\r\n.b\r\n.c\r\n.d\r\n.e\r\n";
static const char stuffed[] = "Subject: x\r\n\r\n..a\r\n..b\r\n..c\r\n..d\r\n..e\r\n.\r\n";

static const char *const replies[] = {
    "220 hi\r\n",
    "250-mx\r\n250-AUTH CRAM-MD5 PLAIN LOGIN\r\n250-SIZE\r\n250 PIPELINING\r\n",
    "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UuZXhhbXBsZT4=\r\n",
    "535 not so\r\n",
    "235 welcome\r\n",
    "250 ok\r\n250 ok\r\n354 go\r\n",
    "250 queued\r\n",
    "221 bye\r\n",
};
enum { REPLIES = sizeof replies / sizeof replies[0] };

struct end {
    enum want want;
    enum leg leg;
    enum cause cause;
    enum smtp_fate fate;
    bool message_left;
};

/* Plays the whole conversation; false: there was not even memory for the session. */
static bool play(struct end *e)
{
    const struct leg_settings leg = {
        .leg = LEG_SMTP, .security = SECURITY_TLS, .auth = true, .username = "probe", .password = "p\xC3\xA4ss word"};
    struct login_memory memory = {.worked = MECHANISM_NONE};
    const struct smtp_task task = {.leg = &leg,
                                   .hello_name = "probe.example",
                                   .from = "a@b",
                                   .to = "c@d",
                                   .message = message,
                                   .message_bytes = sizeof message - 1,
                                   .memory = &memory};
    struct session *s = smtp_new(&task);
    if (s == NULL)
        return false;
    *e = (struct end){.want = session_start(s, "192.0.2.1")};
    for (size_t i = 0; i < REPLIES && e->want == WANT_READ; i++) {
        size_t n;
        const char *said;
        e->want = session_feed(s, replies[i], strlen(replies[i]));
        if (e->want == WANT_HOLD)
            e->want = session_resume(s);
        said = session_output(s, &n);
        bool whole = n >= sizeof stuffed - 1 && memcmp(said, stuffed, sizeof stuffed - 1) == 0;
        bool part = n > 0 && memmem(said, n, "\r\n.\r\n", 5) != NULL;
        assert_true(whole || !part);
        e->message_left = e->message_left || whole;
        session_sent(s, n);
    }
    e->leg = session_failure(s)->leg;
    e->cause = session_failure(s)->cause;
    e->fate = smtp_fate(s);
    session_free(s);
    return true;
}

static void test_every_allocation(void **state)
{
    long tried = 0, failed = 0;
    struct end e = {.want = WANT_FAILED};
    (void)state;
    for (bool used_up = false; !used_up && tried < 10000; tried++) {
        memory_fails_at((unsigned)tried + 1);
        bool begun = play(&e);
        used_up = !memory_has_failed(); /* it needed fewer */
        memory_fails_at(0);
        if (!begun)
            continue;
        failed += e.want == WANT_FAILED;
        assert_int_equal(e.fate, e.want == WANT_CLOSE ? SMTP_ACCEPTED
                                 : e.message_left     ? SMTP_UNCERTAIN
                                                      : SMTP_NOT_SENT);
        if (e.want == WANT_FAILED && (e.leg != LEG_LOCAL || e.cause != CAUSE_RESOURCES))
            fail_msg("allocation %ld: %s %s", tried, leg_word(e.leg), cause_word(e.cause));
    }
    assert_int_equal(e.want, WANT_CLOSE);
    assert_true(failed > 10 && tried < 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"whichever allocation fails, the failure is local and no half a message leaves", test_every_allocation, NULL,
         NULL, NULL},
    };
    return cmocka_run_group_tests_name("mail: short memory", tests, NULL, NULL);
}
