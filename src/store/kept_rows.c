#include "kept_rows.h"

#include <stdlib.h>
#include <string.h>

/* index_map forgets nothing, so a row that went stays in it, empty and outside of rows[]: serial 0 tells. */
static bool is_gone(const struct kept_row *row)
{
    return row->serial == 0;
}

static bool make_room(struct kept_rows *k)
{
    if (k->count < k->room)
        return true;
    size_t room = k->room == 0 ? 64 : 2 * k->room;
    struct kept_row **rows = reallocarray(k->rows, room, sizeof(struct kept_row *));
    if (rows == NULL)
        return false;
    k->rows = rows;
    k->room = room;
    return true;
}

static struct kept_row *find_or_add(struct kept_rows *k, int32_t index)
{
    struct kept_row *row = index_map_get(&k->places, index);
    if (row != NULL && !is_gone(row))
        return row;
    if (!make_room(k))
        return NULL;
    if (row == NULL) {
        if (!index_map_reserve(&k->places, 1) || (row = calloc(1, sizeof *row)) == NULL)
            return NULL;
        row->index = index;
        status_init(&row->status);
        index_map_put(&k->places, index, row);
    }
    k->sorted = k->sorted && (k->count == 0 || k->rows[k->count - 1]->index < index);
    k->rows[k->count++] = row;
    return row;
}

bool kept_rows_put(struct kept_rows *k, struct journal_entry *entry)
{
    if (k->count == 0)
        k->sorted = true;
    struct kept_row *row = find_or_add(k, entry->index);
    if (row == NULL)
        return false;
    row->serial = entry->serial;
    status_set_text(&row->name, entry->name);
    entry->name = NULL;
    status_clear(&row->status);
    row->status = entry->status;
    status_init(&entry->status);
    return true;
}

static int by_index(const void *a, const void *b)
{
    const struct kept_row *const *x = a, *const *y = b;
    return ((*x)->index > (*y)->index) - ((*x)->index < (*y)->index);
}

void kept_rows_sort(struct kept_rows *k)
{
    if (!k->sorted && k->count > 0)
        qsort(k->rows, k->count, sizeof(struct kept_row *), by_index);
    k->sorted = true;
}

void kept_rows_remove(struct kept_rows *k, int32_t index, uint64_t serial)
{
    struct kept_row *row = index_map_get(&k->places, index);
    if (row == NULL || is_gone(row) || row->serial != serial)
        return;
    kept_rows_sort(k);
    struct kept_row **place = bsearch(&row, k->rows, k->count, sizeof(struct kept_row *), by_index);
    size_t behind = k->count - (size_t)(place - k->rows) - 1;
    memmove(place, place + 1, behind * sizeof(struct kept_row *));
    k->count--;
    row->serial = 0;
    status_set_text(&row->name, NULL);
    status_clear(&row->status);
}

void kept_rows_clear(struct kept_rows *k)
{
    for (size_t i = 0; i < k->places.slot_count; i++) {
        struct kept_row *row = k->places.slots[i].value;
        if (k->places.slots[i].index == 0)
            continue;
        text_unref(row->name);
        status_clear(&row->status);
        free(row);
    }
    index_map_clear(&k->places);
    free(k->rows);
    *k = (struct kept_rows){0};
}
