/*
 * What the state knew when emailmon started: indexes stay with their names, rows show what they showed, events that
 * were not acknowledged leave again.  Rows of the file come back with the file; once that has been taken over, those
 * that did not come are gone.
 */
#include "agent_parts.h"

uint64_t agent_serial(void *owner, const char *name)
{
    struct agent *a = owner;
    const struct restored_row *row = restored_by_name(a->restored, name);
    /* It is given once: whoever gets that name after its row is gone is another row. */
    if (row != NULL) {
        const struct monitor *holder = monitors_named(a->set, name);
        if (holder == NULL || holder->serial != row->serial)
            return row->serial;
    }
    return a->options.serial_of(a->options.serial_owner, name);
}

static bool restore_promises(struct agent *a)
{
    const struct restored *r = a->restored;
    for (size_t i = 0; i < r->promise_count; i++) {
        if (!monitors_promise(a->set, r->promises[i].index, text_bytes(r->promises[i].name)))
            return false;
    }
    for (size_t i = 0; i < r->row_count; i++) {
        if (r->rows[i].definition == NULL && !monitors_promise(a->set, r->rows[i].index, text_bytes(r->rows[i].name)))
            return false;
    }
    return true;
}

static bool restore_events(struct agent *a)
{
    for (size_t i = 0; i < a->restored->event_count; i++) {
        const struct restored_event *e = &a->restored->events[i];
        if (!event_log_add(a->events, &e->event, !e->settled))
            return false;
        if (!e->settled)
            agent_notify(a, &e->event);
    }
    return true;
}

bool agent_restore(struct agent *a)
{
    return a->restored == NULL || (restore_promises(a) && restore_events(a));
}

void agent_restore_status(struct agent *a, const struct change *change)
{
    const struct restored_row *row = restored_by_serial(a->restored, change->serial);
    struct monitor *monitor = monitors_find(a->set, change->index);
    if (row != NULL && row->has_status && monitor != NULL && change->before == NULL)
        monitors_set_status(a->set, monitor, &row->status);
}

void agent_journal(struct agent *a, const struct journal_entry *entry)
{
    if (!outbox_send(a->journal, entry))
        log_write(a->options.log, LOG_LINE_ERROR, "an entry of the journal is lost: out of memory");
}

void agent_settle(struct agent *a, uint32_t seq)
{
    const struct journal_entry entry = {.kind = JOURNAL_SETTLED, .seq = seq};
    event_log_settle(a->events, seq);
    if (seq != 0)
        agent_journal(a, &entry);
}

void agent_restored_file(struct agent *a)
{
    if (a->restored == NULL)
        return;
    for (size_t i = 0; i < a->restored->row_count; i++) {
        const struct restored_row *row = &a->restored->rows[i];
        const struct monitor *monitor = monitors_named(a->set, text_bytes(row->name));
        const struct journal_entry entry = {.kind = JOURNAL_GONE, .index = row->index, .serial = row->serial};
        if (row->definition == NULL && (monitor == NULL || monitor->serial != row->serial))
            agent_journal(a, &entry);
    }
    if (!outbox_send(a->orders, &(struct order){.kind = ORDER_READY}))
        log_write(a->options.log, LOG_LINE_ERROR, "the worker keeps what was restored: out of memory");
    restored_unref(a->restored);
    a->restored = NULL;
}
