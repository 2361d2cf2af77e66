/* Which worker hears of which row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dispatch.h"
#include "draft.h"

enum { WORKERS = 4, ROOM = 64, NAMES = 4000 };

static struct dispatch dispatch;
static struct queue *queues[WORKERS];

static int open_dispatch(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORKERS; i++)
        queues[i] = queue_new(ROOM, sizeof(struct order));
    assert_true(dispatch_init(&dispatch, queues, WORKERS));
    return 0;
}

static int close_dispatch(void **state)
{
    (void)state;
    dispatch_clear(&dispatch);
    for (size_t i = 0; i < WORKERS; i++)
        queue_free(queues[i], order_drop);
    return 0;
}

static const struct definition *define(const char *server, const char *user, const char *port)
{
    struct draft d;
    struct mistake why;
    draft_init(&d);
    assert_true(draft_put_written(&d, SETTING_device, server, &why));
    assert_true(draft_put_written(&d, SETTING_in_username, user, &why));
    assert_true(draft_put_written(&d, SETTING_in_port, port, &why));
    const struct definition *definition = draft_freeze(&d);
    draft_end(&d);
    assert_non_null(definition);
    return definition;
}

/* A user at "mail" whose rows are worker ${worker}'s. */
static const struct definition *define_for(size_t worker)
{
    char user[16];
    for (unsigned i = 0;; i++) {
        (void)snprintf(user, sizeof user, "u%u", i);
        const struct definition *d = define("mail", user, "143");
        if (dispatch_worker(&dispatch, d) == worker)
            return d;
        definition_unref(d);
    }
}

/* "put 1.7" : order and row (index, serial). */
static void hears(size_t worker, const char *expected)
{
    static const char *const words[] = {[ORDER_PUT] = "put",       [ORDER_TAKE] = "take", [ORDER_LEAVE] = "leave",
                                        [ORDER_REMOVE] = "remove", [ORDER_POLL] = "poll", [ORDER_READY] = "ready"};
    char text[128] = "";
    size_t used = 0;
    struct order order;
    while (queue_take(queues[worker], &order)) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %d.%d", used == 0 ? "" : ", ",
                                 words[order.kind], (int)order.index, (int)order.serial);
        order_drop(&order);
    }
    assert_string_equal(text, expected);
}

static void one_mailbox_one_worker(void **state)
{
    (void)state;
    const struct definition *d = define("mail.example.com", "Probe", "143");
    const struct definition *same[] = {define("mail.example.com", "Probe", "143"),
                                       define("MAIL.example.COM", "probe", "143"),
                                       define("mail.example.com", "Probe", "993")};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_int_equal(dispatch_worker(&dispatch, same[i]), dispatch_worker(&dispatch, d));
        definition_unref(same[i]);
    }
    definition_unref(d);
}

/* Users of one server, and one user of many servers, whatever their names have in common. */
static void spread_evenly(void **state)
{
    (void)state;
    size_t by_user[WORKERS] = {0}, by_server[WORKERS] = {0};
    for (unsigned i = 0; i < NAMES; i++) {
        char user[32], server[32];
        (void)snprintf(user, sizeof user, "probe%u", i);
        (void)snprintf(server, sizeof server, "192.0.%u.%u", i / 256, i % 256);
        const struct definition *a = define("mail.example.com", user, "143"), *b = define(server, "probe", "143");
        by_user[dispatch_worker(&dispatch, a)]++;
        by_server[dispatch_worker(&dispatch, b)]++;
        definition_unref(a);
        definition_unref(b);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        assert_in_range(by_user[i], NAMES / WORKERS * 9 / 10, NAMES / WORKERS * 11 / 10);
        assert_in_range(by_server[i], NAMES / WORKERS * 9 / 10, NAMES / WORKERS * 11 / 10);
    }
}

static void tell(struct change change)
{
    assert_true(dispatch_reserve(&dispatch, 1));
    dispatch_change(&dispatch, &change);
}

static void told_to_whom_it_concerns(void **state)
{
    (void)state;
    const struct definition *one = define_for(1), *three = define_for(3);
    tell((struct change){.index = 1, .serial = 7, .after = one});
    hears(1, "put 1.7");
    tell((struct change){.index = 1, .serial = 7, .before = one, .after = one});
    hears(1, "put 1.7");
    tell((struct change){.index = 1, .serial = 7, .before = one, .after = three});
    hears(1, "leave 1.7");
    hears(3, "take 1.7");
    tell((struct change){.index = 1, .serial = 8, .replaced = 7, .before = three, .after = one});
    hears(3, "remove 1.7");
    hears(1, "put 1.8");
    tell((struct change){.index = 1, .serial = 9, .replaced = 8, .before = one, .after = one});
    hears(1, "put 1.9");
    assert_true(dispatch_reserve(&dispatch, 1));
    dispatch_poll(&dispatch, &(struct monitor){.index = 1, .serial = 9, .definition = one});
    hears(1, "poll 1.9");
    tell((struct change){.index = 1, .serial = 9, .before = one});
    hears(1, "remove 1.9");
    assert_true(dispatch_all(&dispatch, &(struct order){.kind = ORDER_READY}));
    for (size_t i = 0; i < WORKERS; i++)
        hears(i, "ready 0.0");
    definition_unref(one);
    definition_unref(three);
}

static void as_if_one(void **state)
{
    (void)state;
    dispatch.processes[0] = (struct process_report){1, 50, 100, ALARM_CLOCK};
    dispatch.processes[2] = (struct process_report){2, 70, 1, ALARM_RESOLVER};
    dispatch.processes[3] = (struct process_report){4, 60, 10, ALARM_CLOCK};
    struct process_report all = dispatch_process(&dispatch);
    assert_int_equal(all.in_flight, 7);
    assert_int_equal(all.scheduler_lag_ms, 70);
    assert_int_equal(all.polls_total, 111);
    assert_int_equal(all.alarms, ALARM_CLOCK | ALARM_RESOLVER);
}

int main(void)
{
#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, open_dispatch, close_dispatch, NULL                                                            \
    }
    static const struct CMUnitTest tests[] = {
        ROW("all rows of one mailbox are one worker's", one_mailbox_one_worker),
        ROW("rows are spread evenly over the workers", spread_evenly),
        ROW("a change is told to the worker that has the row and to the one that is to have it",
            told_to_whom_it_concerns),
        ROW("what workers tell of themselves is shown as if they were one", as_if_one),
    };
    return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
