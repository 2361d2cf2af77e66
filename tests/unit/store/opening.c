/* What a start finds where its state should be. */
#include <dirent.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kept.h"
#include "one_stage.h"

static void run_sql(const char *sql)
{
    sqlite3 *db;
    char *error = NULL;
    assert_int_equal(sqlite3_open(stage.path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s", error);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static char *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "r");
    struct stat st;
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    char *bytes = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(bytes);
    *n = fread(bytes, 1, (size_t)st.st_size, file);
    assert_int_equal(*n, st.st_size);
    (void)fclose(file);
    return bytes;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* --- earlier versions --- */

static void kept_state(const char *path)
{
    size_t n;
    struct leg_settings leg;
    char *sql = read_file(path, &n);
    stage.keys = kept_keys;
    run_sql(sql);
    free(sql);
    stage_open(&stage);
    const struct restored *r = stage.restored;
    assert_int_equal(r->row_count, 2);
    const struct restored_row *file = restored_by_name(r, "of the file"), *set = restored_by_name(r, "made by SET");
    assert_int_equal(file->index, 2);
    assert_int_equal(file->serial, 22);
    assert_int_equal(file->status.verdict, VERDICT_DOWN);
    assert_int_equal(file->status.polls, UINT32_MAX);
    assert_int_equal(file->status.smtp_cert_days, -3);
    assert_true(file->memory.history.judged && !file->memory.first_poll);
    assert_int_equal(file->memory.certificates[1].warned.places[1].warning, CERTIFICATE_ENDED);
    assert_int_equal(file->probe_count, 2);
    assert_int_equal(file->probes[1].state, PROBE_OUT);
    assert_int_equal(set->index, 5);
    assert_int_equal(set->serial, UINT64_MAX - 4);
    definition_leg(set->definition, LEG_INCOMING, &leg);
    assert_int_equal(leg.secret, SECRET_READY);
    assert_string_equal(leg.password, "secret");
    assert_string_equal(leg.server, "imap.example.com");
    assert_int_equal(definition_number(set->definition, SETTING_interval_s), 300);
    assert_int_equal(definition_number(set->definition, SETTING_notify), NOTIFY_DOWN | NOTIFY_UP);
    assert_int_equal(r->event_count, 2);
    assert_int_equal(r->last_seq, 2);
    assert_true(r->events[0].settled && !r->events[1].settled);
}

static void schema_1(void **state)
{
    (void)state;
    kept_state(SCHEMAS "/schema-1.sql");
}

static bool wants_all(void *owner, int32_t index)
{
    (void)owner, (void)index;
    return true;
}

static void count_samples(void *owner, int32_t index, const struct sample *samples, size_t count)
{
    (void)samples;
    if (index == 2)
        *(size_t *)owner = count;
}

static size_t samples_of_file(void)
{
    size_t count = 0;
    const struct samples_wanted wanted = {.wants = wants_all, .take = count_samples, .owner = &count};
    assert_true(store_read_samples(stage.path, &wanted, stage.why, sizeof stage.why));
    return count;
}

/* One that had none gets them like a new one. */
static void schema_1_samples(void **state)
{
    schema_1(state);
    assert_int_equal(samples_of_file(), 0);
    stage_close(&stage);
    stage_run(&stage);
    struct journal_entry entry = stage_status(2, 22, "of the file");
    entry.sampled = (struct sampled){.kind = SAMPLED_FULL, .full = entry.memory.sampling.open};
    stage_post(&stage, &entry);
    assert_true(stage_flush(&stage));
    assert_int_equal(samples_of_file(), 2);
}

static void schema_2(void **state)
{
    (void)state;
    kept_state(SCHEMAS "/schema-2.sql");
    assert_int_equal(samples_of_file(), 2);
}

static void post_status(void)
{
    struct journal_entry entry = stage_status(1, 1, "office");
    stage_post(&stage, &entry);
    assert_true(stage_flush(&stage));
}

static void columns_are_added(void **state)
{
    (void)state;
    stage_run(&stage);
    post_status();
    stage_close(&stage);
    run_sql("ALTER TABLE row DROP COLUMN smtp_cert_days; ALTER TABLE row DROP COLUMN h_failures;"
            "ALTER TABLE definition DROP COLUMN incoming_tls_name; ALTER TABLE row ADD COLUMN of_a_later_one;");
    stage_run(&stage);
    const struct restored_row *row = restored_by_index(stage.restored, 1);
    assert_int_equal(row->status.smtp_cert_days, CERT_DAYS_NONE);
    assert_int_equal(row->memory.history.failures, 0);
    assert_int_equal(row->status.polls, UINT32_MAX);
    post_status();
    stage_reopen(&stage);
    assert_int_equal(restored_by_index(stage.restored, 1)->status.smtp_cert_days, -3);
}

static void values_out_of_range(void **state)
{
    (void)state;
    stage_run(&stage);
    post_status();
    stage_close(&stage);
    run_sql("UPDATE row SET verdict = 99, h_judged = 2, first_poll = NULL, c_in_warned = x'00', polls = -1");
    stage_run(&stage);
    const struct restored_row *row = restored_by_index(stage.restored, 1);
    assert_int_equal(row->status.verdict, VERDICT_UNKNOWN);
    assert_false(row->memory.history.judged);
    assert_true(row->memory.first_poll);
    assert_int_equal(row->status.polls, 0);
}

static void see_name(void *owner, const struct stored_row *row)
{
    assert_string_equal(row->name, "a\\x1B]0;b\\xFF");
    assert_string_equal(text_bytes(row->status.failure_text), "no\\x0Asuch");
    ++*(size_t *)owner;
}

static void texts_that_nobody_wrote(void **state)
{
    (void)state;
    struct stored_state found;
    char why[256] = "";
    size_t count = 0;
    stage_run(&stage);
    post_status();
    stage_close(&stage);
    run_sql("UPDATE row SET name = CAST(x'611B5D303B62FF' AS TEXT), failure_text = 'no' || char(10) || 'such'");
    assert_true(store_read_status(stage.path, NULL, &found, see_name, &count, why, sizeof why));
    assert_int_equal(count, 1);
}

static void row_that_lacks_something(void **state)
{
    (void)state;
    stage_run(&stage);
    const struct definition *d = stage_definition("set", "secret");
    const struct save_change change = {.index = 1, .serial = 1, .definition = d};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 1, &change, 1));
    assert_int_equal(stage_answer(&stage, 1), SAVED);
    definition_unref(d);
    stage_close(&stage);
    run_sql("UPDATE definition SET smtp_to = NULL");
    stage_open(&stage);
    assert_int_equal(restored_by_index(stage.restored, 1)->definition->row_status, ROW_NOT_IN_SERVICE);
}

static void two_rows_of_one_name(void **state)
{
    static const char *const names[] = {"one", "two"};
    const struct definition *d[2];
    struct save_change changes[2];
    (void)state;
    stage_run(&stage);
    for (int i = 0; i < 2; i++) {
        d[i] = stage_definition(names[i], "secret");
        changes[i] = (struct save_change){.index = i + 1, .serial = (uint64_t)i + 1, .definition = d[i]};
    }
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 1, changes, 2));
    assert_int_equal(stage_answer(&stage, 1), SAVED);
    stage_close(&stage);
    run_sql("UPDATE definition SET name = 'two'; UPDATE row SET last_poll = serial");
    stage_open(&stage);
    assert_false(stage.restored->damaged);
    assert_int_equal(stage.restored->row_count, 1);
    assert_int_equal(stage.restored->rows[0].index, 2);
    assert_int_equal(stage.restored->gone_count, 1);
    definition_unref(d[0]);
    definition_unref(d[1]);
}

/* --- what is none of ours --- */

static void assert_refused(const char *says)
{
    size_t before_n, after_n;
    char *before = read_file(stage.path, &before_n);
    assert_false(stage_try_open(&stage));
    assert_non_null(strstr(stage.why, stage.path));
    if (strstr(stage.why, says) == NULL)
        fail_msg("%s", stage.why);
    char *after = read_file(stage.path, &after_n);
    assert_int_equal(before_n, after_n);
    assert_memory_equal(before, after, before_n);
    free(before);
    free(after);
}

static void foreign_database(void **state)
{
    (void)state;
    run_sql("CREATE TABLE precious (x); INSERT INTO precious VALUES (1)");
    assert_refused("of another program");
}

static void later_version(void **state)
{
    (void)state;
    stage_open(&stage);
    stage_close(&stage);
    run_sql("PRAGMA user_version = 1000");
    assert_refused("a later emailmon");
}

static void no_folder(void **state)
{
    (void)state;
    char whole[sizeof stage.path];
    memcpy(whole, stage.path, sizeof whole);
    (void)snprintf(stage.path, sizeof stage.path, "%s/none/state.db", stage.folder);
    assert_false(stage_try_open(&stage));
    assert_non_null(strstr(stage.why, "its folder must be there"));
    memcpy(stage.path, whole, sizeof whole);
    assert_int_equal(symlink("/dev/null", stage.path), 0);
    assert_false(stage_try_open(&stage));
}

/* --- damage --- */

static void find_aside(char path[512])
{
    DIR *dir = opendir(stage.folder);
    size_t n = 0;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strstr(e->d_name, "state.db.damaged-") == NULL || strstr(e->d_name, "-wal") != NULL ||
            strstr(e->d_name, "-shm") != NULL)
            continue;
        (void)snprintf(path, 512, "%s/%s", stage.folder, e->d_name);
        n++;
    }
    (void)closedir(dir);
    assert_int_equal(n, 1);
}

/* The state of 2000 rows, with ${n} octets of it spoilt. */
static char *spoil(size_t offset, size_t n, size_t *size)
{
    stage_run(&stage);
    for (int32_t i = 1; i <= 2000; i++) {
        struct journal_entry entry = stage_status(i, (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15), "office");
        stage_post(&stage, &entry);
    }
    stage_close(&stage);
    char *bytes = read_file(stage.path, size);
    assert_true(offset + n <= *size);
    memset(bytes + offset, 0x5A, n);
    write_file(stage.path, bytes, *size);
    return bytes;
}

static void set_aside(size_t offset, size_t n)
{
    char aside[512];
    size_t size, aside_size;
    char *bytes = spoil(offset, n, &size);
    stage_run(&stage);
    assert_true(stage.restored->damaged);
    assert_int_equal(stage.restored->row_count, 0);
    post_status();
    find_aside(aside);
    char *kept = read_file(aside, &aside_size);
    assert_int_equal(size, aside_size);
    assert_memory_equal(bytes + 100, kept + 100, size - 100);
    free(bytes);
    free(kept);
    stage_reopen(&stage);
    assert_false(stage.restored->damaged);
    assert_int_equal(stage.restored->row_count, 1);
}

static void damaged_head(void **state)
{
    (void)state;
    set_aside(0, 64);
}

static void damaged_pages(void **state)
{
    (void)state;
    set_aside(40 * 4096, 20 * 4096);
}

int main(void)
{
#define SENTENCE(sentence, function)                                                                                   \
    {                                                                                                                  \
        sentence, function, begin_closed, end, NULL                                                                    \
    }
    const struct CMUnitTest tests[] = {
        SENTENCE("a state of schema version 1 opens whole", schema_1),
        SENTENCE("a state of schema version 1 gets samples", schema_1_samples),
        SENTENCE("a state of schema version 2 opens whole", schema_2),
        SENTENCE("columns that a state lacks are added, those of a later emailmon do not matter", columns_are_added),
        SENTENCE("a value that cannot be is none", values_out_of_range),
        SENTENCE("no text of a state that somebody else wrote has a control character", texts_that_nobody_wrote),
        SENTENCE("a row made by SET that lacks something is not in service", row_that_lacks_something),
        SENTENCE("of two rows made by SET with one name the one polled last stays", two_rows_of_one_name),
        SENTENCE("a database of another program is refused and not touched", foreign_database),
        SENTENCE("a state of a later emailmon is refused and not touched", later_version),
        SENTENCE("a folder that is not there, and a symbolic link, are refused", no_folder),
        SENTENCE("a file that is no database is set aside as it is, and a new state begins", damaged_head),
        SENTENCE("a state with damaged pages is set aside as it is, and a new one begins", damaged_pages),
    };
    return cmocka_run_group_tests_name("opening", tests, NULL, NULL);
}
