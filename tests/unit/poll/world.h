/* A world for one row: a mail server that can be told to misbehave, a clock, a journal that remembers.  Polls are made
 * as the worker makes them, without a socket. */
#ifndef EMAILMON_TEST_WORLD_H
#define EMAILMON_TEST_WORLD_H

#include "row.h"

enum smtp_mood { SMTP_FINE, SMTP_REFUSES, SMTP_BREAKS_AFTER_DOT, SMTP_LACKS_MEMORY, SMTP_BREAKS_LOCALLY_AFTER_DOT };
enum box_mood { BOX_FINE, BOX_CLOSED, BOX_IN_USE, BOX_UNREADABLE, BOX_BREAKS_AFTER_READING, BOX_NO_DESCRIPTORS };

enum { MAILS_MAX = 80, ENTRIES_MAX = 256, INTERVAL_MS = 60000 };

struct world {
    struct row row;
    struct token_sealer *sealer;
    struct moment now;

    enum smtp_mood smtp;
    enum box_mood box;
    enum deletion deletion; /* how deletions end */
    bool mails_stay;        /* they do so without effect */
    bool delivers;          /* what SMTP accepts arrives in the mailbox ... */
    int64_t underway_ms;    /* ... so much later, by its clock */
    struct tls_facts tls;   /* what both legs see */
    uint32_t history_s;     /* that samples are to cover */
    struct token mailbox[MAILS_MAX];
    int64_t arrived_ms[MAILS_MAX];
    size_t mails;

    struct token sent; /* the last probe made */
    bool sent_data;    /* the last poll came to DATA */
    struct journal journal;
    bool journal_refuses; /* nothing is kept */
    struct journal_entry entries[ENTRIES_MAX];
    size_t entry_count;
};

/** world_begin(w, written): A row with the settings of ${written} ("interval=60", ended by NULL) beside what is
 * required.  world_end(w). */
void world_begin(struct world *w, const char *const *written);
void world_end(struct world *w);

/** world_definition(written): The definition that world_begin() makes.  One reference. */
const struct definition *world_definition(const char *const *written);

/** world_poll(w): One whole poll, then the clocks go on by an interval.  world_poll_at(w, ms): ... by ${ms}. */
void world_poll(struct world *w);
void world_poll_at(struct world *w, uint64_t ms);

/** world_events(w, kind): How many events of that kind were journaled.  world_last_event(w): The last one, or NULL.
 *  world_count(w, state): How often a probe got this state, by the journal. */
unsigned world_events(const struct world *w, enum event_kind kind);
const struct event *world_last_event(const struct world *w);
unsigned world_count(const struct world *w, enum probe_state state);

/** world_is(w, verdict, proof, cause): fails the test, with what is, unless these are the row's. */
void world_is(const struct world *w, enum verdict verdict, enum proof proof, enum cause cause);

#endif
