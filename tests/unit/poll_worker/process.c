/* What the worker does as a whole: limits, clocks, queues, lacks of its own, and its end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_dns.h"
#include "scene.h"
#include "side_by_side.h"

enum { MANY = 200, SOME = 40, FEW = 8, STOPPED_MS = 3000 };

static void put_many(struct scene *s, int32_t rows, const char *words)
{
    char of_row[256];
    for (int32_t i = 1; i <= rows; i++) {
        (void)snprintf(of_row, sizeof of_row, "name=row%d smtp.to=box%d@test incoming.username=box%d %s", i, i, i,
                       words);
        scene_put(s, i, of_row);
    }
}

static void all_polled(struct scene *s, int32_t rows, uint32_t polls)
{
    for (int32_t i = 1; i <= rows; i++)
        scene_polled(s, i, polls);
}

static bool is_idle(void *owner)
{
    struct scene *s = owner;
    return fake_counted(s->fake, COUNT_OPEN) == 0;
}

/* Each row by itself; then none, so that nothing goes on. */
static void end_many(struct scene *s)
{
    put_many(s, MANY, "enabled=false");
    assert_true(scene_until(s, is_idle, s, 5000));
    scene_rest(s, 200);
}

static void many_rows(void **state)
{
    struct scene *s = *state;
    scene_put(s, MANY + 1, "interval=1 name=first smtp.to=first@test incoming.username=first");
    scene_polled(s, MANY + 1, 2);
    scene_remove(s, MANY + 1);
    assert_true(scene_until(s, is_idle, s, 3000));
    scene_rest(s, 200);
    unsigned before = scene_descriptors();
    put_many(s, MANY, "interval=2");
    (void)usleep(1000000); /* nobody takes what the worker says: statuses and entries of the journal wait with it */
    all_polled(s, MANY, 2);
    for (int32_t i = 1; i <= MANY; i++) {
        const struct seen *row = &s->rows[i];
        scene_is(s, i, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
        assert_int_equal(row->status.proof, PROOF_ROUND_TRIP);
        assert_true(row->probes[PROBE_SENDING] >= row->status.sent);
        assert_true(row->probes[PROBE_CONSUMED] >= row->status.delivered);
    }
    end_many(s);
    assert_int_equal(scene_descriptors(), before);
    assert_int_equal(fake_counted(s->fake, COUNT_OVERLAPS), 0);
}

static bool all_are_down(void *owner)
{
    const struct scene *s = owner;
    for (int32_t i = 1; i <= SOME; i++)
        if (s->rows[i].status.verdict != VERDICT_DOWN)
            return false;
    return true;
}

/* 40 rows, 10 at once, a second each: four seconds one after the other; after three
 * timeouts the rest takes them over. */
static void a_silent_host(void **state)
{
    struct scene *s = *state;
    put_many(s, SOME, "interval=1 smtp.timeout=1");
    all_polled(s, SOME, 1);
    put_many(s, SOME, "interval=86400 smtp.timeout=1 enabled=false");
    assert_true(scene_until(s, is_idle, s, 5000));
    fake_set(s->fake, FAULT_SILENT, 1);
    put_many(s, SOME, "interval=1 smtp.timeout=1");
    assert_true(scene_until(s, all_are_down, s, 5000));
    unsigned taken_over = 0;
    for (int32_t i = 1; i <= SOME; i++) {
        scene_is(s, i, VERDICT_DOWN, LEG_SMTP, STAGE_GREETING, CAUSE_TIMED_OUT);
        taken_over += strstr(text_bytes(s->rows[i].status.failure_text), "does not answer") != NULL;
    }
    assert_in_range(taken_over, SOME / 2, SOME);
}

static int setup_narrow(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->in_flight = 3;
    scene_open(s);
    *state = s;
    return 0;
}

/* Farewells are beside the limit; here they are short. */
static void in_flight_holds(void **state)
{
    struct scene *s = *state;
    fake_set(s->fake, FAULT_DELAY_MS, 5);
    put_many(s, SOME, "interval=1");
    all_polled(s, SOME, 2);
    assert_in_range(fake_counted(s->fake, COUNT_OPEN_MOST), 2, 6);
}

static int setup_one_slot(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->in_flight = 3;
    s->per_host = 1;
    scene_open(s);
    *state = s;
    return 0;
}

/* One of them is connected, and the others wait for that one's slot: more than may be at work at once. */
static void waiting_is_no_work(void **state)
{
    const struct fake_break silence = {.phase = PHASE_GREETING, .act = ACT_SILENCE};
    struct scene *s = *state;
    put_many(s, FEW, "incoming.type=imap");
    scene_put(s, FEW + 1, "name=other smtp.to=other@test incoming.username=other incoming.type=pop3");
    all_polled(s, FEW + 1, 1);
    fake_break(s->fake, FAKE_IMAP, &silence);
    for (int32_t i = 1; i <= FEW; i++)
        scene_poll(s, i);
    scene_reaches(s, &s->process.in_flight, 3);
    scene_poll_once(s, FEW + 1);
    scene_is(s, FEW + 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.polls, 1); /* still waiting */
}

static void a_slow_server_skips(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "interval=1 smtp.timeout=1 incoming.timeout=1");
    scene_polled(s, 1, 1);
    fake_set(s->fake, FAULT_SILENT, 1);
    scene_polled(s, 1, 2);
    scene_is(s, 1, VERDICT_DOWN, LEG_SMTP, STAGE_GREETING, CAUSE_TIMED_OUT);
    assert_in_range(s->rows[1].status.skipped, 1, 8);
}

/* How far ${ms} is from a whole second. */
static int64_t off_the_grid(int64_t ms)
{
    int64_t rest = (ms % 1000 + 1000) % 1000;
    return rest < 500 ? rest : 1000 - rest;
}

static void the_grid_holds(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "interval=1");
    scene_polled(s, 1, 1);
    int64_t first_ms = s->rows[1].status.next_poll;
    fake_set(s->fake, FAULT_DELAY_MS, 20); /* would show if a start counted from the end of the last poll */
    for (uint32_t polls = 2; polls <= 4; polls++) {
        scene_polled(s, 1, polls);
        const struct status *st = &s->rows[1].status;
        assert_true(st->next_poll > st->last_poll);
        assert_in_range(off_the_grid(st->next_poll - first_ms), 0, 100);
    }
}

static bool has_skipped(void *owner)
{
    const struct scene *s = owner;
    return s->rows[1].status.skipped >= 2;
}

static bool is_off(void *owner)
{
    const struct scene *s = owner;
    return s->rows[1].status.verdict == VERDICT_DISABLED;
}

static void the_next_is_always_ahead(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "interval=1");
    scene_polled(s, 1, 1);
    scene_break(s, LEG_INCOMING, PHASE_LOGIN, ACT_SILENCE); /* this poll outlasts some starts */
    assert_true(scene_until(s, has_skipped, s, SCENE_WAIT_MS));
    assert_in_range(s->rows[1].status.next_poll, wall_now_ms() - 200, wall_now_ms() + 1000);
    scene_put(s, 1, "interval=1 enabled=false");
    assert_true(scene_until(s, is_off, s, SCENE_WAIT_MS));
    assert_int_equal(s->rows[1].status.next_poll, 0);
}

static void poll_now_while_polled(void **state)
{
    struct scene *s = *state;
    fake_set(s->fake, FAULT_DELAY_MS, 30);
    scene_put(s, 1, "");
    scene_counts(s, COUNT_SMTP_CONNECTIONS, 1);
    scene_poll(s, 1);
    scene_polled(s, 1, 2);
    scene_rest(s, 300);
    assert_int_equal(s->rows[1].status.polls, 2);
}

static void without_a_disk(void **state)
{
    struct scene *s = *state;
    s->no_receipts = true;
    uint64_t began_ms = monotonic_now_ms();
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    scene_poll_once(s, 1);
    uint64_t took_ms = monotonic_now_ms() - began_ms;
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.delivered, 1);
    assert_in_range(took_ms, 700, 2500); /* 250 ms before each of two probes, and before one deletion */
}

static bool alarm_is_raised(void *owner)
{
    return (((const struct scene *)owner)->process.alarms & ALARM_SECRETS) != 0;
}

static void without_a_password(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "incoming.password=");
    scene_polled(s, 1, 1);
    scene_is(s, 1, VERDICT_UNKNOWN, LEG_LOCAL, STAGE_LOCAL, CAUSE_SECRET);
    assert_int_equal(s->rows[1].status.sent, 1);
    assert_true(scene_until(s, alarm_is_raised, s, 2500));
    scene_put(s, 2, "smtp.auth=true smtp.username=u name=other");
    scene_polled(s, 2, 1);
    scene_is(s, 2, VERDICT_UNKNOWN, LEG_LOCAL, STAGE_LOCAL, CAUSE_SECRET);
    scene_poll_once(s, 2);
    assert_int_equal(fake_counted(s->fake, COUNT_SMTP_CONNECTIONS), 1);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS), 1);
}

static bool descriptors_alarm(void *owner)
{
    return (((const struct scene *)owner)->process.alarms & ALARM_DESCRIPTORS) != 0;
}

static void without_descriptors(void **state)
{
    struct scene *s = *state;
    struct rlimit before, none;
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    assert_true(scene_until(s, is_idle, s, 3000));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    scene_poll_once(s, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    scene_is(s, 1, VERDICT_UP, LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES);
    assert_true(scene_until(s, descriptors_alarm, s, 2500));
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].down, 0);
}

static void without_names(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    char servers[32];
    (void)state;
    assert_non_null(s);
    struct fake_dns *dns = fake_dns_start(servers);
    assert_non_null(dns);
    s->dns = servers;
    scene_open(s);
    scene_put(s, 1, "device=mail.test");
    scene_polled(s, 1, 1);
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    fake_dns_stop(dns);
    scene_rest(s, 1200); /* what was answered is no longer fresh */
    scene_poll_once(s, 1);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.delivered, 2);
    scene_put(s, 2, "device=never.seen.test name=other");
    scene_polled(s, 2, 1);
    scene_is(s, 2, VERDICT_UNKNOWN, LEG_LOCAL, STAGE_LOCAL, CAUSE_NAME_SERVER);
    scene_close(s);
    free(s);
}

/* An address of the link without the link's name is such a one everywhere. */
static void without_a_way(void **state)
{
    struct scene *s = *state;
    scene_put(s, 2, "name=other smtp.server=fe80::1 smtp.to=other@test incoming.username=other");
    scene_polled(s, 2, 1);
    scene_is(s, 2, VERDICT_UNKNOWN, LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES);
    scene_put(s, 3, "name=third incoming.server=fe80::1 smtp.to=third@test");
    scene_polled(s, 3, 1);
    scene_poll_once(s, 3);
    scene_is(s, 3, VERDICT_UP, LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES);
    assert_int_equal(s->rows[3].status.sent, 2); /* the way to the other server is another */
}

/* A server in a process of its own, which stops this one in the middle of a poll, as a suspended machine does. */
static void serve_and_stop(int ours, int theirs)
{
    static const uint16_t any[FAKE_PROTOCOLS] = {0};
    struct fake_mail *fake = fake_start(any);
    uint16_t ports[2];
    char byte;
    if (fake == NULL)
        _exit(1);
    ports[0] = fake_port(fake, FAKE_SMTP);
    ports[1] = fake_port(fake, FAKE_POP3);
    (void)!write(theirs, ports, sizeof ports);
    (void)!read(ours, &byte, 1);
    fake_set(fake, FAULT_DELAY_MS, 100);
    (void)!write(theirs, &byte, 1);
    (void)usleep(250000); /* the first answers are on their way */
    (void)kill(getppid(), SIGSTOP);
    (void)usleep(STOPPED_MS * 1000);
    (void)kill(getppid(), SIGCONT);
    (void)!read(ours, &byte, 1); /* ends when the other end does */
    _exit(0);
}

static void stopped_for_long(void **state)
{
    int to[2], from[2];
    uint16_t ports[2];
    char words[128], byte = 0;
    (void)state;
    assert_true(pipe(to) == 0 && pipe(from) == 0);
    pid_t server = fork(); /* before there are threads */
    assert_true(server >= 0);
    if (server == 0) {
        (void)close(to[1]);
        serve_and_stop(to[0], from[1]);
    }
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    scene_open(s);
    assert_int_equal(read(from[0], ports, sizeof ports), sizeof ports);
    (void)snprintf(words, sizeof words, "smtp.port=%u incoming.port=%u smtp.timeout=1 incoming.timeout=1", ports[0],
                   ports[1]);
    scene_put(s, 1, words);
    scene_polled(s, 1, 1);
    assert_int_equal(write(to[1], &byte, 1), 1);
    assert_int_equal(read(from[0], &byte, 1), 1);
    uint64_t began_ms = monotonic_now_ms();
    scene_poll_once(s, 1);
    assert_true(monotonic_now_ms() - began_ms >= STOPPED_MS);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.proof, PROOF_ROUND_TRIP);
    (void)close(to[1]);
    assert_int_equal(waitpid(server, NULL, 0), server);
    scene_close(s);
    free(s);
}

static bool is_sampled(void *owner)
{
    return ((struct scene *)owner)->rows[1].sampling.open.polls > 0;
}

static bool is_not_sampled(void *owner)
{
    return !is_sampled(owner);
}

static void another_history(void **state)
{
    struct scene *s = *state;
    struct order order = {.kind = ORDER_HISTORY, .history_s = 3600};
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    assert_false(is_sampled(s));
    assert_true(queue_post(s->orders, &order));
    scene_poll_once(s, 1);
    assert_true(scene_until(s, is_sampled, s, SCENE_WAIT_MS));
    order.history_s = 0;
    assert_true(queue_post(s->orders, &order));
    scene_poll_once(s, 1);
    assert_true(scene_until(s, is_not_sampled, s, SCENE_WAIT_MS));
}

static void changed_path(void **state)
{
    struct scene *s = *state;
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    scene_break(s, LEG_INCOMING, PHASE_LOGIN, ACT_SILENCE);
    scene_poll(s, 1);
    scene_rest(s, 100);
    scene_put(s, 1, "smtp.to=second@test incoming.username=second"); /* gives the poll up, and only sends */
    scene_polled(s, 1, 2);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(fake_mails(s->fake, "second"), 1);
    assert_int_equal(s->rows[1].status.outstanding, 1);
}

/* That it ends in time is checked by the teardown. */
static void stopped_in_flight(void **state)
{
    struct scene *s = *state;
    put_many(s, MANY, "interval=1");
    all_polled(s, MANY, 1);
    scene_break(s, LEG_INCOMING, PHASE_LOGIN, ACT_SILENCE);
    scene_rest(s, 1200);
}

static void stopped_after_the_dot(void **state)
{
    struct scene *s = *state;
    scene_lose(s, LEG_SMTP, PHASE_DOT, ACT_SILENCE);
    scene_put(s, 1, "smtp.timeout=60");
    scene_counts(s, COUNT_MAILS, 1);
    scene_reaches(s, &s->rows[1].probes[PROBE_SENDING], 1);
    assert_int_equal(fake_mails(s->fake, "probe"), 1);
}

static void stopped_at_once(void **state)
{
    (void)state;
}

static void cannot_start(void **state)
{
    struct queue *queues[] = {queue_new(1, sizeof(struct order)), queue_new(1, sizeof(struct receipt)),
                              queue_new(1, sizeof(struct report)), queue_new(1, sizeof(struct journal_entry))};
    struct lock_table *locks = lock_table_new();
    struct handover *handover = handover_new();
    struct refusals *refusals = refusals_new();
    struct worker_options options = {.dns = "no address",
                                     .workers = 1,
                                     .locks = locks,
                                     .refusals = refusals,
                                     .handover = handover,
                                     .in_flight = 1,
                                     .per_host = 1,
                                     .orders = queues[0],
                                     .receipts = queues[1],
                                     .reports = queues[2],
                                     .journal = queues[3]};
    struct failure why;
    (void)state;
    assert_null(worker_start(&options, &why));
    assert_int_equal(why.leg, LEG_LOCAL);
    assert_int_equal(why.cause, CAUSE_NAME_SERVER);
    failure_clear(&why);
    lock_table_free(locks);
    handover_free(handover);
    refusals_free(refusals);
    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++)
        queue_free(queues[i], NULL);
}

int main(void)
{
#define PLAY(name, function, setup)                                                                                    \
    {                                                                                                                  \
        name, function, setup, scene_teardown, NULL                                                                    \
    }
    const struct CMUnitTest tests[] = {
        PLAY("200 rows are polled, told whole though nobody listened, and no descriptor stays open", many_rows,
             scene_setup),
        PLAY("a host that does not answer holds nobody up", a_silent_host, scene_setup),
        PLAY("no more polls are at work than may be", in_flight_holds, setup_narrow),
        PLAY("who waits for a slot at a slow server keeps no other row from starting", waiting_is_no_work,
             setup_one_slot),
        PLAY("starts missed are counted, and no row is polled twice at once", a_slow_server_skips, scene_setup),
        PLAY("polls follow the grid without drift, and the next is told", the_grid_holds, scene_setup),
        PLAY("the next start is ahead also while a poll lasts, and never comes for a row that is off",
             the_next_is_always_ahead, scene_setup),
        PLAY("poll now while it is polled polls once more", poll_now_while_polled, scene_setup),
        PLAY("a disk that hangs holds a poll up by 250 ms and changes nothing else", without_a_disk, scene_setup),
        PLAY("a leg without its password opens no connection, and nobody is up by half", without_a_password,
             scene_setup),
        PLAY("a row stays up while descriptors lack", without_descriptors, scene_setup),
        {"a name server that dies makes nobody down", without_names, NULL, NULL, NULL},
        PLAY("a server that this machine has no way to makes nobody down", without_a_way, scene_setup),
        {"a process that was stopped for longer than its timeouts has seen none", stopped_for_long, NULL, NULL, NULL},
        {"a worker that cannot start says why, and leaves nothing behind", cannot_start, NULL, NULL, NULL},
        PLAY("rows are sampled as long as there is a history", another_history, scene_setup),
        PLAY("a changed path gives the poll up and begins anew", changed_path, scene_setup),
        PLAY("it ends in time with 200 polls at work", stopped_in_flight, scene_setup),
        PLAY("it ends in time while a server owes the answer to the dot", stopped_after_the_dot, scene_setup),
        PLAY("it ends at once when nothing is at work", stopped_at_once, scene_setup),
    };
    return side_by_side("the worker as a whole", tests, sizeof tests / sizeof tests[0]);
}
