/*
 * The set of monitors: definitions and statuses by index, in order, as GETNEXT walks them.  Owned
 * by one thread (the agent's); changed only by edits (edit.h).  A row that is not active and
 * enabled is disabled from the edit on that says so.
 */
#ifndef EMAILMON_MONITORS_H
#define EMAILMON_MONITORS_H

#include "definition.h"
#include "status.h"

struct monitor {
    int32_t index;                       /* emailMonIndex, 1..2147483647 */
    uint64_t serial;                     /* made once for a row, never used again; what its tokens are bound to */
    const struct definition *definition; /* one reference */
    struct status status;
    uint64_t not_ready_ms; /* monotonic: since when it is ROW_NOT_READY, if it is */
};

struct monitors;

/**
 * monitors_new(serial_of, owner): Return an empty set, or NULL.  ${serial_of}(owner, name) gives a new row its
 * serial; 0: memory.
 * monitors_free(set): release all.
 */
struct monitors *monitors_new(uint64_t (*serial_of)(void *owner, const char *name), void *owner);
void monitors_free(struct monitors *set);

/** monitors_count(set): rows.  monitors_at(set, i): the i-th in the order of indexes (i < count). */
size_t monitors_count(const struct monitors *set);
struct monitor *monitors_at(const struct monitors *set, size_t i);

/** monitors_find(set, index): the row, or NULL.  monitors_lower(set, index): place of the first row with index >=
 *  ${index} (monitors_count() when there is none).  Logarithmic. */
struct monitor *monitors_find(const struct monitors *set, int32_t index);
size_t monitors_lower(const struct monitors *set, int64_t index);

/** monitors_named(set, name): the row, or NULL.  Constant time. */
struct monitor *monitors_named(const struct monitors *set, const char *name);

/** monitors_free_index(set): The lowest index that no row has and that no name has been promised; 0: none. */
int32_t monitors_free_index(const struct monitors *set);

/** monitors_promise(set, index, name): ${index} stays with ${name} from now on, whether a row has it or not; nothing
 *  when either was promised otherwise.  False: memory. */
bool monitors_promise(struct monitors *set, int32_t index, const char *name);

/** monitors_tally(set, verdict): how many rows have that verdict now; kept up to date by monitors_set_status(). */
size_t monitors_tally(const struct monitors *set, enum verdict verdict);

/** monitors_set_status(set, row, status): copies ${status} into ${row} (one of ${set}'s); a row that is off stays
 * disabled, one that is on is not, whatever a report says that was under way. */
void monitors_set_status(struct monitors *set, struct monitor *row, const struct status *status);

#endif
