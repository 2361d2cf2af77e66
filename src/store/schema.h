/*
 * The schema of the state: tables, versions, and how a state of an earlier version becomes one of this.
 */
#ifndef EMAILMON_SCHEMA_H
#define EMAILMON_SCHEMA_H

#include "database.h"

/* In the file's head (application_id): "EmMo". */
enum { SCHEMA_APPLICATION = 0x456D4D6F };

enum schema_finding {
    SCHEMA_OURS,    /* an emailmon's state, of this version or an earlier one; or nothing yet */
    SCHEMA_FOREIGN, /* a database of some other program */
    SCHEMA_LATER    /* of an emailmon that is later than this one */
};

/** schema_check(db, finding): Whose is it?  SQLITE_OK or the code.
 *  schema_check_whole(db, whole): Is every page what it should be?
 *  schema_migrate(db): Make it, or bring it up to date; all or nothing. */
int schema_check(sqlite3 *db, enum schema_finding *finding);
int schema_check_whole(sqlite3 *db, bool *whole);
int schema_migrate(sqlite3 *db);

/** schema_touch(db): A write that changes nothing: the version that is there is written again.  SQLITE_OK or the
 * code. */
int schema_touch(sqlite3 *db);

#endif
