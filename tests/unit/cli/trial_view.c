/* What `emailmon test` shows while it waits: on a terminal a line that is written over, in a pipe nothing. */
#include "trial_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rendered.h"
#include "status_stage.h"

static struct view_details details;
static struct trial_view v;
static struct terminal t;

static void begin(bool moves, bool trace)
{
    t = rendered_begin(moves ? 80 : 0);
    t.moves = moves;
    details = stage_details();
    trial_view_init(&v, &t, details.definition, trace);
}

static void must_show(const char *due)
{
    const char *shown = rendered_end(&t);
    if (strcmp(shown, due) != 0)
        fail_msg("it shows:\n%s\nand not:\n%s", shown, due);
    details_clear(&details);
}

/* As if it had begun so many seconds earlier. */
static void earlier(uint64_t *moment_ms, unsigned seconds)
{
    *moment_ms -= seconds * UINT64_C(1000);
}

static void look_in_vain(enum trial_wait what, uint32_t waited_s)
{
    const struct leg_outcome outcome = {.failure = failure_none, .whole_ms = 7};
    trial_view_events.stage(&v, LEG_INCOMING, STAGE_CONNECT);
    trial_view_events.leg(&v, LEG_INCOMING, &outcome);
    trial_view_events.waiting(&v, what, waited_s, 5);
}

static void test_slow_step(void **state)
{
    (void)state;
    begin(true, false);
    trial_view_events.stage(&v, LEG_SMTP, STAGE_CONNECT);
    trial_view_events.tick(&v); /* not for moments */
    earlier(&v.stage_began_ms, 3);
    trial_view_events.tick(&v);
    trial_view_events.stage(&v, LEG_SMTP, STAGE_GREETING);
    must_show("\nsending by SMTP: mail.example.com port 587, STARTTLS\n"
              "  connecting                                  "
              "\r  connecting                                         3 s\x1B[K"
              "\r\x1B[K  connecting                                         3 s\n"
              "  waiting for the greeting                    ");
}

static void test_waiting(void **state)
{
    (void)state;
    begin(true, false);
    look_in_vain(TRIAL_WAIT_MAILBOX, 0);
    earlier(&v.wait_began_ms, 2);
    earlier(&v.again_ms, 2);
    trial_view_events.tick(&v);
    earlier(&v.again_ms, 3);
    trial_view_events.tick(&v);
    look_in_vain(TRIAL_WAIT_ARRIVAL, 7);
    trial_view_events.tick(&v);
    trial_view_result(&v, &(const struct trial_result){
                              .verdict = VERDICT_UP, .failure = failure_none, .arrival_ms = 9000, .deleted = true});
    must_show("\nlooking by IMAP: mail.example.com port 993, TLS\n"
              "  connecting                                        0 ms\n"
              "  7 ms in all\n\n"
              "\rwaiting for the mailbox, which is in use: 2 s of 60 s, looking again in 3 s\x1B[K"
              "\rwaiting for the mailbox, which is in use: 2 s of 60 s, looking\x1B[K"
              "\r\x1B[K"
              "\rwaiting for the probe to arrive: 7 s of 60 s, looking again in 5 s\x1B[K"
              "\r\x1B[K"
              "up: the probe was there 9 s after it was accepted, and is deleted\n");
}

static void test_result(void **state)
{
    (void)state;
    begin(true, false);
    v.t.columns = 40;
    struct trial_result result = {.verdict = VERDICT_DOWN, .arrival_ms = -1};
    result.failure = failure_make(LEG_DELIVERY, STAGE_DELIVERY, CAUSE_NOT_DELIVERED, 0);
    trial_view_result(&v, &result);
    must_show("\ndown: between acceptance and the\n    mailbox: the probe did not arrive\n");
}

static void test_pipe(void **state)
{
    (void)state;
    begin(false, false);
    trial_view_events.stage(&v, LEG_SMTP, STAGE_CONNECT);
    earlier(&v.stage_began_ms, 3);
    trial_view_events.tick(&v);
    look_in_vain(TRIAL_WAIT_MAILBOX, 0);
    trial_view_events.tick(&v);
    look_in_vain(TRIAL_WAIT_ARRIVAL, 7);
    trial_view_events.tick(&v);
    must_show("\nsending by SMTP: mail.example.com port 587, STARTTLS\n"
              "  connecting                                         3 s\n"
              "\nlooking by IMAP: mail.example.com port 993, TLS\n"
              "  connecting                                        0 ms\n"
              "  7 ms in all\n"
              "  7 ms in all\n"
              "\nnot there yet after 7 s; looking again in 5 s\n");
}

static void test_trace(void **state)
{
    (void)state;
    begin(true, true);
    trial_view_traced.stage(&v, LEG_SMTP, STAGE_GREETING);
    earlier(&v.stage_began_ms, 2);
    trial_view_traced.tick(&v);
    trial_view_traced.line(&v, LEG_SMTP, true, "220 late", 8);
    must_show("\nsending by SMTP: mail.example.com port 587, STARTTLS\n"
              "  waiting for the greeting\n"
              "\r            2 s\x1B[K"
              "\r\x1B[K      S: 220 late\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a step that takes long shows its seconds in its own line", test_slow_step, NULL, NULL, NULL},
        {"what is waited for stands in one line, which the result takes", test_waiting, NULL, NULL, NULL},
        {"a result is broken where the terminal ends", test_result, NULL, NULL, NULL},
        {"in a pipe each step is a line, and nothing is written over", test_pipe, NULL, NULL, NULL},
        {"a trace shows the seconds below its last line, and then goes on there", test_trace, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("cli: a trial", tests, NULL, NULL);
}
