/* Memory that runs short where a state is opened and read: one clear line, and the state is as it was. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "seal.h"
#include "short_memory.h"
#include "stage.h"

enum { ROWS = 3 };

/* --- a state that is there --- */

static struct test_store s;

static void save_a_row(void)
{
    const struct save_change change = {.index = 9, .serial = 9, .definition = stage_definition("by hand", "secret")};
    save_batch_unref(stage_save(&s, SAVE_CHANGES, 1, &change, 1));
    assert_int_equal(stage_answer(&s, 1), SAVED);
    definition_unref(change.definition);
}

static int write_state(void **state)
{
    (void)state;
    stage_begin(&s);
    stage_run(&s);
    save_a_row();
    for (int32_t i = 1; i <= ROWS; i++) {
        struct journal_entry entries[] = {stage_event(i, (uint64_t)i, "office"),
                                          stage_probe(i, (uint64_t)i, 7, PROBE_OUT)};
        stage_post(&s, &entries[0]);
        stage_post(&s, &entries[1]);
    }
    assert_true(stage_flush(&s));
    stage_close(&s);
    return 0;
}

static int remove_state(void **state)
{
    (void)state;
    stage_end(&s);
    return 0;
}

static void close_it(void *stage)
{
    (void)stage;
    stage_close(&s);
}

static bool has_damaged_one(void)
{
    bool found = false;
    DIR *folder = opendir(s.folder);
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder)) != NULL;)
        found = found || strstr(e->d_name, "damaged") != NULL;
    (void)closedir(folder);
    return found;
}

static void must_name_memory(void)
{
    if (strstr(s.why, "memory") == NULL)
        fail_msg("it says: %s", s.why);
}

static void it_is_all_there(void *stage, bool done)
{
    (void)stage;
    assert_false(has_damaged_one());
    if (!done) {
        must_name_memory();
        return;
    }
    assert_int_equal(s.restored->row_count, ROWS + 1);
    assert_int_equal(s.restored->event_count, ROWS);
    assert_string_equal(text_bytes(s.restored->events[0].event.text), "refused");
    assert_string_equal(text_bytes(restored_by_serial(s.restored, 2)->name), "office");
    assert_int_equal(restored_by_serial(s.restored, 2)->probe_count, 1);
    assert_string_equal(definition_text(restored_by_serial(s.restored, 9)->definition, SETTING_in_password), "secret");
}

static bool open_it(void *stage)
{
    (void)stage;
    return stage_try_open(&s);
}

/* --- what a person reads --- */

static void count_row(void *owner, const struct stored_row *row)
{
    (void)row;
    ++*(unsigned *)owner;
}

static void count_definition(void *owner, int32_t index, const struct definition *definition)
{
    assert_int_equal(index, 9);
    assert_int_equal(definition->secret[1], SECRET_FAILED);
    ++*(unsigned *)owner;
}

static void count_event(void *owner, const struct event *event)
{
    assert_int_equal(event->row, 1);
    assert_string_equal(text_bytes(event->name), "office");
    assert_string_equal(text_bytes(event->text), "refused");
    ++*(unsigned *)owner;
}

static bool wants_all(void *owner, int32_t index)
{
    (void)owner, (void)index;
    return true;
}

static void count_samples(void *owner, int32_t index, const struct sample *samples, size_t count)
{
    assert_in_range(index, 1, ROWS);
    assert_int_equal(samples[0].polls, 2); /* the open one */
    assert_int_equal(count, 1);
    ++*(unsigned *)owner;
}

static bool read_it(void *stage)
{
    struct stored_state state;
    (void)stage;
    unsigned rows = 0, definitions = 0, events = 0, sampled = 0;
    const struct samples_wanted samples = {.wants = wants_all, .take = count_samples, .owner = &sampled};
    if (!store_read_status(s.path, NULL, &state, count_row, &rows, s.why, sizeof s.why) ||
        !store_read_definitions(s.path, 0, count_definition, &definitions, s.why, sizeof s.why) ||
        !store_read_events(s.path, 1, 10, count_event, &events, s.why, sizeof s.why) ||
        !store_read_samples(s.path, &samples, s.why, sizeof s.why))
        return false;
    assert_int_equal(rows, ROWS + 1);
    assert_int_equal(definitions, 1);
    assert_int_equal(events, 1);
    assert_int_equal(sampled, ROWS);
    return true;
}

static void it_says_why(void *stage, bool done)
{
    (void)stage;
    if (!done)
        must_name_memory();
}

/* --- keys --- */

static void *no_key_yet(void)
{
    static char path[160];
    (void)snprintf(path, sizeof path, "%s/key", s.folder);
    return path;
}

static void remove_key(void *stage)
{
    assert_int_equal(remove(stage), 0);
}

static bool make_load_and_seal(void *stage)
{
    struct keys keys;
    struct sealer sealer;
    uint8_t sealed[6 + SEAL_MORE_BYTES];
    char text[6];
    if (!keys_load(stage, true, &keys, s.why, sizeof s.why))
        return false;
    if (!sealer_init(&sealer, &keys) || !seal(&sealer, 1, 2, "secret", 6, sealed) ||
        !unseal(&sealer, 1, 2, sealed, sizeof sealed, text)) {
        (void)snprintf(s.why, sizeof s.why, "memory");
        return false;
    }
    assert_memory_equal(text, "secret", 6);
    return true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHORT_MEMORY("a state is opened whole, or one line says why not, and it is never called damaged",
                     .act = open_it, .check = it_is_all_there, .end = close_it),
        SHORT_MEMORY("what a person asks of the state is read whole, or one line says why not", .act = read_it,
                     .check = it_says_why),
        SHORT_MEMORY("a key is made, read and used, or one line says why not", .begin = no_key_yet,
                     .act = make_load_and_seal, .check = it_says_why, .end = remove_key),
    };
    return cmocka_run_group_tests_name("store: memory", tests, write_state, remove_state);
}
