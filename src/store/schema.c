#include "schema.h"

#include <stdio.h>
#include <string.h>

#include "columns.h"

/*
 * What brings a state from the version of its place in this list to the next.  A step that was
 * released is never changed.  The columns of `row` and `definition` that follow the program's own
 * tables are none of its concern (columns.h).
 *
 * Serials are 64 bits, of which the lower half is random, kept as SQLite's signed integers.  A row of the file is in
 * `row` alone, one made by SET in `definition` too.  `promise`: an index stays with a name, whoever has either.
 * `gone`: rows that are no more, for as long as probes of theirs may come; nothing that comes late makes such a row
 * again.  `samples`: those of a row in a page of their own, which is written seldom; the recent ones and the open one
 * are in its line of `row`, which each poll writes (core/sample.h).
 */
static const char *const migrations[] = {
    "CREATE TABLE row (serial INTEGER PRIMARY KEY, idx INTEGER NOT NULL, name TEXT NOT NULL,"
    " admin_set INTEGER NOT NULL DEFAULT 0, admin_file INTEGER NOT NULL DEFAULT 0,"
    " polled INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE definition (serial INTEGER PRIMARY KEY, row_status INTEGER NOT NULL, was_active INTEGER NOT NULL,"
    " storage INTEGER NOT NULL);"
    "CREATE TABLE promise (idx INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE gone (serial INTEGER PRIMARY KEY, until_ms INTEGER NOT NULL);"
    "CREATE TABLE probe (serial INTEGER NOT NULL, time_s INTEGER NOT NULL, nonce BLOB NOT NULL,"
    " accepted_ms INTEGER NOT NULL, state INTEGER NOT NULL,"
    " PRIMARY KEY (serial, time_s, nonce)) WITHOUT ROWID;"
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, idx INTEGER NOT NULL, kind INTEGER NOT "
    "NULL,"
    " old INTEGER NOT NULL, new INTEGER NOT NULL, proof INTEGER NOT NULL, leg INTEGER NOT NULL, stage INTEGER NOT NULL,"
    " cause INTEGER NOT NULL, notify INTEGER NOT NULL, announced INTEGER NOT NULL, smtp_cert_days INTEGER NOT NULL,"
    " in_cert_days INTEGER NOT NULL, name TEXT, device TEXT, text TEXT, settled INTEGER NOT NULL);"
    "CREATE INDEX event_pending ON event (seq) WHERE settled = 0;",
    "CREATE TABLE samples (serial INTEGER PRIMARY KEY, packed BLOB NOT NULL);"
    "ALTER TABLE row ADD COLUMN samples_recent BLOB;",
};

enum { VERSION = sizeof migrations / sizeof migrations[0] };

int schema_check(sqlite3 *db, enum schema_finding *finding)
{
    sqlite3_int64 application = 0, version = 0, tables = 0;
    int code = database_number(db, "PRAGMA application_id", &application);
    if (code == SQLITE_OK)
        code = database_number(db, "PRAGMA user_version", &version);
    if (code == SQLITE_OK)
        code = database_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    bool is_new = application == 0 && version == 0 && tables == 0;
    if (!is_new && application != SCHEMA_APPLICATION)
        *finding = SCHEMA_FOREIGN;
    else
        *finding = version > VERSION ? SCHEMA_LATER : SCHEMA_OURS;
    return code;
}

int schema_check_whole(sqlite3 *db, bool *whole)
{
    sqlite3_stmt *statement;
    *whole = false;
    int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(statement);
    const char *says = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    *whole = says != NULL && strcmp(says, "ok") == 0;
    if (code == SQLITE_ROW)
        code = says != NULL ? SQLITE_OK : SQLITE_NOMEM; /* short memory is no damage */
    (void)sqlite3_finalize(statement);
    return code;
}

static int add_columns(sqlite3 *db)
{
    const struct followed row = columns_of_row(), definition = columns_of_definition();
    int code = columns_add_missing(db, &row);
    return code == SQLITE_OK ? columns_add_missing(db, &definition) : code;
}

static int take_steps(sqlite3 *db)
{
    char mark[96];
    sqlite3_int64 version = 0;
    int code = database_number(db, "PRAGMA user_version", &version);
    for (size_t i = (size_t)version; i < VERSION && code == SQLITE_OK; i++)
        code = database_run(db, migrations[i]);
    (void)snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d;", SCHEMA_APPLICATION,
                   VERSION);
    if (code == SQLITE_OK && version < VERSION)
        code = database_run(db, mark);
    return code == SQLITE_OK ? add_columns(db) : code;
}

int schema_migrate(sqlite3 *db)
{
    int code = database_run(db, "BEGIN IMMEDIATE");
    if (code != SQLITE_OK)
        return code;
    code = take_steps(db);
    if (code == SQLITE_OK)
        code = database_run(db, "COMMIT");
    if (code != SQLITE_OK)
        (void)database_run(db, "ROLLBACK");
    return code;
}

int schema_touch(sqlite3 *db)
{
    char sql[48];
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", VERSION);
    return database_run(db, sql);
}
