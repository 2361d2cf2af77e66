/* What happens to a row in the course of some polls: the typical sequences, played without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "one_world.h"

enum { DAY_MS = 86400000 };

static void first_poll(void **state)
{
    (void)state;
    assert_int_equal(w.row.status.verdict, VERDICT_UNKNOWN);
    world_poll(&w);
    up(PROOF_SEND_ONLY);
    assert_int_equal(w.row.status.sent, 1);
    assert_int_equal(w.row.status.outstanding, 1);
    assert_null(world_last_event(&w)); /* the first up is no news */
}

static void second_poll(void **state)
{
    (void)state;
    world_poll(&w);
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(w.row.status.delivered, 1);
    assert_int_equal(w.row.status.delivery_ms, 500);
    assert_int_equal(w.mails, 1);
    assert_int_equal(world_count(&w, PROBE_CONSUMED), 1);
}

static void missing_then_late(void **state)
{
    (void)state;
    world_poll(&w);
    struct token kept = w.mailbox[0];
    w.mails = 0;
    world_poll(&w);
    down(CAUSE_NOT_DELIVERED);
    assert_int_equal(w.row.status.failure_leg, LEG_DELIVERY);
    w.mailbox[w.mails] = kept;
    w.arrived_ms[w.mails++] = w.now.wall_ms;
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(w.row.status.late, 1);
    assert_int_equal(w.row.status.delivered, 2);
    assert_int_equal(world_events(&w, EVENT_DOWN), 1);
    assert_int_equal(world_events(&w, EVENT_UP), 1);
    assert_int_equal(w.row.status.transitions, 2);
}

static void send_refused(void **state)
{
    (void)state;
    world_poll(&w);
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    down(CAUSE_PERMANENT);
    assert_string_equal(text_bytes(w.row.status.server_reply), "550 no such user");
    assert_int_equal(w.row.status.smtp_stage, STAGE_RCPT_TO);
    w.smtp = SMTP_FINE;
    world_poll(&w);
    down(CAUSE_AWAITING_PROOF);
    assert_string_equal(text_bytes(w.row.status.failure_text),
                        "between acceptance and the mailbox: waiting for a probe to arrive: "
                        "the SMTP server accepts mail again");
    assert_int_equal(w.row.status.smtp_stage, STAGE_NONE);
    assert_int_equal(text_length(w.row.status.server_reply), 0);
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(world_events(&w, EVENT_DOWN), 1);
}

static void uncertain_but_arrives(void **state)
{
    (void)state;
    world_poll(&w);
    w.smtp = SMTP_BREAKS_AFTER_DOT;
    world_poll(&w);
    down(CAUSE_CLOSED);
    assert_int_equal(w.row.status.sent, 1);
    w.smtp = SMTP_FINE;
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(w.row.status.delivered, 2); /* more than one was sent for certain */
    assert_int_equal(w.row.status.late, 0);
}

static void uncertain_and_gone(void **state)
{
    (void)state;
    world_poll(&w);
    w.smtp = SMTP_BREAKS_AFTER_DOT;
    w.delivers = false;
    world_poll(&w);
    w.smtp = SMTP_FINE;
    w.delivers = true;
    world_poll(&w);
    down(CAUSE_AWAITING_PROOF);
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
}

/* The verdicts of twelve polls through good and bad, one digit each. */
static void record(struct world *x, char verdicts[13])
{
    for (int i = 0; i < 12; i++) {
        x->delivers = i != 3;
        x->smtp = i == 6 ? SMTP_REFUSES : SMTP_FINE;
        x->box = i == 9 ? BOX_CLOSED : BOX_FINE;
        world_poll(x);
        verdicts[i] = (char)('0' + x->row.status.verdict);
    }
    verdicts[12] = '\0';
}

static void full_disk(void **state)
{
    (void)state;
    static struct world without;
    char with_disk[13], without_disk[13];
    world_begin(&without, NULL);
    without.journal_refuses = true;
    record(&w, with_disk);
    record(&without, without_disk);
    world_end(&without);
    assert_string_equal(with_disk, without_disk);
    assert_string_equal(with_disk, "111121221211");
}

static void two_days_closed(void **state)
{
    (void)state;
    world_poll(&w);
    w.box = BOX_CLOSED;
    w.journal_refuses = true; /* its entries are of no interest here */
    for (int i = 0; i < 60; i++) {
        world_poll_at(&w, 48 * 60 * 60000 / 60);
        down(CAUSE_REFUSED);
        assert_int_equal(w.row.status.smtp_stage, STAGE_NONE);
    }
    assert_int_equal(w.mails, PROBES_MAX);
    assert_int_equal(w.row.status.lost, 0);
    assert_false(w.sent_data);
    w.box = BOX_FINE;
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(w.row.status.delivered, PROBES_MAX);
    assert_int_equal(w.mails, 1);
}

static void replay(void **state)
{
    (void)state;
    world_poll(&w);
    struct token old = w.mailbox[0];
    world_poll(&w);
    w.delivers = false;
    w.mails = 0;
    world_poll(&w);
    down(CAUSE_NOT_DELIVERED);
    w.mailbox[w.mails++] = old;
    world_poll(&w);
    down(CAUSE_NOT_DELIVERED);
    assert_int_equal(w.row.status.duplicates, 1);
    w.row.probes.consumed_count = 0; /* as if more than seven days had passed */
    w.mailbox[w.mails++] = old;
    world_poll(&w);
    down(CAUSE_NOT_DELIVERED);
    assert_int_equal(w.row.status.strays, 1);
    assert_int_equal(w.row.status.delivered, 1);
}

static void out_of_descriptors(void **state)
{
    (void)state;
    world_poll(&w);
    w.box = BOX_NO_DESCRIPTORS;
    w.smtp = SMTP_LACKS_MEMORY;
    for (int i = 0; i < 3; i++) {
        world_poll(&w);
        world_is(&w, VERDICT_UP, PROOF_SEND_ONLY, CAUSE_RESOURCES);
    }
    for (int i = 0; i < 3; i++) {
        world_poll(&w);
        world_is(&w, VERDICT_UNKNOWN, PROOF_NONE, CAUSE_RESOURCES);
        assert_int_equal(w.row.status.failure_leg, LEG_LOCAL);
    }
    assert_int_equal(world_events(&w, EVENT_UNKNOWN), 1);
    assert_int_equal(world_events(&w, EVENT_DOWN), 0);
    assert_int_equal(w.row.status.polls_failed, 0);
    w.box = BOX_FINE;
    w.smtp = SMTP_FINE;
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(world_last_event(&w)->kind, EVENT_UP);
    assert_int_equal(world_last_event(&w)->old, VERDICT_UNKNOWN);
}

static void clock_set_back(void **state)
{
    (void)state;
    world_poll(&w);
    w.now.wall_ms -= DAY_MS;
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    w.now.wall_ms += 3 * (int64_t)DAY_MS;
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(w.row.status.lost, 0);
}

static void breaks_after_expunge(void **state)
{
    (void)state;
    world_poll(&w);
    w.deletion = DELETION_BROKEN;
    w.mails_stay = true;
    world_poll(&w);
    world_is(&w, VERDICT_UP, PROOF_ROUND_TRIP, CAUSE_CLOSED);
    assert_int_equal(w.row.status.failure_stage, STAGE_DELETE);
    w.deletion = DELETION_DONE;
    w.mails_stay = false;
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(w.row.status.duplicates, 1);
}

static void found_before_it_broke(void **state)
{
    (void)state;
    world_poll(&w);
    w.box = BOX_BREAKS_AFTER_READING;
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(w.row.status.in_stage, STAGE_FETCH);
    assert_int_equal(w.row.status.in_cause, CAUSE_CLOSED);
    w.mails = 0;
    world_poll(&w);
    down(CAUSE_CLOSED);
}

static void never_deletes(void **state)
{
    (void)state;
    world_poll(&w);
    w.deletion = DELETION_REFUSED;
    w.mails_stay = true;
    for (int i = 0; i < 3; i++) {
        world_poll(&w);
        world_is(&w, VERDICT_UP, PROOF_ROUND_TRIP, CAUSE_PERMANENT);
    }
    world_poll(&w);
    down(CAUSE_PERMANENT);
    assert_int_equal(w.row.status.failure_stage, STAGE_DELETE);
}

static void poll_out_of_turn(void **state)
{
    (void)state;
    world_poll(&w);
    w.delivers = false;
    w.mails = 0;
    w.now.mono_ms -= INTERVAL_MS - 1000;
    world_poll_at(&w, 1000);
    up(PROOF_SEND_ONLY);
    world_poll_at(&w, 27000);
    up(PROOF_SEND_ONLY);
    world_poll_at(&w, 1000);
    up(PROOF_SEND_ONLY);
    w.now.mono_ms += 1000;
    world_poll(&w);
    down(CAUSE_NOT_DELIVERED);
}

static void unread_mailbox(void **state)
{
    (void)state;
    world_poll(&w);
    w.mails = 0;
    w.delivers = false;
    w.box = BOX_UNREADABLE;
    for (int i = 0; i < 3; i++) {
        world_poll(&w);
        world_is(&w, VERDICT_UP, PROOF_SEND_ONLY, CAUSE_OVERSIZE);
    }
    world_poll(&w);
    down(CAUSE_OVERSIZE);
    assert_int_equal(w.row.status.failure_stage, STAGE_FETCH);
}

static void seen_by_anothers_session(void **state)
{
    (void)state;
    world_poll(&w);
    struct mail_facts mail = {.arrived_ms = INT64_MIN, .token_count = 1, .tokens = {w.sent}};
    assert_int_equal(row_sight(&w.row, &w.sent, &mail, &w.now, &w.journal), SIGHTING_FOUND);
    w.mails = 0;
    w.box = BOX_CLOSED;
    world_poll(&w);
    down(CAUSE_REFUSED); /* its own login failed */
    w.box = BOX_FINE;
    w.mails = 0;
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
}

static void local_break_after_dot(void **state)
{
    (void)state;
    world_poll(&w);
    w.smtp = SMTP_BREAKS_LOCALLY_AFTER_DOT;
    w.delivers = false;
    world_poll(&w);
    world_is(&w, VERDICT_UP, PROOF_SEND_ONLY, CAUSE_RESOURCES);
    assert_int_equal(world_count(&w, PROBE_MAYBE), 1);
}

static void both_legs_known(void **state)
{
    (void)state;
    world_poll(&w);
    w.box = BOX_CLOSED;
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    down(CAUSE_PERMANENT);
    assert_int_equal(w.row.status.failure_leg, LEG_SMTP);
    assert_int_equal(w.row.status.in_stage, STAGE_CONNECT);
    assert_int_equal(w.row.status.in_cause, CAUSE_REFUSED);
    assert_int_equal(w.row.status.smtp_cause, CAUSE_PERMANENT);
    assert_string_equal(text_bytes(w.row.status.smtp_reply), "550 no such user");
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, begin, end, NULL                                                                               \
    }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ROW("first poll, all fine: up by sending only, no event", first_poll),
        ROW("second poll, the probe is there: up by a round trip, deleted", second_poll),
        ROW("no probe: down; both there in the next poll: up, one of them late", missing_then_late),
        ROW("SMTP refuses: down; fine again: awaits proof; found: up", send_refused),
        ROW("broken after the dot: down; the probe arrives anyway: up", uncertain_but_arrives),
        ROW("broken after the dot: down; it never arrives: no evidence, the next probe decides", uncertain_and_gone),
        ROW("a journal that refuses everything changes no verdict", full_disk),
        ROW("a mailbox closed for two days holds 32 mails at most, all found and deleted afterwards", two_days_closed),
        ROW("an old probe put back while delivery is broken proves nothing", replay),
        ROW("without descriptors: unknown after three polls, never down", out_of_descriptors),
        ROW("a clock set back or forward changes no verdict", clock_set_back),
        ROW("broken after EXPUNGE: found, up; the same mail next time is a duplicate", breaks_after_expunge),
        ROW("what was found before the session broke counts", found_before_it_broke),
        ROW("a mailbox that deletes nothing: up for three polls, then down", never_deletes),
        ROW("a poll out of turn misses nothing younger than half an interval", poll_out_of_turn),
        ROW("a mailbox never read to its end: kept for three polls, then down", unread_mailbox),
        ROW("a probe that another row's session saw waits for a look that works", seen_by_anothers_session),
        ROW("what broke on this machine after the dot keeps the verdict, and the fate is uncertain",
            local_break_after_dot),
        ROW("a failed look does not hide what became of the send", both_legs_known),
    };
    return cmocka_run_group_tests_name("sequences", tests, NULL, NULL);
}
