/* 100,000 rows: how long a start takes, and how much of memory; measured and printed. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "stage.h"

enum { ROWS = 100000, SET_ROWS = 10000, BATCH = 50 };

static struct test_store stage;

static uint64_t serial_of(uint32_t row)
{
    return (uint64_t)(row + 1) * UINT64_C(0x9E3779B97F4A7C15); /* spread like random ones, and each once */
}

static void post_rows(void)
{
    char name[32];
    for (uint32_t i = 0; i < ROWS; i++) {
        (void)snprintf(name, sizeof name, "monitor-%u", i);
        struct journal_entry status = stage_status((int32_t)i + 1, serial_of(i), name);
        struct journal_entry probe = stage_probe((int32_t)i + 1, serial_of(i), i, PROBE_OUT);
        stage_post(&stage, &probe);
        stage_post(&stage, &status);
    }
    assert_true(stage_flush(&stage));
}

static void save_rows(void)
{
    struct save_change changes[BATCH];
    for (uint32_t i = 0; i < SET_ROWS; i += BATCH) {
        for (uint32_t k = 0; k < BATCH; k++)
            changes[k] = stage_change((int32_t)(i + k) + 1, serial_of(i + k));
        save_batch_unref(stage_save(&stage, SAVE_CHANGES, i + 1, changes, BATCH));
        assert_int_equal(stage_answer(&stage, i + 1), SAVED);
        for (uint32_t k = 0; k < BATCH; k++)
            definition_unref(changes[k].definition);
    }
}

static void a_start(void **state)
{
    (void)state;
    struct stat st;
    stage_begin(&stage);
    stage_run(&stage);
    uint64_t ms = monotonic_now_ms();
    post_rows();
    print_message("%d rows written in %u ms\n", ROWS, (unsigned)(monotonic_now_ms() - ms));
    ms = monotonic_now_ms();
    save_rows();
    print_message("%d definitions, %d a save, in %u ms\n", SET_ROWS, BATCH, (unsigned)(monotonic_now_ms() - ms));
    stage_close(&stage);
    assert_int_equal(stat(stage.path, &st), 0);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    ms = monotonic_now_ms();
    stage_open(&stage);
    ms = monotonic_now_ms() - ms;
    size_t held = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    print_message("restored in %u ms; %zu octets a row in memory until all are ordered, %zu on disk\n", (unsigned)ms,
                  held / ROWS, (size_t)st.st_size / ROWS);
    assert_int_equal(stage.restored->row_count, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        const struct restored_row *row = restored_by_serial(stage.restored, serial_of(i));
        assert_non_null(row);
        assert_ptr_equal(row, restored_by_index(stage.restored, (int32_t)i + 1));
        assert_int_equal(row->probe_count, 1);
        assert_int_equal(row->definition != NULL, i < SET_ROWS);
    }
    stage_end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a hundred thousand rows come back", a_start, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}
