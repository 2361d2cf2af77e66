/*
 * What the store knows of each row: its name and its last status, in the order of indexes.
 */
#ifndef EMAILMON_KEPT_ROWS_H
#define EMAILMON_KEPT_ROWS_H

#include "index_map.h"
#include "records.h"

struct kept_row {
    int32_t index;
    uint64_t serial;
    const struct text *name; /* one reference */
    struct status status;
};

/** All zero is an empty one. */
struct kept_rows {
    struct kept_row **rows; /* in the order of indexes when sorted */
    size_t count, room;
    bool sorted;
    struct index_map places; /* index to struct kept_row; of a row that is gone: an empty one, kept for its return */
};

/** kept_rows_put(k, entry): Take over name and status of a JOURNAL_STATUS.  False: memory; nothing changed. */
bool kept_rows_put(struct kept_rows *k, struct journal_entry *entry);

/** kept_rows_remove(k, index, serial): That row is gone; nothing when another one has its index by now. */
void kept_rows_remove(struct kept_rows *k, int32_t index, uint64_t serial);

/** kept_rows_sort(k): rows[] is in the order of indexes. */
void kept_rows_sort(struct kept_rows *k);

/** kept_rows_clear(k): free. */
void kept_rows_clear(struct kept_rows *k);

#endif
