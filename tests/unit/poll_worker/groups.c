/* Rows of one mailbox: one session a round, whose finds are everybody's; and what is left of removed ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "group.h"
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
    assert_int_equal(s->rows[2].probes[PROBE_CONSUMED], 1);
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
    scene_break(s, LEG_INCOMING, PHASE_LOGIN, ACT_CREDENTIALS);
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
    scene_break(s, LEG_INCOMING, PHASE_LOGIN, ACT_SILENCE);
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

static void put_token(struct scene *s, const struct token *token)
{
    char mail[PROBE_MAX_BYTES + 1];
    int64_t wall_ms = (int64_t)token->time_s * 1000;
    struct probe_parts parts = {.token = token, .from = "a@test", .to = "probe@test", .wall_ms = wall_ms};
    size_t n = probe_write(&parts, mail, PROBE_MAX_BYTES);
    assert_true(n > 0);
    mail[n] = '\0';
    assert_true(fake_put(s->fake, "probe", mail));
}

static struct token token_of(const struct token_key *key, uint64_t serial, int64_t age_s)
{
    struct token token;
    uint8_t handle[TOKEN_HANDLE_BYTES];
    struct token_sealer *sealer = token_sealer_new(key);
    assert_non_null(sealer);
    assert_true(token_handle(sealer, serial, handle));
    assert_true(token_make(sealer, serial, handle, (uint64_t)(wall_now_ms() / 1000 - age_s), &token));
    token_sealer_free(sealer);
    return token;
}

static void put_test_probe(struct scene *s, int64_t age_s)
{
    struct token token = token_of(&s->test_key, 0, age_s);
    put_token(s, &token);
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

/* --- rows that were removed before a restart --- */

enum { A_MINUTE_MS = 60 * 1000 };

/* ${n} rows, the serial of the first is 1001; one after the other is forgotten, a second each, the first in
 * ${left_ms}. */
static struct restored *gone_rows(size_t n, int64_t left_ms)
{
    struct restored *r = restored_new();
    assert_non_null(r);
    r->gone = calloc(n, sizeof *r->gone);
    assert_non_null(r->gone);
    for (; r->gone_count < n; r->gone_count++) {
        int64_t until_ms = wall_now_ms() + left_ms + (int64_t)r->gone_count * 1000;
        r->gone[r->gone_count] = (struct restored_gone){.serial = 1001 + r->gone_count, .until_ms = until_ms};
    }
    return r;
}

static void put_probe_of(struct scene *s, uint64_t serial)
{
    struct token token = token_of(&s->key, serial, 60);
    put_token(s, &token);
}

/* Polls row 1, whose own probe is deleted and another one put; ${deleted}: of the others. */
static void look_deletes(struct scene *s, unsigned deleted)
{
    uint64_t before = fake_counted(s->fake, COUNT_DELETED);
    size_t mails = fake_mails(s->fake, "probe");
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    scene_poll_once(s, 1);
    const struct status *st = &s->rows[1].status;
    assert_int_equal(fake_counted(s->fake, COUNT_DELETED) - before, deleted + 1);
    assert_int_equal(fake_mails(s->fake, "probe"), mails - deleted + 1);
    assert_int_equal(st->verdict, VERDICT_UP);
    assert_int_equal(st->delivered, 1);
    assert_int_equal(st->strays + st->forged + st->duplicates + st->late, 0);
}

static void removed_before_a_restart(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    char *probe = fake_get(s->fake, "probe", 0);
    fake_clear(s->fake, "probe");
    struct restored *r = gone_rows(1, A_MINUTE_MS);
    r->gone[0].serial = s->rows[1].serial;
    scene_remove(s, 1);
    scene_reaches(s, &s->rows[1].gone, 1);
    scene_restart(s, r);
    assert_true(fake_put(s->fake, "probe", probe));
    free(probe);
    look_deletes(s, 1);
}

static void forged_and_foreign(void **state)
{
    struct scene *s = *state;
    scene_restart(s, gone_rows(1, A_MINUTE_MS));
    struct token forged = token_of(&s->key, 1001, 60);
    forged.mac[15] ^= 1;
    put_token(s, &forged);
    put_probe_of(s, 1002); /* of nobody */
    s->test_key.instance[0] ^= 1;
    put_test_probe(s, 660);
    assert_true(fake_put(s->fake, "probe", "Subject: a letter\r\n\r\n"));
    look_deletes(s, 0);
}

static void gone_for_long(void **state)
{
    struct scene *s = *state;
    scene_restart(s, gone_rows(2, -500)); /* the second has half a second */
    put_probe_of(s, 1001);
    put_probe_of(s, 1002);
    scene_rest(s, 2000);
    look_deletes(s, 0);
}

static void too_many_gone(void **state)
{
    struct scene *s = *state;
    scene_restart(s, gone_rows(GONE_MAX + 1, A_MINUTE_MS));
    put_probe_of(s, 1001);
    put_probe_of(s, 1002);
    put_probe_of(s, 1001 + GONE_MAX);
    look_deletes(s, 2);
}

/* Rows that the file lost while emailmon did not run. */
static void absent_after_a_restart(void **state)
{
    struct scene *s = *state;
    struct restored *r = restored_new();
    assert_non_null(r);
    r->rows = calloc(1, sizeof *r->rows);
    assert_non_null(r->rows);
    struct restored_row *row = &r->rows[r->row_count++];
    *row = (struct restored_row){.index = 9, .serial = 999, .name = text_new("lost", 4), .probe_count = 1};
    status_init(&row->status);
    row_memory_init(&row->memory);
    row->probes = calloc(1, sizeof *row->probes);
    assert_non_null(row->probes);
    row->probes[0] = (struct probe_record){.time_s = 1, .state = PROBE_OUT};
    assert_true(restored_index(r));
    scene_restart(s, r);
    put_probe_of(s, 999);
    s->rows[9].serial = 999;
    scene_order(s, ORDER_ABSENT, 9, NULL);
    look_deletes(s, 1);
}

/* --- rows that change --- */

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
            PLAY("an interval that is too short for its server is told once", told_once, setup_logged),                \
            PLAY("a row may be removed while it waits for the server to take a login", removed_while_it_waits, setup), \
            PLAY("probes of emailmon test are left alone for ten minutes, then deleted uncounted", probes_of_trials,   \
                 setup),                                                                                               \
            PLAY("probes of another installation are foreign mail", other_installations, setup),                       \
            PLAY("a row whose password changes during its look is looked at anew", changed_in_the_look, setup),        \
            PLAY("a row that waits for its password logs in nowhere", waits_for_its_password, setup),                  \
            PLAY("a probe of a row removed before a restart is deleted by another row's look",                         \
                 removed_before_a_restart, setup),                                                                     \
            PLAY("of a row removed before a restart forged probes stay, and foreign mail", forged_and_foreign, setup), \
            PLAY("probes of rows that are gone for seven days stay", gone_for_long, setup),                            \
            PLAY("of too many removed rows those are known that went last", too_many_gone, setup),                     \
            PLAY("probes of a row that did not come after a restart are deleted", absent_after_a_restart, setup)       \
    }

static int setup_logged(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->log = log_new();
    assert_non_null(s->log);
    scene_open(s);
    *state = s;
    return 0;
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
    const struct CMUnitTest tests[2][24] = {PLAYS(setup_pop3), PLAYS(setup_imap)};
    return side_by_side("rows of one mailbox, POP3 and IMAP", tests[0], sizeof tests / sizeof tests[0][0]);
}
