/*
 * The inside of an edit, for the files that it is made of: edit.c (collecting), edit_file.c, edit_check.c,
 * edit_publish.c.
 */
#ifndef EMAILMON_EDIT_ROWS_H
#define EMAILMON_EDIT_ROWS_H

#include "edit.h"
#include "monitor_set.h"

/** One row of the set that the edit touches; before and after tell new, changed and removed ones apart. */
struct edit_row {
    int32_t index;
    uint64_t serial;                             /* a new row's; 0: one of its own */
    bool removed;                                /* it goes, or makes room for another of the same index */
    bool keeps_index;                            /* the index is promised to the name from now on */
    bool same;                                   /* found by edit_check(): nothing changes after all */
    struct draft *draft;                         /* owned; NULL: ${after} was put whole, or the row is removed */
    const struct definition *before, *after;     /* one reference each; NULL: no row */
    struct monitor *before_row, *after_row;      /* the same one when it is changed in place */
    uint8_t verdict, proof;                      /* its status' before it was published, when changed in place */
    struct name_entry *before_name, *after_name; /* NULL: no row, or no name yet */
};

struct edit {
    struct monitors *set;
    struct edit_row *rows; /* in the order of indexes when sorted */
    size_t count, capacity;
    bool sorted;
    bool checked;              /* the following are ready, and nothing can fail */
    struct monitor **new_rows; /* the rows of the set after the edit; once published, those before it */
    size_t new_count;
    struct change *changes; /* room for all */
    bool published;
};

/** edit_find(e, index): its row of the edit, or NULL; sorts.  edit_add(e, index): a row that is not there yet, filled
 * with what the set has; NULL: memory.  Valid until the next edit_add(). */
struct edit_row *edit_find(struct edit *e, int32_t index);
struct edit_row *edit_add(struct edit *e, int32_t index);

/** edit_uncheck(e): Undo what edit_check() has prepared. */
void edit_uncheck(struct edit *e);

/** edit_changes(e, forward, change): Write the changes, those of the edit or (not ${forward}) of its reversal, removals
 *  first, to ${change}, and return their number. */
size_t edit_changes(const struct edit *e, bool forward, struct change *change);

#endif
