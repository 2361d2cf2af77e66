#include "monitors.h"

#include <stdlib.h>

#include "monitor_set.h"

struct monitors *monitors_new(uint64_t (*serial_of)(void *owner, const char *name), void *owner)
{
    struct monitors *set = calloc(1, sizeof *set);
    if (set == NULL)
        return NULL;
    set->serial_of = serial_of;
    set->owner = owner;
    set->free_index = 1;
    return set;
}

void monitors_free(struct monitors *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        monitor_free(set->rows[i]);
    free(set->rows);
    names_clear(&set->names);
    index_map_clear(&set->promises);
    free(set);
}

size_t monitors_count(const struct monitors *set)
{
    return set->count;
}

struct monitor *monitors_at(const struct monitors *set, size_t i)
{
    return i < set->count ? set->rows[i] : NULL;
}

size_t monitors_lower(const struct monitors *set, int64_t index)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->rows[middle]->index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct monitor *monitors_find(const struct monitors *set, int32_t index)
{
    struct monitor *row = monitors_at(set, monitors_lower(set, index));
    return row != NULL && row->index == index ? row : NULL;
}

struct monitor *monitors_named(const struct monitors *set, const char *name)
{
    const struct name_entry *entry = names_find(&set->names, name);
    return entry == NULL ? NULL : entry->row;
}

int32_t monitors_free_index(const struct monitors *set)
{
    return set->free_index;
}

int32_t monitors_seek_free(const struct monitors *set, int32_t index)
{
    size_t place = monitors_lower(set, index);
    for (int64_t candidate = index; candidate <= INT32_MAX; candidate++) {
        const struct monitor *row = monitors_at(set, place);
        if (row != NULL && row->index == candidate)
            place++;
        else if (index_map_get(&set->promises, (int32_t)candidate) == NULL)
            return (int32_t)candidate;
    }
    return 0;
}

bool monitors_promise(struct monitors *set, int32_t index, const char *name)
{
    struct name_entry *entry = index_map_reserve(&set->promises, 1) ? names_claim(&set->names, name) : NULL;
    if (entry == NULL)
        return false;
    if (entry->promised == 0 && index_map_get(&set->promises, index) == NULL) {
        entry->promised = index;
        index_map_put(&set->promises, index, entry);
        if (index == set->free_index)
            set->free_index = monitors_seek_free(set, index);
    }
    names_release(&set->names, entry);
    return true;
}

size_t monitors_tally(const struct monitors *set, enum verdict verdict)
{
    return set->tally[verdict];
}

/* Whether a row is off is known here first; a report that was under way meanwhile does not know it yet. */
static void hold_to_definition(struct monitor *m)
{
    if (!definition_is_on(m->definition)) {
        m->status.verdict = VERDICT_DISABLED;
        m->status.proof = PROOF_NONE;
    } else if (m->status.verdict == VERDICT_DISABLED) {
        m->status.verdict = VERDICT_UNKNOWN;
    }
}

void monitors_set_status(struct monitors *set, struct monitor *row, const struct status *status)
{
    set->tally[row->status.verdict]--;
    status_copy(&row->status, status);
    hold_to_definition(row);
    set->tally[row->status.verdict]++;
}

struct monitor *monitor_new(const struct monitors *set, int32_t index, const struct definition *definition)
{
    struct monitor *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->index = index;
    m->serial = set->serial_of(set->owner, definition_text(definition, SETTING_name));
    if (m->serial == 0) {
        free(m);
        return NULL;
    }
    status_init(&m->status);
    monitor_define(m, definition);
    return m;
}

void monitor_free(struct monitor *m)
{
    if (m == NULL)
        return;
    status_clear(&m->status);
    definition_unref(m->definition);
    free(m);
}

void monitor_define(struct monitor *m, const struct definition *definition)
{
    const struct definition *before = m->definition;
    if (definition->row_status == ROW_NOT_READY && (before == NULL || before->row_status != ROW_NOT_READY))
        m->not_ready_ms = monotonic_now_ms();
    m->definition = definition_ref(definition);
    definition_unref(before);
    hold_to_definition(m);
}
