#include "edit.h"

#include <stdlib.h>
#include <string.h>

#include "edit_rows.h"

enum { ROWS_MIN = 4 };

struct edit *edit_begin(struct monitors *set)
{
    struct edit *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->set = set;
    e->sorted = true;
    return e;
}

static int by_index(const void *a, const void *b)
{
    const struct edit_row *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

struct edit_row *edit_find(struct edit *e, int32_t index)
{
    if (e->count == 0)
        return NULL;
    if (!e->sorted)
        qsort(e->rows, e->count, sizeof *e->rows, by_index);
    e->sorted = true;
    return bsearch(&(struct edit_row){.index = index}, e->rows, e->count, sizeof *e->rows, by_index);
}

struct edit_row *edit_add(struct edit *e, int32_t index)
{
    if (e->count == e->capacity) {
        size_t capacity = e->capacity == 0 ? ROWS_MIN : 2 * e->capacity;
        struct edit_row *rows = reallocarray(e->rows, capacity, sizeof *rows);
        if (rows == NULL)
            return NULL;
        e->rows = rows;
        e->capacity = capacity;
    }
    e->sorted = e->sorted && (e->count == 0 || e->rows[e->count - 1].index < index);
    struct monitor *row = monitors_find(e->set, index);
    struct edit_row *added = &e->rows[e->count++];
    *added = (struct edit_row){.index = index, .before_row = row};
    if (row != NULL)
        added->before = definition_ref(row->definition);
    return added;
}

static struct edit_row *find_or_add(struct edit *e, int32_t index)
{
    edit_uncheck(e);
    struct edit_row *row = edit_find(e, index);
    return row != NULL ? row : edit_add(e, index);
}

static void drop_draft(struct edit_row *row)
{
    if (row->draft == NULL)
        return;
    draft_end(row->draft);
    free(row->draft);
    row->draft = NULL;
}

/* What the row says so far in this edit, without a draft; NULL: it is not there. */
static const struct definition *said(const struct edit_row *row)
{
    if (row->after != NULL)
        return row->after;
    return row->removed ? NULL : row->before;
}

static struct draft *draft_new(const struct definition *from)
{
    struct draft *d = malloc(sizeof *d);
    if (d == NULL)
        return NULL;
    if (from == NULL)
        draft_init(d);
    else if (!draft_from(d, from)) {
        free(d);
        return NULL;
    }
    return d;
}

struct draft *edit_draft(struct edit *e, int32_t index, bool create)
{
    if (index < 1)
        return NULL;
    const struct edit_row *known = edit_find(e, index);
    const struct monitor *there = monitors_find(e->set, index);
    const struct definition *from = known != NULL ? said(known) : there != NULL ? there->definition : NULL;
    if (from == NULL && !create && (known == NULL || known->draft == NULL))
        return NULL;

    struct edit_row *row = find_or_add(e, index);
    if (row != NULL && row->draft == NULL)
        row->draft = draft_new(from);
    return row == NULL ? NULL : row->draft;
}

static void forget_after(struct edit_row *row)
{
    drop_draft(row);
    definition_unref(row->after);
    row->after = NULL;
}

bool edit_remove(struct edit *e, int32_t index)
{
    if (edit_find(e, index) == NULL && monitors_find(e->set, index) == NULL)
        return true;
    struct edit_row *row = find_or_add(e, index);
    if (row == NULL)
        return false;
    forget_after(row);
    row->removed = true;
    return true;
}

bool edit_put(struct edit *e, int32_t index, const struct definition *definition)
{
    struct edit_row *row = index < 1 ? NULL : find_or_add(e, index);
    if (row == NULL)
        return false;
    forget_after(row);
    row->after = definition_ref(definition);
    return true;
}

bool edit_put_known(struct edit *e, int32_t index, uint64_t serial, const struct definition *definition)
{
    if (!edit_put(e, index, definition))
        return false;
    edit_find(e, index)->serial = serial;
    return true;
}

void edit_end(struct edit *e)
{
    if (e == NULL)
        return;
    edit_uncheck(e);
    for (size_t i = 0; i < e->count; i++) {
        forget_after(&e->rows[i]);
        definition_unref(e->rows[i].before);
    }
    free(e->rows);
    free(e);
}
