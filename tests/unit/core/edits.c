/* Edits of the set of monitors: what they promise about indexes, names and rows that were not touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edit.h"

static struct monitors *set;
static struct mistake why;
static uint64_t serials;

static uint64_t next_serial(void *owner, const char *name)
{
    (void)owner;
    (void)name;
    return ++serials;
}

static int begin(void **state)
{
    (void)state;
    serials = 0;
    set = monitors_new(next_serial, NULL);
    return set == NULL;
}

static int end(void **state)
{
    (void)state;
    monitors_free(set);
    return 0;
}

/* --- what happened, as one line: "+1 a" new, "~1 a" changed, "-1 a" removed --- */

static char told[1024];

static void note(void *owner, const struct change *change)
{
    (void)owner;
    const struct definition *d = change->after != NULL ? change->after : change->before;
    size_t used = strlen(told);
    char sign = change->before == NULL ? '+' : change->after == NULL ? '-' : '~';
    (void)snprintf(told + used, sizeof told - used, "%s%c%d %s", used == 0 ? "" : ", ", sign, (int)change->index,
                   definition_text(d, SETTING_name));
}

static char warned[1024];

static void warn(void *owner, const char *line)
{
    (void)owner;
    (void)snprintf(warned + strlen(warned), sizeof warned - strlen(warned), "%s\n", line);
}

/* The set as "1 a, 2 b". */
static const char *rows(void)
{
    static char line[1024];
    line[0] = '\0';
    for (size_t i = 0; i < monitors_count(set); i++) {
        const struct monitor *m = monitors_at(set, i);
        size_t used = strlen(line);
        (void)snprintf(line + used, sizeof line - used, "%s%d %s", i == 0 ? "" : ", ", (int)m->index,
                       definition_text(m->definition, SETTING_name));
        assert_ptr_equal(monitors_find(set, m->index), m);
        assert_ptr_equal(monitors_named(set, definition_text(m->definition, SETTING_name)), m);
        assert_int_equal(monitors_lower(set, m->index), i);
    }
    return line;
}

static void put(struct draft *d, const char *key, const char *written)
{
    if (!draft_put_written(d, setting_id(setting_by_key(key)), written, &why))
        fail_msg("%s", why.text);
}

static void fill(struct draft *d, const char *name, enum storage storage)
{
    put(d, "name", name);
    put(d, "device", "192.0.2.1");
    put(d, "smtp.to", "p@example.com");
    put(d, "smtp.from", "m@example.com");
    put(d, "incoming.username", "u");
    d->storage = storage;
}

/* --- files: "a b@7 c+" (index 7 wanted; +: with another interval) --- */

static bool file(const char *monitors)
{
    struct wanted wanted[16];
    size_t n = 0;
    char words[256], *rest = words;
    (void)text_copy(words, sizeof words, monitors);
    for (char *word; (word = strsep(&rest, " ")) != NULL && word[0] != '\0'; n++) {
        struct draft d;
        char *at = strchr(word, '@'), *plus = strchr(word, '+');
        if (plus != NULL)
            *plus = '\0';
        if (at != NULL)
            *at = '\0';
        draft_init(&d);
        fill(&d, word, STORAGE_READ_ONLY);
        if (plus != NULL)
            put(&d, "interval", "77");
        wanted[n] = (struct wanted){.index = at == NULL ? 0 : atoi(at + 1), .definition = draft_freeze(&d)};
        draft_end(&d);
    }
    told[0] = warned[0] = '\0';
    struct edit *e = edit_begin(set);
    assert_non_null(e);
    bool right = edit_file(e, wanted, n, warn, NULL) && edit_check(e, &why, NULL) && edit_save(e, NULL, &why);
    if (right)
        edit_publish(e, note, NULL);
    edit_end(e);
    for (size_t i = 0; i < n; i++)
        definition_unref(wanted[i].definition);
    return right;
}

static void by_set(int32_t index, const char *name)
{
    struct edit *e = edit_begin(set);
    struct draft *d = edit_draft(e, index, true);
    assert_non_null(d);
    fill(d, name, STORAGE_NON_VOLATILE);
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, NULL, NULL);
    edit_end(e);
}

/* --- a file read again and again: what is there, and what was told --- */

struct reading {
    const char *file, *rows, *told, *warned; /* warned: a part of it; NULL: nothing */
};

struct history {
    const char *sentence;
    int32_t set_index; /* of a row made by SET before, named "s"; 0: none */
    struct reading readings[5];
};

static const struct history histories[] = {
    {"names get indexes in the file's order", 0, {{"b a c", "1 b, 2 a, 3 c", "+1 b, +2 a, +3 c", NULL}}},
    {"a file read again touches nothing", 0, {{"a b", "1 a, 2 b", "+1 a, +2 b", NULL}, {"b a", "1 a, 2 b", "", NULL}}},
    {"a changed row is told alone and keeps its index",
     0,
     {{"a b", "1 a, 2 b", "+1 a, +2 b", NULL}, {"a b+", "1 a, 2 b", "~2 b", NULL}}},
    {"an index is never given to another name, and stays with its own",
     0,
     {{"a b c", "1 a, 2 b, 3 c", "+1 a, +2 b, +3 c", NULL},
      {"a c", "1 a, 3 c", "-2 b", NULL},
      {"d a c", "1 a, 3 c, 4 d", "+4 d", NULL},
      {"a b c d", "1 a, 2 b, 3 c, 4 d", "+2 b", NULL}}},
    {"a wish is granted when the index is free", 0, {{"a b@1 c", "1 b, 2 a, 3 c", "+1 b, +2 a, +3 c", NULL}}},
    {"a row moves to the free index that it asks for",
     0,
     {{"a b", "1 a, 2 b", "+1 a, +2 b", NULL}, {"a@9 b", "2 b, 9 a", "-1 a, +9 a", NULL}}},
    {"two rows may swap their indexes",
     0,
     {{"a b", "1 a, 2 b", "+1 a, +2 b", NULL}, {"a@2 b@1", "1 b, 2 a", "~1 b, ~2 a", NULL}}},
    {"an index that another row holds is not taken from it",
     0,
     {{"a b", "1 a, 2 b", "+1 a, +2 b", NULL},
      {"a b@1", "1 a, 2 b", "", "b: index 1 is held by another row; this monitor keeps 2"}}},
    {"a row made by SET keeps its index against a file",
     5,
     {{"a@5 b", "1 a, 2 b, 5 s", "+1 a, +2 b", "a: index 5 is held by another row; this monitor gets 1"}}},
    {"a row made by SET stays when the file does not name it",
     5,
     {{"a", "1 a, 5 s", "+1 a", NULL}, {"", "5 s", "-1 a", NULL}}},
    {"a row made by SET whose name the file has is taken over with its index",
     5,
     {{"s+ a", "1 a, 5 s", "+1 a, ~5 s", "the file takes over row 5"},
      {"a", "1 a", "-5 s", NULL},
      {"a s", "1 a, 5 s", "+5 s", NULL}}},
    {"a row that is taken over does not move",
     5,
     {{"s@3 a", "1 a, 5 s", "+1 a, ~5 s", "index 3 cannot replace that of a row made by SET"}}},
    {"new names go around the indexes of rows made by SET",
     2,
     {{"a b c", "1 a, 2 s, 3 b, 4 c", "+1 a, +3 b, +4 c", NULL}}},
};

static void play(void **state)
{
    const struct history *h = *state;
    if (h->set_index != 0)
        by_set(h->set_index, "s");
    for (size_t i = 0; i < sizeof h->readings / sizeof h->readings[0] && h->readings[i].file != NULL; i++) {
        const struct reading *r = &h->readings[i];
        if (!file(r->file))
            fail_msg("%s: %s", r->file, why.text);
        assert_string_equal(rows(), r->rows);
        assert_string_equal(told, r->told);
        if (r->warned == NULL)
            assert_string_equal(warned, "");
        else if (strstr(warned, r->warned) == NULL)
            fail_msg("%s", warned);
    }
}

/* --- edits one by one --- */

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
    static const struct CMUnitTest others[] = {
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
    enum { HISTORIES = sizeof histories / sizeof histories[0], OTHERS = sizeof others / sizeof others[0] };
    struct CMUnitTest tests[HISTORIES + OTHERS];
    memcpy(tests, others, sizeof others);
    for (size_t i = 0; i < HISTORIES; i++) {
        union {
            const struct history *row;
            void *state;
        } both = {.row = &histories[i]};
        tests[OTHERS + i] = (struct CMUnitTest){.name = histories[i].sentence,
                                                .test_func = play,
                                                .setup_func = begin,
                                                .teardown_func = end,
                                                .initial_state = both.state};
    }
    return cmocka_run_group_tests_name("edits", tests, NULL, NULL);
}
