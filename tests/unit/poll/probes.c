/* The life of a probe: sent, found, missed, given up. */
#include "probes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { START_S = 1800000000, MINUTE_MS = 60000, DAY_MS = 86400 * 1000, WEEK_MS = PROBES_FORGET_S * 1000 };

static struct probes p;

static int begin(void **state)
{
    (void)state;
    probes_init(&p);
    return 0;
}

static int end(void **state)
{
    (void)state;
    probes_clear(&p);
    return 0;
}

static struct token token(unsigned number)
{
    struct token t = {.time_s = START_S + number};
    memcpy(t.nonce, &number, sizeof number);
    return t;
}

/* Sends number ${n}, accepted at ${mono_ms}. */
static void send_out(unsigned n, enum probe_state state, uint64_t mono_ms)
{
    struct token t = token(n);
    struct outstanding lost;
    bool was_lost;
    assert_true(probes_sending(&p, &t, &lost, &was_lost));
    assert_true(probes_fate(&p, &t, state, mono_ms, START_S * INT64_C(1000)));
}

static enum sighting see(unsigned n, uint64_t mono_ms)
{
    struct token t = token(n);
    return probes_sight(&p, &t, mono_ms, NULL);
}

static void found_once(void **state)
{
    (void)state;
    send_out(1, PROBE_OUT, 1000);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_FOUND);
    assert_int_equal(p.found, 1);
    assert_int_equal(p.outstanding_count, 0);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_DUPLICATE);
    assert_int_equal(p.found, 1);
}

static void unknown_is_stray(void **state)
{
    (void)state;
    assert_int_equal(see(7, MINUTE_MS), SIGHTING_STRAY);
    send_out(1, PROBE_OUT, 0);
    assert_int_equal(see(7, MINUTE_MS), SIGHTING_STRAY);
    assert_int_equal(p.found, 0);
}

static void duplicates_for_seven_days(void **state)
{
    (void)state;
    send_out(1, PROBE_OUT, 0);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_FOUND);
    assert_int_equal(see(1, MINUTE_MS + WEEK_MS), SIGHTING_DUPLICATE);
    assert_int_equal(see(1, MINUTE_MS + WEEK_MS + DAY_MS), SIGHTING_STRAY);
}

static void last_64_consumed(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= CONSUMED_MAX + 1; n++) {
        send_out(n, PROBE_OUT, 0);
        assert_int_equal(see(n, MINUTE_MS), SIGHTING_FOUND);
    }
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_STRAY);
    for (unsigned n = 2; n <= CONSUMED_MAX + 1; n++)
        assert_int_equal(see(n, MINUTE_MS), SIGHTING_DUPLICATE);
}

static void oldest_is_lost(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= PROBES_MAX; n++)
        send_out(n, PROBE_OUT, 0);
    struct token t = token(PROBES_MAX + 1), first = token(1);
    struct outstanding lost;
    bool was_lost = false;
    assert_true(probes_sending(&p, &t, &lost, &was_lost));
    assert_true(was_lost);
    assert_memory_equal(lost.nonce, first.nonce, sizeof lost.nonce);
    assert_int_equal(p.outstanding_count, PROBES_MAX);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_STRAY);
    for (unsigned n = 2; n <= PROBES_MAX + 1; n++)
        assert_int_equal(see(n, MINUTE_MS), SIGHTING_FOUND);
}

static void expected_when_old(void **state)
{
    (void)state;
    send_out(1, PROBE_OUT, MINUTE_MS);
    assert_int_equal(probes_expected(&p, MINUTE_MS, 30000), 0);
    assert_int_equal(probes_expected(&p, MINUTE_MS + 29999, 30000), 0);
    assert_int_equal(probes_expected(&p, MINUTE_MS + 30000, 30000), 1);
    assert_int_equal(probes_expected(&p, MINUTE_MS - 1, 0), 0); /* a look that began before the acceptance */
    assert_int_equal(probes_waiting(&p), 1);
}

static void only_certain_ones_are_expected(void **state)
{
    (void)state;
    struct token t = token(3);
    struct outstanding lost;
    bool was_lost;
    send_out(1, PROBE_MAYBE, 0);
    send_out(2, PROBE_OPTIONAL, 0);
    assert_true(probes_sending(&p, &t, &lost, &was_lost));
    assert_int_equal(probes_expected(&p, MINUTE_MS, 0), 0);
    assert_int_equal(probes_waiting(&p), 0);
    assert_int_equal(p.outstanding_count, 3);
}

static void missed_once(void **state)
{
    (void)state;
    send_out(1, PROBE_OUT, 0);
    send_out(2, PROBE_OUT, MINUTE_MS);
    probes_look_ended(&p, MINUTE_MS, 30000);
    assert_int_equal(probes_expected(&p, 10 * MINUTE_MS, 30000), 1);
    assert_int_equal(p.outstanding[0].state, PROBE_OPTIONAL);
    assert_int_equal(p.outstanding[1].state, PROBE_OUT);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_LATE);
    assert_int_equal(see(2, MINUTE_MS), SIGHTING_FOUND);
    assert_int_equal(p.found, 2);
}

static void uncertain_can_be_late(void **state)
{
    (void)state;
    send_out(1, PROBE_MAYBE, 0);
    probes_look_ended(&p, MINUTE_MS, 30000);
    assert_int_equal(p.outstanding[0].state, PROBE_MAYBE);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_LATE);
}

static void sending_has_no_age(void **state)
{
    (void)state;
    struct token t = token(1);
    struct outstanding lost;
    bool was_lost;
    assert_true(probes_sending(&p, &t, &lost, &was_lost));
    probes_look_ended(&p, 10 * MINUTE_MS, 30000);
    assert_true(probes_fate(&p, &t, PROBE_OUT, 10 * MINUTE_MS, 1));
    assert_int_equal(probes_expected(&p, 11 * MINUTE_MS, 30000), 1);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_FOUND);
}

static void found_while_sending(void **state)
{
    (void)state;
    struct token t = token(1);
    struct outstanding lost;
    bool was_lost;
    assert_true(probes_sending(&p, &t, &lost, &was_lost));
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_FOUND);
    assert_false(probes_fate(&p, &t, PROBE_OUT, 1, 1));
    assert_int_equal(p.outstanding_count, 0);
}

static void refused_is_removed(void **state)
{
    (void)state;
    struct token t = token(1);
    struct outstanding lost;
    bool was_lost;
    assert_false(probes_fate(&p, &t, PROBE_REMOVED, 1, 1));
    assert_true(probes_sending(&p, &t, &lost, &was_lost));
    assert_true(probes_fate(&p, &t, PROBE_REMOVED, 1, 1));
    assert_int_equal(p.outstanding_count, 0);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_STRAY);
}

static void fate_is_told_once(void **state)
{
    (void)state;
    struct token t = token(1);
    send_out(1, PROBE_OUT, 5);
    assert_false(probes_fate(&p, &t, PROBE_REMOVED, 9, 9));
    assert_int_equal(p.outstanding[0].accepted_mono_ms, 5);
}

static void given_up_after_seven_days(void **state)
{
    (void)state;
    struct outstanding lost;
    send_out(0, PROBE_OUT, 5);
    send_out(10, PROBE_MAYBE, 10);
    assert_false(probes_expire(&p, WEEK_MS + 5, &lost));
    assert_true(probes_expire(&p, WEEK_MS + 6, &lost));
    assert_int_equal(lost.time_s, START_S);
    assert_false(probes_expire(&p, WEEK_MS + 6, &lost));
    assert_int_equal(p.outstanding_count, 1);
}

static void sending_is_not_given_up(void **state)
{
    (void)state;
    struct token t = token(1);
    struct outstanding lost;
    bool was_lost;
    assert_true(probes_sending(&p, &t, &lost, &was_lost));
    assert_false(probes_expire(&p, 2 * (uint64_t)WEEK_MS, &lost));
}

static void off_makes_optional(void **state)
{
    (void)state;
    send_out(1, PROBE_OUT, 0);
    send_out(2, PROBE_MAYBE, 0);
    probes_optional(&p);
    assert_int_equal(probes_expected(&p, MINUTE_MS, 0), 0);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_FOUND);
    assert_int_equal(see(2, MINUTE_MS), SIGHTING_FOUND);
}

static void forgotten_are_strays(void **state)
{
    (void)state;
    send_out(1, PROBE_OUT, 0);
    send_out(2, PROBE_OUT, 0);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_FOUND);
    probes_forget(&p);
    assert_int_equal(p.found, 0);
    assert_int_equal(see(1, MINUTE_MS), SIGHTING_DUPLICATE);
    assert_int_equal(see(2, MINUTE_MS), SIGHTING_STRAY);
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, begin, end, NULL                                                                               \
    }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ROW("a probe is found once; seen again it is a duplicate", found_once),
        ROW("a valid token that nothing waited for is a stray", unknown_is_stray),
        ROW("consumed ones are known again for seven days", duplicates_for_seven_days),
        ROW("the last 64 consumed ones are remembered", last_64_consumed),
        ROW("the oldest is lost when 32 are outstanding", oldest_is_lost),
        ROW("a probe is expected once it is as old as the grace", expected_when_old),
        ROW("what is sending, uncertain or optional is never expected", only_certain_ones_are_expected),
        ROW("a missed probe is evidence once, and late when it is found", missed_once),
        ROW("an uncertain probe stays uncertain when it is missed, and may be late", uncertain_can_be_late),
        ROW("a probe that is being sent has no age yet", sending_has_no_age),
        ROW("a probe may be found before its fate is known", found_while_sending),
        ROW("a refused probe is no longer outstanding", refused_is_removed),
        ROW("a fate is told once", fate_is_told_once),
        ROW("probes are given up after seven days, one at a time", given_up_after_seven_days),
        ROW("a probe on its way is not given up", sending_is_not_given_up),
        ROW("turned off, probes become optional and may still be found", off_makes_optional),
        ROW("forgotten probes are strays; consumed ones stay duplicates", forgotten_are_strays),
    };
    return cmocka_run_group_tests_name("probes", tests, NULL, NULL);
}
