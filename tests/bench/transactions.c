/*
 * What the disk and SQLite take of a change alone: one-row transactions, one after the other, in a file that is opened
 * as the state is.  bench_transactions FOLDER COUNT OCTETS; says how many a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "database.h"

enum { DECIMAL = 10, OCTETS_MAX = 4096 };

static void must(int code, const char *what)
{
    if (code == SQLITE_OK)
        return;
    (void)fprintf(stderr, "bench_transactions: %s: %s\n", what, sqlite3_errstr(code));
    exit(EXIT_FAILURE);
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void insert(sqlite3_stmt *statement, long number, int octets)
{
    static char text[OCTETS_MAX];
    memset(text, 'x', sizeof text);
    (void)sqlite3_bind_int64(statement, 1, number);
    (void)sqlite3_bind_text(statement, 2, text, octets, SQLITE_STATIC);
    must(database_do(statement), "a transaction");
}

static double measure(const char *path, long count, int octets)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    must(database_open(path, DATABASE_WRITE, &db), path);
    must(database_prepare_writing(db), path);
    must(database_run(db, "CREATE TABLE t (number INTEGER PRIMARY KEY, text TEXT)"), "a table");
    must(database_prepare(db, "INSERT INTO t VALUES (?1, ?2)", &statement), "a statement");
    const double began_s = now_s();
    for (long i = 0; i < count; i++)
        insert(statement, i, octets);
    const double took_s = now_s() - began_s;
    (void)sqlite3_finalize(statement);
    database_close(db);
    return (double)count / took_s;
}

static void remove_file(const char *path, const char *ending)
{
    char name[600];
    (void)snprintf(name, sizeof name, "%s%s", path, ending);
    (void)unlink(name);
}

int main(int argc, char **argv)
{
    char path[512];
    long count = argc > 2 ? strtol(argv[2], NULL, DECIMAL) : 0, octets = argc > 3 ? strtol(argv[3], NULL, DECIMAL) : 0;
    if (argc != 4 || count < 1 || octets < 0 || octets > OCTETS_MAX) {
        (void)fprintf(stderr, "usage: bench_transactions FOLDER COUNT OCTETS\n");
        return EXIT_FAILURE;
    }
    (void)snprintf(path, sizeof path, "%s/transactions-%d.db", argv[1], (int)getpid());
    (void)printf("%.1f\n", measure(path, count, (int)octets));
    remove_file(path, "");
    remove_file(path, "-wal");
    remove_file(path, "-shm");
    return EXIT_SUCCESS;
}
