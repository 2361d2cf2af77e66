/* What a poll has recorded before it acts: what it found, and with it what it is about to send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scene.h"

/* A row that was polled once looks again, and waits for the disk with all that it has recorded. */
static void found_and_waiting(struct scene *s)
{
    scene_put(s, 1, "");
    scene_polled(s, 1, 1);
    s->no_receipts = true;
    scene_poll(s, 1);
    scene_reaches(s, &s->rows[1].probes[PROBE_SENDING], 2);
}

static void is_up_with_one_outstanding(const struct scene *s)
{
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.delivered, 1);
    assert_int_equal(s->rows[1].status.sent, 2);
    assert_int_equal(s->rows[1].status.outstanding, 1);
    assert_int_equal(fake_mails(s->fake, "probe"), 1);
}

static void in_one_commit(void **state)
{
    struct scene *s = *state;
    found_and_waiting(s);
    assert_int_equal(s->rows[1].probes[PROBE_CONSUMED], 1);
    assert_int_equal(fake_counted(s->fake, COUNT_DELETED), 0);
    assert_int_equal(fake_counted(s->fake, COUNT_SMTP_CONNECTIONS), 1);
    scene_polled(s, 1, 2);
    is_up_with_one_outstanding(s);
    assert_int_equal(s->rows[1].probes[PROBE_REMOVED], 0);
}

static void another_definition(void **state)
{
    struct scene *s = *state;
    found_and_waiting(s);
    scene_put(s, 1, "smtp.timeout=20"); /* the same way, so that the poll goes on */
    scene_polled(s, 1, 2);
    is_up_with_one_outstanding(s);
    assert_int_equal(s->rows[1].probes[PROBE_REMOVED], 1);
    assert_int_equal(s->rows[1].probes[PROBE_SENDING], 3);
}

static void given_up(void **state)
{
    struct scene *s = *state;
    found_and_waiting(s);
    scene_order(s, ORDER_STOP, 0, NULL);
    scene_reaches(s, &s->rows[1].probes[PROBE_REMOVED], 1);
    assert_int_equal(fake_counted(s->fake, COUNT_SMTP_CONNECTIONS), 1);
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
#define BOTH(sentence, function)                                                                                       \
    {sentence ", POP3", function, setup_pop3, scene_teardown, NULL},                                                   \
    {                                                                                                                  \
        sentence ", IMAP", function, setup_imap, scene_teardown, NULL                                                  \
    }
    const struct CMUnitTest tests[] = {
        BOTH("what was found and what is to be sent are on record before a mail is deleted", in_one_commit),
        BOTH("a row that changes meanwhile sends another probe, and the one on record is removed", another_definition),
        BOTH("a poll that is given up meanwhile removes what it has not sent", given_up),
    };
    return cmocka_run_group_tests_name("recorded", tests, NULL, NULL);
}
