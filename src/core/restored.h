/*
 * What a start finds in the state: made by the store before any thread runs, immutable from then on, counted, read by
 * the agent and the worker.  Once all its rows have been ordered nobody needs it any more: let it go, it is big.
 */
#ifndef EMAILMON_RESTORED_H
#define EMAILMON_RESTORED_H

#include "records.h"

/** A row that was there when emailmon ended. */
struct restored_row {
    int32_t index;
    uint64_t serial;
    const struct text *name; /* "" : a row made by SET that has none yet */
    const struct definition
        *definition;             /* of a row made by SET; NULL: one of the file (or a volatile one: it is gone) */
    struct admin_override admin; /* of a row of the file */
    bool has_status;             /* it was polled, or turned off, once: status and memory are its own */
    struct status status;
    struct row_memory memory;
    struct probe_record *probes; /* outstanding ones and the last that were found, in the order of sending */
    size_t probe_count;
};

/** An index that stays with a name, whether a row has that name or not. */
struct restored_promise {
    int32_t index;
    const struct text *name;
};

struct restored_event {
    struct event event;
    bool settled; /* its notification was acknowledged or given up, or none was to leave */
};

/** A row that is gone, whose probes may still come. */
struct restored_gone {
    uint64_t serial;
    int64_t until_ms; /* wall clock */
};

struct restored {
    struct restored_row *rows; /* in the order of indexes, each index once */
    size_t row_count;
    struct restored_promise *promises; /* in the order of indexes */
    size_t promise_count;
    struct restored_event *events; /* in the order of numbers */
    size_t event_count;
    uint32_t last_seq;          /* the greatest number ever given; 0: none */
    struct restored_gone *gone; /* whose time is over first stands first */
    size_t gone_count;
    bool damaged;        /* what was there was damaged and set aside: this is a new state, and that is an alarm */
    uint32_t references; /* restored.c's, as the following: */
    uint32_t *by_name, *by_serial; /* places in rows */
};

/** restored_ref(r): one more reference; returns ${r}; NULL is fine.  restored_unref(r): one less, the last frees. */
const struct restored *restored_ref(const struct restored *r);
void restored_unref(const struct restored *r);

/** The row, or NULL; logarithmic.  ${r} may be NULL.  "" is nobody's name. */
const struct restored_row *restored_by_index(const struct restored *r, int32_t index);
const struct restored_row *restored_by_serial(const struct restored *r, uint64_t serial);
const struct restored_row *restored_by_name(const struct restored *r, const char *name);

/** restored_new(): An empty one with one reference, to be filled; NULL: memory.  restored_index(r): It is filled, in
 *  whatever order its rows are: make the look-ups work.  False: memory. */
struct restored *restored_new(void);
bool restored_index(struct restored *r);

#endif
