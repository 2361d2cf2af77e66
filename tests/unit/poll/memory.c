/* Short memory: whichever allocation fails in a poll, no verdict changes and nothing is lost that could be kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hosts.h"
#include "key_map.h"
#include "schedule.h"
#include "short_memory.h"
#include "world.h"

enum { ALLOCATIONS_MAX = 5000 };

static struct world w;

/* A poll whose probe is refused: of all polls the one with the most words. */
static void one_poll_short_of(unsigned n)
{
    world_begin(&w, NULL);
    world_poll(&w);
    w.box = BOX_IN_USE;
    world_poll(&w); /* makes room for two outstanding ones */
    w.box = BOX_FINE;
    world_poll(&w);
    w.smtp = SMTP_REFUSES;
    w.box = BOX_CLOSED;
    memory_fails_at(n);
    world_poll(&w);
}

static void same_verdict(void **state)
{
    (void)state;
    bool over = false;
    for (unsigned n = 1; !over; n++) {
        assert_true(n < ALLOCATIONS_MAX);
        one_poll_short_of(n);
        over = !memory_has_failed();
        memory_fails_at(0);
        world_is(&w, VERDICT_DOWN, PROOF_NONE, CAUSE_PERMANENT);
        assert_int_equal(w.row.status.in_cause, CAUSE_REFUSED);
        assert_int_equal(world_events(&w, EVENT_DOWN), 1);
        assert_int_equal(w.row.status.outstanding, 1);
        world_end(&w);
    }
}

static void found_without_memory(void **state)
{
    (void)state;
    bool over = false;
    for (unsigned n = 1; !over; n++) {
        world_begin(&w, NULL);
        world_poll(&w);
        struct mail_facts mail = {.arrived_ms = INT64_MIN};
        memory_fails_at(n);
        assert_int_equal(row_sight(&w.row, &w.sent, &mail, &w.now, &w.journal), SIGHTING_FOUND);
        over = !memory_has_failed();
        memory_fails_at(0);
        assert_int_equal(world_count(&w, PROBE_CONSUMED), 1);
        assert_int_equal(w.row.status.outstanding, 0);
        world_end(&w);
    }
}

static void not_sent_without_memory(void **state)
{
    (void)state;
    struct token t = {.time_s = 1};
    world_begin(&w, NULL);
    memory_fails_at(1);
    assert_false(row_send_begins(&w.row, &t, &w.now, 1, &w.journal));
    memory_fails_at(0);
    assert_int_equal(w.entry_count, 0); /* nothing on record that never leaves */
    assert_int_equal(w.row.status.outstanding, 0);
    world_end(&w);
}

static void tools_refuse(void **state)
{
    (void)state;
    static int value;
    struct key_map map = {0};
    struct schedule_item item = {0};
    struct address a = {.family = 4};
    struct schedule *s = schedule_new(1);
    struct hosts *h = hosts_new(1, NULL, NULL);
    for (unsigned n = 1; n <= 4; n++) {
        memory_fails_at(n);
        bool right = schedule_newcomer(s, &item, 60, 0);
        assert_int_equal(right, !memory_has_failed());
        assert_false(!right && schedule_is_set(&item));
        schedule_drop(s, &item);
        while (schedule_take(s, 1000000) != NULL)
            continue;
        memory_fails_at(n);
        struct host_slot *slot = hosts_acquire(h, &a, 25, NULL, NULL);
        assert_int_equal(slot != NULL, !memory_has_failed());
        host_slot_release(slot, HOST_ANSWERED, NULL);
    }
    memory_fails_at(1);
    assert_false(key_map_put(&map, 1, &value));
    assert_null(key_map_get(&map, 1));
    assert_true(key_map_put(&map, 1, &value));
    memory_fails_at(1);
    assert_true(key_map_put(&map, 1, &value)); /* it is there: needs no memory */
    memory_fails_at(0);
    key_map_clear(&map);
    hosts_free(h);
    schedule_free(s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        {"a poll's verdict and event are the same, whichever allocation fails", same_verdict, NULL, NULL, NULL},
        {"a probe is found also without memory to remember it", found_without_memory, NULL, NULL, NULL},
        {"a probe that cannot be remembered does not leave", not_sent_without_memory, NULL, NULL, NULL},
        {"schedule, hosts and map say so when memory is short, and stay as they were", tools_refuse, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
