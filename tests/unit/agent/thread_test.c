/* The agent thread as the other threads see it: through its queues.  There is no master here. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent.h"
#include "agent_fake.h"

enum { SMALL = 4, WAIT_MS = 10000, STOP_LIMIT_MS = 4000 };

struct fixture {
    char folder[64], agentx[128];
    struct log *log;
    struct queue *notices, *reports, *news, *orders, *journal, *saves, *saved;
    uint64_t serials;
    struct agent *agent;
};

static uint64_t serial_of(void *owner, const char *name)
{
    struct fixture *f = owner;
    (void)name;
    return ++f->serials;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/emailmon-agent-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->agentx, sizeof f->agentx, "unix:%s/master", f->folder);
    f->log = log_new();
    f->notices = queue_new(16, sizeof(struct notice));
    f->reports = queue_new(SMALL, sizeof(struct report));
    f->news = queue_new(SMALL, sizeof(struct news));
    f->orders = queue_new(SMALL, sizeof(struct order));
    f->journal = queue_new(SMALL, sizeof(struct journal_entry));
    f->saves = queue_new(SMALL, sizeof(struct save));
    f->saved = queue_new(SMALL, sizeof(struct saved));
    const struct agent_options options = {.log = f->log,
                                          .agentx = f->agentx,
                                          .version = "1",
                                          .instance = "i",
                                          .serial_of = serial_of,
                                          .serial_owner = f,
                                          .notices = f->notices,
                                          .reports = f->reports,
                                          .news = f->news,
                                          .orders = &f->orders,
                                          .workers = 1,
                                          .journal = f->journal,
                                          .saves = f->saves,
                                          .saved = f->saved};
    char why[128] = "";
    f->agent = agent_start(&options, why, sizeof why);
    assert_non_null(f->agent);
    *state = f;
    return 0;
}

static struct order next_order(struct fixture *f)
{
    struct order order;
    uint64_t end = monotonic_now_ms() + WAIT_MS;
    for (;;) {
        queue_drain(f->orders);
        if (queue_take(f->orders, &order))
            return order;
        assert_true(monotonic_now_ms() < end);
        (void)poll(&(struct pollfd){.fd = queue_fd(f->orders), .events = POLLIN}, 1, 100);
    }
}

static void expect_order(struct fixture *f, enum order_kind kind, int32_t index, const char *name)
{
    struct order order = next_order(f);
    assert_int_equal(order.kind, kind);
    assert_int_equal(order.index, index);
    if (name != NULL)
        assert_string_equal(definition_text(order.definition, SETTING_name), name);
    order_drop(&order);
}

static void post_file(struct fixture *f, const char *const *names, size_t n)
{
    struct notice notice = {.kind = NOTICE_FILE, .wanted_count = n, .time_ms = 1000};
    notice.wanted = calloc(n + 1, sizeof *notice.wanted);
    assert_non_null(notice.wanted);
    for (size_t i = 0; i < n; i++)
        notice.wanted[i].definition = fake_definition(names[i]);
    assert_true(queue_post(f->notices, &notice));
}

static void stop(struct fixture *f)
{
    assert_true(queue_post(f->notices, &(struct notice){.kind = NOTICE_STOP}));
    expect_order(f, ORDER_STOP, 0, NULL);
    assert_true(queue_post(f->reports, &(struct report){.kind = REPORT_STOPPED}));
    uint64_t begun = monotonic_now_ms();
    agent_stop(f->agent);
    assert_true(monotonic_now_ms() - begun < STOP_LIMIT_MS);
    f->agent = NULL;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->agent != NULL)
        stop(f);
    queue_free(f->notices, notice_drop);
    queue_free(f->reports, report_drop);
    queue_free(f->news, news_drop);
    queue_free(f->orders, order_drop);
    queue_free(f->saves, save_drop);
    queue_free(f->journal, journal_entry_drop);
    queue_free(f->saved, NULL);
    log_free(f->log);
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

static void the_worker_gets_an_order_for_every_row_although_its_queue_is_small(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    struct fixture *f = *state;
    post_file(f, names, 10);
    for (int32_t i = 1; i <= 10; i++)
        expect_order(f, ORDER_PUT, i, names[i - 1]);
}

static void a_reload_gives_orders_for_what_changed_alone(void **state)
{
    static const char *const before[] = {"a", "b", "c"}, *const after[] = {"c", "d", "a"};
    struct fixture *f = *state;
    post_file(f, before, 3);
    for (int32_t i = 1; i <= 3; i++)
        expect_order(f, ORDER_PUT, i, before[i - 1]);
    post_file(f, after, 3);
    expect_order(f, ORDER_REMOVE, 2, NULL);
    expect_order(f, ORDER_PUT, 4, "d");
}

static void a_password_that_came_late_makes_one_order(void **state)
{
    static const char *const names[] = {"a", "b"};
    struct fixture *f = *state;
    struct draft d;
    struct mistake why;
    post_file(f, names, 2);
    expect_order(f, ORDER_PUT, 1, "a");
    expect_order(f, ORDER_PUT, 2, "b");

    const struct definition *b = fake_definition("b"), *stranger = fake_definition("z");
    assert_true(draft_from(&d, b));
    assert_true(draft_put_text(&d, SETTING_in_password, "new", 3, &why));
    struct notice notice = {.kind = NOTICE_DEFINITION, .wanted_count = 2, .wanted = calloc(2, sizeof *notice.wanted)};
    assert_non_null(notice.wanted);
    notice.wanted[0].definition = stranger; /* no row has that name any more */
    notice.wanted[1].definition = draft_freeze(&d);
    draft_end(&d);
    definition_unref(b);
    assert_true(queue_post(f->notices, &notice));
    struct order order = next_order(f);
    assert_int_equal(order.index, 2);
    assert_string_equal(definition_text(order.definition, SETTING_in_password), "new");
    order_drop(&order);
}

static void the_agent_ends_in_time_without_a_master_although_notifications_wait(void **state)
{
    struct fixture *f = *state;
    struct news news = {.kind = NEWS_EVENT, .event = fake_event(1)};
    assert_true(queue_post(f->news, &news));
    stop(f);
}

static void the_agent_ends_in_time_although_the_worker_never_answers(void **state)
{
    struct fixture *f = *state;
    assert_true(queue_post(f->notices, &(struct notice){.kind = NOTICE_STOP}));
    uint64_t begun = monotonic_now_ms();
    agent_stop(f->agent);
    f->agent = NULL;
    assert_true(monotonic_now_ms() - begun < STOP_LIMIT_MS);
}

static void a_worker_that_is_late_with_its_orders_is_told_to_stop_all_the_same(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    struct fixture *f = *state;
    post_file(f, names, 10);
    assert_true(queue_post(f->notices, &(struct notice){.kind = NOTICE_STOP}));
    (void)usleep(STOP_LIMIT_MS * 1000); /* longer than the agent waits for anything else */
    for (int32_t i = 1; i <= 10; i++)
        expect_order(f, ORDER_PUT, i, names[i - 1]);
    expect_order(f, ORDER_STOP, 0, NULL);
    agent_stop(f->agent);
    f->agent = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_worker_gets_an_order_for_every_row_although_its_queue_is_small),
        TEST(a_reload_gives_orders_for_what_changed_alone),
        TEST(a_password_that_came_late_makes_one_order),
        TEST(the_agent_ends_in_time_without_a_master_although_notifications_wait),
        TEST(the_agent_ends_in_time_although_the_worker_never_answers),
        TEST(a_worker_that_is_late_with_its_orders_is_told_to_stop_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
