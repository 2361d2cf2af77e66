/* Short memory: whichever allocation fails, an edit either happens whole or leaves no trace, and says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edit.h"
#include "outbox.h"
#include "restored.h"
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

/* --- what waits for a queue --- */

struct sender {
    struct queue *queue;
    struct outbox *outbox;
    int sent;
};

enum { RECORDS = 300, QUEUE_ROOM = 2 };

static void *sender_begin(void)
{
    struct sender *s = calloc(1, sizeof *s);
    s->queue = queue_new(QUEUE_ROOM, sizeof s->sent);
    assert_non_null(s->queue);
    return s;
}

static bool send_all(void *stage)
{
    struct sender *s = stage;
    if (s->outbox == NULL)
        s->outbox = outbox_new(s->queue, sizeof s->sent);
    if (s->outbox == NULL)
        return false;
    for (; s->sent < RECORDS; s->sent++)
        if (!outbox_send(s->outbox, &s->sent))
            return false;
    if (!outbox_reserve(s->outbox, RECORDS))
        return false;
    unsigned before = memory_allocations();
    for (; s->sent < 2 * RECORDS; s->sent++)
        assert_true(outbox_send(s->outbox, &s->sent));
    assert_int_equal(memory_allocations(), before); /* what was reserved needs none */
    return true;
}

static void all_come_in_order(void *stage, bool done)
{
    struct sender *s = stage;
    int record, next = 0;
    if (!done)
        return;
    for (; next < s->sent; next++) {
        (void)outbox_flush(s->outbox);
        assert_true(queue_take(s->queue, &record));
        assert_int_equal(record, next);
    }
    assert_false(queue_take(s->queue, &record));
}

static void sender_end(void *stage)
{
    struct sender *s = stage;
    outbox_free(s->outbox, NULL);
    queue_free(s->queue, NULL);
    free(s);
}

static bool make_queue(void *stage)
{
    struct queue *q = queue_new(RECORDS, sizeof(int));
    (void)stage;
    queue_free(q, NULL);
    return q != NULL;
}

/* --- what a start finds --- */

static bool restore(void *stage)
{
    bool right = false;
    (void)stage;
    struct restored *r = restored_new();
    if (r != NULL)
        r->rows = calloc(FILE_ROWS, sizeof *r->rows);
    if (r != NULL && r->rows != NULL) {
        for (int32_t i = 0; i < FILE_ROWS; i++)
            r->rows[r->row_count++] = (struct restored_row){.index = FILE_ROWS - i, .serial = 7 + (uint64_t)i};
        right = restored_index(r);
        assert_true(!right || restored_by_serial(r, 8)->index == FILE_ROWS - 1);
    }
    restored_unref(r);
    return right;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"an edit happens whole or not at all, and nothing can fail after its check", whole_or_not_at_all, begin, end,
         NULL},
        {"a definition is frozen and thawed whole or not at all", definitions_whole, begin, end, NULL},
        {"a failure without memory for its words is the same failure", words_are_only_missing, begin, end, NULL},
        SHORT_MEMORY("what is sent waits in order, or was not taken; what was reserved is taken", .begin = sender_begin,
                     .act = send_all, .check = all_come_in_order, .end = sender_end),
        SHORT_MEMORY("a queue is there or not", .act = make_queue),
        SHORT_MEMORY("what a start finds can be looked up, or it does not start", .act = restore),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
