#include "database.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUSY_MS = 500 /* who else may hold a lock: a person with SQLite's own tool, or `emailmon status` */
};

/* FULL: a commit is on disk before it returns.  The cache stays small beside 100,000 rows in memory.  The log grows to
 * 16 MB before it is copied: rows are written again and again, but copied once each time. */
static const char pragmas[] = "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cache_size = -2048;"
                              "PRAGMA journal_size_limit = 33554432;"
                              "PRAGMA wal_autocheckpoint = 4000;";

/* Made here, because SQLite would go by the umask; its other files take their mode from this one. */
static int make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return SQLITE_CANTOPEN;
    struct stat st;
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ((st.st_mode & 077) == 0 || fchmod(fd, 0600) == 0);
    int error = errno;
    (void)close(fd);
    errno = error;
    return ok ? SQLITE_OK : SQLITE_CANTOPEN;
}

int database_open(const char *path, enum database_how how, sqlite3 **db)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= how == DATABASE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    *db = NULL;
    int code = how == DATABASE_WRITE ? make_private(path) : SQLITE_OK;
    if (code == SQLITE_OK)
        code = sqlite3_open_v2(path, db, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(*db, BUSY_MS);
    if (code != SQLITE_OK) {
        database_close(*db);
        *db = NULL;
    }
    return code;
}

int database_prepare_writing(sqlite3 *db)
{
    return database_run(db, pragmas);
}

void database_close(sqlite3 *db)
{
    (void)sqlite3_close(db);
}

bool database_is_damage(int code)
{
    return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB;
}

int database_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int database_number(sqlite3 *db, const char *sql, sqlite3_int64 *value)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *value = sqlite3_column_int64(statement, 0);
    int ended = sqlite3_finalize(statement);
    return code == SQLITE_ROW ? ended : code;
}

int database_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **statement)
{
    return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
}

int database_do(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}
