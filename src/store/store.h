/*
 * The store: its thread is the only owner of what must outlive the moment, kept in one SQLite file.  It takes journal
 * entries from the worker and the agent, and saves from the agent; numbers events; tells the worker what is kept
 * (receipts), and the agent what happened (news) and what is saved (saved).
 *
 * A state that cannot be written harms no monitor: what was to be kept waits in memory, the last of each row, until it
 * can be; an alarm is raised; events are told at once with number 0, and told again with their number,
 * `announced` and the same `told` when they have one.
 */
#ifndef EMAILMON_STORE_H
#define EMAILMON_STORE_H

#include "keys.h"
#include "log.h"
#include "queue.h"
#include "restored.h"

struct store_options {
    struct log *log;
    const char *path;        /* `state` of the configuration; beside it: -wal, -shm, and .lock, held while this lives */
    const struct keys *keys; /* what secrets are sealed with; copied */
    struct queue *journal;   /* of struct journal_entry: read by the store */
    struct queue *const *receipts; /* of struct receipt: each read by the worker of that number; the array is copied */
    size_t workers;                /* 1..WORKERS_MAX */
    struct queue *news;            /* of struct news: read by the agent */
    struct queue *saves;           /* of struct save: read by the store */
    struct queue *saved;           /* of struct saved: read by the agent */
};

struct store;

/**
 * store_open(options, restored, why, size): Lock the state, check it, bring it up to date with this program, read
 * what it holds into ${*restored} (one reference, the caller's).  One that is damaged is set aside as
 * PATH.damaged-TIME, which is logged, and a new one takes its place.  No thread yet.  NULL: one line in ${why}.
 * store_start(s, why, size): Make the thread.  False: one line in ${why}; ${s} stays as it was.
 * store_stop(s): Take what is still in journal and saves, write, end the thread if there is one, free.  Call it after
 * those who post have ended.  NULL is fine.
 */
struct store *store_open(const struct store_options *options, const struct restored **restored, char *why, size_t size);
bool store_start(struct store *s, char *why, size_t size);
void store_stop(struct store *s);

/** store_counted(s): What was written since the start; any thread, also while the store's own is at work. */
struct store_counts {
    uint64_t commits; /* transactions that are on disk: of the journal, and of saves */
    uint64_t entries; /* of the journal, that are on disk */
};
struct store_counts store_counted(const struct store *s);

/** What the state says of itself, and a row of it.  Texts live for the call that gets the row. */
struct stored_state {
    int64_t written_ms; /* wall clock of the last commit */
    bool running;       /* the emailmon that writes it lives */
};
struct stored_row {
    int32_t index;
    const char *name;
    bool polled; /* or turned off, once; else nothing is known but, of a row made by SET, whether it is disabled */
    struct status status;
};

/**
 * store_read_status(path, name, state, row, owner, why, size): For `emailmon status`: read the state ${path} without
 * touching it, whether emailmon runs or not; call ${row} for each row, or for those of that ${name} alone (NULL: all).
 * They come in no order: SQLite would sort so many in a file.  False: one line in ${why}.
 */
bool store_read_status(const char *path, const char *name, struct stored_state *state,
                       void (*row)(void *owner, const struct stored_row *row), void *owner, char *why, size_t size);

/** Whose samples are read, and who gets them: all of a row, in the order in which they were made. */
struct samples_wanted {
    bool (*wants)(void *owner, int32_t index);
    void (*take)(void *owner, int32_t index, const struct sample *samples, size_t count); /* SAMPLES_MAX at most */
    void *owner;
};

/** store_read_samples(path, wanted, why, size): The same for samples; a row that has none is not told of. */
bool store_read_samples(const char *path, const struct samples_wanted *wanted, char *why, size_t size);

/**
 * store_read_definitions(path, index, row, owner, why, size): The same for the rows that were made by SET, or for the
 * one of that ${index} (0: all).  Their passwords stay sealed: the secret of a leg that has one is SECRET_FAILED.
 */
bool store_read_definitions(const char *path, int32_t index,
                            void (*row)(void *owner, int32_t index, const struct definition *definition), void *owner,
                            char *why, size_t size);

/** store_read_events(path, index, most, event, owner, why, size): The same for the last ${most} events of the row
 *  ${index}, or of all rows (0), newest first.  Texts live for the call. */
bool store_read_events(const char *path, int32_t index, unsigned most,
                       void (*event)(void *owner, const struct event *event), void *owner, char *why, size_t size);

#endif
