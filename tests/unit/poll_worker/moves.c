/* Rows that go from one worker to another, because their mailbox changed; and what the two share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"
#include "side_by_side.h"

/* Two workers, and the words of a row in a mailbox of each. */
struct pair {
    struct scene a, b;
};
static const char of_a[] = "smtp.to=a@test incoming.username=a";
static const char of_b[] = "smtp.to=b@test incoming.username=b";

static int setup(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    scene_open(&p->a);
    p->b.beside = &p->a;
    p->b.next_serial = 1000;
    scene_open(&p->b);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;
    scene_close(&p->b);
    scene_close(&p->a);
    free(p);
    return 0;
}

/* --- what the agent does --- */

static void take(struct scene *to, const struct scene *from, int32_t index, const char *words)
{
    to->rows[index].serial = from->rows[index].serial;
    scene_order(to, ORDER_TAKE, index, scene_define(to, words));
}

static void leave(struct scene *from, int32_t index, const char *words)
{
    scene_order(from, ORDER_LEAVE, index, scene_define(from, words));
}

static void move(struct scene *from, struct scene *to, int32_t index, const char *words)
{
    leave(from, index, words);
    take(to, from, index, words);
}

/* Row 1 of worker a, up after a round trip. */
static void polled_twice(struct pair *p)
{
    scene_put(&p->a, 1, of_a);
    scene_polled(&p->a, 1, 1);
    scene_poll_once(&p->a, 1);
    scene_is(&p->a, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(p->a.rows[1].status.proof, PROOF_ROUND_TRIP);
}

/* It goes on in ${s}, where it has been polled ${polls} times in all. */
static void goes_on(struct scene *s, uint32_t polls)
{
    scene_polled(s, 1, polls);
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(s->rows[1].status.polls, polls);
    assert_int_equal(s->rows[1].up + s->rows[1].down + s->rows[1].unknown, 0);
    assert_int_equal(s->rows[1].gone, 0);
}

static void with_all_it_knows(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    move(&p->a, &p->b, 1, of_b);
    goes_on(&p->b, 3);
    const struct status *before = &p->a.rows[1].status, *after = &p->b.rows[1].status;
    assert_int_equal(after->sent, before->sent + 1);
    assert_int_equal(after->delivered, before->delivered);
    assert_int_equal(after->transitions, before->transitions);
    assert_int_equal(after->proof, PROOF_SEND_ONLY); /* of the new mailbox nothing is proven yet */
    assert_true(fake_mails(p->a.fake, "b") == 1);
    scene_poll_once(&p->b, 1);
    assert_int_equal(p->b.rows[1].status.proof, PROOF_ROUND_TRIP);
    assert_int_equal(p->a.rows[1].gone, 0);
}

/* And back: both know nothing of it that is not with it. */
static void to_and_fro(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    for (uint32_t i = 0; i < 5; i++) {
        move(&p->a, &p->b, 1, of_b);
        goes_on(&p->b, 3 + 2 * i);
        p->a.rows[1].status.polls = 0;
        move(&p->b, &p->a, 1, of_a);
        scene_polled(&p->a, 1, 4 + 2 * i);
    }
    goes_on(&p->a, 12);
}

static void in_any_order(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    take(&p->b, &p->a, 1, of_b);
    scene_rest(&p->b, 100);
    assert_int_equal(p->b.rows[1].reports, 0);
    leave(&p->a, 1, of_b);
    goes_on(&p->b, 3);
}

static void ordered_before_it_came(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    take(&p->b, &p->a, 1, of_b);
    scene_put(&p->b, 1, "smtp.to=c@test incoming.username=b");
    scene_poll(&p->b, 1);
    leave(&p->a, 1, of_b);
    goes_on(&p->b, 3);
    assert_int_equal(fake_mails(p->a.fake, "c"), 1);
    assert_int_equal(fake_mails(p->a.fake, "b"), 0);
}

static void removed_before_it_came(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    take(&p->b, &p->a, 1, of_b);
    scene_remove(&p->b, 1);
    scene_rest(&p->b, 50);
    assert_int_equal(p->b.rows[1].gone, 0); /* worker a still writes of it */
    leave(&p->a, 1, of_b);
    scene_reaches(&p->b, &p->b.rows[1].gone, 1);
    assert_int_equal(fake_mails(p->a.fake, "b"), 0);
}

/* A table may have another row at that index while the first one is on its way. */
static void replaced_before_it_came(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    take(&p->b, &p->a, 1, of_b);
    p->b.rows[1].serial = 0; /* the next one gets one of its own */
    scene_put(&p->b, 1, of_b);
    scene_polled(&p->b, 1, 1);
    leave(&p->a, 1, of_b);
    scene_reaches(&p->b, &p->b.rows[1].gone, 1);
    scene_poll_once(&p->b, 1);
    assert_int_equal(p->b.rows[1].status.polls, 2);
    assert_int_equal(p->b.rows[1].status.proof, PROOF_ROUND_TRIP);
}

static void moved_on_before_it_came(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    take(&p->b, &p->a, 1, of_b);
    leave(&p->b, 1, of_a);
    scene_rest(&p->b, 50);
    p->a.rows[1].reports = 0;
    leave(&p->a, 1, of_b);
    take(&p->a, &p->b, 1, of_a);
    scene_polled(&p->a, 1, 3);
    scene_rest(&p->b, 50);
    assert_int_equal(p->b.rows[1].reports, 0);
    assert_int_equal(fake_mails(p->a.fake, "b"), 0);
    scene_poll_once(&p->a, 1);
    assert_int_equal(p->a.rows[1].status.delivered, 2);
}

static void in_the_middle_of_a_poll(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    fake_set(p->a.fake, FAULT_DELAY_MS, 100);
    scene_poll(&p->a, 1);
    scene_rest(&p->a, 250);
    move(&p->a, &p->b, 1, of_b);
    fake_set(p->a.fake, FAULT_DELAY_MS, 0);
    goes_on(&p->b, 3);
    assert_int_equal(p->a.rows[1].status.polls, 2);
}

/* What the first worker has to tell the store must be there before the second one writes of the row. */
static void behind_its_journal(void **state)
{
    struct pair *p = *state;
    struct journal_entry entry = {.kind = JOURNAL_SETTLED};
    polled_twice(p);
    unsigned before = p->a.journal_entries;
    for (int i = 0; queue_post(p->a.journal, &entry); i++) /* a store that is slow */
        continue;
    move(&p->a, &p->b, 1, of_b);
    scene_rest(&p->b, 150);
    assert_int_equal(p->b.rows[1].reports, 0);
    scene_rest(&p->a, 50);
    assert_true(p->a.journal_entries > before);
    goes_on(&p->b, 3);
}

static void disabled_on_the_way(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    take(&p->b, &p->a, 1, of_b);
    scene_put(&p->b, 1, "smtp.to=b@test incoming.username=b enabled=false");
    leave(&p->a, 1, of_b);
    scene_reaches(&p->b, &p->b.rows[1].reports, 1);
    assert_int_equal(p->b.rows[1].status.verdict, VERDICT_DISABLED);
    assert_int_equal(p->b.rows[1].status.polls, 2);
    scene_put(&p->b, 1, of_b);
    scene_polled(&p->b, 1, 3);
}

static void left_alone_at_the_end(void **state)
{
    struct pair *p = *state;
    polled_twice(p);
    take(&p->b, &p->a, 1, of_b); /* and nobody ever leaves it */
    scene_put(&p->a, 2, "name=two smtp.to=c@test incoming.username=c");
    scene_polled(&p->a, 2, 1);
    leave(&p->a, 2, "name=two smtp.to=d@test incoming.username=d"); /* and nobody ever takes it */
}

/* --- what the two share --- */

static void in_turns(void **state)
{
    struct pair *p = *state;
    fake_set(p->a.fake, FAULT_DELAY_MS, 20);
    scene_put(&p->a, 1, "interval=1 name=one");
    scene_put(&p->b, 1, "interval=1 name=another incoming.tls_verify=false");
    for (uint32_t polls = 1; polls <= 4; polls++) {
        scene_polled(&p->a, 1, polls);
        scene_polled(&p->b, 1, polls);
    }
    assert_true(fake_counted(p->a.fake, COUNT_LOGINS) >= 6);
    assert_int_equal(fake_counted(p->a.fake, COUNT_OVERLAPS), 0);
    scene_is(&p->a, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    scene_is(&p->b, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
}

static void refused_once(void **state)
{
    struct pair *p = *state;
    static const char login[] = "smtp.auth=true smtp.username=u smtp.password=wrong";
    scene_put(&p->a, 1, login);
    scene_polled(&p->a, 1, 1);
    scene_put(&p->b, 1, login);
    scene_polled(&p->b, 1, 1);
    scene_is(&p->b, 1, VERDICT_DOWN, LEG_SMTP, STAGE_AUTH, CAUSE_BAD_CREDENTIALS);
    assert_int_equal(fake_counted(p->a.fake, COUNT_LOGINS_REFUSED), 1);
}

int main(void)
{
#define PLAY(name, function)                                                                                           \
    {                                                                                                                  \
        name, function, setup, teardown, NULL                                                                          \
    }
    const struct CMUnitTest tests[] = {
        PLAY("a row that moves goes on with its verdict and its counters", with_all_it_knows),
        PLAY("a row may come back to the worker that it left", to_and_fro),
        PLAY("a worker may be told to take a row before the other is told to leave it", in_any_order),
        PLAY("orders for a row that has not come yet are carried out when it is there", ordered_before_it_came),
        PLAY("a row that is removed on its way is gone once it is there", removed_before_it_came),
        PLAY("a row that is removed on its way does no harm to the next one at its index", replaced_before_it_came),
        PLAY("a row that moves on before it came goes to the last one that is to take it", moved_on_before_it_came),
        PLAY("a poll under way when its row moves ends without a verdict", in_the_middle_of_a_poll),
        PLAY("a row does not leave before all is told that the store is to keep of it", behind_its_journal),
        PLAY("a row that is turned off on its way is off where it comes to", disabled_on_the_way),
        PLAY("rows on their way do not keep a process from ending", left_alone_at_the_end),
        PLAY("rows of two workers at one mailbox take turns", in_turns),
        PLAY("a login that one worker was refused is not sent by the other", refused_once),
    };
    return side_by_side("moves", tests, sizeof tests / sizeof tests[0]);
}
