/* Reading the state beside an emailmon that writes it. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "one_stage.h"

/* --- somebody who writes at the worst moment: after the rows were counted, before they are read --- */

enum { ROWS_BEFORE = 2, ROWS_AFTER = 40 };

static bool may_write, wrote;

static void write_rows(void)
{
    for (int32_t i = ROWS_BEFORE + 1; i <= ROWS_AFTER; i++) {
        struct journal_entry entry = stage_status(i, (uint64_t)i, "late");
        stage_post(&stage, &entry);
    }
    assert_true(stage_flush(&stage));
    wrote = true;
}

static int on_statement(unsigned kind, void *owner, void *statement, void *sql)
{
    static const char reading[] = "SELECT serial, idx, name";
    (void)kind, (void)owner, (void)statement;
    if (may_write && strncmp(sql, reading, sizeof reading - 1) == 0) {
        may_write = false;
        write_rows();
    }
    return 0;
}

static int watch(sqlite3 *db, char **error, const void *unused)
{
    (void)error, (void)unused;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

static void count_row(void *owner, int32_t index, const struct definition *definition)
{
    (void)index, (void)definition;
    ++*(size_t *)owner;
}

static void one_moment(void **state)
{
    (void)state;
    char why[256] = "";
    size_t count = 0;
    stage_run(&stage);
    for (int32_t i = 1; i <= ROWS_BEFORE; i++) {
        const struct definition *d = stage_definition(i == 1 ? "one" : "two", "secret");
        const struct save_change change = {.index = i, .serial = (uint64_t)i, .definition = d};
        save_batch_unref(stage_save(&stage, SAVE_CHANGES, (uint64_t)i, &change, 1));
        assert_int_equal(stage_answer(&stage, (uint64_t)i), SAVED);
        definition_unref(d);
    }
    assert_int_equal(sqlite3_auto_extension((void (*)(void))watch), SQLITE_OK);
    may_write = true;
    bool read = store_read_definitions(stage.path, 0, count_row, &count, why, sizeof why);
    (void)sqlite3_cancel_auto_extension((void (*)(void))watch);
    if (!read)
        fail_msg("%s", why);
    assert_true(wrote);
    assert_int_equal(count, ROWS_BEFORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"rows that come while the state is read are not half there", one_moment, begin_closed, end, NULL},
    };
    return cmocka_run_group_tests_name("beside", tests, NULL, NULL);
}
