/*
 * What the file says becomes one edit: the whole of it, or nothing.
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

/* One row changed: the worker gets its order, for which room was made before. */
static void tell(void *owner, const struct change *change)
{
    struct agent *a = owner;
    const struct order order = {
        .kind = change->after == NULL ? ORDER_REMOVE : ORDER_PUT,
        .index = change->index,
        .serial = change->serial,
        .definition = definition_ref(change->after),
    };
    order_list_add(&a->orders, &order);
    a->lacking_secrets += lacks_secret(change->after);
    a->lacking_secrets -= lacks_secret(change->before);
    a->table_changed_at = wall_now_ms();
    agent_restore_status(a, change);
}

static void warn(void *owner, const char *line)
{
    struct agent *a = owner;
    log_write(a->options.log, LOG_LINE_WARNING, "%s", line);
}

static void set_error(struct agent *a, const char *why)
{
    text_unref(a->config_error);
    a->config_error = text_new(why, text_cut(why, strlen(why), FAILURE_TEXT_MAX));
}

/* Check and publish; on false ${why} says what is wrong, and nothing has changed. */
static bool finish(struct agent *a, struct edit *e, size_t changes, struct mistake *why)
{
    if (!edit_check(e, why, NULL))
        return false;
    if (!order_list_reserve(&a->orders, changes))
        return mistake_make(why, MISTAKE_RESOURCES, SETTING_COUNT, "out of memory");
    edit_publish(e, tell, a);
    return true;
}

static bool edit_whole_file(struct agent *a, const struct notice *notice, struct mistake *why)
{
    size_t changes = monitors_count(a->set) + notice->wanted_count;
    struct edit *e = edit_begin(a->set);
    bool ok = e != NULL && edit_file(e, notice->wanted, notice->wanted_count, warn, a);
    if (!ok)
        (void)mistake_make(why, MISTAKE_RESOURCES, SETTING_COUNT, "out of memory");
    ok = ok && finish(a, e, changes, why);
    edit_end(e);
    return ok;
}

void agent_take_file(struct agent *a, const struct notice *notice)
{
    struct mistake why = {.kind = MISTAKE_NONE};
    if (!edit_whole_file(a, notice, &why)) {
        log_write(a->options.log, LOG_LINE_ERROR, "the file is not taken over: %s", why.text);
        set_error(a, why.text);
        return;
    }
    a->config_loaded_at = notice->time_ms;
    set_error(a, "");
    agent_restored_file(a);
    log_write(a->options.log, LOG_LINE_INFO, "monitors in the file: %zu; in the table: %zu", notice->wanted_count,
              monitors_count(a->set));
}

void agent_take_file_error(struct agent *a, const struct notice *notice)
{
    set_error(a, text_bytes(notice->text));
}

/* The row may be gone, or belong to somebody else by now: then its secret is nobody's. */
static bool edit_one(struct agent *a, const struct definition *definition, struct mistake *why)
{
    const struct monitor *row = monitors_named(a->set, definition_text(definition, SETTING_name));
    if (row == NULL || row->definition->storage != STORAGE_READ_ONLY)
        return true;
    struct edit *e = edit_begin(a->set);
    bool ok = e != NULL && edit_put(e, row->index, definition);
    if (!ok)
        (void)mistake_make(why, MISTAKE_RESOURCES, SETTING_COUNT, "out of memory");
    ok = ok && finish(a, e, 1, why);
    edit_end(e);
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
