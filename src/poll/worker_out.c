#include <errno.h>
#include <string.h>

#include "worker_parts.h"

enum {
    FLUSH_AGAIN_MS = 10,
    STATUS_TOGETHER_MS = 20,
    ALARM_RESOURCES_MS = 60000,
    ALARM_JUMP_MS = 3600 * 1000, /* a jump of more than that is one, and for so long it is told */
};

/* Setting it again would move it behind what comes all the time. */
static void flush_in(struct worker *w, uint64_t ms)
{
    if (w->flushes)
        return;
    w->flushes = true;
    deadline_set(w->flush, ms);
}

/* --- the journal --- */

static void write_entry(void *owner, struct journal_entry *entry)
{
    struct worker *w = owner;
    entry->worker = w->options.number;
    if (!outbox_send(w->journal, entry)) {
        log_write(w->options.log, LOG_LINE_ERROR, "row %d: out of memory: an entry of the journal is lost",
                  (int)entry->index);
        journal_entry_drop(entry);
    }
    if (outbox_waiting(w->journal) > 0)
        flush_in(w, FLUSH_AGAIN_MS);
}

struct journal out_journal(struct worker *w)
{
    return (struct journal){.write = write_entry, .owner = w};
}

void out_gone(struct worker *w, int32_t index, uint64_t serial)
{
    struct journal_entry entry = {.kind = JOURNAL_GONE, .index = index, .serial = serial};
    write_entry(w, &entry);
}

/* --- statuses --- */

static bool post_status(struct worker *w, const struct watched *x)
{
    struct report report = {.kind = REPORT_STATUS, .index = x->row.index, .serial = x->row.serial};
    status_init(&report.status);
    status_copy(&report.status, &x->row.status);
    if (queue_post(w->options.reports, &report))
        return true;
    status_clear(&report.status);
    return false;
}

/* The statuses of one row overwrite each other; those of different rows keep their order.  They go together, because
 * each time that the agent is woken costs both threads more than a status does. */
void out_status(struct worker *w, struct watched *x)
{
    if (w->stopping || list_holds(&x->dirty))
        return;
    list_append(&w->dirty, &x->dirty);
    flush_in(w, STATUS_TOGETHER_MS);
}

bool out_flush(struct worker *w)
{
    w->flushes = false;
    for (struct link *l; (l = list_first(&w->dirty)) != NULL && !w->stopping;) {
        if (!post_status(w, LIST_OWNER(l, struct watched, dirty)))
            break;
        list_remove(l);
    }
    /* A row leaves behind its entries: the store must not hear them after those of its next worker. */
    bool done = outbox_flush(w->journal) && (w->stopping || (moves_flush(w) && list_is_empty(&w->dirty)));
    if (!done)
        flush_in(w, FLUSH_AGAIN_MS);
    return done;
}

/* --- the process --- */

void out_failure(struct worker *w, const struct failure *why)
{
    if (why->leg == LEG_LOCAL && why->cause == CAUSE_RESOURCES && (why->code == EMFILE || why->code == ENFILE))
        w->resources_ms = loop_now_ms(w->with.loop);
}

static bool is_recent(uint64_t then_ms, uint64_t now_ms, uint64_t lasts_ms)
{
    return then_ms != 0 && now_ms - then_ms < lasts_ms;
}

/* The two clocks part when somebody sets one of them, or the machine slept. */
static bool clock_is_odd(struct worker *w, const struct moment *now)
{
    int64_t gap_ms = now->wall_ms - (int64_t)now->mono_ms;
    int64_t jump_ms = gap_ms - w->clock_gap_ms;
    if (w->clock_gap_ms != 0 && (jump_ms > ALARM_JUMP_MS || jump_ms < -ALARM_JUMP_MS))
        w->clock_jumped_ms = now->mono_ms;
    w->clock_gap_ms = gap_ms;
    return now->wall_ms / 1000 < EMAILMON_BUILT_S || is_recent(w->clock_jumped_ms, now->mono_ms, ALARM_JUMP_MS);
}

static uint32_t alarms(struct worker *w, const struct moment *now)
{
    const struct {
        enum alarm alarm;
        bool raised;
    } all[] = {
        {ALARM_RESOLVER, resolver_alarm(w->with.resolver)},
        {ALARM_DESCRIPTORS, is_recent(w->resources_ms, now->mono_ms, ALARM_RESOURCES_MS)},
        {ALARM_CLOCK, clock_is_odd(w, now)},
        {ALARM_SECRETS, w->lacking > 0},
    };
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].raised)
            bits |= all[i].alarm;
    return bits;
}

void out_process(struct worker *w)
{
    struct moment now = worker_now(w);
    struct report report = {.kind = REPORT_PROCESS, .worker = w->options.number};
    report.process = (struct process_report){.in_flight = w->in_flight,
                                             .scheduler_lag_ms = schedule_lag_ms(w->schedule, now.mono_ms),
                                             .polls_total = w->polls_total,
                                             .alarms = alarms(w, &now)};
    const struct process_report *a = &report.process, *b = &w->told;
    bool same = a->in_flight == b->in_flight && a->scheduler_lag_ms == b->scheduler_lag_ms &&
                a->polls_total == b->polls_total && a->alarms == b->alarms;
    if (!same && queue_post(w->options.reports, &report))
        w->told = report.process;
}
