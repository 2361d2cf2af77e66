/* Short memory: whichever allocation fails, an edit either happens whole or leaves no trace, and says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edit.h"
#include "short_memory.h"

enum { FILE_ROWS = 5, ALLOCATIONS_MAX = 10000 };

static struct wanted wanted[FILE_ROWS];

static uint64_t serial(void *owner, const char *name)
{
    (void)owner;
    (void)name;
    return 1;
}

static const struct definition *define(const char *name)
{
    struct draft d;
    draft_init(&d);
    bool right = draft_take_text(&d, SETTING_name, name, strlen(name)) && draft_take_text(&d, SETTING_device, "a", 1) &&
                 draft_take_text(&d, SETTING_smtp_to, "a@b", 3) && draft_take_text(&d, SETTING_smtp_from, "a@b", 3) &&
                 draft_take_text(&d, SETTING_in_username, "u", 1);
    const struct definition *made = right ? draft_freeze(&d) : NULL;
    draft_end(&d);
    return made;
}

static int begin(void **state)
{
    (void)state;
    memory_fails_at(0);
    for (int i = 0; i < FILE_ROWS; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "row%d", i);
        wanted[i] = (struct wanted){.index = i == 3 ? 17 : 0, .definition = define(name)};
        assert_non_null(wanted[i].definition);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < FILE_ROWS; i++)
        definition_unref(wanted[i].definition);
    return 0;
}

/* Two rows of a file, then an edit of everything: one row changes, one goes, three come.  Whether all went well. */
static bool edit_all(struct monitors *set)
{
    struct mistake why = {.kind = MISTAKE_NONE};
    struct edit *e = edit_begin(set);
    if (e == NULL)
        return false;
    bool right = edit_file(e, wanted + 1, FILE_ROWS - 1, NULL, NULL);
    if (right) {
        struct draft *d = edit_draft(e, 50, true);
        right = d != NULL && draft_put_text(d, SETTING_name, "by hand", 7, &why);
        if (right)
            d->row_status = ROW_NOT_READY;
    }
    right = right && edit_check(e, &why, NULL);
    if (right) {
        unsigned before = memory_allocations();
        assert_true(edit_save(e, NULL, &why));
        edit_publish(e, NULL, NULL);
        edit_revert(e, NULL, NULL);
        assert_int_equal(memory_allocations(), before); /* nothing that could fail */
    }
    edit_end(e);
    return right;
}

static void whole_or_not_at_all(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        assert_true(n < ALLOCATIONS_MAX);
        memory_fails_at(0);
        struct monitors *set = monitors_new(serial, NULL);
        struct mistake why;
        struct edit *e = edit_begin(set);
        assert_true(edit_file(e, wanted, 2, NULL, NULL) && edit_check(e, &why, NULL));
        edit_publish(e, NULL, NULL);
        edit_end(e);

        memory_fails_at(n);
        bool right = edit_all(set);
        assert_int_equal(right, !memory_has_failed());
        bool over = !memory_has_failed();
        memory_fails_at(0);
        assert_int_equal(monitors_count(set), 2); /* reverted, or refused */
        assert_ptr_equal(monitors_at(set, 0)->definition, wanted[0].definition);
        assert_non_null(monitors_named(set, "row1"));
        assert_null(monitors_named(set, "row4"));
        assert_true(edit_all(set)); /* and the set can still be edited */
        monitors_free(set);
        if (over)
            break;
    }
}

static void definitions_whole(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        struct draft d;
        memory_fails_at(n);
        bool thawed = draft_from(&d, wanted[0].definition);
        const struct definition *frozen = thawed ? draft_freeze(&d) : NULL;
        assert_int_equal(frozen == NULL, memory_has_failed());
        if (thawed)
            draft_end(&d);
        if (frozen == NULL)
            continue;
        assert_true(definition_equal(frozen, wanted[0].definition));
        definition_unref(frozen);
        return;
    }
}

static void words_are_only_missing(void **state)
{
    (void)state;
    char line[FAILURE_TEXT_MAX + 1];
    struct failure f = failure_make(LEG_SMTP, STAGE_AUTH, CAUSE_CLOSED, 0);
    memory_fails_at(1);
    failure_detail(&f, "more");
    (void)failure_print(&f, line, sizeof line);
    assert_string_equal(line, "smtp: logging in: the server closed the connection");
    failure_clear(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        {"an edit happens whole or not at all, and nothing can fail after its check", whole_or_not_at_all, begin, end,
         NULL},
        {"a definition is frozen and thawed whole or not at all", definitions_whole, begin, end, NULL},
        {"a failure without memory for its words is the same failure", words_are_only_missing, begin, end, NULL},
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
