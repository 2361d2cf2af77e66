/* Whose turn it is: the map by keys, slots at hosts, refused credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hosts.h"
#include "key_map.h"
#include "refusals.h"

static struct address address(uint8_t last)
{
    struct address a = {.family = 4, .bytes = {192, 0, 2, last}};
    return a;
}

/* --- the map --- */

enum { KEYS = 600, STEPS = 60000 };

static void map_like_an_array(void **state)
{
    (void)state;
    static int values[KEYS];
    static bool there[KEYS];
    struct key_map m = {0};
    uint32_t random = 12345;
    size_t count = 0;
    memset(there, 0, sizeof there);
    for (int step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        /* Much is put in the first half, much is taken out in the second. */
        unsigned k = random >> 8 & 0xFFFF;
        bool put = k % 8 < (step < STEPS / 2 ? 5U : 2U);
        k = k / 8 % KEYS;
        uint64_t key = k % 2 == 0 ? k : (uint64_t)k << 40;
        if (put)
            assert_true(key_map_put(&m, key, &values[k]));
        else
            key_map_remove(&m, key);
        count = count + (put ? 1 : 0) - (there[k] ? 1 : 0);
        there[k] = put;
        assert_int_equal(m.count, count);
        assert_true(8 * m.count <= 7 * m.room);
        if (step % 1000 != 0)
            continue;
        for (unsigned i = 0; i < KEYS; i++)
            assert_ptr_equal(key_map_get(&m, i % 2 == 0 ? i : (uint64_t)i << 40), there[i] ? &values[i] : NULL);
    }
    key_map_clear(&m);
    assert_null(key_map_get(&m, 0));
    key_map_remove(&m, 0);
}

static void mixes_differ(void **state)
{
    (void)state;
    assert_true(key_mix(1, "ab", 2) == key_mix(1, "ab", 2));
    assert_true(key_mix(1, "ab", 2) != key_mix(2, "ab", 2));
    assert_true(key_mix(1, "ab", 2) != key_mix(1, "ba", 2));
    assert_true(key_mix(key_mix(1, "a", 2), "b", 2) != key_mix(key_mix(1, "ab", 3), "", 1));
}

/* --- slots at hosts --- */

enum { GUESTS = 6 };

static struct hosts *hosts;
static struct host_slot *slots[GUESTS];
static int calls[GUESTS];
static int numbers[GUESTS] = {0, 1, 2, 3, 4, 5};
static int leaves_at_once = -1; /* whoever gives its slot back inside changed() */
static unsigned told_of_waiting;

static void changed(void *owner)
{
    int i = *(int *)owner;
    calls[i]++;
    assert_int_not_equal(host_slot_state(slots[i]), HOST_SLOT_WAITING);
    if (i != leaves_at_once)
        return;
    host_slot_release(slots[i], HOST_NOT_TRIED, NULL);
    slots[i] = NULL;
}

static void arrive(int i, uint8_t host)
{
    struct address a = address(host);
    slots[i] = hosts_acquire(hosts, &a, 25, changed, &numbers[i]);
    assert_non_null(slots[i]);
}

static void leave(int i, enum host_answer answer)
{
    struct failure why = failure_make(LEG_SMTP, STAGE_CONNECT, CAUSE_TIMED_OUT, 0);
    host_slot_release(slots[i], answer, answer == HOST_TIMED_OUT ? &why : NULL);
    slots[i] = NULL;
}

static void one_waits(void *owner)
{
    (void)owner;
    told_of_waiting++;
}

static int open_hosts(void **state)
{
    (void)state;
    memset(slots, 0, sizeof slots);
    memset(calls, 0, sizeof calls);
    leaves_at_once = -1;
    told_of_waiting = 0;
    hosts = hosts_new(2, one_waits, NULL);
    return hosts == NULL;
}

static int close_hosts(void **state)
{
    (void)state;
    for (int i = 0; i < GUESTS; i++)
        host_slot_release(slots[i], HOST_NOT_TRIED, NULL);
    hosts_free(hosts);
    return 0;
}

static void state_is(int i, enum host_slot_state expected)
{
    assert_int_equal(host_slot_state(slots[i]), expected);
}

static void so_many_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        arrive(i, 1);
    arrive(4, 2);
    state_is(0, HOST_SLOT_GRANTED);
    state_is(1, HOST_SLOT_GRANTED);
    state_is(2, HOST_SLOT_WAITING);
    state_is(3, HOST_SLOT_WAITING);
    state_is(4, HOST_SLOT_GRANTED); /* another host */
    assert_int_equal(hosts_waiting(hosts), 2);
    assert_int_equal(told_of_waiting, 2);
    leave(0, HOST_ANSWERED);
    state_is(2, HOST_SLOT_GRANTED);
    state_is(3, HOST_SLOT_WAITING);
    assert_int_equal(calls[2], 1);
    arrive(5, 1);
    leave(3, HOST_NOT_TRIED); /* gives up waiting */
    leave(1, HOST_ANSWERED);
    state_is(5, HOST_SLOT_GRANTED);
    assert_int_equal(hosts_waiting(hosts), 0);
}

static void silent_after_three(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        arrive(i, 1);
    leave(0, HOST_TIMED_OUT);
    leave(1, HOST_TIMED_OUT);
    state_is(2, HOST_SLOT_GRANTED);
    state_is(3, HOST_SLOT_GRANTED);
    leave(2, HOST_TIMED_OUT);
    state_is(4, HOST_SLOT_SILENT);
    assert_int_equal(calls[4], 1);
    assert_int_equal(host_slot_why(slots[4])->cause, CAUSE_TIMED_OUT);
    arrive(5, 1);
    state_is(5, HOST_SLOT_SILENT); /* one connection tries on already */
    leave(3, HOST_TIMED_OUT);
    leave(5, HOST_NOT_TRIED);
    arrive(5, 1);
    state_is(5, HOST_SLOT_GRANTED); /* the next that tries on */
    leave(5, HOST_ANSWERED);
    arrive(0, 1);
    arrive(1, 1);
    state_is(0, HOST_SLOT_GRANTED);
    state_is(1, HOST_SLOT_GRANTED);
}

static void remembered_at_rest(void **state)
{
    (void)state;
    for (int i = 0; i < HOST_SILENT_AFTER; i++) {
        arrive(0, 1);
        leave(0, HOST_TIMED_OUT);
    }
    arrive(0, 1);
    arrive(1, 1);
    state_is(0, HOST_SLOT_GRANTED);
    state_is(1, HOST_SLOT_SILENT);
}

static void answers_break_the_row(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        arrive(0, 1);
        leave(0, i % 3 == 2 ? HOST_ANSWERED : HOST_TIMED_OUT);
    }
    arrive(0, 1);
    leave(0, HOST_NOT_TRIED); /* teaches nothing */
    arrive(0, 1);
    arrive(1, 1);
    state_is(1, HOST_SLOT_GRANTED);
}

static void leaving_inside(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        arrive(i, 1);
    leaves_at_once = 2;
    leave(0, HOST_ANSWERED);
    assert_null(slots[2]);
    state_is(3, HOST_SLOT_GRANTED);
}

/* --- refusals --- */

static void refused_for_a_minute(void **state)
{
    (void)state;
    struct refusals *r = refusals_new();
    struct address one = address(1), two = address(2);
    const struct credentials rows[] = {
        {&one, 143, "probe", "secret"}, /* the refused ones */
        {&two, 143, "probe", "secret"}, {&one, 993, "probe", "secret"}, {&one, 143, "probes", "ecret"},
        {&one, 143, "probe", "other"},  {&one, 143, "Probe", "secret"},
    };
    struct failure why = failure_make(LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS, 0);
    int64_t wall_ms = 0;
    failure_reply(&why, "NO", 2);
    refusals_note(r, &rows[0], &why, 1000, 77);
    failure_clear(&why);
    assert_true(refusals_find(r, &rows[0], 1000 + REFUSAL_LASTS_MS - 1, &why, &wall_ms));
    assert_int_equal(why.cause, CAUSE_BAD_CREDENTIALS);
    assert_string_equal(text_bytes(why.reply), "NO");
    assert_int_equal(wall_ms, 77);
    failure_clear(&why);
    for (size_t i = 1; i < sizeof rows / sizeof rows[0]; i++)
        assert_false(refusals_find(r, &rows[i], 1000, &why, &wall_ms));
    assert_true(refusals_find(r, &rows[0], 999, &why, &wall_ms)); /* by a worker whose loop is a little behind */
    failure_clear(&why);
    assert_false(refusals_find(r, &rows[0], 1000 + REFUSAL_LASTS_MS, &why, &wall_ms));
    refusals_free(r);
    refusals_free(NULL);
}

static void accepted_again(void **state)
{
    (void)state;
    struct refusals *r = refusals_new();
    struct address one = address(1);
    const struct credentials who = {&one, 143, "probe", "secret"};
    struct failure why = failure_make(LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS, 0);
    int64_t wall_ms;
    refusals_note(r, &who, &why, 1000, 1);
    refusals_note(r, &who, &why, 30000, 2); /* refused anew: for a minute from now */
    assert_true(refusals_find(r, &who, 1000 + REFUSAL_LASTS_MS, &why, &wall_ms));
    assert_int_equal(wall_ms, 2);
    refusals_forget(r, &who);
    assert_false(refusals_find(r, &who, 30000, &why, &wall_ms));
    refusals_forget(r, &who);
    refusals_free(r);
}

static void not_too_many(void **state)
{
    (void)state;
    struct refusals *r = refusals_new();
    struct address one = address(1);
    struct failure why = failure_make(LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS, 0);
    int64_t wall_ms;
    char user[16];
    const struct credentials who = {&one, 143, user, "secret"};
    for (int i = 0; i <= REFUSALS_MAX; i++) {
        (void)snprintf(user, sizeof user, "%d", i);
        refusals_note(r, &who, &why, 1000, 1);
    }
    assert_true(refusals_find(r, &who, 1000, &why, &wall_ms));
    (void)snprintf(user, sizeof user, "0");
    assert_false(refusals_find(r, &who, 1000, &why, &wall_ms)); /* the oldest went first */
    (void)snprintf(user, sizeof user, "1");
    assert_true(refusals_find(r, &who, 1000, &why, &wall_ms));
    refusals_free(r);
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, NULL, NULL, NULL                                                                               \
    }
#define AT_HOSTS(sentence, test)                                                                                       \
    {                                                                                                                  \
        sentence, test, open_hosts, close_hosts, NULL                                                                  \
    }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ROW("a map holds what an array would, while it grows and shrinks", map_like_an_array),
        ROW("a mix depends on the seed and on every octet", mixes_differ),
        AT_HOSTS("so many connections at once, the rest waits in order", so_many_at_once),
        AT_HOSTS("after three timeouts those who wait need not, and one at a time tries on", silent_after_three),
        AT_HOSTS("a silent host is remembered while nobody is there", remembered_at_rest),
        AT_HOSTS("an answer ends the timeouts in a row, a connection not tried teaches nothing", answers_break_the_row),
        AT_HOSTS("whoever is called may leave at once", leaving_inside),
        ROW("refused credentials are known for a minute, and no others", refused_for_a_minute),
        ROW("credentials refused anew, or accepted, are so from then on", accepted_again),
        ROW("the oldest refusal goes when there are too many", not_too_many),
    };
    return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
