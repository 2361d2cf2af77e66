/* What a resolver remembers of names: found again, bounded, the longest unused forgotten first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "resolver_ask.h"
#include "resolver_names.h"

static struct known *get(struct known_names *t, size_t i)
{
    char name[32];
    (void)snprintf(name, sizeof name, "host%zu.test", i);
    struct known *k = known_get(t, name);
    assert_non_null(k);
    assert_string_equal(k->name, name);
    return k;
}

static void a_name_is_found_again_among_many(void **state)
{
    struct known_names t = {0};
    struct address address = {.family = 4};
    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        address.bytes[3] = (uint8_t)i;
        assert_true(known_set(get(&t, i), &address, 1));
    }
    assert_int_equal(t.count, 10000);
    for (size_t i = 0; i < 10000; i++) {
        struct known *k = get(&t, i);
        assert_int_equal(k->count, 1);
        assert_int_equal(k->addresses[0].bytes[3], (uint8_t)i);
    }
    assert_int_equal(t.count, 10000);
    known_clear(&t);
    assert_int_equal(t.count, 0);
}

static void what_was_not_asked_for_the_longest_goes_first_and_nothing_in_use_goes(void **state)
{
    struct known_names t = {0};
    (void)state;
    for (size_t i = 0; i < KNOWN_NAMES_MAX; i++)
        get(&t, i)->good_ms = 1;
    get(&t, 0);
    get(&t, 1)->held = 1;
    struct known *oldest = t.oldest;
    assert_string_equal(oldest->name, "host2.test");
    oldest->held = 1;
    (void)get(&t, KNOWN_NAMES_MAX);
    assert_int_equal(t.count, KNOWN_NAMES_MAX);
    assert_int_equal(get(&t, 0)->good_ms, 1);
    assert_int_equal(get(&t, 2)->good_ms, 1);
    assert_int_equal(get(&t, 3)->good_ms, 0); /* was forgotten, and is new */
    known_clear(&t);
}

static void old_addresses_are_forgotten_a_few_at_a_time(void **state)
{
    struct known_names t = {0};
    (void)state;
    for (size_t i = 0; i < 100; i++)
        get(&t, i)->good_ms = i;
    known_prune(&t, 50);
    assert_true(t.count < 100 && t.count >= 90);
    for (size_t i = 0; i < 100; i++)
        known_prune(&t, 50);
    assert_int_equal(t.count, 50);
    get(&t, 99)->held = 1;
    for (size_t i = 0; i < 100; i++)
        known_prune(&t, 1000);
    assert_int_equal(t.count, 1);
    known_clear(&t);
}

static void addresses_come_in_turns_and_are_few(void **state)
{
    struct address v6[10] = {0}, v4[10] = {0}, out[RESOLVED_MAX];
    (void)state;
    for (size_t i = 0; i < 10; i++) {
        v6[i] = (struct address){.family = 6, .bytes = {(uint8_t)i}};
        v4[i] = (struct address){.family = 4, .bytes = {(uint8_t)i}};
    }
    static const struct {
        size_t v6_count, v4_count;
        const char *families;
    } rows[] = {{0, 0, ""},     {1, 0, "6"},          {0, 1, "4"},         {1, 1, "64"},        {1, 3, "6444"},
                {3, 1, "6466"}, {10, 10, "64646464"}, {10, 0, "66666666"}, {0, 10, "44444444"}, {1, 10, "64444444"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char families[RESOLVED_MAX + 1] = "";
        size_t n = addresses_in_turns(v6, rows[i].v6_count, v4, rows[i].v4_count, out);
        for (size_t at = 0; at < n; at++)
            families[at] = (char)('0' + out[at].family);
        assert_string_equal(families, rows[i].families);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_found_again_among_many),
        cmocka_unit_test(what_was_not_asked_for_the_longest_goes_first_and_nothing_in_use_goes),
        cmocka_unit_test(old_addresses_are_forgotten_a_few_at_a_time),
        cmocka_unit_test(addresses_come_in_turns_and_are_few),
    };
    return cmocka_run_group_tests_name("net: names", tests, NULL, NULL);
}
