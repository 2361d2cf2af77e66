/*
 * What the state knew when emailmon started: indexes stay with their names, rows made by SET are there again, rows show
 * what they showed, events that were not acknowledged leave again.  Rows of the file come back with the file; once that
 * has been taken over, those that did not come are gone.
 */
#include <stdlib.h>

#include "agent_parts.h"

uint64_t agent_serial(void *owner, const char *name)
{
    struct agent *a = owner;
    const struct restored_row *row = restored_by_name(a->restored, name);
    /* It is given once: whoever gets that name after its row is gone is another row.  Rows made by SET are there. */
    if (row != NULL && row->definition == NULL) {
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

static bool put_rows(const struct restored *r, struct edit *e)
{
    for (size_t i = 0; i < r->row_count; i++) {
        const struct restored_row *row = &r->rows[i];
        if (row->definition != NULL && !edit_put_known(e, row->index, row->serial, row->definition))
            return false;
    }
    return true;
}

/* Rows made by SET are there before the file is; nothing of them is to be kept anew. */
static bool restore_rows(struct agent *a)
{
    struct mistake why = {.kind = MISTAKE_NONE};
    int32_t index = 0;
    struct edit *e = edit_begin(a->set);
    bool ok = e != NULL && put_rows(a->restored, e);
    if (ok && !edit_check(e, &why, &index)) {
        log_write(a->options.log, LOG_LINE_ERROR, "row %d of the state: %s", (int)index, why.text);
        ok = false;
    }
    ok = ok && dispatch_reserve(&a->dispatch, edit_count(e));
    if (ok)
        edit_publish(e, agent_tell_change, a);
    edit_end(e);
    return ok;
}

bool agent_restore(struct agent *a)
{
    return a->restored == NULL || (restore_promises(a) && restore_rows(a) && restore_events(a));
}

void agent_free_wanted(struct wanted *wanted, size_t n)
{
    for (size_t i = 0; wanted != NULL && i < n; i++)
        definition_unref(wanted[i].definition);
    free(wanted);
}

/* What a manager said of it holds as long as the file says what it said then. */
static const struct definition *restored_definition(const struct agent *a, const struct definition *file)
{
    const struct restored_row *row = restored_by_name(a->restored, definition_text(file, SETTING_name));
    if (row == NULL || row->definition != NULL || row->admin.set == 0 || row->admin.file != file->enabled)
        return definition_ref(file);
    return definition_override(file, row->admin.set);
}

struct wanted *agent_restored_wanted(const struct agent *a, const struct notice *notice)
{
    struct wanted *wanted = calloc(notice->wanted_count + 1, sizeof *wanted);
    bool ok = wanted != NULL;
    for (size_t i = 0; ok && i < notice->wanted_count; i++) {
        wanted[i].index = notice->wanted[i].index;
        wanted[i].definition = restored_definition(a, notice->wanted[i].definition);
        ok = wanted[i].definition != NULL;
    }
    if (ok)
        return wanted;
    agent_free_wanted(wanted, wanted == NULL ? 0 : notice->wanted_count);
    return NULL;
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

/* The file does not have it any more.  A probe of it may still come, to whatever mailbox, or be there already; without
 * memory to say so it stays there. */
static void is_absent(struct agent *a, const struct restored_row *row)
{
    const struct journal_entry entry = {.kind = JOURNAL_GONE, .index = row->index, .serial = row->serial};
    const struct order order = {.kind = ORDER_ABSENT, .index = row->index, .serial = row->serial};
    agent_journal(a, &entry);
    if (row->probe_count > 0)
        (void)dispatch_all(&a->dispatch, &order);
}

void agent_restored_file(struct agent *a)
{
    if (a->restored == NULL)
        return;
    for (size_t i = 0; i < a->restored->row_count; i++) {
        const struct restored_row *row = &a->restored->rows[i];
        const struct monitor *monitor = monitors_named(a->set, text_bytes(row->name));
        if (row->definition == NULL && (monitor == NULL || monitor->serial != row->serial))
            is_absent(a, row);
    }
    if (!dispatch_all(&a->dispatch, &(struct order){.kind = ORDER_READY}))
        log_write(a->options.log, LOG_LINE_ERROR, "what was restored is kept: out of memory");
    restored_unref(a->restored);
    a->restored = NULL;
}
