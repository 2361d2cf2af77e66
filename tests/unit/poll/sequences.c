/* What happens to a row in the course of some polls: the typical sequences, played without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

enum { DAY_MS = 86400000 };

static struct world w;

static int begin(void **state)
{
    (void)state;
    world_begin(&w, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

static void up(enum proof proof)
{
    world_is(&w, VERDICT_UP, proof, CAUSE_NONE);
}

static void down(enum cause cause)
{
    world_is(&w, VERDICT_DOWN, PROOF_NONE, cause);
}

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

static void other_mailbox(void **state)
{
    (void)state;
    static const char *const other[] = {"incoming.username=other", NULL};
    world_poll(&w);
    world_poll(&w);
    const struct definition *d = world_definition(other);
    assert_true(row_define(&w.row, d, &w.now, &w.journal));
    definition_unref(d);
    assert_true(w.row.first_poll);
    assert_int_equal(w.row.status.outstanding, 0);
    assert_int_equal(w.row.status.lost, 0);
    w.mails = 0;
    world_poll(&w);
    up(PROOF_SEND_ONLY);
    assert_int_equal(w.row.status.proven_at, 0);
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_null(world_last_event(&w));
}

static void mended_path(void **state)
{
    (void)state;
    static const char *const other[] = {"smtp.to=q@example.com", NULL};
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    down(CAUSE_PERMANENT);
    const struct definition *d = world_definition(other);
    assert_true(row_define(&w.row, d, &w.now, &w.journal));
    definition_unref(d);
    w.smtp = SMTP_FINE;
    world_poll(&w);
    up(PROOF_SEND_ONLY);
    assert_int_equal(world_events(&w, EVENT_UP), 1);
}

static void same_path(void **state)
{
    (void)state;
    static const char *const other[] = {"interval=300", "incoming.password=y", "incoming.timeout=3", NULL};
    world_poll(&w);
    const struct definition *d = world_definition(other);
    assert_false(row_define(&w.row, d, &w.now, &w.journal));
    definition_unref(d);
    assert_false(w.row.first_poll);
    assert_int_equal(w.row.status.outstanding, 1);
    assert_int_equal(row_grace_ms(&w.row), 150000);
    up(PROOF_SEND_ONLY);
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

static void off_for_a_week(void **state)
{
    (void)state;
    static const char *const off[] = {"enabled=false", NULL};
    const struct definition *disabled = world_definition(off), *enabled = world_definition(NULL);
    world_poll(&w);
    w.mails = 0;
    assert_true(row_define(&w.row, disabled, &w.now, &w.journal));
    assert_int_equal(w.row.status.verdict, VERDICT_DISABLED);
    assert_int_equal(w.row.status.last_change, w.now.wall_ms);
    w.now.wall_ms += 6 * (int64_t)DAY_MS;
    w.now.mono_ms += 6 * (uint64_t)DAY_MS;
    assert_false(row_define(&w.row, enabled, &w.now, &w.journal));
    assert_int_equal(w.row.status.verdict, VERDICT_UNKNOWN);
    world_poll(&w);
    up(PROOF_SEND_ONLY);
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_null(world_last_event(&w));
    definition_unref(disabled);
    definition_unref(enabled);
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

/* --- a restart: a store that knows only what the journal said --- */

/* What is outstanding by the journal's last word on each probe. */
static size_t outstanding_of(const struct world *x, struct probe_record kept[PROBES_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < x->entry_count; i++) {
        if (x->entries[i].kind != JOURNAL_PROBE)
            continue;
        const struct probe_record *record = &x->entries[i].probe;
        size_t place = 0;
        while (place < n && memcmp(kept[place].nonce, record->nonce, sizeof record->nonce) != 0)
            place++;
        if (record->state < PROBE_CONSUMED) {
            assert_true(place < PROBES_MAX);
            kept[place] = *record;
            n += place == n;
        } else if (place < n) {
            kept[place] = kept[--n];
        }
    }
    return n;
}

/* A row made anew from the journal; what was being sent is of uncertain fate. */
static void restart(void)
{
    struct probe_record kept[PROBES_MAX];
    size_t n = outstanding_of(&w, kept);
    struct history history = w.row.history;
    const struct definition *d = definition_ref(w.row.definition);
    row_clear(&w.row);
    assert_true(row_init(&w.row, 3, 77, d, &w.key));
    definition_unref(d);
    w.row.first_poll = false;
    w.row.history = history;
    w.now.mono_ms = 5000; /* another clock */
    for (size_t i = 0; i < n; i++) {
        struct token t = {.time_s = kept[i].time_s};
        struct outstanding lost;
        bool was_lost;
        memcpy(t.nonce, kept[i].nonce, sizeof t.nonce);
        assert_true(probes_sending(&w.row.probes, &t, &lost, &was_lost));
        assert_true(probes_fate(&w.row.probes, &t, kept[i].state == PROBE_SENDING ? PROBE_MAYBE : kept[i].state, 0,
                                kept[i].accepted_ms));
    }
}

static void restart_between(void **state)
{
    (void)state;
    world_poll(&w);
    restart();
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_int_equal(w.row.status.delivered, 1);
    assert_int_equal(w.row.status.delivery_ms, 500);
}

static void restart_while_sending(void **state)
{
    (void)state;
    struct token t;
    world_poll(&w);
    world_poll(&w);
    assert_true(token_make(&w.key, w.row.serial, 1, &t));
    assert_true(row_send_begins(&w.row, &t, &w.now, 9, &w.journal));
    restart();
    w.now.mono_ms += 10 * (uint64_t)INTERVAL_MS;
    world_poll(&w); /* finds the one of the last poll; the interrupted one is no evidence */
    up(PROOF_ROUND_TRIP);
    world_poll(&w);
    up(PROOF_ROUND_TRIP);
    assert_null(world_last_event(&w));
}

static void restart_after_missing(void **state)
{
    (void)state;
    world_poll(&w);
    w.mails = 0;
    w.smtp = SMTP_REFUSES;
    world_poll(&w); /* missing, and nothing new was sent */
    restart();
    w.smtp = SMTP_FINE;
    w.now.mono_ms += 10 * (uint64_t)INTERVAL_MS;
    world_poll(&w);
    down(CAUSE_AWAITING_PROOF); /* each absence is evidence once, over restarts too */
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
        ROW("restart between send and look: found, up", restart_between),
        ROW("restart while a probe is being sent: its absence proves nothing", restart_while_sending),
        ROW("restart after a probe was missed: it is not missed again", restart_after_missing),
        ROW("another mailbox: the first poll's rule, nothing lost, no event", other_mailbox),
        ROW("a path that was mended makes the event up", mended_path),
        ROW("interval, password and timeout keep what is outstanding", same_path),
        ROW("a journal that refuses everything changes no verdict", full_disk),
        ROW("a mailbox closed for two days holds 32 mails at most, all found and deleted afterwards", two_days_closed),
        ROW("an old probe put back while delivery is broken proves nothing", replay),
        ROW("without descriptors: unknown after three polls, never down", out_of_descriptors),
        ROW("a clock set back or forward changes no verdict", clock_set_back),
        ROW("off for a week with a probe outstanding, on again: up after the send, nothing missing, no event",
            off_for_a_week),
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
