#include "mib_table.h"

/* The place in columns[] of the first whose number is ${number} or more. */
static size_t column_from(const struct mib_table *t, unsigned long number)
{
    size_t low = 0, high = t->column_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->columns[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How the first ${n} sub-identifiers of ${name} stand to those of the entry: negative
 * before, 0 equal, positive behind. */
static int compare_entry(const struct mib_table *t, const unsigned long *name, size_t n)
{
    for (size_t i = 0; i < n && i < t->entry_length; i++) {
        if (name[i] != t->entry[i])
            return name[i] < t->entry[i] ? -1 : 1;
    }
    return 0;
}

enum mib_answer mib_table_get(const struct mib_table *t, const unsigned long *name, size_t n, int64_t wall_ms,
                              struct cell *out)
{
    if (n <= t->entry_length || compare_entry(t, name, n) != 0)
        return MIB_NO_OBJECT;
    size_t i = column_from(t, name[t->entry_length]);
    if (i == t->column_count || t->columns[i].number != name[t->entry_length])
        return MIB_NO_OBJECT;
    if (n != t->entry_length + 2)
        return MIB_NO_INSTANCE;

    unsigned long index = name[t->entry_length + 1], found;
    const void *row = t->row_from(t->owner, index, &found);
    if (row == NULL || found != index)
        return MIB_NO_INSTANCE;
    return t->columns[i].read(&t->columns[i], row, wall_ms, out) ? MIB_FOUND : MIB_NO_INSTANCE;
}

/* The first variable from column i of columns[] and ${index} on, columns first. */
static enum mib_answer first_from(const struct mib_table *t, size_t i, uint64_t index, int64_t wall_ms,
                                  struct mib_place *place, struct cell *out)
{
    for (; i < t->column_count; i++, index = 0) {
        const struct mib_column *column = &t->columns[i];
        const void *row;
        unsigned long found;
        for (; (row = t->row_from(t->owner, index, &found)) != NULL; index = (uint64_t)found + 1) {
            if (column->read(column, row, wall_ms, out)) {
                *place = (struct mib_place){column->number, found};
                return MIB_FOUND;
            }
        }
    }
    return MIB_END;
}

enum mib_answer mib_table_next(const struct mib_table *t, const unsigned long *name, size_t n, bool inclusive,
                               int64_t wall_ms, struct mib_place *place, struct cell *out)
{
    int order = compare_entry(t, name, n);
    if (order > 0)
        return MIB_END;
    if (order < 0 || n <= t->entry_length)
        return first_from(t, 0, 0, wall_ms, place, out);

    unsigned long number = name[t->entry_length];
    size_t i = column_from(t, number);
    if (i == t->column_count || t->columns[i].number != number || n == t->entry_length + 1)
        return first_from(t, i, 0, wall_ms, place, out);

    /* A name that goes on behind the index stands behind that row's variable, and before the next row's. */
    bool at = inclusive && n == t->entry_length + 2;
    uint64_t index = name[t->entry_length + 1];
    return first_from(t, i, at || index == UINT64_MAX ? index : index + 1, wall_ms, place, out);
}
