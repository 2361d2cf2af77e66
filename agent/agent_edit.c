/*
 * What becomes of the monitors without a SET: what the file says is one edit, the
 * whole of it or nothing; half-made rows go.
 */
#include <string.h>

#include "agent_parts.h"

static bool lacks_secret(const struct definition *d)
{
    if (d == NULL || !definition_is_on(d))
        return false;
    for (size_t leg = 0; leg < 2; leg++) {
        if (d->secret[leg] == SECRET_MISSING || d->secret[leg] == SECRET_FAILED)
            return true;
    }
    return false;
}

static bool is_half_made(const struct definition *d)
{
    return d != NULL && d->row_status == ROW_NOT_READY;
}

void agent_count_change(void *agent, const struct change *change)
{
    struct agent *a = agent;
    a->lacking_secrets += lacks_secret(change->after);
    a->lacking_secrets -= lacks_secret(change->before);
    a->half_made += is_half_made(change->after);
    a->half_made -= is_half_made(change->before);
    a->table_changed_at = wall_now_ms();
}

void agent_tell_change(void *agent, const struct change *change)
{
    struct agent *a = agent;
    agent_count_change(a, change);
    dispatch_change(&a->dispatch, change);
    agent_restore_status(a, change);
}

static void warn(void *owner, const char *line)
{
    struct agent *a = owner;
    log_write(a->options.log, LOG_LINE_WARNING, "%s", line);
}

static void take_words(const struct text **slot, const char *words)
{
    text_unref(*slot);
    *slot = text_new(words, text_cut(words, strlen(words), FAILURE_TEXT_MAX));
}

static void config_error(struct agent *a, const char *why)
{
    take_words(&a->config_error, why);
}

void agent_set_error(struct agent *a, const char *why)
{
    take_words(&a->set_error, why);
}

static bool refuse_memory(struct mistake *why)
{
    return mistake_make(why, MISTAKE_RESOURCES, SETTING_COUNT, "out of memory");
}

/* Nobody waits for it: what the file says is there again after a restart. */
static bool save_later(void *owner, const struct change *changes, size_t n, struct mistake *why)
{
    struct agent *a = owner;
    size_t count = keep_count(changes, n);
    if (count == 0)
        return true;
    struct save_batch *batch = save_batch_new(count);
    if (batch == NULL || !keep_reserve(&a->keep, 1)) {
        save_batch_unref(batch);
        return refuse_memory(why);
    }
    keep_fill(batch, changes, n);
    keep_later(&a->keep, batch);
    return true;
}

/* Check and publish; on false ${why} says what is wrong, and nothing has changed. */
static bool finish(struct agent *a, struct edit *e, struct mistake *why)
{
    if (!edit_check(e, why, NULL))
        return false;
    size_t changes = edit_count(e);
    if (!dispatch_reserve(&a->dispatch, changes))
        return refuse_memory(why);
    if (!edit_save(e, &(struct saver){save_later, a}, why)) {
        dispatch_release(&a->dispatch, changes);
        return false;
    }
    edit_publish(e, agent_tell_change, a);
    return true;
}

static bool edit_whole_file(struct agent *a, const struct notice *notice, struct mistake *why)
{
    set_settle(a);
    struct wanted *wanted = agent_restored_wanted(a, notice);
    struct edit *e = edit_begin(a->set);
    bool ok = wanted != NULL && e != NULL && edit_file(e, wanted, notice->wanted_count, warn, a);
    ok = ok ? finish(a, e, why) : refuse_memory(why);
    edit_end(e);
    agent_free_wanted(wanted, notice->wanted_count);
    return ok;
}

static void take_history(struct agent *a, uint32_t history_s)
{
    const struct order order = {.kind = ORDER_HISTORY, .history_s = history_s};
    if (history_s == a->options.history_s)
        return;
    if (dispatch_all(&a->dispatch, &order))
        a->options.history_s = history_s;
    else /* not known as told: the next reading tells it */
        log_write(a->options.log, LOG_LINE_ERROR,
                  "samples cover what they did before: out of memory; reload once more");
}

void agent_take_file(struct agent *a, const struct notice *notice)
{
    struct mistake why = {.kind = MISTAKE_NONE};
    if (!edit_whole_file(a, notice, &why)) {
        log_write(a->options.log, LOG_LINE_ERROR, "the file is not taken over: %s", why.text);
        config_error(a, why.text);
        return;
    }
    a->config_loaded_at = notice->time_ms;
    config_error(a, "");
    take_history(a, notice->history_s);
    agent_restored_file(a);
    log_write(a->options.log, LOG_LINE_INFO, "monitors in the file: %zu; in the table: %zu", notice->wanted_count,
              monitors_count(a->set));
}

void agent_take_file_error(struct agent *a, const struct notice *notice)
{
    config_error(a, text_bytes(notice->text));
}

/* The row may be gone, or belong to somebody else by now: then its secret is nobody's. */
static bool edit_one(struct agent *a, const struct definition *definition, struct mistake *why)
{
    const struct monitor *row = monitors_named(a->set, definition_text(definition, SETTING_name));
    if (row == NULL || row->definition->storage != STORAGE_READ_ONLY)
        return true;
    const struct definition *kept = definition_keep_override(definition, row->definition);
    set_settle(a);
    struct edit *e = edit_begin(a->set);
    bool ok = kept != NULL && e != NULL && edit_put(e, row->index, kept);
    ok = ok ? finish(a, e, why) : refuse_memory(why);
    edit_end(e);
    definition_unref(kept);
    return ok;
}

void agent_take_definition(struct agent *a, const struct notice *notice)
{
    for (size_t i = 0; i < notice->wanted_count; i++) {
        const struct definition *definition = notice->wanted[i].definition;
        struct mistake why = {.kind = MISTAKE_NONE};
        if (!edit_one(a, definition, &why))
            log_write(a->options.log, LOG_LINE_ERROR, "monitor %s does not get its password: %s",
                      definition_text(definition, SETTING_name), why.text);
    }
}

/* --- rows that nobody finished --- */

static bool drop_rows(struct agent *a, uint64_t now_ms, struct mistake *why)
{
    set_settle(a);
    struct edit *e = edit_begin(a->set);
    bool ok = e != NULL;
    for (size_t i = 0; ok && i < monitors_count(a->set); i++) {
        const struct monitor *row = monitors_at(a->set, i);
        if (!is_half_made(row->definition) || row->not_ready_ms + HALF_MADE_MS > now_ms)
            continue;
        log_write(a->options.log, LOG_LINE_INFO, "row %d was notReady for five minutes, and goes", (int)row->index);
        ok = edit_remove(e, row->index);
    }
    ok = ok ? finish(a, e, why) : refuse_memory(why);
    edit_end(e);
    return ok;
}

static bool any_is_due(const struct agent *a, uint64_t now_ms)
{
    for (size_t i = 0; i < monitors_count(a->set); i++) {
        const struct monitor *row = monitors_at(a->set, i);
        if (is_half_made(row->definition) && row->not_ready_ms + HALF_MADE_MS <= now_ms)
            return true;
    }
    return false;
}

void agent_drop_half_made(struct agent *a, uint64_t now_ms)
{
    enum { SWEEP_MS = 1000 };
    struct mistake why = {.kind = MISTAKE_NONE};
    if (a->half_made == 0 || now_ms < a->next_sweep_ms)
        return;
    a->next_sweep_ms = now_ms + SWEEP_MS;
    if (any_is_due(a, now_ms) && !drop_rows(a, now_ms, &why))
        log_write(a->options.log, LOG_LINE_ERROR, "rows that nobody finished stay: %s", why.text);
}
