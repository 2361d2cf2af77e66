/*
 * The inside of the store, for the files that it is made of: store.c (its life and its thread), store_commit.c (what
 * leaves it for the disk).
 */
#ifndef EMAILMON_STORE_PARTS_H
#define EMAILMON_STORE_PARTS_H

#include <pthread.h>

#include "outbox.h"
#include "pending.h"
#include "store.h"
#include "writer.h"

enum {
    GROUP_MS = 30,        /* entries that come within it are one commit ... */
    GROUP_ENTRIES = 512,  /* ... unless there are so many */
    RETRY_MS = 1000,      /* a state that cannot be written is tried again so often */
    SLOW_MS = 75,         /* a transaction that takes longer: of three the worker may not await the last */
    OUTBOX_RETRY_MS = 20, /* while a queue is full */
    TRIM_SETTLED = 1000   /* so many settled events later the oldest are let go */
};

/** Saves that nobody waits for and that could not be written yet, in order. */
struct late_saves {
    struct save_batch *first, *last;
};

struct store {
    struct log *log;
    char *path;
    struct sealer sealer;
    struct queue *journal, *saves;
    struct outbox *news, *saved;
    size_t workers;
    struct outbox *receipts[WORKERS_MAX];
    uint64_t tickets[WORKERS_MAX]; /* of each worker the last one of the group; 0: none */
    int lock_fd;                   /* locked as long as this emailmon has the state */
    int stop_fd;
    bool started;
    pthread_t thread;

    sqlite3 *db;
    struct writer writer;

    struct pending pending;
    struct journal_entry held; /* the next one, while there is no memory to make it pending */
    bool holds;
    size_t group_entries;    /* of pending, not committed yet */
    bool more;               /* the journal may hold more than this group takes */
    uint64_t group_began_ms; /* monotonic: when the first of them came */
    struct late_saves late;
    uint64_t taken;             /* entries of the journal */
    struct store_counts counts; /* atomic, each for itself */
    uint32_t last_seq;
    uint64_t last_told;   /* of events without a number */
    size_t settled;       /* events that were settled since the last trimming */
    bool failing;         /* the state could not be written last time */
    bool slow;            /* it took long */
    bool behind;          /* what the lock file says, for the case of a kill: more may be done than is on record */
    uint64_t next_try_ms; /* monotonic, while failing */
};

/** store_commit(s): Write all that waits in one transaction, and tell.  False: it could not; all of it still waits,
 *  and the alarm is up.  store_save(s, save): Write or refuse one, and answer; takes it over. */
bool store_commit(struct store *s);
void store_save(struct store *s, struct save *save);

/** store_drop_late(s): Let go what could not be written, or has been. */
void store_drop_late(struct store *s);

/** store_tell_unnumbered(s): The state cannot be written: what happened is told at once. */
void store_tell_unnumbered(struct store *s);

/** store_mark_behind(s, behind): Say in the lock file whether more may be done than is on record. */
void store_mark_behind(struct store *s, bool behind);

/** store_receipt(s, durable): Answer the tickets of the group. */
void store_receipt(struct store *s, bool durable);

#endif
