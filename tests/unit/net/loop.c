/* Deadlines against sockets and stalls, and addresses as values. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "address.h"
#include "loop.h"
#include "text.h"

enum { STALL_MS = 1500, LIMIT_MS = 1000 };

static void sleep_ms(unsigned ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0)
        continue;
}

/* --- addresses --- */

static void literals_are_read_and_printed_in_one_form(void **state)
{
    static const struct {
        const char *text, *printed; /* NULL: no address */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0::1", "2001:db8::1"},
        {"::1", "::1"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"fe80::1%1", "fe80::1%lo"},
        {"fe80::1%4294967295", "fe80::1%4294967295"},
        {"", NULL},
        {"192.0.2", NULL},
        {"192.0.2.1.", NULL},
        {"[::1]", NULL},
        {"192.0.2.1%1", NULL},
        {"fe80::1%no-such-zone", NULL},
        {"mail.example.org", NULL},
        {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address a;
        char printed[ADDRESS_TEXT_MAX + 18];
        bool is_one = address_parse(rows[i].text, &a);
        assert_int_equal(is_one, rows[i].printed != NULL);
        if (!is_one)
            continue;
        address_print(&a, printed);
        assert_string_equal(printed, rows[i].printed);
    }
}

static void addresses_are_equal_only_in_family_bytes_and_zone(void **state)
{
    struct address v4, v6, zone;
    (void)state;
    assert_true(address_parse("192.0.2.1", &v4));
    assert_true(address_parse("fe80::1", &v6));
    assert_true(address_parse("fe80::1%1", &zone));
    assert_true(address_equal(&v4, &v4));
    assert_false(address_equal(&v4, &v6));
    assert_false(address_equal(&v6, &zone));
    v4.bytes[9] = 1; /* behind an IPv4 address stands nothing that counts */
    struct address same;
    assert_true(address_parse("192.0.2.1", &same));
    assert_true(address_equal(&v4, &same));
}

/* --- order --- */

struct mark {
    struct deadline *deadline;
    uint64_t ms;
    struct marks *all;
};

struct marks {
    struct loop *loop;
    struct mark each[500];
    size_t called;
    uint64_t last_ms, began_ms;
};

static void check_order(void *owner)
{
    struct mark *m = owner;
    assert_true(m->ms >= m->all->last_ms);
    assert_true(loop_now_ms(m->all->loop) - m->all->began_ms >= m->ms);
    m->all->last_ms = m->ms;
    m->all->called++;
    deadline_free(m->deadline);
    m->deadline = NULL;
}

static void deadlines_are_called_once_each_in_the_order_of_their_times(void **state)
{
    static struct marks all;
    const size_t n = sizeof all.each / sizeof all.each[0];
    (void)state;
    all.loop = loop_new();
    all.began_ms = loop_now_ms(all.loop);
    srandom(1);
    for (size_t i = 0; i < n; i++) {
        struct mark *m = &all.each[i];
        m->all = &all;
        m->deadline = deadline_new(all.loop, check_order, m);
        assert_non_null(m->deadline);
        deadline_set(m->deadline, 5000);
        m->ms = (uint64_t)random() % 200;
        deadline_set(m->deadline, m->ms); /* moved */
    }
    for (size_t i = 0; i < n; i += 10) {
        deadline_free(all.each[i].deadline);
        all.each[i].deadline = NULL;
    }
    loop_run(all.loop);
    assert_int_equal(all.called, n - n / 10);
    loop_free(all.loop);
}

struct again {
    struct loop *loop;
    struct deadline *own, *other;
    int pipe[2];
    unsigned turns;
    bool other_called, read;
    struct watch *watch;
};

static void set_again(void *owner)
{
    struct again *a = owner;
    if (++a->turns < 1000 && !a->read)
        deadline_set(a->own, 0);
}

static void take_byte(void *owner)
{
    struct again *a = owner;
    char byte;
    assert_int_equal(read(a->pipe[0], &byte, 1), 1);
    a->read = true;
    watch_free(a->watch);
}

static void a_deadline_of_zero_that_is_set_again_does_not_hold_the_loop(void **state)
{
    struct again a = {.loop = loop_new()};
    (void)state;
    assert_int_equal(pipe(a.pipe), 0);
    a.own = deadline_new(a.loop, set_again, &a);
    a.watch = loop_watch(a.loop, a.pipe[0], take_byte, &a);
    assert_int_equal(write(a.pipe[1], "x", 1), 1);
    deadline_set(a.own, 0);
    loop_run(a.loop);
    assert_true(a.read);
    assert_true(a.turns < 10);
    deadline_free(a.own);
    loop_free(a.loop);
    close(a.pipe[0]);
    close(a.pipe[1]);
}

static void note_other(void *owner)
{
    ((struct again *)owner)->other_called = true;
}

static void free_other(void *owner)
{
    struct again *a = owner;
    deadline_free(a->other);
    deadline_free(a->own);
}

static void a_deadline_may_free_itself_and_others_that_are_due_too(void **state)
{
    struct again a = {.loop = loop_new()};
    (void)state;
    a.own = deadline_new(a.loop, free_other, &a);
    a.other = deadline_new(a.loop, note_other, &a);
    deadline_set(a.own, 10);
    deadline_set(a.other, 10);
    loop_run(a.loop);
    assert_false(a.other_called);
    loop_free(a.loop);
}

/* --- stalls --- */

struct race {
    struct loop *loop;
    struct deadline *limit, *stall;
    struct watch *watch;
    int pipe[2];
    uint64_t began_ms, lost_ms;
    bool answered;
    uint32_t stalls; /* known when the answer came */
    bool silent;
};

static void stand_still(void *owner)
{
    struct race *r = owner;
    sleep_ms(STALL_MS);
    if (!r->silent)
        assert_int_equal(write(r->pipe[1], "x", 1), 1);
}

static void answer_comes(void *owner)
{
    struct race *r = owner;
    char byte;
    assert_int_equal(read(r->pipe[0], &byte, 1), 1);
    r->answered = true;
    r->stalls = loop_stalls(r->loop);
    deadline_clear(r->limit);
    watch_free(r->watch);
    r->watch = NULL;
}

static void time_is_up(void *owner)
{
    struct race *r = owner;
    r->lost_ms = monotonic_now_ms() - r->began_ms;
    watch_free(r->watch);
    r->watch = NULL;
}

static void begin_race(struct race *r)
{
    r->loop = loop_new();
    assert_int_equal(pipe(r->pipe), 0);
    r->watch = loop_watch(r->loop, r->pipe[0], answer_comes, r);
    r->limit = deadline_new(r->loop, time_is_up, r);
    r->stall = deadline_new(r->loop, stand_still, r);
    r->began_ms = monotonic_now_ms();
    deadline_set(r->limit, LIMIT_MS);
}

static void end_race(struct race *r)
{
    deadline_free(r->limit);
    deadline_free(r->stall);
    loop_free(r->loop);
    close(r->pipe[0]);
    close(r->pipe[1]);
}

static void an_answer_that_waits_in_the_socket_wins_over_a_deadline_passed_in_a_stall(void **state)
{
    struct race r = {0};
    (void)state;
    begin_race(&r);
    deadline_set(r.stall, 10);
    loop_run(r.loop);
    assert_true(r.answered);
    assert_int_equal(r.lost_ms, 0);
    assert_int_equal(r.stalls, 1);
    assert_int_equal(loop_stalls(r.loop), 1);
    end_race(&r);
}

static void a_stall_pushes_deadlines_back_but_does_not_forget_them(void **state)
{
    struct race r = {.silent = true};
    (void)state;
    begin_race(&r);
    deadline_set(r.stall, 10);
    loop_run(r.loop);
    assert_false(r.answered);
    assert_true(r.lost_ms >= STALL_MS + LIMIT_MS - 100);
    assert_true(r.lost_ms < STALL_MS + 5 * LIMIT_MS);
    end_race(&r);
}

static void a_stall_does_not_push_an_exact_deadline(void **state)
{
    struct race r = {.silent = true};
    (void)state;
    begin_race(&r);
    deadline_exact(r.limit, true);
    deadline_set(r.stall, 10);
    loop_run(r.loop);
    assert_true(r.lost_ms >= STALL_MS);
    assert_true(r.lost_ms < STALL_MS + LIMIT_MS - 50);
    end_race(&r);
}

/* The child runs the race; its exit says who won: 0 the answer, with the stall counted. */
static void run_child(struct race *r, int ready)
{
    (void)!write(ready, "r", 1);
    loop_run(r->loop);
    _exit(!r->answered ? 1 : r->stalls >= 1 && loop_stalls(r->loop) == r->stalls ? 0 : 2);
}

static void a_process_that_was_stopped_reads_before_it_blames(void **state)
{
    struct race r = {0};
    int ready[2], status;
    char byte;
    (void)state;
    assert_int_equal(pipe(ready), 0);
    begin_race(&r);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(&r, ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    sleep_ms(50); /* so that it is stopped inside its wait for I/O */
    assert_int_equal(kill(child, SIGSTOP), 0);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    sleep_ms(STALL_MS);
    assert_int_equal(write(r.pipe[1], "x", 1), 1);
    assert_int_equal(kill(child, SIGCONT), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    watch_free(r.watch);
    end_race(&r);
    close(ready[0]);
    close(ready[1]);
}

/* --- its end --- */

static void stop_now(void *owner)
{
    loop_stop(owner);
}

static void a_stopped_loop_returns_and_is_freed_with_what_was_left_closing(void **state)
{
    int ends[2];
    (void)state;
    struct loop *l = loop_new();
    assert_int_equal(pipe(ends), 0);
    struct watch *w = loop_watch(l, ends[0], stop_now, l);
    struct deadline *stop = deadline_new(l, stop_now, l);
    struct deadline *never = deadline_new(l, stop_now, l);
    deadline_set(stop, 1);
    deadline_set(never, 3600 * 1000);
    loop_run(l);
    watch_free(w);
    deadline_free(stop);
    deadline_free(never);
    loop_stop(l); /* one that comes too late must not keep closings from being finished */
    loop_free(l);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_read_and_printed_in_one_form),
        cmocka_unit_test(addresses_are_equal_only_in_family_bytes_and_zone),
        cmocka_unit_test(deadlines_are_called_once_each_in_the_order_of_their_times),
        cmocka_unit_test(a_deadline_of_zero_that_is_set_again_does_not_hold_the_loop),
        cmocka_unit_test(a_deadline_may_free_itself_and_others_that_are_due_too),
        cmocka_unit_test(an_answer_that_waits_in_the_socket_wins_over_a_deadline_passed_in_a_stall),
        cmocka_unit_test(a_stall_pushes_deadlines_back_but_does_not_forget_them),
        cmocka_unit_test(a_stall_does_not_push_an_exact_deadline),
        cmocka_unit_test(a_process_that_was_stopped_reads_before_it_blames),
        cmocka_unit_test(a_stopped_loop_returns_and_is_freed_with_what_was_left_closing),
    };
    return cmocka_run_group_tests_name("net: loop", tests, NULL, NULL);
}
