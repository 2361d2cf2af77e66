/*
 * The inside of the worker, for the files that it is made of: worker.c (the thread), worker_rows.c (orders and the
 * schedule), worker_move.c (rows that go to another worker, or come from one), worker_poll.c (a poll, from its start to
 * its verdict), worker_send.c (its sending half), worker_out.c (what leaves for the agent and the store), and group*.c
 * (the looking half, which rows of one mailbox share).
 */
#ifndef EMAILMON_WORKER_PARTS_H
#define EMAILMON_WORKER_PARTS_H

#include <pthread.h>
#include <semaphore.h>

#include "bell.h"
#include "conversation.h"
#include "handover.h"
#include "key_map.h"
#include "list.h"
#include "outbox.h"
#include "row.h"
#include "schedule.h"
#include "tickets.h"
#include "worker.h"

struct group;
struct send;

/** A row as the worker holds it. */
struct watched {
    struct schedule_item due; /* first: found by it */
    struct row row;
    uint64_t grid_ms; /* next point of its grid; 0: it has none yet */
    struct poll *poll;
    struct group *group;
    struct link member; /* among the group's */
    struct link dirty;  /* its status is to be told */
    bool again;         /* asked for while a poll was under way: once more when that ends */
    bool insists;       /* log in even where the same was refused a moment ago */
    bool lacks_secret;  /* counted in worker.lacking */
};

enum poll_step {
    POLL_PARKED, /* waits for its mailbox's next session; not counted in flight */
    POLL_LOOKING,
    POLL_SENDING,
    POLL_PAUSED /* this machine lacked something: sending is tried once more in a moment */
};

/** What the incoming leg came to, for all rows that had joined the session. */
struct look_result {
    unsigned references;
    struct leg_outcome outcome;
};

/** One poll under way. */
struct poll {
    struct worker *worker;
    struct watched *watched;
    enum poll_step step;
    struct link link; /* among the group's parked ones, or the session's joined ones */
    bool insists;
    bool sent_twice;
    struct look_outcome look;
    struct look_result *incoming; /* NULL: no look was made */
    struct send *send;
    struct deadline *pause;
};

struct worker {
    struct worker_options options;
    char *texts[3]; /* of the options, owned */
    pthread_t thread;
    sem_t started;
    struct failure why; /* of a start that failed */

    struct surroundings with;
    struct schedule *schedule;
    struct tickets *tickets;
    struct sasl_cache *cache;
    struct outbox *journal;
    const struct restored *restored; /* one reference; NULL: there is nothing, or it was all taken over */

    struct bell *moves;          /* rows were left by other workers */
    struct link leaving;         /* of struct moved: they leave as soon as all is told that was to be told of them */
    struct link awaited;         /* rows that other workers leave to this one */
    struct key_map awaited_rows; /* the same, by index */

    struct key_map rows;    /* by index */
    struct key_map handles; /* the same, by handle */
    struct key_map groups;  /* by key */
    uint64_t group_seeds[2];
    struct key_map gone_handles; /* of removed rows, for seven days */
    struct link gone;            /* the same, oldest first */
    size_t gone_count;
    struct token_sealer *sealer, *test_sealer; /* of probes; of those of `emailmon test` */
    uint8_t test_handle[TOKEN_HANDLE_BYTES];

    struct watch *orders, *receipts;
    struct deadline *starts, *more_orders, *tick, *flush;
    bool flushes;       /* ${flush} is set */
    struct order stuck; /* could not be carried out for lack of memory: tried again before all others */
    bool is_stuck;

    struct link ready;   /* groups whose session waits for room */
    struct link looked;  /* groups of whose mailbox uids are remembered, as they were looked at last */
    size_t drop_entries; /* of what is remembered of all mailboxes */
    struct link dirty;   /* rows whose status is to be told */
    struct link sends;
    uint32_t in_flight;
    uint64_t polls_total;
    unsigned ticks;
    uint32_t lacking; /* rows that lack a password */

    struct process_report told; /* the last one that left */
    uint64_t resources_ms;      /* when descriptors ran out last; 0: never */
    int64_t clock_gap_ms;       /* wall clock - monotonic clock, when compared last */
    uint64_t clock_jumped_ms;   /* 0: never */
    bool awake;                 /* what may start now is looked for in the next turn */
    bool stopping;
    bool stopped; /* all polls are over: only the queues are to be emptied */
    uint64_t stop_ms;
};

enum { SECOND_TRY_LEAST_MS = 1000, SECOND_TRY_MOST_MS = 5000, STOP_AFTER_DOT_MS = 2000, STOP_FLUSH_MS = 400 };

/* --- worker.c --- */

/** worker_now(w): the moment.  worker_wake(w): Look for what may start now, in the next turn of the loop.
 *  worker_has_room(w): another poll may be at work.  worker_second_try_ms(): a random pause. */
struct moment worker_now(const struct worker *w);
void worker_wake(struct worker *w);
bool worker_has_room(const struct worker *w);
uint64_t worker_second_try_ms(void);

/** worker_check_stopped(w): While stopping: end when the last send is over. */
void worker_check_stopped(struct worker *w);

/* --- worker_rows.c --- */

/** worker_order(w, order): Carry it out; takes the reference over.  False: memory; nothing changed, and the reference
 *  is still the caller's. */
bool worker_order(struct worker *w, const struct order *order);

/** worker_starts(w): Start what is due, as far as there is room, and set the clock for the next. */
void worker_starts(struct worker *w);

/** watched_begin(w, x, planned_ms): A start of ${x} that was planned for ${planned_ms} (or earlier joins another's
 *  session): its schedule moves on; returns the new poll, parked in no list yet, or NULL: memory. */
struct poll *watched_begin(struct worker *w, struct watched *x, uint64_t planned_ms);

/** watched_show_next(w, x): Its status says when its next poll starts; never, when none is planned or its turn among
 *  the newcomers is not known yet. */
void watched_show_next(struct worker *w, struct watched *x);

/** watched_add(w, order, from): A new row, which goes on where ${from} was; ${from} NULL: it is just made.  Takes the
 *  order's reference over.  NULL: memory, nothing changed.  watched_forget(w, x): ${x}, which nothing polls, is in no
 *  list any more; free. */
struct watched *watched_add(struct worker *w, const struct order *order, const struct restored_row *from);
void watched_forget(struct worker *w, struct watched *x);

/** watched_forget_all(w): At the end: free every row and group. */
void watched_forget_all(struct worker *w);

/* --- worker_move.c --- */

/** move_leave(w, x, order): ${x} goes to another worker.  move_take(w, order): A row comes from one.  Both: false:
 *  memory, the order is to be carried out again; else its reference is taken over.
 *  move_ordered(w, order): Whether ${order} was one for a row that is awaited, and thereby is carried out. */
bool move_leave(struct worker *w, struct watched *x, const struct order *order);
bool move_take(struct worker *w, const struct order *order);
bool move_ordered(struct worker *w, const struct order *order);

/** moves_came(w): Look for those that are awaited.  moves_flush(w): Those that leave may be taken now; false: memory,
 *  again in a moment.  moves_free(w). */
void moves_came(void *worker);
bool moves_flush(struct worker *w);
void moves_free(struct worker *w);

/* --- worker_poll.c --- */

/** poll_new(w, x): NULL: memory.  poll_go(p): look, or send at once.  poll_cancel(p): end it without a verdict.
 *  poll_stop(p): the same, but a server that has the mail already may still answer. */
struct poll *poll_new(struct worker *w, struct watched *x);
void poll_go(struct poll *p);
void poll_cancel(struct poll *p);
void poll_stop(struct poll *p);

/** poll_joins(p): It is part of a session from now on, and counts as in flight.  poll_leaves(p): It waits for one
 *  again, in no list yet. */
void poll_joins(struct poll *p);
void poll_leaves(struct poll *p);

/** poll_looked(p, result, report, began_ms): Its session ended with ${result} (shared); ${report} NULL: none was
 *  made.  Sends. */
void poll_looked(struct poll *p, struct look_result *result, const struct look_report *report, uint64_t began_ms);

/** poll_sent(p, smtp, outcome): The sending half ended; judges, tells, frees ${p}. */
void poll_sent(struct poll *p, const struct leg_outcome *smtp, struct send_outcome *outcome);

/** look_result_new(outcome): a shared copy with one reference (outcome's texts are counted); NULL: memory.
 *  look_result_drop(r): one less; NULL is fine. */
struct look_result *look_result_new(const struct leg_outcome *outcome);
void look_result_drop(struct look_result *r);

/* --- worker_send.c --- */

/** send_prepare(p): Record already that ${p} will send, while its look has something to record too.  Whatever is in the
 *  way stays for send_start() to find.
 * send_start(p): Send a probe for ${p}; poll_sent() in the end, possibly before this returns. */
void send_prepare(struct poll *p);
void send_start(struct poll *p);

/** send_abort(s): Its poll is given up: record what is known of the probe, free; NULL is fine.  send_is_past_dot(s):
 *  the server may have the mail already.  send_last_wait(s): the poll is given up (and not told), but its answer is
 *  waited for, at most STOP_AFTER_DOT_MS.  send_forget(w, x): ${x} goes: free the sends that only say goodbye. */
void send_abort(struct send *s);
bool send_is_past_dot(const struct send *s);
void send_last_wait(struct send *s);
void send_forget(struct worker *w, const struct watched *x);
/** send_forget_all(w): all that only say goodbye.  sends_matter(w): whether any has not settled. */
void send_forget_all(struct worker *w);
bool sends_matter(const struct worker *w);

/* --- worker_out.c --- */

/**
 * out_journal(w): the sink of journal entries.  out_status(w, x): ${x}'s status changed; it is told a moment later.
 * out_gone(w, index, serial): That row is gone for good.
 * out_process(w): tell how the process is, if anything changed.
 * out_flush(w): post what waits; true: nothing does any more.
 */
struct journal out_journal(struct worker *w);
void out_status(struct worker *w, struct watched *x);
void out_gone(struct worker *w, int32_t index, uint64_t serial);
void out_process(struct worker *w);
bool out_flush(struct worker *w);

/** out_failure(w, why): Note what it says about this process: descriptors that ran out. */
void out_failure(struct worker *w, const struct failure *why);

#endif
