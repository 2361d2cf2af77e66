/*
 * The store: its thread is the only owner of what must outlive the moment.  It takes journal entries from the
 * worker, numbers events, tells the worker what is kept (receipts) and the agent what happened (news), and keeps the
 * file that `emailmon status` reads.
 *
 * Today everything but that file and the key file lives in memory and a restart begins anew.
 */
#ifndef EMAILMON_STORE_H
#define EMAILMON_STORE_H

#include "log.h"
#include "queue.h"
#include "records.h"

struct store_options {
    struct log *log;
    const char *path;       /* `state` of the configuration; the status file is beside it: path + ".status" */
    struct queue *journal;  /* of struct journal_entry: read by the store */
    struct queue *receipts; /* of struct receipt: read by the worker */
    struct queue *news;     /* of struct news: read by the agent */
};

struct store;

/** store_start(options, why, size): Check that the state's folder can be written, make the thread.  NULL: one line
 * in ${why}. */
struct store *store_start(const struct store_options *options, char *why, size_t size);

/** store_stop(s): Take what is still in the journal, write, end the thread, free.  Call it after the worker has
 * ended. */
void store_stop(struct store *s);

/** What the status file says of itself, and a row of it.  Texts live for the call that gets the row. */
struct stored_state {
    int64_t written_ms; /* wall clock */
    bool running;       /* the emailmon that wrote it still lives */
};
struct stored_row {
    int32_t index;
    const char *name;
    struct status status;
};

/**
 * store_read_status(path, state, row, owner, why, size): For `emailmon status`: read the status file beside ${path}
 * (`state` of the configuration), call ${row} for each row in the order of indexes.  False: one line in ${why}.
 */
bool store_read_status(const char *path, struct stored_state *state,
                       void (*row)(void *owner, const struct stored_row *row), void *owner, char *why, size_t size);

#endif
