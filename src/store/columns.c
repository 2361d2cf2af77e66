#include "columns.h"

#include <string.h>

static void row_name(size_t i, char name[COLUMN_NAME_MAX])
{
    const char *from =
        i < status_column_count ? status_columns[i].member : memory_columns[i - status_column_count].name;
    (void)text_copy(name, COLUMN_NAME_MAX, from);
}

/* "smtp.server" is smtp_server. */
static void definition_name(size_t i, char name[COLUMN_NAME_MAX])
{
    (void)text_copy(name, COLUMN_NAME_MAX, settings[i].key);
    for (char *dot; (dot = strchr(name, '.')) != NULL;)
        *dot = '_';
}

struct followed columns_of_row(void)
{
    return (struct followed){"row", status_column_count + memory_column_count, row_name};
}

struct followed columns_of_definition(void)
{
    return (struct followed){"definition", SETTING_COUNT, definition_name};
}

FILE *columns_begin(char sql[COLUMNS_SQL_MAX])
{
    return fmemopen(sql, COLUMNS_SQL_MAX, "w");
}

/* Half a statement may be one too. */
int columns_end(FILE *out)
{
    bool whole = fflush(out) == 0 && ferror(out) == 0;
    return fclose(out) == 0 && whole ? SQLITE_OK : SQLITE_NOMEM;
}

void columns_print(FILE *out, const struct followed *columns, enum columns_how how, int first)
{
    char name[COLUMN_NAME_MAX];
    for (size_t i = 0; i < columns->count; i++) {
        columns->name(i, name);
        if (i > 0)
            (void)fputc(',', out);
        if (how != COLUMNS_MARKS)
            (void)fprintf(out, "\"%s\"", name);
        if (how == COLUMNS_ASSIGNED)
            (void)fputc('=', out);
        if (how != COLUMNS_NAMES)
            (void)fprintf(out, "?%d", first + (int)i);
    }
}

/* --- columns that are new --- */

static int has_column(sqlite3 *db, const char *table, const char *name, bool *has)
{
    int code = sqlite3_table_column_metadata(db, NULL, table, name, NULL, NULL, NULL, NULL, NULL);
    *has = code == SQLITE_OK;
    return code == SQLITE_ERROR ? SQLITE_OK : code; /* ERROR is the answer no */
}

int columns_add_missing(sqlite3 *db, const struct followed *columns)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < columns->count && code == SQLITE_OK; i++) {
        char name[COLUMN_NAME_MAX], sql[2 * COLUMN_NAME_MAX + 64];
        bool has;
        columns->name(i, name);
        code = has_column(db, columns->table, name, &has);
        if (code != SQLITE_OK || has)
            continue;
        (void)snprintf(sql, sizeof sql, "ALTER TABLE %s ADD COLUMN \"%s\"", columns->table, name);
        code = database_run(db, sql);
    }
    return code;
}

/* --- a row's values --- */

static int bind_text(sqlite3_stmt *statement, int mark, const struct text *text)
{
    if (text == NULL)
        return SQLITE_OK; /* NULL */
    return sqlite3_bind_text(statement, mark, text_bytes(text), (int)text_length(text), SQLITE_STATIC);
}

static int bind_status(sqlite3_stmt *statement, int mark, const struct status *s, const struct status_column *column)
{
    if (column->kind == STATUS_TEXT)
        return bind_text(statement, mark, status_text(s, column));
    bool is_moment = column->kind == STATUS_AGE;
    return sqlite3_bind_int64(statement, mark, is_moment ? status_moment(s, column) : status_integer(s, column, 0));
}

static bool is_all_zero(const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    return n == 0 || (b[0] == 0 && memcmp(b, b + 1, n - 1) == 0);
}

static int bind_sample(sqlite3_stmt *statement, int mark, const struct sample *sample)
{
    uint8_t packed[SAMPLE_PACKED_MAX];
    if (sample->polls == 0)
        return SQLITE_OK; /* NULL */
    const size_t n = samples_pack(sample, 1, packed);
    return sqlite3_bind_blob(statement, mark, packed, (int)n, SQLITE_TRANSIENT);
}

static int bind_memory(sqlite3_stmt *statement, int mark, const struct row_memory *m,
                       const struct memory_column *column)
{
    if (column->kind == MEMORY_SAMPLE)
        return bind_sample(statement, mark, row_memory_sample(m, column));
    if (column->kind != MEMORY_BYTES)
        return sqlite3_bind_int64(statement, mark, row_memory_integer(m, column));
    const void *bytes = row_memory_bytes(m, column);
    if (is_all_zero(bytes, column->bytes))
        return SQLITE_OK; /* NULL: most rows were never warned of anything */
    return sqlite3_bind_blob(statement, mark, bytes, (int)column->bytes, SQLITE_STATIC);
}

int columns_bind_row(sqlite3_stmt *statement, int first, const struct status *status, const struct row_memory *memory)
{
    int code = SQLITE_OK, mark = first;
    for (size_t i = 0; i < status_column_count && code == SQLITE_OK; i++)
        code = bind_status(statement, mark++, status, &status_columns[i]);
    for (size_t i = 0; i < memory_column_count && code == SQLITE_OK; i++)
        code = bind_memory(statement, mark++, memory, &memory_columns[i]);
    return code;
}

enum { SHOWN_MAX = 1024 }; /* of a text that is not ours */

const struct text *columns_text(sqlite3_stmt *statement, int column)
{
    char shown[SHOWN_MAX];
    const char *bytes = (const char *)sqlite3_column_text(statement, column);
    const size_t n = bytes == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, column);
    if (n == 0 || text_is_clean(bytes, n))
        return text_new(bytes, n);
    return text_new(shown, text_readable(shown, sizeof shown, bytes, n));
}

bool columns_read_text(sqlite3_stmt *statement, int column, const struct text **text)
{
    *text = columns_text(statement, column);
    return *text != NULL || sqlite3_column_bytes(statement, column) == 0;
}

void columns_read_status(sqlite3_stmt *statement, int first, struct status *status)
{
    for (size_t i = 0; i < status_column_count; i++) {
        int column = first + (int)i;
        if (sqlite3_column_type(statement, column) == SQLITE_NULL)
            continue;
        if (status_columns[i].kind == STATUS_TEXT)
            status_put_text(status, &status_columns[i], columns_text(statement, column));
        else
            (void)status_put_integer(status, &status_columns[i], sqlite3_column_int64(statement, column));
    }
}

void columns_samples(sqlite3_stmt *statement, int column, struct sample *samples, size_t room, size_t *count)
{
    const void *packed = sqlite3_column_blob(statement, column);
    *count += samples_unpack(packed, (size_t)sqlite3_column_bytes(statement, column), &samples[*count], room - *count);
}

static void read_memory(sqlite3_stmt *statement, int column, struct row_memory *m, const struct memory_column *member)
{
    struct sample sample;
    size_t count = 0;
    if (member->kind == MEMORY_SAMPLE) {
        columns_samples(statement, column, &sample, 1, &count);
        if (count == 1)
            (void)row_memory_put_sample(m, member, &sample);
    } else if (member->kind == MEMORY_BYTES) {
        const void *bytes = sqlite3_column_blob(statement, column);
        (void)row_memory_put_bytes(m, member, bytes, (size_t)sqlite3_column_bytes(statement, column));
    } else {
        (void)row_memory_put_integer(m, member, sqlite3_column_int64(statement, column));
    }
}

void columns_read_row(sqlite3_stmt *statement, int first, struct status *status, struct row_memory *memory)
{
    columns_read_status(statement, first, status);
    int column = first + (int)status_column_count;
    for (size_t i = 0; i < memory_column_count; i++, column++) {
        const struct memory_column *member = &memory_columns[i];
        if (sqlite3_column_type(statement, column) == SQLITE_NULL)
            continue;
        read_memory(statement, column, memory, member);
    }
}
