/* Edits of the set of monitors: what they promise about indexes, names and rows that were not touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edits_play.h"

static void leaves_no_trace(void **state)
{
    (void)state;
    assert_true(file("a b"));
    struct edit *e = edit_begin(set);
    put(edit_draft(e, 1, false), "name", "other");
    fill(edit_draft(e, 7, true), "new", STORAGE_NON_VOLATILE);
    assert_true(edit_remove(e, 2));
    assert_true(edit_check(e, &why, NULL));
    edit_end(e);
    assert_string_equal(rows(), "1 a, 2 b");
    assert_null(monitors_named(set, "other"));
    assert_int_equal(monitors_free_index(set), 3);
}

static bool refuse(void *owner, const struct change *changes, size_t n, struct mistake *m)
{
    (void)changes;
    *(size_t *)owner = n;
    return mistake_make(m, MISTAKE_RESOURCES, SETTING_COUNT, "the disk is full");
}

static void unsaved(void **state)
{
    (void)state;
    assert_true(file("a"));
    size_t asked = 0;
    const struct saver saver = {.save = refuse, .owner = &asked};
    struct edit *e = edit_begin(set);
    put(edit_draft(e, 1, false), "interval", "90");
    assert_true(edit_check(e, &why, NULL));
    assert_false(edit_save(e, &saver, &why));
    assert_int_equal(asked, 1);
    edit_end(e);
    assert_int_equal(definition_number(monitors_find(set, 1)->definition, SETTING_interval_s), 60);
}

static void reverted(void **state)
{
    (void)state;
    assert_true(file("a b c"));
    const struct definition *before = monitors_find(set, 1)->definition;
    uint64_t serial = monitors_find(set, 2)->serial;
    struct edit *e = edit_begin(set);
    told[0] = '\0';
    put(edit_draft(e, 1, false), "name", "x");
    assert_true(edit_remove(e, 2));
    fill(edit_draft(e, 9, true), "b", STORAGE_NON_VOLATILE);
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, note, NULL);
    assert_string_equal(told, "-2 b, ~1 x, +9 b");
    assert_string_equal(rows(), "1 x, 3 c, 9 b");
    told[0] = '\0';
    edit_revert(e, note, NULL);
    assert_string_equal(told, "-9 b, ~1 a, +2 b");
    edit_end(e);
    assert_string_equal(rows(), "1 a, 2 b, 3 c");
    assert_ptr_equal(monitors_find(set, 1)->definition, before);
    assert_int_equal(monitors_find(set, 2)->serial, serial);
    assert_null(monitors_named(set, "x"));
    assert_int_equal(monitors_free_index(set), 4);
}

static void same_name(void **state)
{
    (void)state;
    int32_t index = 0;
    assert_true(file("a b"));
    struct edit *e = edit_begin(set);
    put(edit_draft(e, 2, false), "name", "a");
    assert_false(edit_check(e, &why, &index));
    assert_int_equal(why.kind, MISTAKE_INCONSISTENT);
    assert_int_equal(why.setting, SETTING_name);
    assert_int_equal(index, 2);
    put(edit_draft(e, 1, false), "name", "b"); /* names swapped in one edit are right */
    assert_true(edit_check(e, &why, &index));
    edit_publish(e, NULL, NULL);
    edit_end(e);
    assert_string_equal(rows(), "1 b, 2 a");
    e = edit_begin(set);
    fill(edit_draft(e, 5, true), "twin", STORAGE_VOLATILE);
    fill(edit_draft(e, 6, true), "twin", STORAGE_VOLATILE);
    assert_false(edit_check(e, &why, &index));
    edit_end(e);
    assert_string_equal(rows(), "1 b, 2 a");
}

static void not_whole(void **state)
{
    (void)state;
    int32_t index = 0;
    struct edit *e = edit_begin(set);
    struct draft *d = edit_draft(e, 4, true);
    put(d, "name", "half");
    assert_false(edit_check(e, &why, &index));
    assert_int_equal(why.kind, MISTAKE_MISSING);
    assert_int_equal(index, 4);
    d->row_status = ROW_NOT_READY; /* a row that is not active may be unfinished */
    assert_true(edit_check(e, &why, &index));
    edit_publish(e, NULL, NULL);
    edit_end(e);
    assert_int_equal(monitors_find(set, 4)->status.verdict, VERDICT_DISABLED);
    assert_int_equal(monitors_tally(set, VERDICT_DISABLED), 1);
}

static void no_name_yet(void **state)
{
    (void)state;
    struct edit *e = edit_begin(set);
    edit_draft(e, 4, true)->row_status = ROW_NOT_READY;
    edit_draft(e, 5, true)->row_status = ROW_NOT_READY;
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, NULL, NULL);
    edit_end(e);
    assert_int_equal(monitors_count(set), 2);
    assert_null(monitors_named(set, ""));
}

static void made_anew(void **state)
{
    (void)state;
    by_set(3, "a");
    uint64_t before = monitors_find(set, 3)->serial;
    struct edit *e = edit_begin(set);
    assert_true(edit_remove(e, 3));
    assert_null(edit_draft(e, 3, false));
    fill(edit_draft(e, 3, true), "a", STORAGE_NON_VOLATILE);
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, NULL, NULL);
    edit_end(e);
    assert_true(monitors_find(set, 3)->serial != before);
}

static void put_whole(void **state)
{
    (void)state;
    by_set(1, "a");
    by_set(2, "b");
    const struct definition *of_b = definition_ref(monitors_find(set, 2)->definition);
    struct edit *e = edit_begin(set);
    assert_false(edit_put(e, 0, of_b));
    put(edit_draft(e, 1, false), "interval", "7"); /* what was drafted before is forgotten */
    assert_true(edit_put(e, 1, of_b));
    assert_true(edit_remove(e, 2));
    told[0] = '\0';
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, note, NULL);
    edit_end(e);
    assert_string_equal(rows(), "1 b");
    assert_string_equal(told, "-2 b, ~1 b");
    assert_ptr_equal(monitors_find(set, 1)->definition, of_b);
    definition_unref(of_b);
}

static void absent(void **state)
{
    (void)state;
    struct edit *e = edit_begin(set);
    assert_null(edit_draft(e, 1, false));
    assert_null(edit_draft(e, 0, true));
    assert_null(edit_draft(e, -1, true));
    assert_true(edit_remove(e, 1));
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, note, NULL);
    edit_end(e);
    edit_end(NULL);
    assert_int_equal(monitors_count(set), 0);
}

static void nothing_changed(void **state)
{
    (void)state;
    assert_true(file("a"));
    struct edit *e = edit_begin(set);
    told[0] = '\0';
    put(edit_draft(e, 1, false), "interval", "60");
    put(edit_draft(e, 1, false), "interval", "90");
    put(edit_draft(e, 1, false), "interval", "60");
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, note, NULL);
    edit_end(e);
    assert_string_equal(told, "~1 a"); /* the default is known as given now */
    e = edit_begin(set);
    told[0] = '\0';
    put(edit_draft(e, 1, false), "interval", "60");
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, note, NULL);
    edit_end(e);
    assert_string_equal(told, "");
}

static void highest_index(void **state)
{
    (void)state;
    by_set(INT32_MAX, "last");
    assert_int_equal(monitors_free_index(set), 1);
    assert_true(file("a"));
    assert_int_equal(monitors_free_index(set), 2);
    assert_int_equal(monitors_lower(set, (int64_t)INT32_MAX + 1), 2);
    assert_int_equal(monitors_lower(set, 0), 0);
}

/* --- statuses in the set --- */

static void status_of(int32_t index, enum verdict verdict)
{
    struct status s;
    status_init(&s);
    s.verdict = (uint8_t)verdict;
    monitors_set_status(set, monitors_find(set, index), &s);
}

static void tallies(void **state)
{
    (void)state;
    assert_true(file("a b c"));
    assert_int_equal(monitors_tally(set, VERDICT_UNKNOWN), 3);
    status_of(1, VERDICT_UP);
    status_of(2, VERDICT_DOWN);
    assert_int_equal(monitors_tally(set, VERDICT_UP), 1);
    assert_int_equal(monitors_tally(set, VERDICT_DOWN), 1);
    assert_true(file("a+ c"));
    assert_int_equal(monitors_tally(set, VERDICT_UP), 1); /* a change keeps the verdict */
    assert_int_equal(monitors_tally(set, VERDICT_DOWN), 0);
    assert_int_equal(monitors_tally(set, VERDICT_UNKNOWN), 1);
}

static void off_is_disabled(void **state)
{
    (void)state;
    assert_true(file("a"));
    status_of(1, VERDICT_UP);
    for (int round = 0; round < 2; round++) {
        struct edit *e = edit_begin(set);
        put(edit_draft(e, 1, false), "enabled", round == 0 ? "false" : "true");
        assert_true(edit_check(e, &why, NULL));
        edit_publish(e, NULL, NULL);
        edit_end(e);
        enum verdict is = round == 0 ? VERDICT_DISABLED : VERDICT_UNKNOWN;
        assert_int_equal(monitors_find(set, 1)->status.verdict, is);
        assert_int_equal(monitors_tally(set, is), 1);
        status_of(1, round == 0 ? VERDICT_UP : VERDICT_DISABLED); /* a report that was under way */
        assert_int_equal(monitors_find(set, 1)->status.verdict, is);
        assert_int_equal(monitors_tally(set, is), 1);
    }
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, begin, end, NULL                                                                               \
    }

static void reverted_with_its_verdict(void **state)
{
    (void)state;
    assert_true(file("a"));
    struct status up;
    status_init(&up);
    up.verdict = VERDICT_UP;
    up.proof = PROOF_ROUND_TRIP;
    monitors_set_status(set, monitors_find(set, 1), &up);
    struct edit *e = edit_begin(set);
    assert_true(draft_override(edit_draft(e, 1, false), TRUTH_FALSE, &why));
    assert_true(edit_check(e, &why, NULL));
    assert_int_equal(edit_count(e), 1);
    edit_publish(e, NULL, NULL);
    assert_int_equal(monitors_find(set, 1)->status.verdict, VERDICT_DISABLED);
    edit_revert(e, NULL, NULL);
    edit_end(e);
    assert_int_equal(monitors_find(set, 1)->status.verdict, VERDICT_UP);
    assert_int_equal(monitors_find(set, 1)->status.proof, PROOF_ROUND_TRIP);
    assert_int_equal(monitors_tally(set, VERDICT_UP), 1);
}

static char saved[256];

static bool keep(void *owner, const struct change *changes, size_t n, struct mistake *unused)
{
    (void)owner;
    (void)unused;
    told[0] = '\0';
    for (size_t i = 0; i < n; i++)
        note(NULL, &changes[i]);
    (void)text_copy(saved, sizeof saved, told);
    return true;
}

static void kept_and_restored(void **state)
{
    (void)state;
    const struct saver saver = {.save = keep};
    assert_true(file("a b"));
    struct edit *e = edit_begin(set);
    assert_true(edit_remove(e, 2));
    fill(edit_draft(e, 9, true), "c", STORAGE_NON_VOLATILE);
    assert_true(edit_check(e, &why, NULL));
    assert_true(edit_save(e, &saver, &why));
    assert_string_equal(saved, "-2 b, +9 c");
    assert_true(edit_restore(e, &saver, &why));
    assert_string_equal(saved, "-9 c, +2 b");
    edit_publish(e, NULL, NULL);
    told[0] = '\0';
    edit_tell(e, note, NULL);
    assert_string_equal(told, "-2 b, +9 c");
    edit_end(e);
}

static void known_from_before(void **state)
{
    (void)state;
    assert_true(file("a"));
    const struct definition *d = monitors_find(set, 1)->definition;
    struct edit *e = edit_begin(set);
    struct draft draft;
    assert_true(draft_from(&draft, d));
    put(&draft, "name", "b");
    const struct definition *other = draft_freeze(&draft);
    draft_end(&draft);
    assert_true(edit_put_known(e, 5, 4711, other));
    definition_unref(other);
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, NULL, NULL);
    edit_end(e);
    assert_int_equal(monitors_find(set, 5)->serial, 4711);
}

static void overridden(void **state)
{
    (void)state;
    assert_true(file("a"));
    const struct definition *enabled = monitors_find(set, 1)->definition;
    const struct definition *off = definition_override(enabled, TRUTH_FALSE);
    assert_true(off->overridden && !definition_is_on(off));
    assert_false(definition_equal(enabled, off));
    const struct definition *again = definition_keep_override(enabled, off); /* the file says the same as then */
    assert_true(again->overridden && !definition_is_on(again));
    struct draft d;
    assert_true(draft_from(&d, enabled));
    put(&d, "enabled", "false");
    const struct definition *disabled = draft_freeze(&d); /* the file says something new */
    draft_end(&d);
    const struct definition *over = definition_keep_override(disabled, off);
    assert_ptr_equal(over, disabled);
    assert_ptr_equal(definition_override(enabled, TRUTH_TRUE), enabled);
    definition_unref(enabled);
    definition_unref(off);
    definition_unref(again);
    definition_unref(over);
    definition_unref(disabled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("an edit that is not published leaves no trace", leaves_no_trace),
        ROW("an edit that could not be saved changes nothing", unsaved),
        ROW("a reverted edit puts the same rows back, names and indexes too", reverted),
        ROW("a name belongs to one row; two may swap theirs in one edit", same_name),
        ROW("an active row must be whole, another may be unfinished", not_whole),
        ROW("rows without a name yet do not collide", no_name_yet),
        ROW("a row removed and made in one edit is another one", made_anew),
        ROW("a definition is put whole in the place of another", put_whole),
        ROW("what is not there is not edited", absent),
        ROW("a row that a reverted edit had turned off has its verdict still", reverted_with_its_verdict),
        ROW("an edit is kept, kept the other way round, and told once more", kept_and_restored),
        ROW("a row of an earlier life has its serial still", known_from_before),
        ROW("an AdminStatus over the file's stays as long as the file says the same", overridden),
        ROW("an edit that changes nothing tells nothing", nothing_changed),
        ROW("the highest index is an index like any other", highest_index),
        ROW("the tallies follow verdicts, edits and removals", tallies),
        ROW("a row that is off is disabled, whatever report was under way", off_is_disabled),
    };
    return cmocka_run_group_tests_name("edits", tests, NULL, NULL);
}
