/* Rows of one mailbox: one session a round, whose finds are everybody's; and what is left of removed ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe.h"
#include "scene.h"
#include "side_by_side.h"

static void both_polled(struct scene *s, uint32_t polls)
{
    scene_polled(s, 1, polls);
    scene_polled(s, 2, polls);
}

static void start_both(struct scene *s, const char *words)
{
    char named[256];
    scene_put(s, 1, words);
    (void)snprintf(named, sizeof named, "%s name=other", words);
    scene_put(s, 2, named);
    both_polled(s, 1);
}

static void one_login(void **state)
{
    struct scene *s = *state;
    start_both(s, "interval=1");
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS), 0);
    both_polled(s, 3);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    scene_is(s, 2, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS), 2);
    assert_int_equal(fake_counted(s->fake, COUNT_OVERLAPS), 0);
    assert_int_equal(s->rows[1].status.skipped + s->rows[2].status.skipped, 0);
}

static void found_by_another(void **state)
{
    struct scene *s = *state;
    start_both(s, "");
    scene_poll_once(s, 1);
    assert_int_equal(s->rows[1].status.delivered, 1);
    scene_rest(s, 50);
    assert_int_equal(s->rows[2].status.delivered, 1);
    assert_int_equal(s->rows[2].consumed, 1);
    assert_int_equal(fake_mails(s->fake, "probe"), 1);
    fake_clear(s->fake, "probe");
    scene_poll_once(s, 2);
    scene_is(s, 2, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[2].status.proof, PROOF_ROUND_TRIP);
    assert_int_equal(s->rows[2].status.delivered, 1);
}

static void one_failure(void **state)
{
    struct scene *s = *state;
    start_both(s, "interval=1");
    fake_set(s->fake, FAULT_LOGIN_REFUSE, 1);
    both_polled(s, 2);
    scene_is(s, 1, VERDICT_DOWN, LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS);
    scene_is(s, 2, VERDICT_DOWN, LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS_REFUSED), 1);
}

/* Another password is another way; what its look has passed over is looked at anew when ways become one. */
static void newcomer_with_probes(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "");
    scene_put(s, 2, "incoming.password=another name=other");
    both_polled(s, 1);
    scene_poll_once(s, 1);
    assert_int_equal(s->rows[2].status.delivered, 0);
    assert_int_equal(fake_mails(s->fake, "probe"), 2); /* the new one, and that of the other row */
    scene_put(s, 2, "name=other");
    scene_poll_once(s, 1);
    scene_rest(s, 50);
    assert_int_equal(s->rows[2].status.delivered, 1);
}

static void never_beside_another_way(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "incoming.type=pop3 interval=1");
    scene_put(s, 2, "incoming.type=pop3 interval=1 name=other incoming.password=another incoming.username=Probe");
    both_polled(s, 1);
    fake_set(s->fake, FAULT_DELAY_MS, 20);
    both_polled(s, 3);
    assert_int_equal(fake_counted(s->fake, COUNT_OVERLAPS), 0);
}

static void removed_and_cleared(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    assert_true(fake_put(s->fake, "probe", "Subject: a letter\r\n\r\n"));
    scene_remove(s, 1);
    scene_counts(s, COUNT_DELETED, 1);
    scene_reaches(s, &s->rows[1].gone, 1);
    assert_int_equal(fake_mails(s->fake, "probe"), 1);
    assert_int_equal(fake_counted(s->fake, COUNT_DELETED), 1);
}

static void removed_and_arrived_late(void **state)
{
    struct scene *s = *state;
    start_both(s, "");
    char *probes[] = {fake_get(s->fake, "probe", 0), fake_get(s->fake, "probe", 1)};
    fake_clear(s->fake, "probe");
    scene_remove(s, 1);
    scene_counts(s, COUNT_LOGINS, 1); /* its last look */
    scene_rest(s, 100);
    assert_true(fake_put(s->fake, "probe", probes[0]));
    assert_true(fake_put(s->fake, "probe", probes[1]));
    free(probes[0]);
    free(probes[1]);
    scene_poll_once(s, 2);
    assert_int_equal(fake_mails(s->fake, "probe"), 1);
    assert_int_equal(s->rows[2].status.delivered, 1);
    assert_int_equal(s->rows[2].status.strays, 0);
}

static void removed_in_flight(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    fake_set(s->fake, FAULT_LOGIN_HANG, 1);
    scene_poll(s, 1);
    scene_rest(s, 100);
    scene_remove(s, 1);
    scene_reaches(s, &s->rows[1].gone, 1);
}

static void refused_once(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "incoming.password=wrong interval=1");
    scene_polled(s, 1, 4);
    scene_is(s, 1, VERDICT_DOWN, LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS_REFUSED), 1);
    assert_non_null(strstr(text_bytes(s->rows[1].status.failure_text), "not sent again"));
    assert_int_equal(s->rows[1].status.sent, 4);
    scene_poll_once(s, 1);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS_REFUSED), 2);
}

static void refused_for_sending(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "smtp.auth=true smtp.username=u smtp.password=wrong interval=1");
    scene_polled(s, 1, 3);
    scene_is(s, 1, VERDICT_DOWN, LEG_SMTP, STAGE_AUTH, CAUSE_BAD_CREDENTIALS);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS_REFUSED), 1);
}

static void in_use_for_a_moment(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "incoming.timeout=2");
    scene_polled(s, 1, 1);
    fake_set(s->fake, FAULT_IN_USE, 1);
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.delivered, 1);
}

static void in_use_for_long(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "incoming.timeout=1"); /* four of them are less than the first pause */
    scene_polled(s, 1, 1);
    fake_set(s->fake, FAULT_IN_USE, 100);
    for (unsigned i = 0; i < 3; i++) {
        scene_poll_once(s, 1);
        scene_is(s, 1, VERDICT_UP, LEG_INCOMING, STAGE_AUTH, CAUSE_IN_USE);
    }
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_DOWN, LEG_INCOMING, STAGE_AUTH, CAUSE_IN_USE);
}

/* A login that comes too early is refused, which the server counts. */
static void not_too_often(void **state)
{
    struct scene *s = *state;
    fake_set(s->fake, FAULT_LOGIN_DELAY, 2);
    scene_put(s, 1, "incoming.type=pop3 interval=1");
    scene_polled(s, 1, 4);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.delivered, 3);
    assert_true(s->rows[1].status.skipped >= 1);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS), 3);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS_REFUSED), 0);
}

/* What is in the log goes to standard error, which is this test's own. */
static size_t read_log(const struct scene *s, char *said, size_t size)
{
    int ends[2], stderr_before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    (void)dup2(ends[1], STDERR_FILENO);
    log_print(s->log);
    (void)dup2(stderr_before, STDERR_FILENO);
    (void)close(stderr_before);
    (void)close(ends[1]);
    ssize_t n = read(ends[0], said, size - 1);
    (void)close(ends[0]);
    said[n > 0 ? n : 0] = '\0';
    return strlen(said);
}

static void told_once(void **state)
{
    struct scene *s = *state;
    char said[4096];
    fake_set(s->fake, FAULT_LOGIN_DELAY, 2);
    scene_put(s, 1, "incoming.type=pop3 interval=2");
    scene_put(s, 2, "incoming.type=pop3 interval=1 name=short");
    scene_polled(s, 2, 4);
    assert_true(read_log(s, said, sizeof said) > 0);
    const char *line = strstr(said, "short: the interval is 1 s, but the server takes one login in 2 s");
    assert_non_null(line);
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

/* A poll that waits for the server's pause goes with its row, and the last look of a removed row waits too. */
static void removed_while_it_waits(void **state)
{
    struct scene *s = *state;
    fake_set(s->fake, FAULT_LOGIN_DELAY, 1);
    scene_put(s, 1, "incoming.type=pop3");
    scene_polled(s, 1, 1);
    scene_poll_once(s, 1);
    scene_poll(s, 1);
    scene_remove(s, 1);
    scene_counts(s, COUNT_DELETED, 2);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS), 2);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS_REFUSED), 0);
}

static void put_test_probe(struct scene *s, int64_t age_s)
{
    struct token token;
    char mail[PROBE_MAX_BYTES + 1];
    int64_t wall_ms = wall_now_ms() - age_s * 1000;
    struct probe_parts parts = {.token = &token, .from = "a@test", .to = "probe@test", .wall_ms = wall_ms};
    assert_true(token_make(&s->test_key, 0, (uint64_t)(wall_ms / 1000), &token));
    size_t n = probe_write(&parts, mail, PROBE_MAX_BYTES);
    assert_true(n > 0);
    mail[n] = '\0';
    assert_true(fake_put(s->fake, "probe", mail));
}

static void probes_of_trials(void **state)
{
    struct scene *s = *state;
    put_test_probe(s, 60);
    put_test_probe(s, 660);
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    scene_poll_once(s, 1);
    assert_int_equal(fake_mails(s->fake, "probe"), 2); /* the young one, and the new probe */
    const struct status *st = &s->rows[1].status;
    assert_int_equal(st->delivered, 1);
    assert_int_equal(st->strays + st->forged + st->duplicates, 0);
}

static void other_installations(void **state)
{
    struct scene *s = *state;
    memset(s->test_key.key, 'x', sizeof s->test_key.key); /* not the worker's */
    put_test_probe(s, 660);
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    scene_poll_once(s, 1);
    assert_int_equal(fake_mails(s->fake, "probe"), 2);
    assert_int_equal(s->rows[1].status.forged, 0);
}

/* The session under way is that of the old password; what it finds is not for this row any more, nor what it misses. */
static void changed_in_the_look(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "interval=1");
    scene_polled(s, 1, 1);
    fake_set(s->fake, FAULT_DELAY_MS, 100);
    scene_rest(s, 700);
    scene_poll(s, 1);
    scene_rest(s, 150);
    scene_put(s, 1, "interval=1 incoming.tls_verify=false");
    fake_set(s->fake, FAULT_DELAY_MS, 0);
    scene_polled(s, 1, 2);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.delivered, 1);
    assert_int_equal(s->rows[1].down, 0);
}

/* Its poll, which waits for the end of another's session, would have nothing to log in with. */
static void waits_for_its_password(void **state)
{
    struct scene *s = *state;
    start_both(s, "");
    fake_set(s->fake, FAULT_DELAY_MS, 100);
    scene_poll(s, 1);
    scene_rest(s, 150);
    scene_poll(s, 2);
    scene_rest(s, 50);
    scene_put_waiting(s, 2, "name=other");
    fake_set(s->fake, FAULT_DELAY_MS, 0);
    scene_rest(s, 1500);
    assert_int_equal(s->rows[2].status.verdict, VERDICT_UP);
    assert_int_equal(s->rows[2].down, 0);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS), 1); /* the other's */
    scene_put(s, 2, "name=other");
    scene_poll_once(s, 2);
    scene_is(s, 2, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
}

#define PLAY(name, function, setup)                                                                                    \
    {                                                                                                                  \
        name, function, setup, scene_teardown, NULL                                                                    \
    }
#define PLAYS(setup)                                                                                                   \
    {                                                                                                                  \
        PLAY("two rows of one mailbox are looked at by one login a round", one_login, setup),                          \
            PLAY("a probe found by another row's session is not missed", found_by_another, setup),                     \
            PLAY("a session that failed fails for all who had joined it", one_failure, setup),                         \
            PLAY("a row that comes with probes makes the mailbox be read anew", newcomer_with_probes, setup),          \
            PLAY("two ways into one mailbox never overlap", never_beside_another_way, setup),                          \
            PLAY("a removed row's probe is deleted by one last look", removed_and_cleared, setup),                     \
            PLAY("a removed row's late probe is deleted by another row's look", removed_and_arrived_late, setup),      \
            PLAY("a row may be removed while it is polled", removed_in_flight, setup),                                 \
            PLAY("a refused password does not go out twice, but poll now insists", refused_once, setup),               \
            PLAY("a refused password for sending does not go out twice", refused_for_sending, setup),                  \
            PLAY("a mailbox in use is tried again after five seconds", in_use_for_a_moment, setup),                    \
            PLAY("a mailbox in use for long keeps the verdict for three polls", in_use_for_long, setup),               \
            PLAY("no login comes earlier than the server takes one", not_too_often, setup),                            \
            PLAY("an interval that is too short for its server is told once", told_once, setup),                       \
            PLAY("a row may be removed while it waits for the server to take a login", removed_while_it_waits, setup), \
            PLAY("probes of emailmon test are left alone for ten minutes, then deleted uncounted", probes_of_trials,   \
                 setup),                                                                                               \
            PLAY("probes of another installation are foreign mail", other_installations, setup),                       \
            PLAY("a row whose password changes during its look is looked at anew", changed_in_the_look, setup),        \
            PLAY("a row that waits for its password logs in nowhere", waits_for_its_password, setup)                   \
    }

static int setup_pop3(void **state)
{
    return scene_setup_of(state, "pop3");
}

static int setup_imap(void **state)
{
    return scene_setup_of(state, "imap");
}

int main(void)
{
    const struct CMUnitTest tests[2][19] = {PLAYS(setup_pop3), PLAYS(setup_imap)};
    return side_by_side("rows of one mailbox, POP3 and IMAP", tests[0], sizeof tests / sizeof tests[0][0]);
}
