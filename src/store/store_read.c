/* The state as the commands read it, beside an emailmon that writes it, or none. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "columns.h"
#include "opening.h"
#include "reader.h"
#include "schema.h"
#include "store.h"

/* The last commit wrote to the log, or the log was copied at an end. */
static int64_t written_ms(const char *path)
{
    static const char *const endings[] = {"", "-wal"};
    int64_t latest_ms = 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char name[PATH_MAX];
        struct stat st;
        int n = snprintf(name, sizeof name, "%s%s", path, endings[i]);
        if (n < 0 || n >= (int)sizeof name || stat(name, &st) != 0 || (i > 0 && st.st_size == 0))
            continue;
        int64_t ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
        if (ms > latest_ms)
            latest_ms = ms;
    }
    return latest_ms;
}

static sqlite3_stmt *select_rows(sqlite3 *db, const char *name, int *code)
{
    struct followed columns = columns_of_row();
    sqlite3_stmt *s = NULL;
    char sql[COLUMNS_SQL_MAX];
    FILE *out = columns_begin(sql);
    *code = SQLITE_NOMEM;
    if (out == NULL)
        return NULL;
    columns.count = status_column_count; /* what a row remembers is shown to nobody */
    (void)fprintf(out,
                  "SELECT idx, name, polled, polled = 0 AND EXISTS (SELECT 1 FROM definition"
                  " WHERE definition.serial = row.serial AND (row_status <> %d OR enabled = %d)), ",
                  ROW_ACTIVE, TRUTH_FALSE);
    columns_print(out, &columns, COLUMNS_NAMES, 0);
    (void)fputs(name == NULL ? " FROM row" : " FROM row WHERE name = ?1", out);
    *code = columns_end(out);
    if (*code == SQLITE_OK)
        *code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (*code == SQLITE_OK && name != NULL)
        *code = sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    if (*code == SQLITE_OK)
        return s;
    (void)sqlite3_finalize(s);
    return NULL;
}

static int read_rows(sqlite3 *db, const char *name, void (*each)(void *owner, const struct stored_row *row),
                     void *owner)
{
    enum { INDEX, NAME, POLLED, OFF, FOLLOWED };
    struct stored_row row;
    int code;
    sqlite3_stmt *s = select_rows(db, name, &code);
    if (s == NULL)
        return code;
    status_init(&row.status);
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        const struct text *monitor;
        if (!columns_read_text(s, NAME, &monitor)) {
            code = SQLITE_NOMEM;
            break;
        }
        row.index = sqlite3_column_int(s, INDEX);
        row.name = text_bytes(monitor);
        row.polled = sqlite3_column_int(s, POLLED) != 0;
        columns_read_status(s, FOLLOWED, &row.status);
        if (sqlite3_column_int(s, OFF) != 0)
            row.status.verdict = VERDICT_DISABLED;
        each(owner, &row);
        text_unref(monitor);
        status_clear(&row.status);
    }
    (void)sqlite3_finalize(s);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static const char *refusal_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return "run this as root or as emailmon's own user";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "it is damaged; `emailmon run` sets it aside and begins a new one";
    case SQLITE_ERROR:
        return "it is of another version; `emailmon run` of this one brings it up to date";
    default:
        return "try again";
    }
}

/* True for SQLITE_OK; else one line in ${why}. */
static bool tell(const char *path, int code, char *why, size_t size)
{
    if (code != SQLITE_OK)
        (void)snprintf(why, size, "state %s: %s; %s", path, sqlite3_errstr(code), refusal_of(code));
    return code == SQLITE_OK;
}

/* Opens ${path} for reading, when it is a state of ours; else NULL, and one line in ${why}.  All that is read is of one
 * moment, whatever emailmon writes meanwhile. */
static sqlite3 *open_for_reading(const char *path, char *why, size_t size)
{
    struct stat st;
    sqlite3 *db = NULL;
    enum schema_finding finding = SCHEMA_OURS;
    if (stat(path, &st) != 0) {
        (void)snprintf(why, size, "state %s: %s; %s", path, strerror(errno),
                       errno == ENOENT ? "`emailmon run` has not been started with this state yet"
                                       : "run this as root or as emailmon's own user");
        return NULL;
    }
    int code = database_open(path, DATABASE_READ, &db);
    if (code == SQLITE_OK)
        code = schema_check(db, &finding);
    if (code == SQLITE_OK && finding != SCHEMA_OURS)
        code = SQLITE_ERROR;
    if (code == SQLITE_OK)
        code = database_run(db, "BEGIN");
    if (code == SQLITE_OK)
        return db;
    database_close(db);
    (void)tell(path, code, why, size);
    return NULL;
}

bool store_read_status(const char *path, const char *name, struct stored_state *state,
                       void (*row)(void *owner, const struct stored_row *row), void *owner, char *why, size_t size)
{
    sqlite3 *db = open_for_reading(path, why, size);
    if (db == NULL)
        return false;
    *state = (struct stored_state){.written_ms = written_ms(path), .running = opening_is_locked(path)};
    int code = read_rows(db, name, row, owner);
    database_close(db);
    return tell(path, code, why, size);
}

/* --- samples --- */

/* Only who is wanted is looked up: the samples of a row are a page of the file. */
static int read_samples(sqlite3_stmt *rows, sqlite3_stmt *full, const struct samples_wanted *wanted)
{
    enum { SERIAL, INDEX, RECENT, OPEN };
    struct sample samples[SAMPLES_MAX];
    int code;
    while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
        const int32_t index = sqlite3_column_int(rows, INDEX);
        size_t count = 0;
        if (!wanted->wants(wanted->owner, index))
            continue;
        (void)sqlite3_bind_int64(full, 1, sqlite3_column_int64(rows, SERIAL));
        if (sqlite3_step(full) == SQLITE_ROW)
            columns_samples(full, 0, samples, SAMPLES_MAX, &count);
        code = sqlite3_reset(full);
        if (code != SQLITE_OK)
            return code;
        columns_samples(rows, RECENT, samples, SAMPLES_MAX, &count);
        columns_samples(rows, OPEN, samples, SAMPLES_MAX, &count);
        if (count > 0)
            wanted->take(wanted->owner, index, samples, count);
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

bool store_read_samples(const char *path, const struct samples_wanted *wanted, char *why, size_t size)
{
    sqlite3_stmt *rows = NULL, *full = NULL;
    sqlite3 *db = open_for_reading(path, why, size);
    if (db == NULL)
        return false;
    int code = database_prepare(db, "SELECT serial, idx, samples_recent, sample_open FROM row ORDER BY serial", &rows);
    if (code == SQLITE_OK)
        code = database_prepare(db, "SELECT packed FROM samples WHERE serial = ?1", &full);
    if (code == SQLITE_OK)
        code = read_samples(rows, full, wanted);
    (void)sqlite3_finalize(rows);
    (void)sqlite3_finalize(full);
    database_close(db);
    return tell(path, code, why, size);
}

bool store_read_definitions(const char *path, int32_t index,
                            void (*row)(void *owner, int32_t index, const struct definition *definition), void *owner,
                            char *why, size_t size)
{
    const struct sealer none = {{0}, {0}}; /* opens nothing */
    sqlite3 *db = open_for_reading(path, why, size);
    struct restored *r = db == NULL ? NULL : restored_new();
    if (db == NULL)
        return false;
    int code = r == NULL ? SQLITE_NOMEM : reader_load_definitions(db, &none, index, r);
    for (size_t i = 0; code == SQLITE_OK && i < r->row_count; i++) {
        if (r->rows[i].definition != NULL)
            row(owner, r->rows[i].index, r->rows[i].definition);
    }
    restored_unref(r);
    database_close(db);
    return tell(path, code, why, size);
}

bool store_read_events(const char *path, int32_t index, unsigned most,
                       void (*event)(void *owner, const struct event *event), void *owner, char *why, size_t size)
{
    sqlite3 *db = open_for_reading(path, why, size);
    if (db == NULL)
        return false;
    int code = reader_events(db, index, most, event, owner);
    database_close(db);
    return tell(path, code, why, size);
}
