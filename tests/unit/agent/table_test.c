/* GET and GETNEXT over the tables, against the tree that must be there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "oid.h"
#include "tables.h"

enum { NOW_MS = 1000000, NAME_MAX_IDS = 24 };
#define ENTRY MIB_OID_ROOT, 1, 2, 1

struct name {
    unsigned long ids[NAME_MAX_IDS];
    size_t count;
};
#define NAME(...)                                                                                                      \
    {                                                                                                                  \
        {__VA_ARGS__}, sizeof((unsigned long[]){__VA_ARGS__}) / sizeof(unsigned long)                                  \
    }

static struct tables tables;
static struct event_log *events;
static struct monitors *set;
static const int32_t indexes[] = {1, 7, 2147483647};

static int set_up(void **state)
{
    (void)state;
    set = fake_set(indexes, OID_COUNT(indexes));
    events = event_log_new(EVENT_LOG_SETTLED);
    tables_init(&tables, set, events);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    monitors_free(set);
    event_log_free(events);
    return 0;
}

static enum mib_answer get(const struct mib_table *t, unsigned long column, unsigned long index, struct cell *out)
{
    unsigned long name[NAME_MAX_IDS];
    memcpy(name, t->entry, t->entry_length * sizeof *name);
    name[t->entry_length] = column;
    name[t->entry_length + 1] = index;
    return mib_table_get(t, name, t->entry_length + 2, NOW_MS, out);
}

static void a_walk_shows_every_column_of_every_row_in_order(void **state)
{
    (void)state;
    const struct mib_table *all[] = {&tables.config, &tables.status};
    for (size_t k = 0; k < OID_COUNT(all); k++) {
        const struct mib_table *t = all[k];
        unsigned long name[NAME_MAX_IDS];
        size_t n = t->entry_length, length = n - 1; /* the table itself */
        memcpy(name, t->entry, n * sizeof *name);
        struct mib_place place;
        struct cell next, same;
        for (size_t c = 0; c < t->column_count; c++) {
            for (size_t i = 0; i < OID_COUNT(indexes); i++) {
                assert_int_equal(mib_table_next(t, name, length, false, NOW_MS, &place, &next), MIB_FOUND);
                assert_int_equal(place.column, t->columns[c].number);
                assert_int_equal(place.index, indexes[i]);
                assert_int_equal(get(t, place.column, place.index, &same), MIB_FOUND);
                assert_int_equal(next.kind, same.kind);
                name[n] = place.column;
                name[n + 1] = place.index;
                length = n + 2;
            }
        }
        assert_int_equal(mib_table_next(t, name, length, false, NOW_MS, &place, &next), MIB_END);
    }
}

static void columns_stand_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    const struct mib_table *all[] = {&tables.config, &tables.status, &tables.events};
    for (size_t k = 0; k < OID_COUNT(all); k++) {
        for (size_t c = 1; c < all[k]->column_count; c++)
            assert_true(all[k]->columns[c - 1].number < all[k]->columns[c].number);
    }
    assert_true(status_column_count <= STATUS_COLUMNS_MAX);
}

static void getnext_is_right_at_every_edge(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct name name;
        bool inclusive;
        unsigned long column, index; /* expected; 0, 0: the end */
    } edges[] = {
        {"nothing at all", {{0}, 0}, false, 2, 1},
        {"far in front", NAME(1, 3), false, 2, 1},
        {"the table", NAME(MIB_OID_ROOT, 1, 2), false, 2, 1},
        {"a shorter name in front", NAME(MIB_OID_ROOT, 0, 9, 9, 9, 9), false, 2, 1},
        {"the entry", NAME(ENTRY), false, 2, 1},
        {"column 0", NAME(ENTRY, 0, 5), false, 2, 1},
        {"the index column, which cannot be read", NAME(ENTRY, 1, 7), false, 2, 1},
        {"a column", NAME(ENTRY, 5), false, 5, 1},
        {"index 0", NAME(ENTRY, 5, 0), false, 5, 1},
        {"a row", NAME(ENTRY, 5, 1), false, 5, 7},
        {"a row, inclusive", NAME(ENTRY, 5, 1), true, 5, 1},
        {"a missing row, inclusive", NAME(ENTRY, 5, 2), true, 5, 7},
        {"a longer name behind a row", NAME(ENTRY, 5, 1, 0), false, 5, 7},
        {"a longer name behind a row, inclusive", NAME(ENTRY, 5, 1, 0), true, 5, 7},
        {"between rows", NAME(ENTRY, 5, 6), false, 5, 7},
        {"the last row", NAME(ENTRY, 5, 2147483647), false, 6, 1},
        {"an index of 2^31", NAME(ENTRY, 5, 2147483648), false, 6, 1},
        {"the greatest index", NAME(ENTRY, 5, 4294967295), false, 6, 1},
        {"the greatest sub-identifier that fits", NAME(ENTRY, 5, ~0UL), false, 6, 1},
        {"the last variable", NAME(ENTRY, 33, 2147483647), false, 0, 0},
        {"the last variable, inclusive", NAME(ENTRY, 33, 2147483647), true, 33, 2147483647},
        {"a column behind the last", NAME(ENTRY, 34), false, 0, 0},
        {"a row of it", NAME(ENTRY, 34, 1), true, 0, 0},
        {"an entry behind", NAME(MIB_OID_ROOT, 1, 2, 2), false, 0, 0},
        {"far behind", NAME(2), false, 0, 0},
    };
    for (size_t i = 0; i < OID_COUNT(edges); i++) {
        struct mib_place place = {0, 0};
        struct cell cell;
        print_message("    %s\n", edges[i].what);
        enum mib_answer answer = mib_table_next(&tables.config, edges[i].name.ids, edges[i].name.count,
                                                edges[i].inclusive, NOW_MS, &place, &cell);
        assert_int_equal(answer, edges[i].column == 0 ? MIB_END : MIB_FOUND);
        assert_int_equal(place.column, edges[i].column);
        assert_int_equal(place.index, edges[i].index);
    }
}

static void get_tells_missing_objects_from_missing_instances(void **state)
{
    (void)state;
    static const struct {
        struct name name;
        enum mib_answer answer;
    } cases[] = {
        {NAME(ENTRY, 2, 7), MIB_FOUND},
        {NAME(ENTRY, 1, 7), MIB_NO_OBJECT}, /* not-accessible */
        {NAME(ENTRY, 0, 7), MIB_NO_OBJECT},
        {NAME(ENTRY, 34, 7), MIB_NO_OBJECT},
        {NAME(ENTRY), MIB_NO_OBJECT},
        {NAME(MIB_OID_ROOT, 1, 2, 2, 2, 7), MIB_NO_OBJECT},
        {NAME(ENTRY, 2), MIB_NO_INSTANCE},
        {NAME(ENTRY, 2, 0), MIB_NO_INSTANCE},
        {NAME(ENTRY, 2, 8), MIB_NO_INSTANCE},
        {NAME(ENTRY, 2, 7, 0), MIB_NO_INSTANCE},
        {NAME(ENTRY, 2, 2147483655), MIB_NO_INSTANCE}, /* 2^31 + 7 */
        {NAME(ENTRY, 2, 4294967303), MIB_NO_INSTANCE}, /* 2^32 + 7 */
    };
    for (size_t i = 0; i < OID_COUNT(cases); i++) {
        struct cell cell;
        assert_int_equal(mib_table_get(&tables.config, cases[i].name.ids, cases[i].name.count, NOW_MS, &cell),
                         cases[i].answer);
    }
}

static void an_empty_table_has_no_next(void **state)
{
    (void)state;
    static const unsigned long entry[] = {OID_EVENTS, 1};
    struct mib_place place;
    struct cell cell;
    assert_int_equal(mib_table_next(&tables.events, entry, OID_COUNT(entry), false, NOW_MS, &place, &cell), MIB_END);
    assert_int_equal(get(&tables.events, 2, 1, &cell), MIB_NO_INSTANCE);
    assert_int_equal(get(&tables.events, 1, 1, &cell), MIB_NO_OBJECT);
}

static void a_required_column_that_was_never_set_has_no_instance(void **state)
{
    (void)state;
    static const unsigned long name_column[] = {ENTRY, 2};
    struct mib_place place;
    struct cell cell;
    fake_incomplete(set, 3);
    assert_int_equal(get(&tables.config, 2, 3, &cell), MIB_NO_INSTANCE);  /* name */
    assert_int_equal(get(&tables.config, 24, 3, &cell), MIB_NO_INSTANCE); /* incoming username */
    assert_int_equal(get(&tables.config, 5, 3, &cell), MIB_FOUND);        /* interval has a default */
    assert_int_equal(cell.number, 60);
    assert_int_equal(get(&tables.config, 33, 3, &cell), MIB_FOUND);
    assert_int_equal(cell.integer, ROW_NOT_READY);
    assert_int_equal(get(&tables.status, 1, 3, &cell), MIB_FOUND); /* augments: a row here too */
    assert_int_equal(cell.integer, VERDICT_DISABLED);

    unsigned long behind_1[OID_COUNT(name_column) + 1];
    memcpy(behind_1, name_column, sizeof name_column);
    behind_1[OID_COUNT(name_column)] = 1;
    assert_int_equal(mib_table_next(&tables.config, behind_1, OID_COUNT(behind_1), false, NOW_MS, &place, &cell),
                     MIB_FOUND);
    assert_int_equal(place.index, 7); /* row 3 is passed over */
}

static void expect_octets(const struct cell *cell, const void *octets, size_t n)
{
    assert_int_equal(cell->kind, CELL_OCTETS);
    assert_int_equal(cell->length, n);
    assert_memory_equal(cell->octets, octets, n);
}

static void settings_are_served_by_their_kind(void **state)
{
    (void)state;
    struct cell cell;
    assert_int_equal(get(&tables.config, 2, 7, &cell), MIB_FOUND);
    expect_octets(&cell, "row-7", 5);
    assert_int_equal(get(&tables.config, 7, 7, &cell), MIB_FOUND);
    expect_octets(&cell, "\x90", 1); /* BITS down(0), certificate(3) */
    assert_int_equal(get(&tables.config, 8, 7, &cell), MIB_FOUND);
    expect_octets(&cell, "%Device.Address", 15); /* as written */
    assert_int_equal(get(&tables.config, 25, 7, &cell), MIB_FOUND);
    expect_octets(&cell, "", 0); /* a secret */
    assert_int_equal(get(&tables.config, 17, 7, &cell), MIB_FOUND);
    assert_int_equal(cell.kind, CELL_INTEGER);
    assert_int_equal(cell.integer, TRUTH_TRUE);
    assert_int_equal(get(&tables.config, 9, 7, &cell), MIB_FOUND);
    assert_int_equal(cell.kind, CELL_UNSIGNED);
    assert_int_equal(cell.number, 25);
    assert_int_equal(get(&tables.config, CONFIG_POLL_NOW, 7, &cell), MIB_FOUND);
    assert_int_equal(cell.integer, 1);
    assert_int_equal(get(&tables.config, CONFIG_STORAGE_TYPE, 7, &cell), MIB_FOUND);
    assert_int_equal(cell.integer, STORAGE_READ_ONLY);
    assert_int_equal(get(&tables.config, CONFIG_ROW_STATUS, 7, &cell), MIB_FOUND);
    assert_int_equal(cell.integer, ROW_ACTIVE);
}

static void statuses_are_served_by_their_kind(void **state)
{
    (void)state;
    struct status status;
    struct cell cell;
    status_init(&status);
    status.verdict = VERDICT_UP;
    status.last_poll = 1764033115700; /* 2025-11-25 01:11:55.7 UTC */
    status.proven_at = NOW_MS - 42500;
    status.in_cert_days = -3;
    status.polls = UINT32_MAX;
    status_set_text(&status.in_reply, text_new("+OK", 3));
    monitors_set_status(set, monitors_find(set, 7), &status);
    status_clear(&status);

    assert_int_equal(get(&tables.status, 1, 7, &cell), MIB_FOUND);
    assert_int_equal(cell.integer, VERDICT_UP);
    assert_int_equal(get(&tables.status, 3, 7, &cell), MIB_FOUND);
    assert_int_equal(cell.kind, CELL_UNSIGNED);
    assert_int_equal(cell.number, 42);
    assert_int_equal(get(&tables.status, 3, 1, &cell), MIB_FOUND);
    assert_int_equal(cell.number, UINT32_MAX); /* never */
    assert_int_equal(get(&tables.status, 5, 7, &cell), MIB_FOUND);
    expect_octets(&cell, "\x07\xe9\x0b\x19\x01\x0b\x37\x07+\0\0", 11);
    assert_int_equal(get(&tables.status, 4, 7, &cell), MIB_FOUND);
    expect_octets(&cell, "\0\0\0\0\0\0\0\0", 8); /* never */
    assert_int_equal(get(&tables.status, 12, 7, &cell), MIB_FOUND);
    assert_int_equal(cell.kind, CELL_COUNTER);
    assert_int_equal(cell.number, UINT32_MAX);
    assert_int_equal(get(&tables.status, 39, 7, &cell), MIB_FOUND);
    assert_int_equal(cell.integer, -3);
    assert_int_equal(get(&tables.status, 46, 7, &cell), MIB_FOUND);
    expect_octets(&cell, "+OK", 3);
    assert_int_equal(get(&tables.status, 43, 7, &cell), MIB_FOUND);
    expect_octets(&cell, "", 0);
}

static void events_are_served_by_their_numbers(void **state)
{
    (void)state;
    struct event event = fake_event(4294967295);
    struct cell cell;
    assert_true(event_log_add(events, &event, false));
    event_clear(&event);
    assert_int_equal(get(&tables.events, 2, 4294967295, &cell), MIB_FOUND);
    assert_int_equal(cell.number, 4294967295);
    assert_int_equal(get(&tables.events, 5, 4294967295, &cell), MIB_FOUND);
    expect_octets(&cell, "row-7", 5);
    assert_int_equal(get(&tables.events, 10, 4294967295, &cell), MIB_FOUND);
    assert_int_equal(cell.integer, STAGE_AUTH);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_walk_shows_every_column_of_every_row_in_order),
        TEST(columns_stand_in_the_order_of_their_numbers),
        TEST(getnext_is_right_at_every_edge),
        TEST(get_tells_missing_objects_from_missing_instances),
        TEST(an_empty_table_has_no_next),
        TEST(a_required_column_that_was_never_set_has_no_instance),
        TEST(settings_are_served_by_their_kind),
        TEST(statuses_are_served_by_their_kind),
        TEST(events_are_served_by_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
