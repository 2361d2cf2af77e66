/* Everything of an edit that can be wrong or fail, before anything has changed. */
#include <stdlib.h>
#include <string.h>

#include "edit_rows.h"
#include "guard.h"

static bool refuse_memory(struct mistake *why)
{
    return mistake_make(why, MISTAKE_RESOURCES, SETTING_COUNT, "memory is short; more of it is needed");
}

static void keep_first(void *owner, const struct mistake *m)
{
    struct mistake *first = owner;
    if (first->kind == MISTAKE_NONE)
        *first = *m;
}

/* Rows that are not active may be unfinished; a definition that was put whole comes from a draft that was checked. */
static bool freeze_row(struct edit_row *row, struct mistake *why)
{
    if (row->draft == NULL)
        return true;
    struct mistake first = {.kind = MISTAKE_NONE};
    if (row->draft->row_status == ROW_ACTIVE && draft_check(row->draft, keep_first, &first) > 0) {
        *why = first;
        return false;
    }
    const struct definition *frozen = draft_freeze(row->draft);
    if (frozen == NULL)
        return refuse_memory(why);
    definition_unref(row->after);
    row->after = frozen;
    bool same_row = row->before != NULL && !row->removed && row->before->storage != STORAGE_READ_ONLY;
    return !same_row || guard_holds(row->before, row->after, row->draft->put, why);
}

/* A setting that was given its default changes nothing but is remembered as given. */
static bool changes_nothing(const struct edit_row *row)
{
    if (row->before == NULL || row->after == NULL)
        return row->before == row->after;
    return !row->removed && definition_equal(row->before, row->after) &&
           memcmp(row->before->set, row->after->set, sizeof row->before->set) == 0;
}

static bool take_name(struct monitors *set, const struct definition *d, struct name_entry **entry)
{
    const char *name = d == NULL ? "" : definition_text(d, SETTING_name);
    *entry = name[0] == '\0' ? NULL : names_claim(&set->names, name);
    return name[0] == '\0' || *entry != NULL;
}

static bool refuse_name(const char *name, int32_t holder, struct mistake *why)
{
    return mistake_make(why, MISTAKE_INCONSISTENT, SETTING_name,
                        "\"%s\" is the name of row %d too; a name that no other monitor has is right", name,
                        (int)holder);
}

/* Each name that is to be is claimed by one row; rows that give their name up in this edit free it for others. */
static bool claim_name(struct edit *e, struct edit_row *row, struct mistake *why)
{
    struct name_entry *name;
    if (!take_name(e->set, row->before, &row->before_name) || !take_name(e->set, row->after, &name))
        return refuse_memory(why);
    if (name != NULL && name->claimed != 0)
        return refuse_name(name->name, name->claimed, why);
    row->after_name = name;
    if (name != NULL)
        name->claimed = row->index;
    return true;
}

static bool name_is_free(struct edit *e, const struct edit_row *row, struct mistake *why)
{
    const struct name_entry *name = row->after_name;
    if (row->same || name == NULL || name->row == NULL || name->row == row->before_row)
        return true;
    const struct edit_row *holder = edit_find(e, name->row->index);
    if (holder != NULL && !holder->same)
        return true; /* it has another name after this edit, or is gone: else it had claimed this one too */
    return refuse_name(name->name, name->row->index, why);
}

/* Changed in place, unless a row has made room for another one. */
static bool prepare_row(struct edit *e, struct edit_row *row)
{
    if (row->after == NULL)
        return true;
    if (row->before != NULL && !row->removed)
        row->after_row = row->before_row;
    else
        row->after_row = monitor_new(e->set, row->index, row->after);
    if (row->after_row != NULL && row->serial != 0)
        row->after_row->serial = row->serial;
    return row->after_row != NULL;
}

/* The rows of the set from place ${old} to before ${end} stay. */
static void keep_rows(struct edit *e, size_t old, size_t end)
{
    if (end > old)
        memcpy(e->new_rows + e->new_count, e->set->rows + old, (end - old) * sizeof(struct monitor *));
    e->new_count += end - old;
}

/* Both lists are in the order of indexes.  What stays is copied by stretches: a SET of one row among 100,000 looks at
 * few of them. */
static void merge(struct edit *e)
{
    size_t old = 0;
    for (size_t i = 0; i < e->count; i++) {
        const struct edit_row *row = &e->rows[i];
        if (row->same)
            continue;
        size_t place = monitors_lower(e->set, row->index);
        keep_rows(e, old, place);
        old = place + (row->before_row != NULL);
        if (row->after_row != NULL)
            e->new_rows[e->new_count++] = row->after_row;
    }
    keep_rows(e, old, e->set->count);
}

static bool prepare(struct edit *e)
{
    e->new_rows = calloc(e->set->count + e->count + 1, sizeof(struct monitor *));
    e->changes = calloc(e->count + 1, sizeof *e->changes);
    if (e->new_rows == NULL || e->changes == NULL || !index_map_reserve(&e->set->promises, e->count))
        return false;
    for (size_t i = 0; i < e->count; i++) {
        if (!e->rows[i].same && !prepare_row(e, &e->rows[i]))
            return false;
    }
    merge(e);
    return true;
}

static bool check_row(struct edit *e, struct edit_row *row, struct mistake *why)
{
    if (!freeze_row(row, why))
        return false;
    row->same = changes_nothing(row);
    return row->same || claim_name(e, row, why);
}

bool edit_check(struct edit *e, struct mistake *why, int32_t *index)
{
    edit_uncheck(e);
    (void)edit_find(e, 0); /* sorts */
    bool right = true;
    e->checked = true; /* from here on there is something to undo */
    for (size_t i = 0; right && i < e->count; i++) {
        right = check_row(e, &e->rows[i], why);
        if (!right && index != NULL)
            *index = e->rows[i].index;
    }
    for (size_t i = 0; right && i < e->count; i++) {
        right = name_is_free(e, &e->rows[i], why);
        if (!right && index != NULL)
            *index = e->rows[i].index;
    }
    if (right && !prepare(e)) {
        right = refuse_memory(why);
        if (index != NULL)
            *index = 0;
    }
    if (!right)
        edit_uncheck(e);
    return right;
}

static void release_name(struct monitors *set, struct name_entry **entry)
{
    if (*entry != NULL) {
        (*entry)->claimed = 0;
        names_release(&set->names, *entry);
    }
    *entry = NULL;
}

/* Whichever rows lost are freed: the new ones of an edit that was not published, else the old ones. */
void edit_uncheck(struct edit *e)
{
    if (!e->checked)
        return;
    for (size_t i = 0; i < e->count; i++) {
        struct edit_row *row = &e->rows[i];
        if (row->before_row != row->after_row && !row->same)
            monitor_free(e->published ? row->before_row : row->after_row);
        row->after_row = NULL;
        if (row->before_name == row->after_name)
            row->before_name = NULL; /* released once */
        release_name(e->set, &row->before_name);
        release_name(e->set, &row->after_name);
    }
    free(e->new_rows);
    free(e->changes);
    e->new_rows = NULL;
    e->changes = NULL;
    e->new_count = 0;
    e->checked = false;
}
