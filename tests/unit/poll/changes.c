/* What restarts, and changes of its definition, do to a row that is being polled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "one_world.h"

enum { DAY_MS = 86400000 };

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
    assert_int_equal(w.row.status.consecutive_failures, 1);
    assert_true(row_define(&w.row, d, &w.now, &w.journal));
    definition_unref(d);
    assert_int_equal(w.row.status.consecutive_failures, 0);
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

/* --- a restart: a store that knows only what the journal said --- */

/* What is outstanding by the journal's last word on each probe. */
static size_t outstanding_of(const struct world *x, struct probe_record kept[PROBES_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < x->entry_count; i++) {
        const struct probe_record *record = &x->entries[i].probe;
        size_t place = 0;
        for (size_t k = 0; k < n && x->entries[i].kind == JOURNAL_STATUS; k++)
            probe_record_settle(&kept[k], &x->entries[i].memory.sent);
        if (x->entries[i].kind != JOURNAL_PROBE)
            continue;
        while (place < n && !probe_record_is_of(&kept[place], record))
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
    assert_true(row_init(&w.row, 3, 77, d, w.sealer));
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
    assert_true(token_make(w.sealer, w.row.serial, w.row.handle, 1, &t));
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
        ROW("restart between send and look: found, up", restart_between),
        ROW("restart while a probe is being sent: its absence proves nothing", restart_while_sending),
        ROW("restart after a probe was missed: it is not missed again", restart_after_missing),
        ROW("another mailbox: the first poll's rule, nothing lost, no event", other_mailbox),
        ROW("a path that was mended makes the event up", mended_path),
        ROW("interval, password and timeout keep what is outstanding", same_path),
        ROW("off for a week with a probe outstanding, on again: up after the send, nothing missing, no event",
            off_for_a_week),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
