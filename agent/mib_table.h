/*
 * One MIB table, whichever it is: columns are an array, rows come in the order of one integer index, and GET and
 * GETNEXT (RFC 3416 s. 4.2) are the same for all of them.  Scalars are such a table too, with one row, of index 0.
 * Knows no Net-SNMP (see mib_handler.h).
 */
#ifndef EMAILMON_MIB_TABLE_H
#define EMAILMON_MIB_TABLE_H

#include <stdbool.h>

#include "cell.h"

struct mib_column {
    unsigned long number;
    /* Fill ${out} with the value in ${row} at ${wall_ms}; false: this row has no such instance. */
    bool (*read)(const struct mib_column *column, const void *row, int64_t wall_ms, struct cell *out);
    const void *about; /* whatever ${read} needs to know of the column */
};

struct mib_table {
    const char *name;
    const unsigned long *entry; /* what stands in front of column and index */
    size_t entry_length;
    const struct mib_column *columns; /* readable ones, in the order of their numbers */
    size_t column_count;
    /* The first row whose index is ${index} or more, its index in ${found}; NULL: none. */
    const void *(*row_from)(const void *owner, uint64_t index, unsigned long *found);
    const void *owner;
};

enum mib_answer {
    MIB_FOUND,
    MIB_NO_OBJECT,   /* noSuchObject: no column of that number can be read */
    MIB_NO_INSTANCE, /* noSuchInstance: no such row, or its value was never set */
    MIB_END          /* nothing behind it in this table */
};

/** mib_table_get(t, name, n, wall_ms, out): The variable of exactly that name (${n} sub-identifiers). */
enum mib_answer mib_table_get(const struct mib_table *t, const unsigned long *name, size_t n, int64_t wall_ms,
                              struct cell *out);

/** Where a variable stands in its table. */
struct mib_place {
    unsigned long column, index;
};

/** mib_table_next(t, name, n, inclusive, wall_ms, place, out): The first variable behind ${name}, which may be any
 *  name at all; ${inclusive}: at ${name} or behind it.  MIB_FOUND or MIB_END. */
enum mib_answer mib_table_next(const struct mib_table *t, const unsigned long *name, size_t n, bool inclusive,
                               int64_t wall_ms, struct mib_place *place, struct cell *out);

#endif
