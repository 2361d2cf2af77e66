/*
 * The file of the state, octet by octet: a small one of SQLite's, spoilt in places, is opened as at a start.  Read, or
 * found damaged; never more.  The input is places: where (two octets), how many octets (one), and these.
 */
#include <string.h>

#include "reader.h"
#include "restored_must.h"
#include "schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Pages of 512 octets: the fewer there are, the more of them matter. */
static const char rows[] =
    "INSERT INTO row (serial, idx, name, polled, verdict) VALUES (1, 1, 'file', 1, 2), (2, 2, 'set', 1, 1);"
    "INSERT INTO definition (serial, row_status, was_active, storage, name, device, smtp_from, smtp_to,"
    " incoming_username) VALUES (2, 1, 1, 3, 'set', '192.0.2.1', 'a@example.org', 'b@example.org', 'user');"
    "INSERT INTO promise VALUES (1, 'file'), (2, 'set'), (3, 'later');"
    "INSERT INTO gone VALUES (9, 9000000000000);"
    "INSERT INTO probe VALUES (1, 1700000000, x'0102030405060708', 0, 1), (2, 1700000000, x'0102030405060709', 1, 2);"
    "INSERT INTO event VALUES (1, 1700000000000, 1, 1, 3, 2, 1, 2, 9, 20, 1, 1, 2147483647, 7, 'file', 'd', 't', 0),"
    " (2, 1700000000000, 2, 2, 2, 1, 3, 1, 1, 1, 1, 0, 2147483647, 7, 'set', 'd', '', 1);";

static struct {
    unsigned char *bytes;
    size_t n;
} image;

static void make_image(void)
{
    sqlite3 *db;
    sqlite3_int64 size = 0;
    must(sqlite3_open(":memory:", &db) == SQLITE_OK && database_run(db, "PRAGMA page_size = 512") == SQLITE_OK);
    must(schema_migrate(db) == SQLITE_OK && database_run(db, rows) == SQLITE_OK);
    image.bytes = sqlite3_serialize(db, "main", &size, 0);
    image.n = (size_t)size;
    must(image.bytes != NULL && sqlite3_close(db) == SQLITE_OK);
}

static void spoil(unsigned char *file, const uint8_t *input, size_t n)
{
    enum { HEAD = 3 };
    while (n > HEAD) {
        size_t at = ((size_t)input[0] << 8 | input[1]) % image.n, length = (size_t)input[2] % 16 + 1;
        input += HEAD;
        n -= HEAD;
        length = length < n ? length : n;
        length = length < image.n - at ? length : image.n - at;
        memcpy(file + at, input, length);
        input += length;
        n -= length;
    }
}

/* As opening.c does it. */
static int read_state(sqlite3 *db, struct restored *r)
{
    const struct sealer sealer = {{0}, {0}};
    enum schema_finding finding;
    bool whole = false;
    int code = schema_check(db, &finding);
    if (code == SQLITE_OK && finding != SCHEMA_OURS)
        code = SQLITE_NOTADB;
    if (code == SQLITE_OK)
        code = schema_check_whole(db, &whole);
    if (code == SQLITE_OK && !whole)
        code = SQLITE_CORRUPT;
    if (code == SQLITE_OK)
        code = schema_migrate(db);
    if (code == SQLITE_OK)
        code = reader_mend(db, 1700000000000);
    return code == SQLITE_OK ? reader_load(db, &sealer, NULL, r) : code;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    sqlite3 *db = NULL;
    if (image.bytes == NULL)
        make_image();
    unsigned char *file = sqlite3_malloc64(image.n);
    struct restored *r = restored_new();
    must(file != NULL && r != NULL && sqlite3_open(":memory:", &db) == SQLITE_OK);
    memcpy(file, image.bytes, image.n);
    spoil(file, bytes, n);
    (void)sqlite3_deserialize(db, "main", file, (sqlite3_int64)image.n, (sqlite3_int64)image.n,
                              SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    int code = read_state(db, r);
    must(n > 0 || code == SQLITE_OK);
    if (code == SQLITE_OK)
        restored_must_hold(r);
    restored_unref(r);
    database_close(db);
    return 0;
}
