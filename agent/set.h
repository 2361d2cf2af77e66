/*
 * One SET, as its master plays it: TestSet (set_take, set_check), CommitSet (set_commit), UndoSet (set_undo),
 * CleanupSet (set_finish, set_drop).  One edit a SET: its draft belongs to the SET and never to a row, and knows rows
 * by their indexes alone.  No Net-SNMP here (see set_handler.h).
 *
 * At most one is open: whatever else changes the monitors meanwhile (the file, the end of a half-made row, the next
 * SET) settles it first, and the master then hears that it came too late.
 */
#ifndef EMAILMON_SET_H
#define EMAILMON_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "draft.h"

struct agent;
struct set_request;

/** The type that a variable came with. */
enum set_type { SET_INTEGER, SET_UNSIGNED, SET_OCTETS, SET_OTHER };

/** A variable below the entry of emailMonTable, as it came. */
struct set_variable {
    unsigned long column, index;
    bool is_instance; /* the name is ENTRY.column.index and no more */
    enum set_type type;
    int64_t integer;
    uint32_t number;
    const char *octets; /* valid for the call */
    size_t length;
};

/** Why a SET is refused, and for which variable: ${place} in the array that was given. */
struct set_fault {
    size_t place;
    struct mistake why;
};

/** set_new(a): A SET begins; NULL: memory.  set_free(s): Its shell goes; what is still open is dropped, or settled. */
struct set_request *set_new(struct agent *a);
void set_free(struct set_request *s);

/**
 * All phases: false: ${fault} says why, and nothing has changed (but after a failed set_undo()).  emailMonLastSetError
 * says it too.  ${v}: all variables of the SET, in its order, in each phase the same.
 * set_take(s, v, n, fault): Each variable by itself, the first mistake wins, as RFC 3416 s. 4.2.5 orders them.
 * set_check(s, v, n, fault): Each row whole.  After it nothing but saving can fail.
 * set_commit(s, fault): Save, and publish: waits at most KEEP_WAIT_MS.
 * set_undo(s, fault): After set_commit(): put back what was there, in memory and in the state; waits likewise.
 */
bool set_take(struct set_request *s, const struct set_variable *v, size_t n, struct set_fault *fault);
bool set_check(struct set_request *s, const struct set_variable *v, size_t n, struct set_fault *fault);
bool set_commit(struct set_request *s, struct set_fault *fault);
bool set_undo(struct set_request *s, struct set_fault *fault);

/** set_finish(s): It is done for good: the worker learns of it.  set_drop(s): It is not done. */
void set_finish(struct set_request *s);
void set_drop(struct set_request *s);

/** set_settle(a): Whatever is open must come to an end: done for good when it is on disk, else dropped. */
void set_settle(struct agent *a);

#endif
