#include "restored.h"

#include <stdlib.h>
#include <string.h>

static struct restored *counted(const struct restored *r)
{
    union {
        const struct restored *shown;
        struct restored *held;
    } both = {.shown = r};
    return both.held;
}

struct restored *restored_new(void)
{
    struct restored *r = calloc(1, sizeof *r);
    if (r != NULL)
        r->references = 1;
    return r;
}

const struct restored *restored_ref(const struct restored *r)
{
    if (r != NULL)
        __atomic_add_fetch(&counted(r)->references, 1, __ATOMIC_RELAXED);
    return r;
}

static void free_all(struct restored *r)
{
    for (size_t i = 0; i < r->row_count; i++) {
        text_unref(r->rows[i].name);
        definition_unref(r->rows[i].definition);
        status_clear(&r->rows[i].status);
        free(r->rows[i].probes);
    }
    for (size_t i = 0; i < r->promise_count; i++)
        text_unref(r->promises[i].name);
    for (size_t i = 0; i < r->event_count; i++)
        event_clear(&r->events[i].event);
    free(r->rows);
    free(r->promises);
    free(r->events);
    free(r->gone);
    free(r->by_name);
    free(r->by_serial);
    free(r);
}

void restored_unref(const struct restored *r)
{
    if (r != NULL && __atomic_sub_fetch(&counted(r)->references, 1, __ATOMIC_ACQ_REL) == 0)
        free_all(counted(r));
}

/* --- look-ups --- */

static int compare_indexes(const void *a, const void *b)
{
    const struct restored_row *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

static int compare_promises(const void *a, const void *b)
{
    const struct restored_promise *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

static int compare_serials(const void *a, const void *b, void *rows)
{
    uint64_t x = ((struct restored_row *)rows)[*(const uint32_t *)a].serial;
    uint64_t y = ((struct restored_row *)rows)[*(const uint32_t *)b].serial;
    return (x > y) - (x < y);
}

static int compare_names(const void *a, const void *b, void *rows)
{
    return strcmp(text_bytes(((struct restored_row *)rows)[*(const uint32_t *)a].name),
                  text_bytes(((struct restored_row *)rows)[*(const uint32_t *)b].name));
}

static uint32_t *sorted_places(struct restored *r, int (*compare)(const void *a, const void *b, void *rows))
{
    uint32_t *places = calloc(r->row_count + 1, sizeof *places);
    if (places == NULL)
        return NULL;
    for (size_t i = 0; i < r->row_count; i++)
        places[i] = (uint32_t)i;
    if (r->row_count > 1)
        qsort_r(places, r->row_count, sizeof *places, compare, r->rows);
    return places;
}

bool restored_index(struct restored *r)
{
    if (r->row_count > 1)
        qsort(r->rows, r->row_count, sizeof *r->rows, compare_indexes);
    if (r->promise_count > 1)
        qsort(r->promises, r->promise_count, sizeof *r->promises, compare_promises);
    r->by_name = sorted_places(r, compare_names);
    r->by_serial = sorted_places(r, compare_serials);
    return r->by_name != NULL && r->by_serial != NULL;
}

const struct restored_row *restored_by_index(const struct restored *r, int32_t index)
{
    if (r == NULL || r->row_count == 0)
        return NULL;
    const struct restored_row key = {.index = index};
    return bsearch(&key, r->rows, r->row_count, sizeof key, compare_indexes);
}

const struct restored_row *restored_by_serial(const struct restored *r, uint64_t serial)
{
    size_t low = 0, high = r != NULL ? r->row_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct restored_row *row = &r->rows[r->by_serial[middle]];
        if (row->serial == serial)
            return row;
        if (row->serial < serial)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct restored_row *restored_by_name(const struct restored *r, const char *name)
{
    size_t low = 0, high = r != NULL && name[0] != '\0' ? r->row_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct restored_row *row = &r->rows[r->by_name[middle]];
        int order = strcmp(text_bytes(row->name), name);
        if (order == 0)
            return row;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
