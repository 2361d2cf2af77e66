/* What must hold of what was read from a state, whatever the state was. */
#ifndef EMAILMON_FUZZ_RESTORED_MUST_H
#define EMAILMON_FUZZ_RESTORED_MUST_H

#include <string.h>

#include "draft.h"
#include "must.h"
#include "restored.h"

/* Of two settings, too: what is active can be polled. */
static inline void definition_must_be_whole(const struct definition *definition)
{
    struct draft d;
    must(draft_from(&d, definition));
    must(definition->row_status != ROW_ACTIVE || draft_check(&d, NULL, NULL) == 0);
    draft_end(&d);
}

static inline void row_must_hold(const struct restored *r, const struct restored_row *row)
{
    const struct definition *d = row->definition;
    must(row->index > 0 && restored_by_index(r, row->index) != NULL && restored_by_serial(r, row->serial) != NULL);
    for (size_t i = 0; i < status_column_count; i++)
        must(status_columns[i].kind > STATUS_CAUSE || status_integer(&row->status, &status_columns[i], 0) > 0);
    must(row->memory.history.verdict >= VERDICT_UP && row->memory.history.verdict <= VERDICT_DISABLED);
    if (d == NULL)
        return;
    must(d->row_status >= ROW_ACTIVE && d->row_status <= ROW_NOT_READY && d->storage == STORAGE_NON_VOLATILE);
    for (enum setting_id id = 0; id < SETTING_COUNT; id++)
        must(!setting_is_text(&settings[id]) || strlen(definition_text(d, id)) <= settings[id].max);
    definition_must_be_whole(d);
}

static inline void restored_must_hold(const struct restored *r)
{
    for (size_t i = 0; i < r->row_count; i++)
        row_must_hold(r, &r->rows[i]);
    for (size_t i = 0; i < r->promise_count; i++)
        must(r->promises[i].index > 0);
}

#endif
