/*
 * A SQLite database as the store uses it: one connection, one thread at a time, prepared statements, errors as words.
 */
#ifndef EMAILMON_DATABASE_H
#define EMAILMON_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/** How a database is opened. */
enum database_how {
    DATABASE_WRITE, /* made when it is not there, 0600; nothing is changed yet */
    DATABASE_READ   /* nothing is changed */
};

/** database_open(path, how, db): Return SQLITE_OK and a connection; else SQLite's code, and ${*db} NULL.
 *  database_close(db): NULL is fine; all statements are ended before. */
int database_open(const char *path, enum database_how how, sqlite3 **db);
void database_close(sqlite3 *db);

/** database_prepare_writing(db): Write-ahead log, each commit on disk before it returns.  Marks the file.  SQLITE_OK
 *  or the code. */
int database_prepare_writing(sqlite3 *db);

/** database_is_damage(code): whether the file itself is wrong, and not the disk or this machine. */
bool database_is_damage(int code);

/** database_run(db, sql): Execute statements without results.  database_number(db, sql, value): The one number that
 *  ${sql} gives.  SQLITE_OK or the code. */
int database_run(sqlite3 *db, const char *sql);
int database_number(sqlite3 *db, const char *sql, sqlite3_int64 *value);

/** database_prepare(db, sql, statement): For many uses.  SQLITE_OK or the code. */
int database_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **statement);

/** database_do(statement): Run one that gives no rows, with what was bound; it is ready to be used again, and what was
 *  bound is forgotten.  SQLITE_OK or the code. */
int database_do(sqlite3_stmt *statement);

#endif
