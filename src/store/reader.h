/*
 * What is read from a state: all of it, at a start.
 */
#ifndef EMAILMON_READER_H
#define EMAILMON_READER_H

#include "database.h"
#include "log.h"
#include "restored.h"
#include "seal.h"

/** reader_mend(db, wall_ms): What a kill between two commits, or damage, may have left: two rows with one index (the
 * one that an administrator made stays, else the one polled last), two made by SET with one name (the one polled last
 * stays), and rows that are gone for long enough.  SQLITE_OK or the code. */
int reader_mend(sqlite3 *db, int64_t wall_ms);

/** reader_doubt(db): It is not known what became of the probes that were out: that they are missing proves nothing. */
int reader_doubt(sqlite3 *db);

/** reader_load(db, sealer, log, into): Fill ${into}, a new one.  A password that cannot be unsealed is one to be set
 *  again, and its row says so; so is logged once.  SQLITE_OK or the code. */
int reader_load(sqlite3 *db, const struct sealer *sealer, struct log *log, struct restored *into);

/** reader_load_definitions(db, sealer, index, into): Only rows, and the definitions of those that were made by SET; of
 *  ${index} alone, or of all (0).
 *  reader_events(db, index, most, each, owner): The last ${most} events of a row, or of all (0), newest first.
 *  Both: SQLITE_OK or the code. */
int reader_load_definitions(sqlite3 *db, const struct sealer *sealer, int32_t index, struct restored *into);
int reader_events(sqlite3 *db, int32_t index, unsigned most, void (*each)(void *owner, const struct event *event),
                  void *owner);

#endif
