/* Names to addresses: what name servers say and do not say, what is remembered, who waits for what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns_peer.h"
#include "resolver_ask_parts.h"

enum { GUARD_MS = 12000, WANTED_MAX = 32 };

struct desk;

struct want {
    struct desk *desk;
    struct lookup *lookup;
    struct resolved result;
    unsigned answers;
};

/* A name server, a resolver, and the look-ups of one test. */
struct desk {
    struct dns_peer peer;
    struct loop *loop;
    struct resolver *resolver;
    struct deadline *guard;
    struct want wants[WANTED_MAX];
    size_t wanted, missing;
    bool waiting; /* in the loop */
    void (*react)(struct desk *d, struct want *w);
};

static void too_late(void *owner)
{
    (void)owner;
    fail_msg("no answer for %d ms", GUARD_MS);
}

static int open_desk(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    struct failure why = failure_none;
    assert_non_null(d);
    dns_peer_start(&d->peer);
    d->loop = loop_new();
    d->guard = deadline_new(d->loop, too_late, d);
    d->resolver = resolver_new(d->loop, d->peer.servers, &why);
    assert_non_null(d->resolver);
    *state = d;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *d = *state;
    resolver_free(d->resolver);
    deadline_free(d->guard);
    loop_free(d->loop);
    dns_peer_stop(&d->peer);
    for (size_t i = 0; i < d->wanted; i++)
        failure_clear(&d->wants[i].result.failure);
    free(d);
    return 0;
}

static void done(void *owner, const struct resolved *result)
{
    struct want *w = owner;
    w->answers++;
    w->lookup = NULL;
    w->result = *result;
    w->result.failure = failure_copy(&result->failure);
    w->desk->missing--;
    if (w->desk->react != NULL)
        w->desk->react(w->desk, w);
    if (w->desk->missing == 0 && w->desk->waiting)
        loop_stop(w->desk->loop);
}

static struct want *look_up(struct desk *d, const char *name)
{
    struct want *w = &d->wants[d->wanted++];
    assert_true(d->wanted <= WANTED_MAX);
    w->desk = d;
    d->missing++;
    struct lookup *l = resolver_lookup(d->resolver, name, done, w);
    assert_true((l == NULL) == (w->answers == 1));
    w->lookup = l;
    return w;
}

static void wait_for_all(struct desk *d)
{
    if (d->missing == 0)
        return;
    deadline_set(d->guard, GUARD_MS);
    d->waiting = true;
    loop_run(d->loop);
    d->waiting = false;
    deadline_clear(d->guard);
    assert_int_equal(d->missing, 0);
}

static unsigned questions(struct desk *d)
{
    return __atomic_load_n(&d->peer.questions, __ATOMIC_SEQ_CST);
}

static void set_failing(struct desk *d, unsigned yes)
{
    __atomic_store_n(&d->peer.failing, yes, __ATOMIC_SEQ_CST);
}

static void stop_now(void *owner)
{
    loop_stop(owner);
}

static void let_pass(struct desk *d, unsigned ms)
{
    struct deadline *end = deadline_new(d->loop, stop_now, d->loop);
    deadline_set(end, ms);
    loop_run(d->loop);
    deadline_free(end);
}

static void assert_addresses(const struct want *w, const char *expected)
{
    char text[RESOLVED_MAX * 64] = "";
    for (size_t i = 0; i < w->result.count; i++) {
        char one[ADDRESS_TEXT_MAX + 18];
        size_t used = strlen(text);
        address_print(&w->result.addresses[i], one);
        (void)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "", one);
    }
    assert_string_equal(text, expected);
    assert_false(failure_is(&w->result.failure));
}

static void assert_failure(const struct want *w, enum leg leg, enum cause cause)
{
    char text[FAILURE_TEXT_MAX + 1];
    (void)failure_print(&w->result.failure, text, sizeof text);
    const struct failure *f = &w->result.failure;
    if (f->leg != leg || f->stage != STAGE_RESOLVE || f->cause != cause || w->result.count != 0)
        fail_msg("otherwise: %s %s %s \"%s\"", leg_word(f->leg), stage_word(f->stage), cause_word(f->cause), text);
}

/* --- answers --- */

static void literals_are_answered_at_once_without_a_question(void **state)
{
    struct desk *d = *state;
    assert_addresses(look_up(d, "192.0.2.7"), "192.0.2.7");
    assert_addresses(look_up(d, "2001:db8::7"), "2001:db8::7");
    assert_int_equal(questions(d), 0);
}

static void what_name_servers_say_becomes_addresses_or_a_failure_of_its_own(void **state)
{
    static const struct {
        const char *name, *addresses; /* NULL: it fails */
        enum leg leg;
        enum cause cause;
    } rows[] = {
        {"both.test", "2001:db8::1 192.0.2.1", 0, 0},
        {"alias.test", "192.0.2.1", 0, 0},
        {"half4.test", "192.0.2.4", 0, 0},
        {"many.test", "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2 2001:db8::3 192.0.2.3 2001:db8::4 192.0.2.4", 0, 0},
        {"nx.test", NULL, LEG_NONE, CAUSE_NO_SUCH_NAME},
        {"nodata.test", NULL, LEG_NONE, CAUSE_NO_SUCH_NAME},
        {"servfail.test", NULL, LEG_LOCAL, CAUSE_NAME_SERVER},
        {"refused.test", NULL, LEG_LOCAL, CAUSE_NAME_SERVER},
        {"garbage.test", NULL, LEG_LOCAL, CAUSE_NAME_SERVER},
        {"", NULL, LEG_NONE, CAUSE_NO_SUCH_NAME},
        {".", NULL, LEG_NONE, CAUSE_NO_SUCH_NAME},
        {"two..dots", NULL, LEG_NONE, CAUSE_NO_SUCH_NAME},
        {"a-label-of-more-than-sixty-three-octets-cannot-be-asked-for-at-all-really.test", NULL, LEG_NONE,
         CAUSE_NO_SUCH_NAME},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)look_up(d, rows[i].name);
    wait_for_all(d);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(d->wants[i].answers, 1);
        if (rows[i].addresses != NULL)
            assert_addresses(&d->wants[i], rows[i].addresses);
        else
            assert_failure(&d->wants[i], rows[i].leg, rows[i].cause);
    }
}

static void servers_that_do_not_answer_in_time_are_not_the_mail_servers_fault(void **state)
{
    static const char *const names[] = {"silent.test", "empty.test", "otherid.test", "loop.test"};
    struct desk *d = *state;
    uint64_t began_ms = monotonic_now_ms();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)look_up(d, names[i]);
    wait_for_all(d);
    assert_true(monotonic_now_ms() - began_ms < RESOLVE_TOTAL_MS + 1000);
    for (size_t i = 0; i < 3; i++)
        assert_failure(&d->wants[i], LEG_LOCAL, CAUSE_NAME_SERVER);
    assert_int_equal(d->wants[3].result.count, 0);
}

static void a_server_that_never_answers_for_ipv6_does_not_cost_the_ipv4_addresses(void **state)
{
    struct desk *d = *state;
    uint64_t began_ms = monotonic_now_ms();
    struct want *w = look_up(d, "only4.test");
    wait_for_all(d);
    assert_addresses(w, "192.0.2.4");
    assert_true(monotonic_now_ms() - began_ms < 3500);
}

static void the_hosts_file_knows_localhost_when_the_systems_servers_are_used(void **state)
{
    struct desk *d = *state;
    struct failure why = failure_none;
    struct address v4;
    bool found = false;
    resolver_free(d->resolver);
    d->resolver = resolver_new(d->loop, "", &why);
    assert_non_null(d->resolver);
    struct want *w = look_up(d, "LocalHost");
    assert_int_equal(w->answers, 1);
    assert_true(address_parse("127.0.0.1", &v4));
    for (size_t i = 0; i < w->result.count; i++)
        found = found || address_equal(&w->result.addresses[i], &v4);
    assert_true(found);
}

static void servers_that_are_no_addresses_are_refused(void **state)
{
    static const char *const rows[] = {"ns.example.org", "127.0.0.1:", "127.0.0.1:99999x", "127.0.0.300", ","};
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct failure why = failure_none;
        struct resolver *r = resolver_new(d->loop, rows[i], &why);
        if (r != NULL)
            fail_msg("\"%s\" was taken", rows[i]);
        assert_int_equal(why.leg, LEG_LOCAL);
        failure_clear(&why);
    }
}

/* --- memory --- */

static void a_name_is_asked_for_once_while_its_answer_lives(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < 10; i++)
        (void)look_up(d, i % 2 == 0 ? "both.test" : "BOTH.test.");
    wait_for_all(d);
    assert_int_equal(questions(d), 2);
    struct want *w = look_up(d, "both.test");
    assert_int_equal(w->answers, 1);
    assert_addresses(w, "2001:db8::1 192.0.2.1");
    assert_int_equal(questions(d), 2);
}

static void a_denial_is_remembered_for_a_moment(void **state)
{
    struct desk *d = *state;
    (void)look_up(d, "nx.test");
    wait_for_all(d);
    unsigned before = questions(d);
    struct want *w = look_up(d, "nx.test");
    assert_failure(w, LEG_NONE, CAUSE_NO_SUCH_NAME);
    assert_int_equal(questions(d), before);
}

static void when_the_servers_fail_the_last_good_addresses_serve(void **state)
{
    struct desk *d = *state;
    struct want *w = look_up(d, "brief.test");
    wait_for_all(d);
    assert_addresses(w, "192.0.2.1");
    assert_false(w->result.stale);
    set_failing(d, 1);
    w = look_up(d, "brief.test"); /* even a time to live of 0 is a second here */
    assert_false(w->result.stale);
    let_pass(d, 1100);
    w = look_up(d, "brief.test");
    assert_int_equal(w->answers, 0);
    wait_for_all(d);
    assert_addresses(w, "192.0.2.1");
    assert_true(w->result.stale);
    w = look_up(d, "brief.test"); /* the failure is remembered: no question each time */
    assert_int_equal(w->answers, 1);
    assert_true(w->result.stale);
}

/* --- who waits --- */

static void a_cancelled_look_up_is_not_answered_and_the_others_are(void **state)
{
    struct desk *d = *state;
    struct want *gone = look_up(d, "both.test");
    struct want *stays = look_up(d, "both.test");
    lookup_cancel(gone->lookup);
    d->missing--;
    wait_for_all(d);
    assert_int_equal(gone->answers, 0);
    assert_int_equal(stays->answers, 1);
}

static void cancel_next(struct desk *d, struct want *w)
{
    struct want *next = w + 1;
    if (next->lookup == NULL)
        return;
    lookup_cancel(next->lookup);
    next->lookup = NULL;
    d->missing--;
}

static void a_look_up_may_cancel_another_of_the_same_name_when_it_is_answered(void **state)
{
    struct desk *d = *state;
    d->react = cancel_next;
    for (size_t i = 0; i < 4; i++)
        (void)look_up(d, "both.test");
    wait_for_all(d);
    assert_int_equal(d->wants[0].answers + d->wants[2].answers, 2);
    assert_int_equal(d->wants[1].answers + d->wants[3].answers, 0);
}

static void ask_again(struct desk *d, struct want *w)
{
    if (w == &d->wants[0]) {
        (void)look_up(d, "many.test");
        (void)look_up(d, "both.test");
    }
}

static void a_look_up_may_begin_others_when_it_is_answered(void **state)
{
    struct desk *d = *state;
    d->react = ask_again;
    (void)look_up(d, "both.test");
    wait_for_all(d);
    assert_int_equal(d->wants[1].answers, 1);
    assert_int_equal(d->wants[2].answers, 1);
}

static void free_resolver(struct desk *d, struct want *w)
{
    (void)w;
    resolver_free(d->resolver);
    d->resolver = NULL;
    d->missing = 0;
}

static void the_resolver_may_be_freed_when_a_look_up_is_answered(void **state)
{
    struct desk *d = *state;
    d->react = free_resolver;
    for (size_t i = 0; i < 3; i++)
        (void)look_up(d, "both.test");
    (void)look_up(d, "silent.test");
    deadline_set(d->guard, GUARD_MS);
    d->waiting = true;
    loop_run(d->loop);
    unsigned answers = 0;
    for (size_t i = 0; i < d->wanted; i++)
        answers += d->wants[i].answers;
    assert_int_equal(answers, 1);
}

static void the_resolver_may_be_freed_while_questions_are_out(void **state)
{
    struct desk *d = *state;
    (void)look_up(d, "silent.test");
    (void)look_up(d, "both.test");
    resolver_free(d->resolver);
    d->resolver = NULL;
    d->missing = 0;
}

enum { CROWD = 1000 };

struct crowd {
    struct loop *loop;
    unsigned good, missing;
};

static void count_good(void *owner, const struct resolved *result)
{
    struct crowd *c = owner;
    c->good += result->count == 2;
    if (--c->missing == 0)
        loop_stop(c->loop);
}

static void a_thousand_names_asked_for_at_once_are_all_answered(void **state)
{
    struct desk *d = *state;
    struct crowd c = {.loop = d->loop, .missing = CROWD};
    for (unsigned i = 0; i < CROWD; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "both.n%u.test", i);
        assert_non_null(resolver_lookup(d->resolver, name, count_good, &c));
    }
    deadline_set(d->guard, GUARD_MS);
    uint64_t began_ms = monotonic_now_ms();
    loop_run(d->loop);
    deadline_clear(d->guard);
    print_message("             %u ms, %u questions\n", (unsigned)(monotonic_now_ms() - began_ms), questions(d));
    assert_int_equal(c.good, CROWD);
    assert_false(resolver_alarm(d->resolver));
}

/* --- the alarm --- */

static void the_alarm_needs_twenty_look_ups_of_which_more_than_half_failed(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < 9; i++)
        (void)look_up(d, "both.test");
    wait_for_all(d);
    for (size_t i = 0; i < 10; i++)
        (void)look_up(d, "servfail.test");
    wait_for_all(d);
    assert_false(resolver_alarm(d->resolver)); /* 19 */
    (void)look_up(d, "nx.test");
    wait_for_all(d);
    assert_false(resolver_alarm(d->resolver)); /* 10 of 20: a denial is an answer */
    (void)look_up(d, "servfail.test");
    assert_true(resolver_alarm(d->resolver));
}

int main(void)
{
#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        DESK_TEST(literals_are_answered_at_once_without_a_question),
        DESK_TEST(what_name_servers_say_becomes_addresses_or_a_failure_of_its_own),
        DESK_TEST(servers_that_do_not_answer_in_time_are_not_the_mail_servers_fault),
        DESK_TEST(a_server_that_never_answers_for_ipv6_does_not_cost_the_ipv4_addresses),
        DESK_TEST(the_hosts_file_knows_localhost_when_the_systems_servers_are_used),
        DESK_TEST(servers_that_are_no_addresses_are_refused),
        DESK_TEST(a_name_is_asked_for_once_while_its_answer_lives),
        DESK_TEST(a_denial_is_remembered_for_a_moment),
        DESK_TEST(when_the_servers_fail_the_last_good_addresses_serve),
        DESK_TEST(a_cancelled_look_up_is_not_answered_and_the_others_are),
        DESK_TEST(a_look_up_may_cancel_another_of_the_same_name_when_it_is_answered),
        DESK_TEST(a_look_up_may_begin_others_when_it_is_answered),
        DESK_TEST(the_resolver_may_be_freed_when_a_look_up_is_answered),
        DESK_TEST(the_resolver_may_be_freed_while_questions_are_out),
        DESK_TEST(a_thousand_names_asked_for_at_once_are_all_answered),
        DESK_TEST(the_alarm_needs_twenty_look_ups_of_which_more_than_half_failed),
    };
    return cmocka_run_group_tests_name("net: resolver", tests, NULL, NULL);
}
