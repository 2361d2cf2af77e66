/*
 * The tables of the state whose columns follow tables of the program: `row` has one for each column of status.def
 * and one for each member of row_memory.def, `definition` one for each setting of settings.def.  A column that is
 * new in the program is added to a state that lacks it, and is NULL there, which says: not given, not known, the
 * default.  So that a new line in such a table is all it takes.
 */
#ifndef EMAILMON_COLUMNS_H
#define EMAILMON_COLUMNS_H

#include <stdio.h>

#include "database.h"
#include "definition.h"
#include "row_memory.h"

enum { COLUMN_NAME_MAX = 64 };

struct followed {
    const char *table;
    size_t count;
    void (*name)(size_t i, char name[COLUMN_NAME_MAX]);
};

/** columns_of_row(), columns_of_definition(): these two. */
struct followed columns_of_row(void);
struct followed columns_of_definition(void);

/** columns_begin(sql): A stream that writes a statement into ${sql}; NULL: memory.  columns_end(out): SQLITE_OK when
 *  all of it stands there. */
enum { COLUMNS_SQL_MAX = 16384 };
FILE *columns_begin(char sql[COLUMNS_SQL_MAX]);
int columns_end(FILE *out);

/**
 * columns_print(out, columns, how, first): A list with commas between, as SQL needs it: the names; names with marks
 * ("a"=?7,"b"=?8); marks.  The first mark is ?${first}.
 */
enum columns_how { COLUMNS_NAMES, COLUMNS_ASSIGNED, COLUMNS_MARKS };
void columns_print(FILE *out, const struct followed *columns, enum columns_how how, int first);

/** columns_add_missing(db, columns): Add to the table what it lacks.  SQLITE_OK or the code. */
int columns_add_missing(sqlite3 *db, const struct followed *columns);

/**
 * columns_bind_row(statement, first, status, memory): Bind all of row's from ?${first} on.
 * columns_read_row(statement, first, status, memory): The reverse, from result column ${first} on; both are initialised
 * before.  What is NULL, or out of its range, stays as it was initialised.
 * columns_read_status(statement, first, status): Only those of the status, which come first.
 * SQLITE_OK or the code.
 */
int columns_bind_row(sqlite3_stmt *statement, int first, const struct status *status, const struct row_memory *memory);
void columns_read_row(sqlite3_stmt *statement, int first, struct status *status, struct row_memory *memory);
void columns_read_status(sqlite3_stmt *statement, int first, struct status *status);

/** columns_samples(statement, column, samples, room, count): Append the packed ones of a result to the ${*count} that
 *  are there; what there is no room for is left out. */
void columns_samples(sqlite3_stmt *statement, int column, struct sample *samples, size_t room, size_t *count);

/**
 * columns_text(statement, column): A result as a text; NULL for "" and NULL, and when memory is short.  emailmon writes
 * no control characters; those of somebody else who wrote into the state are escaped.
 * columns_read_text(statement, column, text): The same; false: there is a text, but no memory for it.
 */
const struct text *columns_text(sqlite3_stmt *statement, int column);
bool columns_read_text(sqlite3_stmt *statement, int column, const struct text **text);

#endif
