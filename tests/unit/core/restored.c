/* What a start finds, and what is kept for it. */
#include "restored.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitors.h"

static const struct text *text(const char *bytes)
{
    return text_new(bytes, strlen(bytes));
}

/* --- memory of a row --- */

static void memory_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < memory_column_count; i++) {
        const struct memory_column *c = &memory_columns[i];
        struct row_memory m;
        row_memory_init(&m);
        int64_t before = row_memory_integer(&m, c);
        if (c->kind == MEMORY_BYTES || c->kind == MEMORY_SAMPLE) {
            assert_false(row_memory_put_integer(&m, c, 0));
            assert_false(row_memory_put_bytes(&m, c, &m, c->bytes - 1));
            continue;
        }
        const struct sample sample = {0};
        assert_null(row_memory_sample(&m, c));
        assert_false(row_memory_put_sample(&m, c, &sample));
        assert_true(before >= c->min && before <= c->max);
        assert_true(row_memory_put_integer(&m, c, c->min));
        assert_true(row_memory_integer(&m, c) == c->min);
        assert_true(row_memory_put_integer(&m, c, c->max));
        assert_true(row_memory_integer(&m, c) == c->max);
        if (c->kind == MEMORY_MOMENT)
            continue;
        assert_false(row_memory_put_integer(&m, c, c->max + 1));
        assert_false(row_memory_put_integer(&m, c, c->min - 1));
        assert_true(row_memory_integer(&m, c) == c->max);
        assert_false(row_memory_put_bytes(&m, c, &m, c->bytes));
    }
}

static void memory_is_complete(void **state)
{
    (void)state;
    struct row_memory full, again;
    memset(&full, 0, sizeof full);
    memset(&again, 0, sizeof again);
    for (size_t i = 0; i < memory_column_count; i++) {
        const struct memory_column *c = &memory_columns[i];
        uint8_t bytes[64];
        memset(bytes, 0x42, sizeof bytes);
        if (c->kind == MEMORY_BYTES) {
            assert_true(row_memory_put_bytes(&full, c, bytes, c->bytes));
            assert_true(row_memory_put_bytes(&again, c, row_memory_bytes(&full, c), c->bytes));
        } else if (c->kind == MEMORY_SAMPLE) {
            struct sample sample;
            memcpy(&sample, bytes, sizeof sample);
            assert_true(row_memory_put_sample(&full, c, &sample));
            assert_true(row_memory_put_sample(&again, c, row_memory_sample(&full, c)));
        } else {
            assert_true(row_memory_put_integer(&full, c, c->max));
            assert_true(row_memory_put_integer(&again, c, row_memory_integer(&full, c)));
        }
    }
    assert_memory_equal(&full, &again, sizeof full);
    assert_true(full.history.failures == UINT32_MAX && full.certificates[1].warned.places[3].warning == 0x42);
}

/* --- looking up --- */

static void look_ups(void **state)
{
    enum { ROWS = 1000 };
    (void)state;
    struct restored *r = restored_new();
    assert_non_null(r);
    assert_null(restored_by_index(NULL, 1));
    assert_null(restored_by_serial(NULL, 1));
    assert_null(restored_by_name(NULL, "x"));
    r->rows = calloc(ROWS, sizeof *r->rows);
    assert_non_null(r->rows);
    for (uint32_t i = 0; i < ROWS; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "row-%u", i);
        struct restored_row *row = &r->rows[r->row_count++];
        row->index = (int32_t)(i * 7919 % ROWS) + 1; /* in no order */
        row->serial = (uint64_t)(i + 1) * UINT64_C(0x9E3779B97F4A7C15);
        row->name = i == 0 ? NULL : text(name);
        status_init(&row->status);
    }
    assert_true(restored_index(r));
    for (uint32_t i = 0; i < ROWS; i++) {
        const struct restored_row *row = restored_by_index(r, (int32_t)i + 1);
        assert_non_null(row);
        assert_int_equal(row->index, i + 1);
        assert_ptr_equal(restored_by_serial(r, row->serial), row);
        if (row->name != NULL)
            assert_ptr_equal(restored_by_name(r, text_bytes(row->name)), row);
    }
    assert_null(restored_by_name(r, "")); /* nobody's, though a row has no name */
    assert_null(restored_by_name(r, "row-1000"));
    assert_null(restored_by_index(r, ROWS + 1));
    assert_null(restored_by_serial(r, 5));
    assert_ptr_equal(restored_ref(r), r);
    restored_unref(r);
    assert_int_equal(restored_by_index(r, 1)->index, 1);
    restored_unref(r);
    restored_unref(NULL);
}

/* --- saves --- */

static void claimed_once(void **state)
{
    (void)state;
    struct save_batch *b = save_batch_new(2);
    assert_non_null(b);
    assert_ptr_equal(save_batch_ref(b), b);
    assert_true(save_batch_claim(b, SAVE_BEGUN));
    assert_false(save_batch_claim(b, SAVE_DROPPED));
    save_batch_unref(b);
    struct save save = {.batch = b};
    save_drop(&save);
    assert_null(save.batch);
    save_batch_unref(NULL);
}

/* --- promises --- */

static uint64_t serial_of(void *owner, const char *name)
{
    (void)owner;
    (void)name;
    return 1;
}

static void promises(void **state)
{
    (void)state;
    struct monitors *set = monitors_new(serial_of, NULL);
    assert_non_null(set);
    assert_int_equal(monitors_free_index(set), 1);
    assert_true(monitors_promise(set, 2, "two"));
    assert_int_equal(monitors_free_index(set), 1);
    assert_true(monitors_promise(set, 1, "one"));
    assert_int_equal(monitors_free_index(set), 3);
    assert_true(monitors_promise(set, 1, "other")); /* it is another's already */
    assert_true(monitors_promise(set, 3, "one"));   /* has one already */
    assert_int_equal(monitors_free_index(set), 3);
    assert_null(monitors_named(set, "one"));
    monitors_free(set);
}

/* --- paths --- */

static const struct definition *definition(const char *key, const char *written)
{
    static const char *const all[][2] = {{"name", "office"},
                                         {"smtp.server", "smtp.example.com"},
                                         {"smtp.to", "a@example.com"},
                                         {"smtp.from", "b@example.com"},
                                         {"incoming.server", "IMAP.example.com"},
                                         {"incoming.username", "probe"}};
    struct draft d;
    struct mistake why;
    draft_init(&d);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_true(draft_put_written(&d, setting_id(setting_by_key(all[i][0])), all[i][1], &why));
    assert_true(draft_put_written(&d, setting_id(setting_by_key(key)), written, &why));
    const struct definition *frozen = draft_freeze(&d);
    draft_end(&d);
    return frozen;
}

static void paths(void **state)
{
    (void)state;
    static const struct {
        const char *key, *written;
        bool same;
    } cases[] = {
        {"interval", "5m", true},
        {"incoming.password", "x", true},
        {"incoming.server", "imap.EXAMPLE.com", true},
        {"incoming.port", "143", true}, /* the standard one */
        {"incoming.port", "144", false},
        {"incoming.type", "pop3", false},
        {"incoming.username", "Probe", false},
        {"smtp.to", "c@example.com", false},
        {"smtp.from", "a@example.com", false},
        {"smtp.server", "other.example.com", false},
        {"smtp.port", "26", false},
    };
    const struct definition *plain = definition("name", "office");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct definition *d = definition(cases[i].key, cases[i].written);
        assert_int_equal(definition_same_path(plain, d), cases[i].same);
        assert_int_equal(definition_path(plain) == definition_path(d), cases[i].same);
        definition_unref(d);
    }
    definition_unref(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"what a row remembers takes its bounds, and nothing beyond them", memory_bounds, NULL, NULL, NULL},
        {"what a row remembers can be copied member by member", memory_is_complete, NULL, NULL, NULL},
        {"rows are found by index, serial and name, in whatever order they came", look_ups, NULL, NULL, NULL},
        {"a save is begun or dropped, and not both", claimed_once, NULL, NULL, NULL},
        {"an index that was promised is given to nobody else", promises, NULL, NULL, NULL},
        {"the digest of a path differs where paths do", paths, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("restored", tests, NULL, NULL);
}
