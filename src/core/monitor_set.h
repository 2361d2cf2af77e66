/*
 * The inside of a set of monitors, for monitors.c and the edits, which alone may change it.
 */
#ifndef EMAILMON_MONITOR_SET_H
#define EMAILMON_MONITOR_SET_H

#include "index_map.h"
#include "monitors.h"
#include "names.h"

struct monitors {
    uint64_t (*serial_of)(void *owner, const char *name);
    void *owner;
    struct monitor **rows; /* in the order of indexes */
    size_t count;
    struct names names;
    struct index_map promises; /* index to struct name_entry: never given to another name */
    size_t tally[VERDICT_DISABLED + 1];
    int32_t free_index; /* what monitors_free_index() answers */
};

/** monitor_new(set, index, definition): A row that stands in no set yet, with a reference and a serial of its own;
 * NULL: memory.  monitor_free(m): Accepts NULL. */
struct monitor *monitor_new(const struct monitors *set, int32_t index, const struct definition *definition);
void monitor_free(struct monitor *m);

/** monitor_define(m, definition): Take a reference to ${definition} instead of what ${m} had; its verdict becomes
 * disabled, or unknown when it was disabled, as ${definition} demands. */
void monitor_define(struct monitor *m, const struct definition *definition);

/** monitors_seek_free(set, index): The lowest index >= ${index} that no row has and no name was promised; 0: none. */
int32_t monitors_seek_free(const struct monitors *set, int32_t index);

#endif
