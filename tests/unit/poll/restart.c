/* A row over restarts: it goes on where the journal says it was, wherever it was killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

enum { PROBE_RECORDS_MAX = 64, HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

static struct world w;

/* What a store would have kept, and when it is killed. */
static struct kept {
    struct restored_row row;
    struct probe_record probes[PROBE_RECORDS_MAX];
    unsigned events;
    unsigned entries;
    unsigned kill_at; /* after so many entries; 0: not */
    jmp_buf killed;
} kept;

static void keep_probe(const struct probe_record *probe)
{
    size_t i = 0;
    while (i < kept.row.probe_count && !probe_record_is_of(&kept.probes[i], probe))
        i++;
    assert_true(i < PROBE_RECORDS_MAX);
    kept.probes[i] = *probe;
    if (i == kept.row.probe_count)
        kept.row.probe_count++;
}

static void keep_entry(void *owner, struct journal_entry *entry)
{
    (void)owner;
    switch (entry->kind) {
    case JOURNAL_PROBE:
        keep_probe(&entry->probe);
        break;
    case JOURNAL_FORGET:
        kept.row.probe_count = 0;
        break;
    case JOURNAL_STATUS:
        kept.row.has_status = true;
        status_copy(&kept.row.status, &entry->status);
        kept.row.memory = entry->memory;
        kept.events += entry->has_event;
        break;
    case JOURNAL_GONE:
    case JOURNAL_SETTLED:
        break;
    }
    journal_entry_drop(entry);
    if (++kept.entries == kept.kill_at)
        longjmp(kept.killed, 1);
}

static void forget_kept(void)
{
    status_clear(&kept.row.status);
    kept = (struct kept){0};
    status_init(&kept.row.status);
    kept.row.probes = kept.probes;
}

static int begin(void **state)
{
    (void)state;
    status_init(&kept.row.status);
    forget_kept();
    world_begin(&w, NULL);
    w.journal = (struct journal){.write = keep_entry};
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&w);
    forget_kept();
    return 0;
}

/* emailmon comes back, with ${written} in the file. */
static void come_back(const char *const *written)
{
    const struct definition *d = world_definition(written);
    row_clear(&w.row);
    assert_true(row_init(&w.row, 3, 77, d, w.sealer));
    definition_unref(d);
    kept.kill_at = 0;
    struct probe_record read[PROBE_RECORDS_MAX];
    struct restored_row row = kept.row;
    row.probes = read;
    for (size_t i = 0; i < row.probe_count; i++) {
        read[i] = kept.probes[i];
        probe_record_settle(&read[i], &row.memory.sent);
    }
    assert_true(row_restore(&w.row, &row, &w.now, &w.journal));
}

/* It was not there for ${ms}. */
static void restart_with(uint64_t ms, const char *const *written)
{
    w.now.wall_ms += (int64_t)ms;
    w.now.mono_ms += ms;
    come_back(written);
}

static void restart(uint64_t ms)
{
    restart_with(ms, NULL);
}

/* --- */

static void goes_on(void **state)
{
    (void)state;
    world_poll(&w);
    restart(0);
    world_is(&w, VERDICT_UP, PROOF_SEND_ONLY, CAUSE_NONE);
    world_poll(&w);
    world_is(&w, VERDICT_UP, PROOF_ROUND_TRIP, CAUSE_NONE);
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    assert_int_equal(kept.events, 1);
    restart(0);
    assert_int_equal(w.row.status.verdict, VERDICT_DOWN);
    assert_int_equal(w.row.status.polls, 3);
    w.smtp = SMTP_FINE;
    world_poll(&w); /* down by sending, until a probe is found */
    world_is(&w, VERDICT_DOWN, PROOF_NONE, CAUSE_AWAITING_PROOF);
    restart(0);
    world_poll(&w);
    world_is(&w, VERDICT_UP, PROOF_ROUND_TRIP, CAUSE_NONE);
    assert_int_equal(kept.events, 2);
    assert_int_equal(w.row.status.transitions, 2);
}

static void lost_mail_is_missed(void **state)
{
    (void)state;
    world_poll(&w);
    world_poll(&w);
    w.mails = 0;
    restart(0);
    world_poll(&w);
    world_is(&w, VERDICT_DOWN, PROOF_NONE, CAUSE_NOT_DELIVERED);
}

static void lost_mail_is_missed_behind_another(void **state)
{
    (void)state;
    world_poll_at(&w, 1000);
    w.mails = 0; /* the first one is lost */
    restart(0);
    world_poll(&w); /* too early to miss it, and another one is sent */
    w.mails = 0;
    restart(0);
    assert_int_equal(probes_waiting(&w.row.probes), 2);
    world_poll(&w);
    world_is(&w, VERDICT_DOWN, PROOF_NONE, CAUSE_NOT_DELIVERED);
}

static void young_probe_is_not_missed(void **state)
{
    (void)state;
    world_poll_at(&w, INTERVAL_MS);
    w.mails = 0;
    world_poll_at(&w, 1000);
    w.mails = 0;
    restart(0);
    world_poll(&w);
    assert_int_not_equal(w.row.status.failure_cause, CAUSE_NOT_DELIVERED);
}

/* Somebody may have cleaned the mailbox meanwhile. */
static void long_absence(void **state)
{
    (void)state;
    world_poll(&w);
    world_poll(&w);
    w.mails = 0;
    restart(2 * HOUR_MS);
    world_poll(&w);
    assert_int_equal(w.row.status.verdict, VERDICT_UP);
    assert_int_equal(kept.events, 0);
}

static void machine_started_anew(void **state)
{
    (void)state;
    w.delivers = false;
    world_poll(&w);
    w.now.wall_ms += 8 * (int64_t)DAY_MS;
    w.now.mono_ms = 1000;
    come_back(NULL);
    world_poll(&w);
    assert_int_equal(w.row.status.lost, 1);
}

static void other_path_meanwhile(void **state)
{
    (void)state;
    static const char *const other[] = {"incoming.username=other", NULL};
    world_poll(&w);
    world_poll(&w);
    w.mails = 0;
    restart_with(0, other);
    assert_true(w.row.first_poll);
    assert_int_equal(w.row.probes.outstanding_count, 0);
    world_poll(&w);
    world_is(&w, VERDICT_UP, PROOF_SEND_ONLY, CAUSE_NONE);
    assert_int_equal(kept.events, 0);
    restart_with(0, other);
    assert_false(w.row.first_poll);
}

static void turned_off_meanwhile(void **state)
{
    (void)state;
    static const char *const off[] = {"enabled=false", NULL};
    world_poll(&w);
    restart_with(0, off);
    assert_int_equal(w.row.status.verdict, VERDICT_DISABLED);
    assert_int_equal(kept.row.status.verdict, VERDICT_DISABLED);
    restart(0);
    assert_int_equal(w.row.status.verdict, VERDICT_UNKNOWN);
    assert_true(w.row.first_poll);
    assert_int_equal(w.row.status.polls, 1);
}

static void certificates_warned_of(void **state)
{
    (void)state;
    w.tls = (struct tls_facts){.has_certificate = true, .expires_s = w.now.wall_ms / 1000 + 5 * 86400};
    world_poll(&w);
    world_poll(&w);
    assert_int_equal(kept.events, 2); /* each leg once */
    restart(0);
    assert_int_equal(w.row.status.smtp_cert_days, 4);
    world_poll(&w);
    assert_int_equal(kept.events, 2);
}

static void grid(void **state)
{
    (void)state;
    assert_int_equal(row_restored_wait_ms(&w.row, w.now.wall_ms), -1);
    w.row.status.last_poll = w.now.wall_ms;
    w.row.status.next_poll = w.now.wall_ms + 20000;
    assert_int_equal(row_restored_wait_ms(&w.row, w.now.wall_ms), 20000);
    assert_int_equal(row_restored_wait_ms(&w.row, w.now.wall_ms + 20000), 0);
    assert_int_equal(row_restored_wait_ms(&w.row, w.now.wall_ms + 20001), -1);
    assert_int_equal(row_restored_wait_ms(&w.row, w.now.wall_ms - HOUR_MS), INTERVAL_MS); /* the clock was set back */
}

/* --- wherever it is killed --- */

static void poll_until_killed(unsigned polls)
{
    if (setjmp(kept.killed) != 0)
        return;
    for (unsigned i = 0; i < polls; i++)
        world_poll(&w);
    kept.kill_at = 0;
}

static void killed_at_every_entry(void **state)
{
    enum { POLLS = 4, AFTER = 4 };
    bool killed = true;
    unsigned at = 0;
    while (killed) {
        kept.kill_at = ++at;
        poll_until_killed(POLLS);
        killed = kept.kill_at != 0;
        restart(0);
        for (unsigned i = 0; i < AFTER; i++) {
            assert_int_not_equal(w.row.status.verdict, VERDICT_DOWN);
            world_poll(&w);
            assert_int_equal(w.row.status.verdict, VERDICT_UP);
            if (i >= 1)
                assert_int_equal(w.mails, 1); /* what was sent just now, and nothing older */
        }
        assert_int_equal(w.row.status.proof, PROOF_ROUND_TRIP);
        assert_int_equal(kept.events, 0);
        assert_int_equal(w.row.status.forged, 0);
        (void)end(state);
        (void)begin(state);
    }
    assert_true(at > 3 * POLLS - 1); /* each has sending and its status, all but the first found too */
}

int main(void)
{
#define SENTENCE(sentence, function)                                                                                   \
    {                                                                                                                  \
        sentence, function, begin, end, NULL                                                                           \
    }
    const struct CMUnitTest tests[] = {
        SENTENCE("verdict, proof, counters and what a row waits for go on after a restart", goes_on),
        SENTENCE("a mail that was lost before a restart is missed after it", lost_mail_is_missed),
        SENTENCE("also when another one was sent between two restarts", lost_mail_is_missed_behind_another),
        SENTENCE("a probe is as old after a restart as it was before", young_probe_is_not_missed),
        SENTENCE("after a long absence the lack of a probe proves nothing", long_absence),
        SENTENCE("a probe is as old as it is, though the machine's own clock has begun anew", machine_started_anew),
        SENTENCE("a path that was changed while nothing ran is another one", other_path_meanwhile),
        SENTENCE("a row that was turned off or on while nothing ran is off or on", turned_off_meanwhile),
        SENTENCE("a certificate that was warned of is not warned of again", certificates_warned_of),
        SENTENCE("the next start is the next point of the old grid, at once when that has passed", grid),
        SENTENCE("killed after any entry of the journal, a row earns no Down and leaves no mail behind",
                 killed_at_every_entry),
    };
    return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
