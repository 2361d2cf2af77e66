/* One round trip in the foreground. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scene.h"
#include "side_by_side.h"
#include "trial.h"

/* What was told of a trial. */
struct told {
    unsigned stages, legs, waits, waits_for_mailbox, ticks;
    uint32_t again_s;
    unsigned still_ms;          /* how long this process stands still at the begin of the SMTP conversation */
    int interrupt;              /* written to when a look has ended; -1: not */
    struct fake_mail *hides_in; /* not NULL: the probe arrives there only after the first look */
    char *hidden;
    char trace[65536];
};

static void stage_told(void *owner, enum leg leg, enum stage stage)
{
    struct told *t = owner;
    t->stages++;
    if (leg == LEG_SMTP && stage == STAGE_HELLO && t->still_ms > 0)
        (void)usleep(t->still_ms * 1000);
}

static void leg_told(void *owner, enum leg leg, const struct leg_outcome *outcome)
{
    struct told *t = owner;
    assert_non_null(outcome);
    t->legs++;
    if (leg == LEG_SMTP && t->hides_in != NULL) {
        t->hidden = fake_get(t->hides_in, "probe", 0);
        fake_clear(t->hides_in, "probe");
    }
    if (leg == LEG_INCOMING && t->interrupt >= 0)
        (void)!write(t->interrupt, "x", 1);
}

static void wait_told(void *owner, enum trial_wait what, uint32_t waited_s, uint32_t again_s)
{
    struct told *t = owner;
    (void)waited_s;
    t->waits++;
    t->waits_for_mailbox += what == TRIAL_WAIT_MAILBOX;
    t->again_s = again_s;
    if (t->hidden != NULL)
        assert_true(fake_put(t->hides_in, "probe", t->hidden));
    free(t->hidden);
    t->hidden = NULL;
}

static void tick_told(void *owner)
{
    struct told *t = owner;
    t->ticks++;
}

static void line_told(void *owner, enum leg leg, bool from_server, const char *bytes, size_t n)
{
    struct told *t = owner;
    size_t used = strlen(t->trace);
    (void)leg;
    (void)snprintf(t->trace + used, sizeof t->trace - used, "%c %.*s\n", from_server ? '<' : '>', (int)n, bytes);
}

static const struct trial_events events = {
    .stage = stage_told, .leg = leg_told, .waiting = wait_told, .tick = tick_told, .line = line_told};

static struct told told;

static struct trial_result try_interrupted(const struct scene *s, const char *words, int stop_fd, int interrupt)
{
    struct trial_result result;
    const struct definition *d = scene_define(s, words);
    struct trial_options options = {
        .definition = d, .test_key = s->test_key, .stop_fd = stop_fd, .events = &events, .owner = &told};
    told = (struct told){.interrupt = interrupt, .still_ms = told.still_ms, .hides_in = told.hides_in};
    trial_run(&options, &result);
    definition_unref(d);
    return result;
}

static struct trial_result try(const struct scene *s, const char *words)
{
    return try_interrupted(s, words, -1, -1);
}

static int setup(void **state)
{
    static const uint16_t any[FAKE_PROTOCOLS] = {0};
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->fake = fake_start(any);
    assert_non_null(s->fake);
    s->type = "pop3";
    memset(s->test_key.key, 't', sizeof s->test_key.key);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    fake_stop(s->fake);
    free(s);
    return 0;
}

static void up(struct scene *s, const char *words)
{
    assert_true(fake_put(s->fake, "probe", "Subject: a letter\r\n\r\n"));
    struct trial_result r = try(s, words);
    assert_int_equal(r.verdict, VERDICT_UP);
    assert_false(failure_is(&r.failure));
    assert_true(r.deleted);
    assert_int_equal(r.looks, 1);
    assert_in_range(r.arrival_ms, 0, 1000);
    assert_int_equal(told.legs, 2);
    assert_true(told.stages > 6);
    assert_int_equal(fake_mails(s->fake, "probe"), 1);
    assert_null(strstr(told.trace, "secret"));
    assert_non_null(strstr(told.trace, "> EHLO "));
}

static void up_pop3(void **state)
{
    up(*state, "incoming.type=pop3");
}

static void up_imap(void **state)
{
    up(*state, "incoming.type=imap");
}

static void refused(void **state)
{
    struct trial_result r = try(*state, "incoming.password=wrong");
    assert_int_equal(r.verdict, VERDICT_DOWN);
    assert_int_equal(r.failure.leg, LEG_INCOMING);
    assert_int_equal(r.failure.cause, CAUSE_BAD_CREDENTIALS);
    failure_clear(&r.failure);
}

static void not_taken(void **state)
{
    struct scene *s = *state;
    scene_break(s, LEG_SMTP, PHASE_RCPT, ACT_PERMANENT);
    struct trial_result r = try(s, "");
    assert_int_equal(r.verdict, VERDICT_DOWN);
    assert_int_equal(r.failure.stage, STAGE_RCPT_TO);
    assert_int_equal(r.looks, 1); /* the other leg is known too */
    failure_clear(&r.failure);
}

static void no_password(void **state)
{
    struct trial_result r = try(*state, "incoming.password=");
    assert_int_equal(r.verdict, VERDICT_UNKNOWN);
    assert_int_equal(r.failure.cause, CAUSE_SECRET);
    assert_int_equal(told.legs, 1);
    failure_clear(&r.failure);
}

static void arrives_later(void **state)
{
    struct scene *s = *state;
    fake_set(s->fake, FAULT_IN_USE, 1);
    struct trial_result r = try(s, "");
    assert_int_equal(r.verdict, VERDICT_UP);
    assert_int_equal(r.looks, 2);
    assert_int_equal(told.waits_for_mailbox, 1);
    assert_true(told.ticks > 10);
    assert_in_range(r.arrival_ms, 4900, 7000);
}

static void no_login_too_early(void **state)
{
    struct scene *s = *state;
    fake_set(s->fake, FAULT_LOGIN_DELAY, 6);
    told.hides_in = s->fake;
    struct trial_result r = try(s, "");
    assert_int_equal(r.verdict, VERDICT_UP);
    assert_int_equal(r.looks, 2);
    assert_int_equal(told.waits_for_mailbox, 0);
    assert_int_equal(told.again_s, 6);
    assert_in_range(r.arrival_ms, 5900, 8000);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS_REFUSED), 0);
}

static void interrupted(void **state)
{
    struct scene *s = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fake_set(s->fake, FAULT_IN_USE, 1); /* the first look, after which the interruption comes */
    uint64_t began_ms = monotonic_now_ms();
    struct trial_result r = try_interrupted(s, "", ends[0], ends[1]);
    assert_true(monotonic_now_ms() - began_ms < TRIAL_LOOK_EVERY_S * 1000);
    assert_true(r.deleted);
    assert_int_equal(fake_mails(s->fake, "probe"), 0);
    failure_clear(&r.failure);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void interrupted_at_once(void **state)
{
    struct scene *s = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)!write(ends[1], "x", 1);
    fake_set(s->fake, FAULT_SILENT, 1);
    struct trial_result r = try_interrupted(s, "", ends[0], -1);
    assert_int_equal(r.verdict, VERDICT_UNKNOWN);
    failure_clear(&r.failure);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* Whether such a server closes because it waited for long cannot be known. */
static void stood_still(void **state)
{
    struct scene *s = *state;
    scene_lose(s, LEG_SMTP, PHASE_DOT, ACT_CLOSE);
    struct trial_result r = try(s, "");
    assert_int_equal(r.verdict, VERDICT_DOWN);
    failure_clear(&r.failure);
    told.still_ms = 1600;
    r = try(s, "");
    assert_int_equal(r.verdict, VERDICT_UNKNOWN);
    assert_int_equal(r.failure.leg, LEG_LOCAL);
    assert_int_equal(r.failure.cause, CAUSE_RESOURCES);
    failure_clear(&r.failure);
}

int main(void)
{
#define TRY(name, function)                                                                                            \
    {                                                                                                                  \
        name, function, setup, teardown, NULL                                                                          \
    }
    const struct CMUnitTest tests[] = {
        TRY("a round trip is up, its probe deleted, its trace without the password: POP3", up_pop3),
        TRY("a round trip is up, its probe deleted, its trace without the password: IMAP", up_imap),
        TRY("a refused login is down", refused),
        TRY("a refused probe is down, and the mailbox is tried all the same", not_taken),
        TRY("a password that lacks is unknown", no_password),
        TRY("a mailbox in use is tried again after five seconds, and the time until then is told", arrives_later),
        TRY("the next look waits until the server takes another login", no_login_too_early),
        TRY("an interrupted trial deletes its probe", interrupted),
        TRY("a trial interrupted at its beginning ends at once", interrupted_at_once),
        TRY("a server that closes on a process that stood still is not to blame", stood_still),
    };
    return side_by_side("a trial", tests, sizeof tests / sizeof tests[0]);
}
