#include "writer.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"

/* STATEMENT(enumerator, SQL); NULL: made of the columns that follow the program's tables. */
#define STATEMENTS                                                                                                     \
    STATEMENT(BEGIN_WRITING, "BEGIN IMMEDIATE")                                                                        \
    STATEMENT(COMMIT, "COMMIT")                                                                                        \
    STATEMENT(PUT_STATUS, NULL)                                                                                        \
    STATEMENT(ADD_STATUS, NULL)                                                                                        \
    STATEMENT(PUT_DEFINITION, NULL)                                                                                    \
    STATEMENT(PUT_ROW, "INSERT INTO row (serial, idx, name, admin_set, admin_file) VALUES (?1, ?2, ?3, ?4, ?5)"        \
                       " ON CONFLICT (serial) DO UPDATE SET idx = excluded.idx, name = excluded.name,"                 \
                       " admin_set = excluded.admin_set, admin_file = excluded.admin_file")                            \
    STATEMENT(DROP_ROW, "DELETE FROM row WHERE serial = ?1")                                                           \
    STATEMENT(DROP_DEFINITION, "DELETE FROM definition WHERE serial = ?1")                                             \
    STATEMENT(DROP_PROBES, "DELETE FROM probe WHERE serial = ?1")                                                      \
    STATEMENT(DROP_PROBE, "DELETE FROM probe WHERE serial = ?1 AND time_s = ?2 AND nonce = ?3")                        \
    STATEMENT(PUT_PROBE, "INSERT OR REPLACE INTO probe (serial, time_s, nonce, accepted_ms, state)"                    \
                         " VALUES (?1, ?2, ?3, ?4, ?5)")                                                               \
    STATEMENT(TRIM_FOUND, "DELETE FROM probe WHERE serial = ?1 AND state = ?2 AND (time_s, nonce) <="                  \
                          " (SELECT time_s, nonce FROM probe WHERE serial = ?1 AND state = ?2"                         \
                          " ORDER BY time_s DESC, nonce DESC LIMIT 1 OFFSET ?3)")                                      \
    STATEMENT(GET_SAMPLES,                                                                                             \
              "SELECT packed, samples_recent FROM row LEFT JOIN samples USING (serial) WHERE serial = ?1")             \
    STATEMENT(PUT_SAMPLES, "INSERT OR REPLACE INTO samples (serial, packed) VALUES (?1, ?2)")                          \
    STATEMENT(DROP_SAMPLES, "DELETE FROM samples WHERE serial = ?1")                                                   \
    STATEMENT(DROP_RECENT, "UPDATE row SET samples_recent = NULL WHERE serial = ?1")                                   \
    STATEMENT(ADD_GONE, "INSERT OR REPLACE INTO gone (serial, until_ms) VALUES (?1, ?2)")                              \
    STATEMENT(DROP_GONE, "DELETE FROM gone WHERE serial = ?1")                                                         \
    STATEMENT(PUT_PROMISE, "INSERT OR REPLACE INTO promise (idx, name) VALUES (?1, ?2)")                               \
    STATEMENT(ADD_EVENT, "INSERT INTO event (seq, time_ms, idx, kind, old, new, proof, leg, stage, cause, notify,"     \
                         " announced, smtp_cert_days, in_cert_days, name, device, text, settled)"                      \
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)")  \
    STATEMENT(SETTLE, "UPDATE event SET settled = 1 WHERE seq = ?1")                                                   \
    STATEMENT(TRIM_EVENTS, "DELETE FROM event WHERE settled = 1 AND seq <"                                             \
                           " (SELECT seq FROM event WHERE settled = 1 ORDER BY seq DESC LIMIT 1 OFFSET ?1)")

enum statement {
#define STATEMENT(enumerator, sql) enumerator,
    STATEMENTS
#undef STATEMENT
        STATEMENT_COUNT
};
_Static_assert((int)STATEMENT_COUNT == (int)WRITER_STATEMENTS, "room for every statement");

/* Where the columns that follow a table begin among the marks. */
enum { FIRST_OF_STATUS = 4, FIRST_OF_ADDED = 5, FIRST_OF_DEFINITION = 5 };

/* --- statements --- */

static void print_put_status(FILE *out, const struct followed *row)
{
    (void)fputs("UPDATE row SET polled = 1, idx = ?2, samples_recent = CASE WHEN ?3 IS NULL THEN samples_recent"
                " ELSE CAST(ifnull(samples_recent, x'') || ?3 AS BLOB) END, ",
                out);
    columns_print(out, row, COLUMNS_ASSIGNED, FIRST_OF_STATUS);
    (void)fputs(" WHERE serial = ?1", out);
}

static void print_add_status(FILE *out, const struct followed *row)
{
    (void)fputs("INSERT INTO row (serial, idx, name, samples_recent, polled, ", out);
    columns_print(out, row, COLUMNS_NAMES, 0);
    (void)fputs(") SELECT ?1, ?2, ?3, ?4, 1, ", out);
    columns_print(out, row, COLUMNS_MARKS, FIRST_OF_ADDED);
    (void)fputs(" WHERE NOT EXISTS (SELECT 1 FROM gone WHERE serial = ?1)", out);
}

static void print_put_definition(FILE *out, const struct followed *definition)
{
    (void)fputs("INSERT OR REPLACE INTO definition (serial, row_status, was_active, storage, ", out);
    columns_print(out, definition, COLUMNS_NAMES, 0);
    (void)fputs(") VALUES (?1, ?2, ?3, ?4, ", out);
    columns_print(out, definition, COLUMNS_MARKS, FIRST_OF_DEFINITION);
    (void)fputc(')', out);
}

static int prepare_made(sqlite3 *db, enum statement which, sqlite3_stmt **statement)
{
    const struct followed row = columns_of_row(), definition = columns_of_definition();
    char sql[COLUMNS_SQL_MAX];
    FILE *out = columns_begin(sql);
    if (out == NULL)
        return SQLITE_NOMEM;
    if (which == PUT_STATUS)
        print_put_status(out, &row);
    else if (which == ADD_STATUS)
        print_add_status(out, &row);
    else
        print_put_definition(out, &definition);
    int code = columns_end(out);
    return code == SQLITE_OK ? database_prepare(db, sql, statement) : code;
}

int writer_open(struct writer *w, sqlite3 *db, const struct sealer *sealer)
{
    static const char *const texts[] = {
#define STATEMENT(enumerator, sql) [enumerator] = (sql),
        STATEMENTS
#undef STATEMENT
    };
    int code = SQLITE_OK;
    *w = (struct writer){.sealer = *sealer};
    for (size_t i = 0; i < STATEMENT_COUNT && code == SQLITE_OK; i++) {
        if (texts[i] == NULL)
            code = prepare_made(db, (enum statement)i, &w->statements[i]);
        else
            code = database_prepare(db, texts[i], &w->statements[i]);
    }
    if (code != SQLITE_OK)
        writer_close(w);
    return code;
}

void writer_close(struct writer *w)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(w->statements[i]);
        w->statements[i] = NULL;
    }
    sealer_wipe(&w->sealer);
}

/* --- binding: of integers and of octets that stay where they are it takes no memory, and cannot fail --- */

static void bind_number(sqlite3_stmt *s, int mark, int64_t number)
{
    (void)sqlite3_bind_int64(s, mark, number);
}

static void bind_text(sqlite3_stmt *s, int mark, const char *text)
{
    (void)sqlite3_bind_text(s, mark, text, -1, SQLITE_STATIC);
}

static int do_by_serial(struct writer *w, enum statement which, uint64_t serial)
{
    bind_number(w->statements[which], 1, (int64_t)serial);
    return database_do(w->statements[which]);
}

int writer_begin(struct writer *w)
{
    return database_do(w->statements[BEGIN_WRITING]);
}

int writer_commit(struct writer *w)
{
    return database_do(w->statements[COMMIT]);
}

/* --- edits --- */

static int bind_secret(struct writer *w, sqlite3_stmt *s, int mark, uint64_t serial, const struct setting *setting,
                       const char *secret)
{
    uint8_t sealed[256 + SEAL_MORE_BYTES];
    size_t n = strlen(secret);
    if (n + SEAL_MORE_BYTES > sizeof sealed || !seal(&w->sealer, serial, setting->column, secret, n, sealed))
        return SQLITE_NOMEM;
    return sqlite3_bind_blob(s, mark, sealed, (int)(n + SEAL_MORE_BYTES), SQLITE_TRANSIENT);
}

static int bind_setting(struct writer *w, sqlite3_stmt *s, const struct save_change *change, enum setting_id id)
{
    const struct definition *d = change->definition;
    int mark = FIRST_OF_DEFINITION + (int)id;
    if (!definition_has(d, id))
        return SQLITE_OK; /* NULL: its default, also when that will be another */
    if (settings[id].kind == KIND_SECRET)
        return bind_secret(w, s, mark, change->serial, &settings[id], definition_text(d, id));
    if (setting_is_text(&settings[id]))
        return sqlite3_bind_text(s, mark, definition_text(d, id), -1, SQLITE_STATIC);
    return sqlite3_bind_int64(s, mark, definition_number(d, id));
}

static int put_definition(struct writer *w, const struct save_change *change)
{
    sqlite3_stmt *s = w->statements[PUT_DEFINITION];
    int code = SQLITE_OK;
    bind_number(s, 1, (int64_t)change->serial);
    bind_number(s, 2, change->definition->row_status);
    bind_number(s, 3, change->definition->was_active);
    bind_number(s, 4, change->definition->storage);
    for (enum setting_id id = 0; id < SETTING_COUNT && code == SQLITE_OK; id++)
        code = bind_setting(w, s, change, id);
    if (code == SQLITE_OK)
        return database_do(s);
    (void)sqlite3_clear_bindings(s);
    return code;
}

static int put_row(struct writer *w, const struct save_change *change)
{
    sqlite3_stmt *s = w->statements[PUT_ROW];
    int code = do_by_serial(w, DROP_GONE, change->serial); /* an edit that was undone brings a row back */
    if (code != SQLITE_OK)
        return code;
    bind_number(s, 1, (int64_t)change->serial);
    bind_number(s, 2, change->index);
    bind_text(s, 3, definition_text(change->definition, SETTING_name));
    bind_number(s, 4, change->admin.set);
    bind_number(s, 5, change->admin.file);
    return database_do(s);
}

static int put_promise(struct writer *w, const struct save_change *change)
{
    sqlite3_stmt *s = w->statements[PUT_PROMISE];
    bind_number(s, 1, change->index);
    bind_text(s, 2, definition_text(change->definition, SETTING_name));
    return database_do(s);
}

int writer_save(struct writer *w, const struct save_change *change, int64_t wall_ms)
{
    if (change->definition == NULL)
        return writer_gone(w, change->serial, wall_ms);
    const enum storage storage = (enum storage)change->definition->storage;
    if (storage == STORAGE_NON_VOLATILE) {
        int code = put_row(w, change);
        return code == SQLITE_OK ? put_definition(w, change) : code;
    }
    int code = do_by_serial(w, DROP_DEFINITION, change->serial);
    if (code != SQLITE_OK || storage == STORAGE_VOLATILE)
        return code;
    code = put_row(w, change);
    return code == SQLITE_OK ? put_promise(w, change) : code;
}

/* --- the journal --- */

int writer_gone(struct writer *w, uint64_t serial, int64_t wall_ms)
{
    static const enum statement all[] = {DROP_ROW, DROP_DEFINITION, DROP_PROBES, DROP_SAMPLES};
    int code = SQLITE_OK;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && code == SQLITE_OK; i++)
        code = do_by_serial(w, all[i], serial);
    if (code != SQLITE_OK)
        return code;
    bind_number(w->statements[ADD_GONE], 1, (int64_t)serial);
    bind_number(w->statements[ADD_GONE], 2, wall_ms + WRITER_GONE_S * INT64_C(1000));
    return database_do(w->statements[ADD_GONE]);
}

/* NULL: there are none.  ${packed} stays until the statement is run. */
static void bind_recent(sqlite3_stmt *s, int mark, const struct pending_row *row, uint8_t *packed)
{
    if (row->sample_count > 0)
        (void)sqlite3_bind_blob(s, mark, packed, (int)samples_pack(row->samples, row->sample_count, packed),
                                SQLITE_STATIC);
}

static int put_status(struct writer *w, const struct pending_row *row)
{
    uint8_t packed[SAMPLES_MAX * SAMPLE_PACKED_MAX];
    sqlite3_stmt *s = w->statements[PUT_STATUS];
    bind_number(s, 1, (int64_t)row->serial);
    bind_number(s, 2, row->index);
    bind_recent(s, 3, row, packed);
    int code = columns_bind_row(s, FIRST_OF_STATUS, &row->status, &row->memory);
    if (code == SQLITE_OK)
        code = database_do(s);
    if (code != SQLITE_OK || sqlite3_changes(sqlite3_db_handle(s)) > 0)
        return code;
    s = w->statements[ADD_STATUS];
    bind_number(s, 1, (int64_t)row->serial);
    bind_number(s, 2, row->index);
    bind_text(s, 3, text_bytes(row->name));
    bind_recent(s, 4, row, packed);
    code = columns_bind_row(s, FIRST_OF_ADDED, &row->status, &row->memory);
    return code == SQLITE_OK ? database_do(s) : code;
}

static int trim_found(struct writer *w, uint64_t serial)
{
    sqlite3_stmt *s = w->statements[TRIM_FOUND];
    bind_number(s, 1, (int64_t)serial);
    bind_number(s, 2, PROBE_CONSUMED);
    bind_number(s, 3, WRITER_FOUND_KEPT);
    return database_do(s);
}

static int put_probe(struct writer *w, uint64_t serial, const struct probe_record *probe)
{
    const bool goes = probe->state == PROBE_REMOVED || probe->state == PROBE_LOST;
    sqlite3_stmt *s = w->statements[goes ? DROP_PROBE : PUT_PROBE];
    bind_number(s, 1, (int64_t)serial);
    bind_number(s, 2, (int64_t)probe->time_s);
    (void)sqlite3_bind_blob(s, 3, probe->nonce, sizeof probe->nonce, SQLITE_STATIC);
    if (!goes) {
        bind_number(s, 4, probe->accepted_ms);
        bind_number(s, 5, probe->state);
    }
    return database_do(s);
}

static int put_probes(struct writer *w, const struct pending_row *row)
{
    bool found = false;
    int code = row->forget ? do_by_serial(w, DROP_PROBES, row->serial) : SQLITE_OK;
    for (size_t i = 0; i < row->probe_count && code == SQLITE_OK; i++) {
        code = put_probe(w, row->serial, &row->probes[i]);
        found = found || row->probes[i].state == PROBE_CONSUMED;
    }
    return code == SQLITE_OK && found ? trim_found(w, row->serial) : code;
}

/* --- samples --- */

static int forget_samples(struct writer *w, uint64_t serial)
{
    int code = do_by_serial(w, DROP_SAMPLES, serial);
    return code == SQLITE_OK ? do_by_serial(w, DROP_RECENT, serial) : code;
}

/* Those packed away, and the recent ones behind them. */
static int get_samples(struct writer *w, uint64_t serial, struct sample *samples, size_t room, size_t *count)
{
    sqlite3_stmt *s = w->statements[GET_SAMPLES];
    bind_number(s, 1, (int64_t)serial);
    const int code = sqlite3_step(s);
    *count = 0;
    for (int column = 0; code == SQLITE_ROW && column < 2; column++)
        columns_samples(s, column, samples, room, count);
    return sqlite3_reset(s); /* what failed, in the step or behind it */
}

static int pack_samples_away(struct writer *w, uint64_t serial)
{
    struct sample all[2 * SAMPLES_MAX];
    uint8_t packed[SAMPLES_FULL_MAX * SAMPLE_PACKED_MAX];
    size_t count;
    int code = get_samples(w, serial, all, sizeof all / sizeof all[0], &count);
    if (code != SQLITE_OK || count == 0)
        return code;
    count = samples_thin(all, count);
    sqlite3_stmt *s = w->statements[PUT_SAMPLES];
    bind_number(s, 1, (int64_t)serial);
    (void)sqlite3_bind_blob(s, 2, packed, (int)samples_pack(all, count, packed), SQLITE_STATIC);
    code = database_do(s);
    return code == SQLITE_OK ? do_by_serial(w, DROP_RECENT, serial) : code;
}

/* Not all rows at one time: the offset is the row's own. */
static bool are_due(const struct pending_row *row)
{
    return row->sample_count > 0 &&
           !samples_are_together(&row->samples[0], &row->memory.sampling.open, (uint32_t)row->serial);
}

int writer_row(struct writer *w, const struct pending_row *row, int64_t wall_ms)
{
    if (row->gone)
        return writer_gone(w, row->serial, wall_ms);
    int code = put_probes(w, row);
    if (code == SQLITE_OK && row->forget_samples)
        code = forget_samples(w, row->serial);
    if (code == SQLITE_OK && row->has_status)
        code = put_status(w, row);
    return code == SQLITE_OK && are_due(row) ? pack_samples_away(w, row->serial) : code;
}

/* --- events --- */

int writer_event(struct writer *w, const struct event *e, bool settled)
{
    const int64_t numbers[] = {
        e->seq,   e->time_ms, e->row,       e->kind,           e->old,         e->new, e->proof, e->leg, e->stage,
        e->cause, e->notify,  e->announced, e->smtp_cert_days, e->in_cert_days};
    const struct text *const texts[] = {e->name, e->device, e->text};
    sqlite3_stmt *s = w->statements[ADD_EVENT];
    int mark = 1;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        bind_number(s, mark++, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        bind_text(s, mark++, text_bytes(texts[i]));
    bind_number(s, mark, settled);
    return database_do(s);
}

int writer_settle(struct writer *w, uint32_t seq)
{
    bind_number(w->statements[SETTLE], 1, seq);
    return database_do(w->statements[SETTLE]);
}

int writer_trim(struct writer *w)
{
    bind_number(w->statements[TRIM_EVENTS], 1, WRITER_EVENTS_KEPT - 1);
    return database_do(w->statements[TRIM_EVENTS]);
}
