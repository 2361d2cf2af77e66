#include "reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "draft.h"
#include "writer.h"

/* --- mending --- */

/* What only one row may have: how many have it too much, and who of each lot stays (the first). */
static const struct once {
    const char *count, *lots;
} onces[] = {
    {"SELECT count(*) - count(DISTINCT idx) FROM row",
     "SELECT row.serial AS serial, row_number() OVER"
     " (PARTITION BY idx ORDER BY definition.serial IS NULL, last_poll DESC) AS place"
     " FROM row LEFT JOIN definition ON definition.serial = row.serial"},
    {"SELECT count(*) - count(DISTINCT name) FROM definition WHERE name <> ''",
     "SELECT definition.serial AS serial, row_number() OVER"
     " (PARTITION BY definition.name ORDER BY last_poll DESC) AS place"
     " FROM definition LEFT JOIN row ON row.serial = definition.serial WHERE definition.name <> ''"},
};

static int mend_doubled(sqlite3 *db, const struct once *once, int64_t gone_until_ms)
{
    char sql[1024];
    sqlite3_int64 doubled = 0;
    int code = database_number(db, once->count, &doubled);
    if (code != SQLITE_OK || doubled == 0)
        return code;
    (void)snprintf(sql, sizeof sql,
                   "BEGIN IMMEDIATE;"
                   "CREATE TEMP TABLE doubled AS SELECT serial FROM (%s) WHERE place > 1;"
                   "INSERT OR REPLACE INTO gone SELECT serial, %lld FROM doubled;"
                   "DELETE FROM row WHERE serial IN (SELECT serial FROM doubled);"
                   "DELETE FROM definition WHERE serial IN (SELECT serial FROM doubled);"
                   "DELETE FROM probe WHERE serial IN (SELECT serial FROM doubled);"
                   "DELETE FROM samples WHERE serial IN (SELECT serial FROM doubled);"
                   "DROP TABLE doubled;"
                   "COMMIT;",
                   once->lots, (long long)gone_until_ms);
    code = database_run(db, sql);
    if (code != SQLITE_OK)
        (void)database_run(db, "ROLLBACK");
    return code;
}

int reader_mend(sqlite3 *db, int64_t wall_ms)
{
    char sql[64];
    (void)snprintf(sql, sizeof sql, "DELETE FROM gone WHERE until_ms < %lld", (long long)wall_ms);
    int code = database_run(db, sql);
    for (size_t i = 0; i < sizeof onces / sizeof onces[0] && code == SQLITE_OK; i++)
        code = mend_doubled(db, &onces[i], wall_ms + WRITER_GONE_S * INT64_C(1000));
    return code;
}

int reader_doubt(sqlite3 *db)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql,
                   "UPDATE probe SET state = %d WHERE state = %d; UPDATE row SET sent_state = %d WHERE sent_state = %d",
                   PROBE_MAYBE, PROBE_OUT, PROBE_MAYBE, PROBE_OUT);
    return database_run(db, sql);
}

/* --- walking results --- */

/* Who gets each result; false: memory. */
typedef bool take_result(void *owner, sqlite3_stmt *result);

/* More than ${most} results are damage: an array was made for as many. */
static int walk(sqlite3 *db, const char *sql, size_t most, take_result *take, void *owner)
{
    sqlite3_stmt *s;
    int code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (code != SQLITE_OK)
        return code;
    bool ok = true;
    size_t count = 0;
    while (ok && (code = sqlite3_step(s)) == SQLITE_ROW && count++ < most)
        ok = take(owner, s);
    (void)sqlite3_finalize(s);
    if (!ok)
        return SQLITE_NOMEM;
    return code == SQLITE_DONE ? SQLITE_OK : code == SQLITE_ROW ? SQLITE_CORRUPT : code;
}

/* The same with columns that follow the program's tables, behind those of ${begin}; of the row ${index}, or (0) of all.
 */
static int walk_followed(sqlite3 *db, const char *begin, const struct followed *columns, int32_t index, size_t most,
                         take_result *take, void *owner)
{
    char sql[COLUMNS_SQL_MAX];
    FILE *out = columns_begin(sql);
    if (out == NULL)
        return SQLITE_NOMEM;
    (void)fputs(begin, out);
    columns_print(out, columns, COLUMNS_NAMES, 0);
    (void)fprintf(out, " FROM %s", columns->table);
    if (index != 0)
        (void)fprintf(out, " WHERE serial IN (SELECT serial FROM row WHERE idx = %" PRId32 ")", index);
    (void)fputs(" ORDER BY serial", out);
    int code = columns_end(out);
    return code == SQLITE_OK ? walk(db, sql, most, take, owner) : code;
}

struct reading {
    const struct sealer *sealer;
    struct log *log;
    struct restored *into;
    int32_t index;               /* of the one row that is read; 0: all are */
    size_t unsealed;             /* passwords that could not be */
    struct restored_row *probed; /* whose probes are being read */
    size_t probe_room;
};

/* An array of as many as ${table} has, ${count}, so that it need not grow. */
static int make_array(sqlite3 *db, const char *table, size_t size, void *array, size_t *count)
{
    char sql[64];
    sqlite3_int64 counted = 0;
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    int code = database_number(db, sql, &counted);
    if (code != SQLITE_OK)
        return code;
    *count = (size_t)counted;
    void *made = calloc(*count + 1, size);
    memcpy(array, &made, sizeof made);
    return made != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

/* --- rows --- */

static bool take_row(void *owner, sqlite3_stmt *result)
{
    enum { SERIAL, INDEX, NAME, ADMIN_SET, ADMIN_FILE, POLLED, FOLLOWED };
    struct restored *into = ((struct reading *)owner)->into;
    sqlite3_int64 index = sqlite3_column_int64(result, INDEX);
    if (index < 1 || index > INT32_MAX)
        return true; /* none of ours */
    struct restored_row *row = &into->rows[into->row_count++];
    row->serial = (uint64_t)sqlite3_column_int64(result, SERIAL);
    row->index = (int32_t)index;
    bool named = columns_read_text(result, NAME, &row->name);
    row->admin = (struct admin_override){.set = (uint8_t)sqlite3_column_int(result, ADMIN_SET),
                                         .file = (uint8_t)sqlite3_column_int(result, ADMIN_FILE)};
    row->has_status = sqlite3_column_int(result, POLLED) != 0;
    status_init(&row->status);
    row_memory_init(&row->memory);
    columns_read_row(result, FOLLOWED, &row->status, &row->memory);
    return named;
}

static int load_rows(sqlite3 *db, struct reading *r)
{
    const struct followed columns = columns_of_row();
    size_t count = 0;
    int code = make_array(db, "row", sizeof *r->into->rows, &r->into->rows, &count);
    if (code == SQLITE_OK)
        code = walk_followed(db, "SELECT serial, idx, name, admin_set, admin_file, polled, ", &columns, r->index, count,
                             take_row, r);
    if (code == SQLITE_OK && !restored_index(r->into))
        code = SQLITE_NOMEM;
    return code;
}

static struct restored_row *row_of(const struct reading *r, sqlite3_stmt *result)
{
    const struct restored_row *row = restored_by_serial(r->into, (uint64_t)sqlite3_column_int64(result, 0));
    return row != NULL ? &r->into->rows[row - r->into->rows] : NULL;
}

/* --- definitions --- */

static const enum setting_id passwords[] = {SETTING_smtp_password, SETTING_in_password}; /* by leg - LEG_SMTP */

static void lose_secret(struct reading *r, struct draft *d, enum setting_id id)
{
    r->unsealed++;
    d->secret[id == passwords[0] ? 0 : 1] = SECRET_FAILED;
    (void)text_copy(d->secret_why, sizeof d->secret_why,
                    "the key that it was sealed with is lost or changed; set the password again");
}

static bool take_secret(struct reading *r, struct draft *d, enum setting_id id, sqlite3_stmt *result, int column)
{
    char secret[256];
    const uint8_t *sealed = sqlite3_column_blob(result, column);
    size_t n = (size_t)sqlite3_column_bytes(result, column);
    uint64_t serial = (uint64_t)sqlite3_column_int64(result, 0);
    bool fits = n <= SEAL_MORE_BYTES + sizeof secret - 1;
    if (!fits || !unseal(r->sealer, serial, settings[id].column, sealed, n, secret)) {
        if (fits && errno == ENOMEM)
            return false;
        lose_secret(r, d, id);
        return true;
    }
    bool ok = draft_take_text(d, id, secret, n - SEAL_MORE_BYTES);
    explicit_bzero(secret, sizeof secret);
    return ok;
}

/* A row that is not right is not polled before somebody has seen to it. */
static void take_out_of_service(const struct reading *r, struct draft *d, sqlite3_stmt *result,
                                const struct mistake *why)
{
    log_write(r->log, LOG_LINE_ERROR, "state: the row made by SET with the serial %llx is not in service: %s: %s",
              (unsigned long long)sqlite3_column_int64(result, 0), settings[why->setting].key, why->text);
    d->row_status = ROW_NOT_IN_SERVICE;
}

/* A value that this program takes for wrong is not given. */
static bool take_setting(struct reading *r, struct draft *d, enum setting_id id, sqlite3_stmt *result, int column)
{
    struct mistake why = {.kind = MISTAKE_VALUE, .setting = id, .text = "out of range"};
    bool ok;
    if (sqlite3_column_type(result, column) == SQLITE_NULL)
        return true;
    if (settings[id].kind == KIND_SECRET)
        return take_secret(r, d, id, result, column);
    if (setting_is_text(&settings[id])) {
        const char *text = (const char *)sqlite3_column_text(result, column);
        ok = text != NULL && draft_put_text(d, id, text, (size_t)sqlite3_column_bytes(result, column), &why);
    } else {
        sqlite3_int64 number = sqlite3_column_int64(result, column);
        ok = number >= 0 && number <= UINT32_MAX && draft_put_number(d, id, (uint32_t)number, &why);
    }
    if (ok)
        return true;
    take_out_of_service(r, d, result, &why);
    return why.kind != MISTAKE_RESOURCES;
}

static void keep_first(void *owner, const struct mistake *m)
{
    struct mistake *first = owner;
    if (first->kind == MISTAKE_NONE)
        *first = *m;
}

/* All that runs relies on it that an active row is whole. */
static void check_whole(const struct reading *r, struct draft *d, sqlite3_stmt *result)
{
    struct mistake first = {.kind = MISTAKE_NONE};
    if (d->row_status == ROW_ACTIVE && draft_check(d, keep_first, &first) > 0)
        take_out_of_service(r, d, result, &first);
}

static bool take_definition(void *owner, sqlite3_stmt *result)
{
    enum { SERIAL, ROW_STATUS, WAS_ACTIVE, STORAGE, FOLLOWED };
    struct reading *r = owner;
    struct restored_row *row = row_of(r, result);
    if (row == NULL)
        return true;
    struct draft d;
    draft_init(&d);
    d.row_status = (enum row_status)sqlite3_column_int(result, ROW_STATUS);
    if (d.row_status < ROW_ACTIVE || d.row_status > ROW_NOT_READY)
        d.row_status = ROW_NOT_IN_SERVICE;
    d.was_active = sqlite3_column_int(result, WAS_ACTIVE) != 0;
    d.storage = STORAGE_NON_VOLATILE;
    bool ok = true;
    for (enum setting_id id = 0; id < SETTING_COUNT && ok; id++)
        ok = take_setting(r, &d, id, result, FOLLOWED + (int)id);
    check_whole(r, &d, result);
    definition_unref(row->definition); /* a damaged state may have two of one row: the last counts */
    row->definition = ok ? draft_freeze(&d) : NULL;
    draft_end(&d);
    return row->definition != NULL;
}

static int load_definitions(sqlite3 *db, struct reading *r)
{
    const struct followed columns = columns_of_definition();
    int code = walk_followed(db, "SELECT serial, row_status, was_active, storage, ", &columns, r->index, SIZE_MAX,
                             take_definition, r);
    if (r->unsealed > 0)
        log_write(r->log, LOG_LINE_ERROR,
                  "state: %zu passwords were sealed with another key; set them again, or bring the key file back",
                  r->unsealed);
    return code;
}

/* --- the rest --- */

static bool make_probe_room(struct reading *r)
{
    struct restored_row *row = r->probed;
    if (row->probe_count < r->probe_room)
        return true;
    size_t room = r->probe_room == 0 ? 2 : 2 * r->probe_room;
    struct probe_record *probes = reallocarray(row->probes, room, sizeof *probes);
    if (probes == NULL)
        return false;
    row->probes = probes;
    r->probe_room = room;
    return true;
}

static bool take_probe(void *owner, sqlite3_stmt *result)
{
    enum { SERIAL, TIME, NONCE, ACCEPTED, STATE };
    struct reading *r = owner;
    struct restored_row *row = row_of(r, result);
    struct probe_record probe = {.time_s = (uint64_t)sqlite3_column_int64(result, TIME),
                                 .accepted_ms = sqlite3_column_int64(result, ACCEPTED),
                                 .state = (uint8_t)sqlite3_column_int(result, STATE)};
    if (row == NULL || sqlite3_column_bytes(result, NONCE) != (int)sizeof probe.nonce)
        return true;
    memcpy(probe.nonce, sqlite3_column_blob(result, NONCE), sizeof probe.nonce);
    probe_record_settle(&probe, &row->memory.sent);
    if (row != r->probed) {
        r->probed = row;
        r->probe_room = row->probe_count; /* 0: they come row by row */
    }
    if (!make_probe_room(r))
        return false;
    row->probes[row->probe_count++] = probe;
    return true;
}

static bool take_promise(void *owner, sqlite3_stmt *result)
{
    struct restored *into = ((struct reading *)owner)->into;
    sqlite3_int64 index = sqlite3_column_int64(result, 0);
    if (index < 1 || index > INT32_MAX)
        return true;
    struct restored_promise *promise = &into->promises[into->promise_count++];
    promise->index = (int32_t)index;
    return columns_read_text(result, 1, &promise->name);
}

static bool take_gone(void *owner, sqlite3_stmt *result)
{
    struct restored *into = ((struct reading *)owner)->into;
    into->gone[into->gone_count++] = (struct restored_gone){.serial = (uint64_t)sqlite3_column_int64(result, 0),
                                                            .until_ms = sqlite3_column_int64(result, 1)};
    return true;
}

/* The columns of an event, and behind them whether its notification is settled. */
#define SELECT_EVENTS                                                                                                  \
    "SELECT seq, time_ms, idx, kind, old, new, proof, leg, stage, cause, notify, announced, smtp_cert_days,"           \
    " in_cert_days, name, device, text, settled FROM event"
enum { EVENT_SETTLED = 17 };

/* False: memory. */
static bool read_event(sqlite3_stmt *result, struct event *e)
{
    int c = 0;
    e->seq = (uint32_t)sqlite3_column_int64(result, c++);
    e->time_ms = sqlite3_column_int64(result, c++);
    e->row = sqlite3_column_int(result, c++);
    uint8_t *const words[] = {&e->kind, &e->old, &e->new, &e->proof, &e->leg, &e->stage, &e->cause};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        *words[i] = (uint8_t)sqlite3_column_int(result, c++);
    e->notify = sqlite3_column_int(result, c++) != 0;
    e->announced = sqlite3_column_int(result, c++) != 0;
    e->smtp_cert_days = sqlite3_column_int(result, c++);
    e->in_cert_days = sqlite3_column_int(result, c++);
    bool named = columns_read_text(result, c++, &e->name);
    bool has_device = columns_read_text(result, c++, &e->device);
    return columns_read_text(result, c, &e->text) && named && has_device;
}

static bool take_event(void *owner, sqlite3_stmt *result)
{
    struct restored *into = ((struct reading *)owner)->into;
    struct restored_event *e = &into->events[into->event_count++];
    bool whole = read_event(result, &e->event);
    e->settled = sqlite3_column_int(result, EVENT_SETTLED) != 0;
    into->last_seq = e->event.seq;
    return whole;
}

int reader_load(sqlite3 *db, const struct sealer *sealer, struct log *log, struct restored *into)
{
    struct reading r = {.sealer = sealer, .log = log, .into = into};
    const struct {
        const char *table;
        size_t size;
        void *array;
        const char *sql;
        take_result *take;
    } others[] = {
        {"promise", sizeof *into->promises, &into->promises, "SELECT idx, name FROM promise ORDER BY idx",
         take_promise},
        {"gone", sizeof *into->gone, &into->gone, "SELECT serial, until_ms FROM gone ORDER BY until_ms", take_gone},
        {"event", sizeof *into->events, &into->events, SELECT_EVENTS " ORDER BY seq", take_event},
    };
    int code = load_rows(db, &r);
    if (code == SQLITE_OK)
        code = load_definitions(db, &r);
    if (code == SQLITE_OK)
        code = walk(db, "SELECT serial, time_s, nonce, accepted_ms, state FROM probe ORDER BY serial, time_s, nonce",
                    SIZE_MAX, take_probe, &r);
    for (size_t i = 0; i < sizeof others / sizeof others[0] && code == SQLITE_OK; i++) {
        size_t count = 0;
        code = make_array(db, others[i].table, others[i].size, others[i].array, &count);
        if (code == SQLITE_OK)
            code = walk(db, others[i].sql, count, others[i].take, &r);
    }
    return code;
}

int reader_load_definitions(sqlite3 *db, const struct sealer *sealer, int32_t index, struct restored *into)
{
    struct reading r = {.sealer = sealer, .into = into, .index = index};
    int code = load_rows(db, &r);
    return code == SQLITE_OK ? load_definitions(db, &r) : code;
}

struct showing {
    void (*each)(void *owner, const struct event *event);
    void *owner;
};

static bool show_event(void *owner, sqlite3_stmt *result)
{
    const struct showing *to = owner;
    struct event e = {0};
    bool whole = read_event(result, &e);
    if (whole)
        to->each(to->owner, &e);
    event_clear(&e);
    return whole;
}

int reader_events(sqlite3 *db, int32_t index, unsigned most, void (*each)(void *owner, const struct event *event),
                  void *owner)
{
    char sql[sizeof SELECT_EVENTS + 64];
    struct showing to = {each, owner};
    (void)snprintf(sql, sizeof sql, SELECT_EVENTS " WHERE idx = %" PRId32 " OR %d ORDER BY seq DESC LIMIT %u", index,
                   index == 0, most);
    return walk(db, sql, most, show_event, &to);
}
