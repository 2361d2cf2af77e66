/* Locks of mailboxes: one worker's, and those of workers that share a table. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "locks.h"

enum { GUESTS = 6, WORKERS = 3 };

static struct lock_table *table;
static struct loop *loops[WORKERS];
static struct locks *locks[WORKERS];
static struct lock *held[GUESTS];
static int calls[GUESTS];
static int numbers[GUESTS] = {0, 1, 2, 3, 4, 5};

static int open_locks(void **state)
{
    (void)state;
    memset(calls, 0, sizeof calls);
    table = lock_table_new();
    for (int w = 0; w < WORKERS; w++) {
        loops[w] = loop_new();
        locks[w] = locks_new(table, loops[w]);
        assert_non_null(locks[w]);
    }
    return 0;
}

static int close_locks(void **state)
{
    (void)state;
    for (int w = 0; w < WORKERS; w++) {
        locks_free(locks[w]);
        loop_free(loops[w]);
    }
    lock_table_free(table);
    return 0;
}

static struct address address(uint8_t last)
{
    struct address a = {.family = 4, .bytes = {192, 0, 2, last}};
    return a;
}

static void granted(void *owner)
{
    int i = *(int *)owner;
    calls[i]++;
    assert_true(lock_is_held(held[i]));
}

static void ask_of(int worker, int i, uint8_t host, const char *user)
{
    struct address a = address(host);
    held[i] = locks_acquire(locks[worker], &a, user, granted, &numbers[i]);
    assert_non_null(held[i]);
}

static void ask(int i, uint8_t host, const char *user)
{
    ask_of(0, i, host, user);
}

static void one_by_one(void **state)
{
    (void)state;
    ask(0, 1, "probe");
    assert_false(lock_wanted(held[0]));
    ask(1, 1, "Probe"); /* the same mailbox at most servers */
    ask(2, 1, "probe");
    ask(3, 1, "probe");
    ask(4, 1, "other");
    ask(5, 2, "probe");
    assert_true(lock_is_held(held[0]) && lock_is_held(held[4]) && lock_is_held(held[5]));
    assert_false(lock_is_held(held[1]) || lock_is_held(held[2]) || lock_is_held(held[3]));
    assert_true(lock_wanted(held[0]));
    lock_release(held[3]); /* the last, and one in the middle, give up */
    lock_release(held[1]);
    assert_true(lock_wanted(held[0]));
    assert_int_equal(calls[2], 0);
    lock_release(held[0]);
    assert_true(lock_is_held(held[2]));
    assert_int_equal(calls[2], 1);
    assert_false(lock_wanted(held[2]));
    ask(0, 1, "PROBE");
    assert_true(lock_wanted(held[2]));
    lock_release(held[2]);
    assert_true(lock_is_held(held[0]));
    lock_release(held[0]);
    lock_release(held[4]);
    lock_release(held[5]);
    lock_release(NULL);
}

/* One turn of a worker's loop. */
static void stop_it(void *owner)
{
    loop_stop(owner);
}

static void turn(int worker)
{
    struct deadline *soon = deadline_new(loops[worker], stop_it, loops[worker]);
    deadline_set(soon, 1);
    loop_run(loops[worker]);
    deadline_free(soon);
}

static void over_workers(void **state)
{
    (void)state;
    ask_of(0, 0, 1, "probe");
    ask_of(1, 1, 1, "probe");
    ask_of(0, 2, 1, "probe");
    ask_of(2, 3, 1, "probe");
    assert_true(lock_is_held(held[0]) && lock_wanted(held[0]));
    lock_release(held[0]);
    assert_false(lock_is_held(held[1])); /* nobody may act on it before its own thread was told */
    assert_int_equal(calls[1] + calls[2] + calls[3], 0);
    turn(1);
    assert_int_equal(calls[1], 1);
    lock_release(held[1]);
    turn(0);
    assert_int_equal(calls[2], 1);
    lock_release(held[2]);
    turn(2);
    assert_int_equal(calls[3], 1);
    assert_false(lock_wanted(held[3]));
    lock_release(held[3]);
}

static void given_up_before_told(void **state)
{
    (void)state;
    ask_of(0, 0, 1, "probe");
    ask_of(1, 1, 1, "probe");
    ask_of(2, 2, 1, "probe");
    lock_release(held[0]);
    lock_release(held[1]); /* it is its turn, and its worker does not know it yet */
    turn(1);
    turn(2);
    assert_int_equal(calls[1], 0);
    assert_int_equal(calls[2], 1);
    lock_release(held[2]);
}

/* --- real threads --- */

enum { ROUNDS = 2000 };

struct busy {
    int worker;
    struct lock *lock;
    struct deadline *pause;
    unsigned rounds;
};

static int inside; /* atomic: how many hold the one mailbox */
static int overlaps;

static void go_on(struct busy *b);

static void enter(void *owner)
{
    struct busy *b = owner;
    if (__atomic_add_fetch(&inside, 1, __ATOMIC_RELAXED) != 1)
        __atomic_add_fetch(&overlaps, 1, __ATOMIC_RELAXED);
    deadline_set(b->pause, 0);
}

static void leave(void *owner)
{
    struct busy *b = owner;
    __atomic_sub_fetch(&inside, 1, __ATOMIC_RELAXED);
    lock_release(b->lock);
    go_on(b);
}

static void go_on(struct busy *b)
{
    struct address a = address(1);
    if (b->rounds++ == ROUNDS) {
        loop_stop(loops[b->worker]);
        return;
    }
    b->lock = locks_acquire(locks[b->worker], &a, "probe", enter, b);
    if (lock_is_held(b->lock))
        enter(b);
}

static void *work(void *owner)
{
    struct busy b = {.worker = *(int *)owner};
    loops[b.worker] = loop_new();
    locks[b.worker] = locks_new(table, loops[b.worker]);
    b.pause = deadline_new(loops[b.worker], leave, &b);
    go_on(&b);
    loop_run(loops[b.worker]);
    deadline_free(b.pause);
    locks_free(locks[b.worker]);
    loop_free(loops[b.worker]);
    return NULL;
}

static void never_two(void **state)
{
    pthread_t threads[WORKERS];
    (void)state;
    table = lock_table_new();
    for (int w = 0; w < WORKERS; w++)
        assert_int_equal(pthread_create(&threads[w], NULL, work, &numbers[w]), 0);
    for (int w = 0; w < WORKERS; w++)
        assert_int_equal(pthread_join(threads[w], NULL), 0);
    assert_int_equal(overlaps, 0);
    assert_int_equal(inside, 0);
    lock_table_free(table);
}

int main(void)
{
#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, open_locks, close_locks, NULL                                                                  \
    }
    static const struct CMUnitTest tests[] = {
        ROW("a mailbox has one session at a time, in the order of asking", one_by_one),
        ROW("workers take turns at a mailbox, in the order of asking", over_workers),
        ROW("who gives up before it knows that it is its turn hands the turn on", given_up_before_told),
        {"workers that want one mailbox all the time never have it at once", never_two, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("locks", tests, NULL, NULL);
}
