/*
 * What is written to the state, statement by statement.  Transactions are the caller's.  Every function returns
 * SQLITE_OK or SQLite's code.
 */
#ifndef EMAILMON_WRITER_H
#define EMAILMON_WRITER_H

#include "database.h"
#include "pending.h"
#include "seal.h"

enum {
    WRITER_FOUND_KEPT = 4,      /* found probes of a row on record: to know them again in the next session */
    WRITER_EVENTS_KEPT = 20000, /* settled events */
    WRITER_GONE_S = 7 * 86400,  /* as long as a probe may be under way */
    WRITER_STATEMENTS = 22
};

struct writer {
    sqlite3_stmt *statements[WRITER_STATEMENTS];
    struct sealer sealer;
};

/** writer_open(w, db, sealer): Prepare; on failure nothing is left.  writer_close(w): end; safe twice. */
int writer_open(struct writer *w, sqlite3 *db, const struct sealer *sealer);
void writer_close(struct writer *w);

/** writer_begin(w), writer_commit(w): A transaction. */
int writer_begin(struct writer *w);
int writer_commit(struct writer *w);

/** writer_save(w, change, wall_ms): One row of an edit. */
int writer_save(struct writer *w, const struct save_change *change, int64_t wall_ms);

/** writer_row(w, row, wall_ms): What the journal told of a row.  A row that is gone is not made again. */
int writer_row(struct writer *w, const struct pending_row *row, int64_t wall_ms);

/** writer_gone(w, serial, wall_ms): Nothing of the row is left but that it was there. */
int writer_gone(struct writer *w, uint64_t serial, int64_t wall_ms);

/** writer_event(w, event, settled): With its number.  writer_settle(w, seq): Its notification is no concern any more.
 *  writer_trim(w): Let the oldest settled events go, beyond those that are kept. */
int writer_event(struct writer *w, const struct event *event, bool settled);
int writer_settle(struct writer *w, uint32_t seq);
int writer_trim(struct writer *w);

#endif
