/*
 * The inside of the event loop, for the files of this folder alone: the libuv loop, the heaps of deadlines, and the
 * buffers that all streams of the loop read through, one after the other, so that a connection at rest has none.
 */
#ifndef EMAILMON_LOOP_UV_H
#define EMAILMON_LOOP_UV_H

#include <stddef.h>
#include <uv.h>

#include "loop.h"

enum {
    STREAM_BYTES_MAX = 16384, /* of one read, and of one call of bytes() */
    LOOP_DESCRIPTORS = 4094,  /* room for so many from the start */
    LOOP_HEARTBEAT_MS = 500,  /* the loop turns at least so often while deadlines run: a longer turn is a stall */
    LOOP_STALL_MS = 1000
};

/* Smallest first. */
struct heap {
    struct deadline **items;
    size_t count, room;
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;   /* active while marked, so that the poll for I/O does not block */
    uv_timer_t alarm; /* the earliest deadline, or the heartbeat */

    struct heap patient; /* by the patient clock: it stands while this process stands */
    struct heap exact;   /* by the loop's clock */
    size_t deadlines;    /* alive; both heaps have room for so many */
    bool marked;         /* some deadline was due at marked_ms; the check after the next poll for I/O decides */
    bool deciding;       /* the check is calling due deadlines */
    uint64_t marked_ms;

    uint64_t checked_ms;  /* when the last check began */
    uint64_t prepared_ms; /* when the poll for I/O began */
    uint64_t planned_ms;  /* how long it might take */
    uint64_t polled_ms;   /* when it ended; only when refreshed */
    bool refreshed;       /* loop_refresh() was called since */
    bool counted;         /* its stall, if it was one, is in ${stalls} */
    uint64_t stood_ms;    /* for how long the loop has stood still in all */
    uint32_t stalls;

    unsigned char input[STREAM_BYTES_MAX]; /* from the socket */
    unsigned char clear[STREAM_BYTES_MAX]; /* out of TLS */
};

/** loop_arm(l): Set the alarm to the earliest deadline; after every change of a heap's top. */
void loop_arm(struct loop *l);

/**
 * deadlines_next(l, at_ms): The loop time at which the earliest is due; false: none is set.
 * deadlines_decide(l): Call all that were due at l->marked_ms, and still are.
 * deadlines_free(l): Free the heaps.
 */
bool deadlines_next(const struct loop *l, uint64_t *at_ms);
void deadlines_decide(struct loop *l);
void deadlines_free(struct loop *l);

#endif
