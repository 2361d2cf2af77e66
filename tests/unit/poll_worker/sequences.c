/* The typical courses of things, each through the real worker thread, real sockets and a fake mail server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"
#include "side_by_side.h"

static void is_up(const struct scene *s, enum proof proof)
{
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.proof, proof);
}

static void is_missing(const struct scene *s)
{
    scene_is(s, 1, VERDICT_DOWN, LEG_DELIVERY, STAGE_DELIVERY, CAUSE_NOT_DELIVERED);
}

static void start(struct scene *s, const char *words)
{
    scene_put(s, 1, words);
    scene_polled(s, 1, 1);
}

static void round_trip(struct scene *s, const char *words)
{
    start(s, words);
    is_up(s, PROOF_SEND_ONLY);
    assert_int_equal(fake_mails(s->fake, "probe"), 1);
    scene_poll_once(s, 1);
    is_up(s, PROOF_ROUND_TRIP);
    assert_int_equal(fake_mails(s->fake, "probe"), 1); /* the first is deleted, the second waits */
    assert_int_equal(s->rows[1].status.delivered, 1);
    assert_int_equal(s->rows[1].status.sent, 2);
    assert_int_equal(s->rows[1].up, 0); /* a first up is no event */
    assert_int_equal(s->rows[1].probes[PROBE_SENDING], 2);
    assert_int_equal(s->rows[1].probes[PROBE_CONSUMED], 1);
}

static void found_and_deleted(void **state)
{
    round_trip(*state, "");
}

static void login_up(void **state)
{
    round_trip(*state, "smtp.auth=true smtp.username=u smtp.password=p");
    assert_string_equal(text_bytes(((struct scene *)*state)->rows[1].status.smtp_mechanism), "PLAIN");
}

static void missing_then_late(void **state)
{
    struct scene *s = *state;
    start(s, "interval=1");
    char *held_back = fake_get(s->fake, "probe", 0);
    fake_clear(s->fake, "probe");
    scene_polled(s, 1, 2);
    is_missing(s);
    assert_true(fake_put(s->fake, "probe", held_back));
    free(held_back);
    scene_polled(s, 1, 3);
    is_up(s, PROOF_ROUND_TRIP);
    assert_int_equal(s->rows[1].status.late, 1);
    assert_int_equal(s->rows[1].down, 1);
    assert_int_equal(s->rows[1].up, 1);
    assert_int_equal(s->rows[1].status.skipped, 0);
}

static void smtp_refuses(void **state)
{
    struct scene *s = *state;
    start(s, "");
    scene_break(s, LEG_SMTP, PHASE_RCPT, ACT_PERMANENT);
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_DOWN, LEG_SMTP, STAGE_RCPT_TO, CAUSE_PERMANENT);
    assert_int_equal(s->rows[1].status.delivered, 1);
    scene_mend(s);
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_DOWN, LEG_DELIVERY, STAGE_DELIVERY, CAUSE_AWAITING_PROOF);
    scene_poll_once(s, 1);
    is_up(s, PROOF_ROUND_TRIP);
}

static void uncertain_and_arrived(void **state)
{
    struct scene *s = *state;
    start(s, "");
    scene_lose(s, LEG_SMTP, PHASE_DOT, ACT_CLOSE);
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_DOWN, LEG_SMTP, STAGE_AFTER_DOT, CAUSE_CLOSED);
    scene_mend(s);
    scene_poll_once(s, 1);
    is_up(s, PROOF_ROUND_TRIP);
    assert_int_equal(s->rows[1].status.delivered, 2);
}

static void uncertain_and_lost(void **state)
{
    struct scene *s = *state;
    start(s, "interval=1");
    scene_break(s, LEG_SMTP, PHASE_DOT, ACT_CLOSE);
    scene_polled(s, 1, 2);
    scene_is(s, 1, VERDICT_DOWN, LEG_SMTP, STAGE_AFTER_DOT, CAUSE_CLOSED);
    scene_mend(s);
    scene_polled(s, 1, 3);
    scene_is(s, 1, VERDICT_DOWN, LEG_DELIVERY, STAGE_DELIVERY, CAUSE_AWAITING_PROOF);
    scene_polled(s, 1, 4);
    is_up(s, PROOF_ROUND_TRIP);
}

static void pending(void **state)
{
    struct scene *s = *state;
    start(s, "");
    fake_clear(s->fake, "probe");
    scene_poll_once(s, 1);
    is_up(s, PROOF_SEND_ONLY);
    assert_int_equal(s->rows[1].status.outstanding, 2);
}

static void looking_fails_for_long(void **state)
{
    struct scene *s = *state;
    start(s, "");
    scene_break(s, LEG_INCOMING, PHASE_LOGIN, ACT_CREDENTIALS);
    for (unsigned i = 0; i < 33; i++)
        scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_DOWN, LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS);
    assert_int_equal(fake_mails(s->fake, "probe"), 32);
    assert_int_equal(s->rows[1].status.outstanding, 32);
    scene_mend(s);
    scene_poll_once(s, 1);
    is_up(s, PROOF_ROUND_TRIP);
    assert_int_equal(s->rows[1].status.delivered, 32);
    assert_int_equal(fake_mails(s->fake, "probe"), 1);
}

/* A person answers a probe: its token stands in In-Reply-To and in the text. */
static void a_reply_stays(void **state)
{
    struct scene *s = *state;
    char reply[8192];
    start(s, "");
    char *probe = fake_get(s->fake, "probe", 0);
    char *token = strstr(probe, "em1.");
    assert_non_null(token);
    (void)snprintf(reply, sizeof reply, "Message-ID: <other@test>\r\nIn-Reply-To: <%.64s@test>\r\n\r\n> %.64s\r\n",
                   token, token);
    free(probe);
    assert_true(fake_put(s->fake, "probe", reply));
    assert_true(fake_put(s->fake, "probe", "Subject: a letter\r\n\r\nDear all\r\n"));
    scene_poll_once(s, 1);
    is_up(s, PROOF_ROUND_TRIP);
    assert_int_equal(fake_mails(s->fake, "probe"), 3); /* the two, and the new probe */
}

static void an_old_probe_proves_nothing(void **state)
{
    struct scene *s = *state;
    start(s, "interval=1");
    char *old = fake_get(s->fake, "probe", 0);
    fake_set(s->fake, FAULT_SMTP_LOSS, FAKE_LOSS_ALL);
    scene_polled(s, 1, 2);
    is_up(s, PROOF_ROUND_TRIP);
    assert_true(fake_put(s->fake, "probe", old));
    free(old);
    scene_polled(s, 1, 3);
    is_missing(s);
    assert_int_equal(s->rows[1].status.duplicates, 1);
    assert_int_equal(fake_mails(s->fake, "probe"), 0);
}

static bool is_disabled(void *owner)
{
    return ((const struct scene *)owner)->rows[1].status.verdict == VERDICT_DISABLED;
}

static void off_for_a_week(void **state)
{
    struct scene *s = *state;
    start(s, "interval=1");
    scene_put(s, 1, "interval=1 enabled=false");
    fake_clear(s->fake, "probe");
    assert_true(scene_until(s, is_disabled, s, SCENE_WAIT_MS));
    uint32_t polls = s->rows[1].status.polls;
    scene_rest(s, 1300);
    assert_int_equal(s->rows[1].status.polls, polls);
    scene_put(s, 1, "interval=1");
    scene_polled(s, 1, polls + 1);
    is_up(s, PROOF_SEND_ONLY);
    scene_polled(s, 1, polls + 2);
    is_up(s, PROOF_ROUND_TRIP);
    assert_int_equal(s->rows[1].down, 0);
}

static void dropped_at_expunge(void **state)
{
    struct scene *s = *state;
    start(s, "");
    scene_lose(s, LEG_INCOMING, PHASE_EXPUNGE, ACT_CLOSE);
    scene_poll_once(s, 1);
    assert_int_equal(s->rows[1].status.verdict, VERDICT_UP);
    assert_int_equal(s->rows[1].status.proof, PROOF_ROUND_TRIP);
    assert_int_equal(s->rows[1].status.delivered, 1);
}

static void dropped_before_expunge(void **state)
{
    struct scene *s = *state;
    start(s, "");
    scene_break(s, LEG_INCOMING, PHASE_EXPUNGE, ACT_CLOSE);
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_UP, LEG_INCOMING, STAGE_DELETE, CAUSE_CLOSED);
    scene_mend(s);
    scene_poll_once(s, 1);
    is_up(s, PROOF_ROUND_TRIP);
    assert_int_equal(s->rows[1].status.duplicates, 1);
    assert_int_equal(s->rows[1].status.delivered, 2);
    assert_int_equal(fake_mails(s->fake, "probe"), 1);
}

static void seen_twice(void **state)
{
    struct scene *s = *state;
    start(s, "");
    char *again = fake_get(s->fake, "probe", 0);
    scene_poll_once(s, 1);
    assert_true(fake_put(s->fake, "probe", again));
    free(again);
    scene_poll_once(s, 1);
    assert_int_equal(s->rows[1].status.duplicates, 1);
    assert_int_equal(s->rows[1].status.delivered, 2);
    is_up(s, PROOF_ROUND_TRIP);
}

static void greylisted(void **state)
{
    struct scene *s = *state;
    start(s, "failures_before_down=4");
    scene_break(s, LEG_SMTP, PHASE_RCPT, ACT_TEMPORARY);
    for (unsigned i = 0; i < 3; i++) {
        scene_poll_once(s, 1);
        scene_is(s, 1, VERDICT_UP, LEG_SMTP, STAGE_RCPT_TO, CAUSE_TEMPORARY);
    }
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_DOWN, LEG_SMTP, STAGE_RCPT_TO, CAUSE_TEMPORARY);
}

static void undeletable(void **state)
{
    struct scene *s = *state;
    start(s, "");
    scene_break(s, LEG_INCOMING, PHASE_DELETE, ACT_PERMANENT);
    for (unsigned i = 0; i < 3; i++) {
        scene_poll_once(s, 1);
        scene_is(s, 1, VERDICT_UP, LEG_INCOMING, STAGE_DELETE, CAUSE_PERMANENT);
    }
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_DOWN, LEG_INCOMING, STAGE_DELETE, CAUSE_PERMANENT);
}

static void imitations(void **state)
{
    struct scene *s = *state;
    start(s, "");
    char *forged = fake_get(s->fake, "probe", 0);
    for (char *at = forged; (at = strstr(at, "em1.")) != NULL; at++)
        at[40] = at[40] == 'a' ? 'b' : 'a';
    assert_true(fake_put(s->fake, "probe", forged));
    free(forged);
    scene_poll_once(s, 1);
    scene_poll_once(s, 1);
    is_up(s, PROOF_ROUND_TRIP);
    assert_int_equal(s->rows[1].status.forged, 1);
    assert_int_equal(fake_mails(s->fake, "probe"), 2); /* it stays */
}

static int setup_pop3(void **state)
{
    return scene_setup_of(state, "pop3");
}

static int setup_imap(void **state)
{
    return scene_setup_of(state, "imap");
}

#define PLAYS(setup)                                                                                                   \
    {                                                                                                                  \
        PLAY("a first poll only sends, the second finds and deletes", found_and_deleted, setup),                       \
            PLAY("a login to SMTP is made and its mechanism shown", login_up, setup),                                  \
            PLAY("a probe that is missing makes down, and found late makes up again", missing_then_late, setup),       \
            PLAY("a refusal by SMTP stays down until a later probe was seen", smtp_refuses, setup),                    \
            PLAY("a connection lost after the dot is down, and up when the probe arrived", uncertain_and_arrived,      \
                 setup),                                                                                               \
            PLAY("a connection lost after the dot makes no missing probe", uncertain_and_lost, setup),                 \
            PLAY("a poll right after a send keeps the verdict: too young to be missed", pending, setup),               \
            PLAY("while looking fails at most 32 probes are left, and all are deleted in the end",                     \
                 looking_fails_for_long, setup),                                                                       \
            PLAY("a reply to a probe and foreign mail stay in the mailbox", a_reply_stays, setup),                     \
            PLAY("an old probe put back proves nothing", an_old_probe_proves_nothing, setup),                          \
            PLAY("a row that was off begins anew, and misses nothing", off_for_a_week, setup),                         \
            PLAY("a probe counts as found although the connection broke while it was deleted", dropped_at_expunge,     \
                 setup),                                                                                               \
            PLAY("a probe that stayed when the connection broke is a duplicate in the next poll",                      \
                 dropped_before_expunge, setup),                                                                       \
            PLAY("a probe seen twice is deleted twice and counted once", seen_twice, setup),                           \
            PLAY("failures_before_down holds the verdict while probes are greylisted", greylisted, setup),             \
            PLAY("probes that cannot be deleted make down at the fourth poll", undeletable, setup),                    \
            PLAY("an imitation is counted once and left alone", imitations, setup)                                     \
    }

int main(void)
{
#define PLAY(name, function, setup)                                                                                    \
    {                                                                                                                  \
        name, function, setup, scene_teardown, NULL                                                                    \
    }
    const struct CMUnitTest tests[2][17] = {PLAYS(setup_pop3), PLAYS(setup_imap)};
    return side_by_side("typical sequences, POP3 and IMAP", tests[0], sizeof tests / sizeof tests[0][0]);
}
