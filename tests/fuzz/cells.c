/*
 * The reader of the state, when any cell holds any value: read or refused, never more.
 *
 * No SQLite: its part that the reader calls stands here, and makes results of the input (those that are linked come
 * before the library's).  So an input costs microseconds, and a table's count need not be that of its rows, as in a
 * file whose index is damaged.  Four octets come first: the rows of each table (tables[]), three at most, two tables an
 * octet, and by how much the counts are too small; then cells, row by row: see take_cell().
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "must.h"
#include "reader.h"
#include "restored_must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { HEAD = 4, ROWS_MAX = 3, COLUMNS_MAX = 128, SEALED_SERIAL = 1 };

static const char *const tables[] = {"row", "definition", "promise", "gone", "probe", "event"};
enum { TABLES = sizeof tables / sizeof tables[0] };

struct cell {
    int type; /* as SQLite's */
    int64_t integer;
    double real;
    char *octets; /* exactly as many as there are, and a NUL; of a number once somebody reads it as text */
    int n;
};

struct sqlite3_stmt {
    bool is_count;
    size_t table, left; /* rows that are still to come */
    size_t columns;
    struct cell cells[COLUMNS_MAX];
};

static struct {
    const uint8_t *at, *end;
    size_t rows[TABLES], hidden; /* rows that a count does not see */
    struct sealer sealer;
} input;

static uint8_t take(void)
{
    return input.at < input.end ? *input.at++ : 0;
}

static int64_t take_number(size_t n)
{
    uint64_t number = 0;
    for (size_t i = 0; i < n; i++)
        number = number << 8 | take();
    return (int64_t)number;
}

/* --- cells --- */

static void set_octets(struct cell *c, int type, const void *octets, size_t n)
{
    c->type = type;
    c->n = (int)n;
    c->octets = malloc(n + 1);
    must(c->octets != NULL);
    memcpy(c->octets, octets, n);
    c->octets[n] = '\0';
    if (type == SQLITE_TEXT)
        c->integer = strtoll(c->octets, NULL, 10);
}

static void set_integer(struct cell *c, int64_t value)
{
    *c = (struct cell){.type = SQLITE_INTEGER, .integer = value};
}

static void set_real(struct cell *c, double value)
{
    int64_t whole = isnan(value) ? 0 : value >= 0x1p63 ? INT64_MAX : value < -0x1p63 ? INT64_MIN : (int64_t)value;
    *c = (struct cell){.type = SQLITE_FLOAT, .integer = whole, .real = value};
}

/* A number becomes a text where one is asked for. */
static const struct cell *as_text(struct cell *c)
{
    char text[32];
    int type = c->type;
    if (c->octets != NULL || type == SQLITE_NULL)
        return c;
    if (type == SQLITE_FLOAT)
        (void)snprintf(text, sizeof text, "%.15g", c->real);
    else
        (void)snprintf(text, sizeof text, "%lld", (long long)c->integer);
    set_octets(c, type, text, strlen(text));
    return c;
}

/* A password that is right but for what the input makes of it. */
static void set_sealed(struct cell *c, const uint8_t *text, size_t n, uint8_t leg)
{
    uint8_t sealed[512];
    enum setting_id id = (leg & 1) != 0 ? SETTING_smtp_password : SETTING_in_password;
    must(seal(&input.sealer, SEALED_SERIAL, settings[id].column, text, n, sealed));
    set_octets(c, SQLITE_BLOB, sealed, n + SEAL_MORE_BYTES);
}

/* Up to 63: that integer; then NULL; integers of 4 and 8 octets; a real number; a text, a blob, a sealed password. */
static void take_cell(struct cell *c)
{
    enum { NUMBERS = 64, LENGTHS = 64 };
    uint8_t head = take();
    size_t left = (size_t)(input.end - input.at), n = head % LENGTHS < left ? head % LENGTHS : left;
    const uint8_t *octets = input.at;
    int64_t number;
    double real;
    *c = (struct cell){.type = SQLITE_NULL};
    if (head < NUMBERS) {
        set_integer(c, head);
    } else if (head < 2 * NUMBERS) {
        switch (head % 4) {
        case 0:
            break;
        case 1:
            set_integer(c, (int32_t)take_number(4));
            break;
        case 2:
            set_integer(c, take_number(8));
            break;
        case 3:
            number = take_number(8);
            memcpy(&real, &number, sizeof real);
            set_real(c, real);
            break;
        }
    } else if (head < 3 * NUMBERS) {
        input.at += n;
        set_octets(c, SQLITE_TEXT, octets, n);
    } else {
        input.at += n;
        if (n % 2 == 0)
            set_octets(c, SQLITE_BLOB, octets, n);
        else
            set_sealed(c, octets, n, octets[0]);
    }
}

static void drop_cells(sqlite3_stmt *s)
{
    for (size_t i = 0; i < s->columns; i++) {
        free(s->cells[i].octets);
        s->cells[i].octets = NULL;
    }
}

/* --- SQLite's part --- */

/* "SELECT a, b FROM table ...": table and columns. */
static void read_sql(sqlite3_stmt *s, const char *sql)
{
    static const char mark[] = " FROM ", count[] = "SELECT count(*)";
    const char *from = strstr(sql, mark), *table = from + sizeof mark - 1;
    s->is_count = strncmp(sql, count, sizeof count - 1) == 0;
    while (strncmp(table, tables[s->table], strlen(tables[s->table])) != 0)
        must(++s->table < TABLES);
    s->columns = 1;
    for (const char *c = sql; c < from; c++)
        s->columns += *c == ',';
    must(s->columns <= COLUMNS_MAX);
}

int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **statement, const char **tail)
{
    (void)db, (void)n, (void)tail;
    sqlite3_stmt *s = calloc(1, sizeof *s);
    must(s != NULL);
    read_sql(s, sql);
    s->left = s->is_count ? 1 : input.rows[s->table];
    *statement = s;
    return SQLITE_OK;
}

int sqlite3_step(sqlite3_stmt *s)
{
    size_t rows = input.rows[s->table];
    drop_cells(s);
    if (s->left == 0)
        return SQLITE_DONE;
    s->left--;
    if (s->is_count)
        set_integer(&s->cells[0], (int64_t)(rows > input.hidden ? rows - input.hidden : 0));
    for (size_t i = 0; i < s->columns && !s->is_count; i++)
        take_cell(&s->cells[i]);
    return SQLITE_ROW;
}

int sqlite3_finalize(sqlite3_stmt *s)
{
    drop_cells(s);
    free(s);
    return SQLITE_OK;
}

static struct cell *cell_of(sqlite3_stmt *s, int column)
{
    must(column >= 0 && (size_t)column < s->columns);
    return &s->cells[column];
}

int sqlite3_column_type(sqlite3_stmt *s, int column)
{
    return cell_of(s, column)->type;
}

sqlite3_int64 sqlite3_column_int64(sqlite3_stmt *s, int column)
{
    return cell_of(s, column)->integer;
}

int sqlite3_column_int(sqlite3_stmt *s, int column)
{
    return (int)cell_of(s, column)->integer;
}

int sqlite3_column_bytes(sqlite3_stmt *s, int column)
{
    return as_text(cell_of(s, column))->n;
}

const unsigned char *sqlite3_column_text(sqlite3_stmt *s, int column)
{
    return (const unsigned char *)as_text(cell_of(s, column))->octets;
}

const void *sqlite3_column_blob(sqlite3_stmt *s, int column)
{
    const struct cell *c = as_text(cell_of(s, column));
    return c->n > 0 ? c->octets : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct keys keys = {.instance = "instance", .master = "master"};
    if (n < HEAD || (input.sealer.key[0] == 0 && !sealer_init(&input.sealer, &keys)))
        return 0;
    for (size_t i = 0; i < TABLES; i++)
        input.rows[i] = bytes[i / 2] >> (i % 2 * 4) & ROWS_MAX;
    input.hidden = bytes[HEAD - 1] & 0x03;
    input.at = bytes + HEAD;
    input.end = bytes + n;
    struct restored *r = restored_new();
    must(r != NULL);
    int code = reader_load(NULL, &input.sealer, NULL, r);
    must(code == SQLITE_OK || (code == SQLITE_CORRUPT && input.hidden > 0));
    if (code == SQLITE_OK)
        restored_must_hold(r);
    restored_unref(r);
    return 0;
}
