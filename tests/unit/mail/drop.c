#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drop_parts.h"

/* --- sets of uids --- */

static void must_be(const struct uid_set *s, const char *text)
{
    char written[200];
    assert_int_equal(uid_set_write(s, 0, written, sizeof written), s->count);
    assert_string_equal(written, text);
}

static void a_set_of_uids_joins_what_touches_and_parts_what_is_taken_out(void **state)
{
    (void)state;
    static const struct {
        bool add;
        uint32_t low, high;
        const char *is;
    } steps[] = {
        {true, 5, 5, "5"},
        {true, 7, 9, "5,7:9"},
        {true, 6, 6, "5:9"},
        {true, 1, 2, "1:2,5:9"},
        {true, 2, 6, "1:9"},
        {true, 9, 8, "1:9"},
        {false, 4, 4, "1:3,5:9"},
        {false, 3, 5, "1:2,6:9"},
        {false, 20, 30, "1:2,6:9"},
        {false, 2, 7, "1,8:9"},
        {true, 4294967295, 4294967295, "1,8:9,4294967295"},
        {true, 4294967290, 4294967294, "1,8:9,4294967290:4294967295"},
        {false, 9, 4294967295, "1,8"},
        {false, 0, 4294967295, ""},
        {true, 0, 4294967295, "0:4294967295"},
        {false, 1, 4294967294, "0,4294967295"},
    };
    struct uid_set s = {0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        bool ok = steps[i].add ? uid_set_add(&s, steps[i].low, steps[i].high)
                               : uid_set_remove(&s, steps[i].low, steps[i].high);
        assert_true(ok);
        must_be(&s, steps[i].is);
    }
    assert_int_equal(uid_set_total(&s), 2);
    assert_true(uid_set_has(&s, 0) && !uid_set_has(&s, 1) && uid_set_has(&s, UINT32_MAX));
    uid_set_clear(&s);
}

static void a_set_of_uids_agrees_with_a_table_of_truths(void **state)
{
    (void)state;
    enum { UIDS = 64 };
    struct uid_set s = {0};
    bool in[UIDS] = {false};
    uint32_t random = 1;
    for (unsigned round = 0; round < 5000; round++) {
        random = random * 1103515245 + 12345;
        uint32_t low = random >> 8 & 63, high = random >> 16 & 63;
        bool add = (random >> 24 & 1) != 0;
        assert_true(add ? uid_set_add(&s, low, high) : uid_set_remove(&s, low, high));
        for (uint32_t uid = low; uid <= high; uid++)
            in[uid] = add;
        for (uint32_t uid = 0; uid < UIDS; uid++)
            assert_int_equal(uid_set_has(&s, uid), in[uid]);
        for (size_t i = 1; i < s.count; i++)
            assert_true(s.ranges[i - 1].high + 1 < s.ranges[i].low);
    }
    uid_set_clear(&s);
}

static void the_newest_uids_are_the_highest(void **state)
{
    (void)state;
    struct uid_set s = {0}, newest = {0};
    assert_true(uid_set_add(&s, 1, 10) && uid_set_add(&s, 20, 22) && uid_set_add(&s, 30, 30));
    assert_true(uid_set_newest(&s, 6, &newest));
    must_be(&newest, "9:10,20:22,30");
    assert_true(uid_set_newest(&s, 2, &newest));
    must_be(&newest, "22,30");
    assert_true(uid_set_newest(&s, 100, &newest));
    must_be(&newest, "1:10,20:22,30");
    uid_set_clear(&newest);
    uid_set_clear(&s);
}

static void a_long_set_is_written_in_pieces(void **state)
{
    (void)state;
    struct uid_set s = {0};
    char piece[22];
    size_t at = 0, pieces = 0;
    for (uint32_t uid = 4000000000; uid < 4000000010; uid += 2)
        assert_true(uid_set_add(&s, uid, uid));
    for (; at < s.count; pieces++) {
        at = uid_set_write(&s, at, piece, sizeof piece);
        assert_true(strlen(piece) < sizeof piece);
    }
    assert_string_equal(piece, "4000000008");
    assert_int_equal(pieces, 3);
    uid_set_clear(&s);
}

/* --- POP3 --- */

static uint64_t hash(struct drop_memory *m, const char *uid)
{
    struct drop_pop3 *p = drop_pop3(m);
    assert_non_null(p);
    return drop_hash(p, uid, strlen(uid));
}

static void a_listing_keeps_its_flags_and_forgets_what_is_not_in_it(void **state)
{
    (void)state;
    struct drop_memory *m = drop_memory_new();
    assert_non_null(m);
    assert_true(drop_memory_is_new(m));
    uint64_t *entries = calloc(3, sizeof *entries);
    assert_non_null(entries);
    entries[0] = hash(m, "a") | DROP_INSPECTED;
    entries[2] = hash(m, "b") | DROP_OLD;
    drop_keep_listing(m, entries, 3);
    assert_false(drop_memory_is_new(m));
    assert_int_equal(drop_memory_entries(m), 2);
    assert_true(drop_recall(m->pop3, hash(m, "a")) == (hash(m, "a") | DROP_INSPECTED));
    assert_true(drop_recall(m->pop3, hash(m, "b")) == (hash(m, "b") | DROP_OLD));
    assert_true(drop_recall(m->pop3, hash(m, "c")) == 0);
    entries = calloc(1, sizeof *entries);
    assert_non_null(entries);
    entries[0] = hash(m, "c");
    drop_keep_listing(m, entries, 1);
    assert_true(drop_recall(m->pop3, hash(m, "a")) == 0);
    drop_memory_void(m);
    assert_true(drop_memory_is_new(m));
    assert_int_equal(drop_memory_entries(m), 0);
    drop_memory_free(m);
    drop_memory_free(NULL);
}

static void a_uid_that_occurs_twice_is_not_kept(void **state)
{
    (void)state;
    struct drop_memory *m = drop_memory_new();
    assert_non_null(m);
    uint64_t *entries = calloc(4, sizeof *entries);
    assert_non_null(entries);
    entries[0] = hash(m, "a") | DROP_INSPECTED;
    entries[1] = hash(m, "b") | DROP_INSPECTED;
    entries[2] = hash(m, "a");
    entries[3] = hash(m, "a") | DROP_HEAVY;
    drop_keep_listing(m, entries, 4);
    assert_int_equal(drop_memory_entries(m), 1);
    assert_true(drop_recall(m->pop3, hash(m, "a")) == 0);
    drop_memory_free(m);
}

static void a_big_listing_is_kept_whole(void **state)
{
    (void)state;
    enum { UIDS = 20000 };
    struct drop_memory *m = drop_memory_new();
    assert_non_null(m);
    uint64_t *entries = calloc(UIDS, sizeof *entries);
    assert_non_null(entries);
    for (uint32_t i = 0; i < UIDS; i++)
        entries[i] = drop_hash(drop_pop3(m), (const char *)&i, sizeof i) | (i % 2 != 0 ? DROP_INSPECTED : 0);
    drop_keep_listing(m, entries, UIDS);
    assert_int_equal(drop_memory_entries(m), UIDS);
    for (size_t i = 1; i < m->pop3->seen_count; i++)
        assert_true(m->pop3->seen[i - 1] < m->pop3->seen[i]);
    for (uint32_t i = 0; i < UIDS; i++)
        assert_int_equal(drop_recall(m->pop3, drop_hash(m->pop3, (const char *)&i, sizeof i)) & DROP_FLAGS, i % 2);
    drop_note_gone(m->pop3, hash(m, "not there"));
    assert_int_equal(m->pop3->gone_count, 0);
    drop_memory_free(m);
}

static void hashes_have_a_key_of_their_own(void **state)
{
    (void)state;
    struct drop_memory *one = drop_memory_new(), *other = drop_memory_new();
    assert_non_null(one);
    assert_non_null(other);
    assert_true(hash(one, "a") == hash(one, "a"));
    assert_true(hash(one, "a") != hash(one, "b"));
    assert_true(hash(one, "a") != hash(other, "a"));
    assert_true((hash(one, "a") & DROP_FLAGS) == 0);
    drop_memory_free(one);
    drop_memory_free(other);
}

/* The vector of the paper's appendix: key 00 01 .. 0f, input 00 01 .. 0e. */
static void the_hash_is_siphash(void **state)
{
    (void)state;
    struct drop_pop3 p = {.key = {0x0706050403020100, 0x0f0e0d0c0b0a0908}, .keyed = true};
    char input[15];
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (char)i;
    assert_true(drop_hash(&p, input, sizeof input) == (0xa129ca6149be45e5 & ~(uint64_t)DROP_FLAGS));
}

/* --- IMAP --- */

static void a_mailbox_opens_what_is_new_and_forgets_what_is_renumbered(void **state)
{
    (void)state;
    struct drop_memory *m = drop_memory_new();
    assert_non_null(m);
    assert_true(drop_imap_contact(m, 7, 11));
    assert_int_equal(m->imap.first, 11);
    must_be(&m->imap.open, "1:10");
    assert_true(uid_set_remove(&m->imap.open, 1, 10));
    assert_true(drop_imap_contact(m, 7, 14));
    must_be(&m->imap.open, "11:13");
    assert_int_equal(m->imap.first, 11);
    assert_int_equal(m->imap.top, 13);
    assert_true(drop_imap_contact(m, 7, 14));
    must_be(&m->imap.open, "11:13");
    assert_true(drop_imap_contact(m, 8, 3));
    must_be(&m->imap.open, "1:2");
    assert_int_equal(m->imap.first, 3);
    assert_true(drop_imap_contact(m, 8, 4294967295));
    assert_int_equal(m->imap.top, 4294967294);
    drop_memory_free(m);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_of_uids_joins_what_touches_and_parts_what_is_taken_out),
        cmocka_unit_test(a_set_of_uids_agrees_with_a_table_of_truths),
        cmocka_unit_test(the_newest_uids_are_the_highest),
        cmocka_unit_test(a_long_set_is_written_in_pieces),
        cmocka_unit_test(a_listing_keeps_its_flags_and_forgets_what_is_not_in_it),
        cmocka_unit_test(a_uid_that_occurs_twice_is_not_kept),
        cmocka_unit_test(a_big_listing_is_kept_whole),
        cmocka_unit_test(hashes_have_a_key_of_their_own),
        cmocka_unit_test(the_hash_is_siphash),
        cmocka_unit_test(a_mailbox_opens_what_is_new_and_forgets_what_is_renumbered),
    };
    return cmocka_run_group_tests_name("mail/drop", tests, NULL, NULL);
}
