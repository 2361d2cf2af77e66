/* Many monitors: a big file is read, half of it goes, it comes back, and every row is where it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edit.h"

enum { ROWS = 20000 };

static struct monitors *set;
static struct wanted wanted[ROWS];

static uint64_t serial(void *owner, const char *name)
{
    (void)owner;
    return (uint64_t)strlen(name);
}

static const char *name_of(int i)
{
    static char name[16];
    (void)snprintf(name, sizeof name, "row%d", i);
    return name;
}

static int begin(void **state)
{
    (void)state;
    struct draft d;
    draft_init(&d);
    bool right = draft_take_text(&d, SETTING_device, "a", 1) && draft_take_text(&d, SETTING_smtp_to, "a@b", 3) &&
                 draft_take_text(&d, SETTING_smtp_from, "a@b", 3) && draft_take_text(&d, SETTING_in_username, "u", 1);
    for (int i = 0; right && i < ROWS; i++) {
        const char *name = name_of(i);
        right = draft_take_text(&d, SETTING_name, name, strlen(name));
        wanted[i] = (struct wanted){.definition = right ? draft_freeze(&d) : NULL};
        right = wanted[i].definition != NULL;
    }
    draft_end(&d);
    set = monitors_new(serial, NULL);
    return right && set != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < ROWS; i++)
        definition_unref(wanted[i].definition);
    monitors_free(set);
    return 0;
}

static size_t told;

static void count(void *owner, const struct change *change)
{
    (void)owner;
    (void)change;
    told++;
}

static void file(const struct wanted *monitors, size_t n)
{
    struct mistake why;
    struct edit *e = edit_begin(set);
    told = 0;
    assert_true(edit_file(e, monitors, n, NULL, NULL) && edit_check(e, &why, NULL));
    edit_publish(e, count, NULL);
    edit_end(e);
    assert_int_equal(monitors_count(set), n);
}

static void all_where_they_were(void)
{
    for (int i = 0; i < ROWS; i++) {
        const struct monitor *row = monitors_find(set, i + 1);
        assert_non_null(row);
        assert_string_equal(definition_text(row->definition, SETTING_name), name_of(i));
        assert_ptr_equal(monitors_named(set, name_of(i)), row);
    }
}

static void half_and_back(void **state)
{
    (void)state;
    static struct wanted half[ROWS / 2];
    for (int i = 0; i < ROWS / 2; i++)
        half[i] = wanted[2 * i + 1];
    file(wanted, ROWS);
    assert_int_equal(told, ROWS);
    all_where_they_were();
    assert_int_equal(monitors_free_index(set), ROWS + 1);
    file(half, ROWS / 2);
    assert_int_equal(told, ROWS / 2);
    assert_null(monitors_named(set, name_of(0)));
    assert_int_equal(monitors_free_index(set), ROWS + 1); /* what is gone keeps its promise */
    file(wanted, ROWS);
    assert_int_equal(told, ROWS / 2);
    all_where_they_were();
    file(wanted, ROWS);
    assert_int_equal(told, 0);
    assert_int_equal(monitors_tally(set, VERDICT_UNKNOWN), ROWS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        {"twenty thousand rows: half of them go and come back to their indexes", half_and_back, begin, end, NULL},
    };
    return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}
