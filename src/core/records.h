/*
 * The records that threads exchange through queues.  Plain values; the only pointers in them are counted and
 * immutable, and belong to the queue from post to take.
 *
 *      agent --order--> worker --journal_entry--> store --news--> agent
 *                       worker --report--> agent   store --receipt--> worker
 *      agent --save, journal_entry (SETTLED, GONE)--> store --saved--> agent
 *      main, loader --notice--> agent
 */
#ifndef EMAILMON_RECORDS_H
#define EMAILMON_RECORDS_H

#include "edit.h"
#include "event.h"
#include "probe_record.h"
#include "row_memory.h"

/** Workers are known by their numbers, from 0 on. */
enum { WORKERS_MAX = 64 };

/* --- agent to worker: what to watch --- */

enum order_kind {
    ORDER_PUT,     /* watch this row from now on, or in this way from now on */
    ORDER_TAKE,    /* the same, of a row that another worker leaves to this one */
    ORDER_LEAVE,   /* it is another worker's from now on, in this way: leave it to that */
    ORDER_REMOVE,  /* forget the row, after one last look */
    ORDER_POLL,    /* poll it now */
    ORDER_ABSENT,  /* a row that the state has is gone: its probes are nobody's, wherever they are found */
    ORDER_HISTORY, /* what samples are to cover is another from now on */
    ORDER_READY,   /* every row that the state had has been ordered: what it tells of rows is of no use any more */
    ORDER_STOP     /* end: give polls under way up, report nothing more */
};

struct order {
    enum order_kind kind;
    int32_t index;
    uint64_t serial;
    const struct definition *definition; /* of ORDER_PUT, ORDER_TAKE, ORDER_LEAVE: one reference */
    uint32_t history_s;                  /* of ORDER_HISTORY */
};

/* --- worker to agent: what was found out --- */

enum report_kind { REPORT_STATUS, REPORT_PROCESS, REPORT_STOPPED };

enum alarm {
    ALARM_STATE = 1 << 0,       /* the state cannot be written */
    ALARM_RESOLVER = 1 << 1,    /* most look-ups fail */
    ALARM_DESCRIPTORS = 1 << 2, /* the last 60 s ran out of descriptors */
    ALARM_CLOCK = 1 << 3,       /* the clock is before this program was built, or jumped by more than an hour */
    ALARM_SECRETS = 1 << 4      /* a monitor lacks its password */
};

struct process_report {
    uint32_t in_flight;        /* polls at work */
    uint32_t scheduler_lag_ms; /* greatest lateness of a start in the last 60 s */
    uint64_t polls_total;
    uint32_t alarms; /* those that the worker knows of */
};

struct report {
    enum report_kind kind;
    uint8_t worker;       /* of REPORT_PROCESS: whose */
    int32_t index;        /* of REPORT_STATUS */
    uint64_t serial;      /* of REPORT_STATUS: a row made anew under the same index does not get it */
    struct status status; /* of REPORT_STATUS: owns its texts */
    struct process_report process;
};

/* --- worker (and agent) to store: what must not be forgotten --- */

enum journal_kind {
    JOURNAL_PROBE,  /* a probe of the row got a new state */
    JOURNAL_FORGET, /* all probes of the row are forgotten */
    JOURNAL_STATUS, /* the row's status and memory, with an event or without */
    JOURNAL_GONE,   /* the row is gone for good */
    JOURNAL_SETTLED /* the notification of event ${seq} was acknowledged or given up; posted by the agent, through an
                       outbox of its own */
};

/** What a poll means for the samples that are on record. */
enum sampled_kind {
    SAMPLED_NOTHING,
    SAMPLED_FULL,  /* there is one more */
    SAMPLED_FORGET /* none are to be kept */
};

struct sampled {
    enum sampled_kind kind;
    struct sample full; /* of SAMPLED_FULL */
};

struct journal_entry {
    enum journal_kind kind;
    uint8_t worker;  /* whose ticket it is */
    uint64_t ticket; /* not 0: answer with a receipt when it is on disk */
    int32_t index;
    uint64_t serial;
    struct probe_record probe; /* of JOURNAL_PROBE */
    bool has_event;            /* of JOURNAL_STATUS: event is to be numbered and kept with it, in one transaction */
    struct event event;
    const struct text *name; /* of JOURNAL_STATUS, as the following */
    struct status status;
    struct row_memory memory;
    struct sampled sampled;
    uint32_t seq; /* of JOURNAL_SETTLED */
};

/** store to worker: the entry with this ticket is on disk, or cannot be (then the record stays in memory). */
struct receipt {
    uint64_t ticket;
    bool durable;
};

/* --- agent to store: what administrators wrote --- */

/** An AdminStatus that a manager has given a row of the file (enum truth; 0: none did), and what the file said then. */
struct admin_override {
    uint8_t set, file;
};

/**
 * One row as it is to be kept.  The definition's storage says what is: nonVolatile: all of it, secrets sealed;
 * readOnly: that there is such a row, ${admin}, and that its name has this index from now on, with a row or without;
 * volatile: nothing.
 */
struct save_change {
    int32_t index;
    uint64_t serial;
    const struct definition *definition; /* NULL: the row is gone */
    struct admin_override admin;
};

/** What must be kept together: one edit.  Counted: the agent and the store hold it. */
enum save_state { SAVE_WAITING, SAVE_BEGUN, SAVE_DROPPED };
struct save_batch {
    struct save_batch *next; /* the store's: its line of what could not be written yet needs no memory */
    uint32_t references;
    int state; /* enum save_state, atomic: save_batch_claim() */
    size_t count;
    struct save_change changes[];
};

/**
 * A save.  ${id} not 0: somebody waits for the answer; what cannot be written is refused, and forgotten; it is
 * written at once.  ${id} 0: nobody does; what cannot be written is written later, before all saves that came after
 * it (those with an id are refused meanwhile).  Saves are written in the order in which they were posted, and before
 * whatever the journal holds.
 * TRIAL: the answer says whether it could be written now; nothing is kept of it.
 */
enum save_kind { SAVE_CHANGES, SAVE_TRIAL };
struct save {
    enum save_kind kind;
    uint64_t id;
    struct save_batch *batch; /* one reference */
};

/** save_batch_new(n): Of ${n} changes that are all zero, with one reference; NULL: memory.  save_batch_ref(b),
 *  save_batch_unref(b): the last one lets the definitions go; NULL is fine. */
struct save_batch *save_batch_new(size_t n);
struct save_batch *save_batch_ref(struct save_batch *b);
void save_batch_unref(struct save_batch *b);

/** save_batch_claim(b, state): SAVE_BEGUN by the store before it writes, SAVE_DROPPED by the agent that has waited long
 *  enough: true for the first of the two.  A batch that was dropped is neither written nor answered. */
bool save_batch_claim(struct save_batch *b, enum save_state state);

/* --- store to agent --- */

/** The answer to a save with an id. */
enum saved_answer { SAVED, SAVE_REFUSED };
struct saved {
    uint64_t id;
    enum saved_answer answer;
};

enum news_kind { NEWS_EVENT, NEWS_ALARM };

struct news {
    enum news_kind kind;
    struct event event; /* of NEWS_EVENT: numbered (0 while the state cannot be written) */
    bool state_alarm;   /* of NEWS_ALARM: the state cannot be written */
};

/* --- main and loader to agent --- */

enum notice_kind {
    NOTICE_FILE,       /* a file was read without a mistake: these are its monitors */
    NOTICE_FILE_ERROR, /* it was refused: why */
    NOTICE_DEFINITION, /* one monitor of the file got its secret, or lost it */
    NOTICE_STOP
};

struct notice {
    enum notice_kind kind;
    struct wanted
        *wanted; /* of NOTICE_FILE: malloc'ed array, each definition with one reference; of NOTICE_DEFINITION: one */
    size_t wanted_count;
    uint32_t history_s;      /* of NOTICE_FILE: what samples are to cover; 0: none are kept */
    int64_t time_ms;         /* wall clock of the reading */
    const struct text *text; /* of NOTICE_FILE_ERROR */
};

/** Release what a record holds: for queue_free() and for those who take records. */
void order_drop(void *order);
void report_drop(void *report);
void journal_entry_drop(void *entry);
void save_drop(void *save);
void news_drop(void *news);
void notice_drop(void *notice);

#endif
