/*
 * What the journal told and is not on disk yet: the last of each row, all events.  Small while the state can be
 * written; while it cannot, it is the state.
 */
#ifndef EMAILMON_PENDING_H
#define EMAILMON_PENDING_H

#include "records.h"

enum {
    PENDING_PROBES_MAX = 128,    /* records of one row's probes; beyond it the old ones that are over are forgotten */
    PENDING_EVENTS_MAX = 200000, /* beyond it the oldest tenth goes, and is counted */
};

struct pending_row {
    struct pending_row *next; /* in the order in which they were first told of */
    int32_t index;
    uint64_t serial;
    bool gone;   /* for good: nothing else counts */
    bool forget; /* what the state has of its probes is void; those below came after that */
    bool has_status;
    const struct text *name; /* of has_status, as the following */
    struct status status;
    struct row_memory memory;
    struct probe_record *probes; /* the last record of each */
    size_t probe_count, probe_room;
    bool forget_samples;    /* what the state has of its samples is void; those below came after that */
    struct sample *samples; /* full ones, in the order in which they were made */
    size_t sample_count, sample_room;
};

/** All zero is an empty one. */
struct pending {
    struct pending_row *first, *last;
    struct pending_row **slots; /* by serial; open addressing, at most half full */
    size_t slot_count, count;
    struct event *events; /* in the order in which they happened, not numbered */
    size_t event_count, event_room;
    uint32_t *settled; /* numbers of events */
    size_t settled_count, settled_room;
    uint64_t lost_events;
};

/** pending_add(p, entry): Take over ${entry}.  False: memory; it is still the caller's. */
bool pending_add(struct pending *p, struct journal_entry *entry);

/** pending_is_empty(p).  pending_clear(p): let everything go. */
bool pending_is_empty(const struct pending *p);
void pending_clear(struct pending *p);

#endif
