/* What is remembered of all mailboxes together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "drop_parts.h"
#include "group.h"

enum { MAILS = DROP_ENTRIES_MAX / 2, GROUPS = 5 };

static struct worker worker;
static struct group groups[GROUPS];

static int setup(void **state)
{
    (void)state;
    worker = (struct worker){0};
    list_init(&worker.looked);
    for (size_t i = 0; i < GROUPS; i++)
        groups[i] = (struct group){.worker = &worker, .drop = drop_memory_new()};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < GROUPS; i++)
        drop_memory_free(groups[i].drop);
    return 0;
}

/* A look at a POP3 mailbox has found so many mails. */
static void look_at(struct group *g, size_t mails)
{
    uint64_t *entries = malloc((mails + 1) * sizeof *entries);
    assert_non_null(entries);
    for (size_t i = 0; i < mails; i++)
        entries[i] = (i + 1) << 32;
    assert_non_null(drop_pop3(g->drop));
    drop_keep_listing(g->drop, entries, mails);
    group_count_memory(g);
}

static void the_oldest_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        look_at(&groups[i], MAILS);
    assert_int_equal(groups[0].drop_entries, 0);
    assert_int_equal(groups[1].drop_entries, MAILS);
    assert_int_equal(worker.drop_entries, DROP_ENTRIES_MAX);
}

/* Each look would pass over all of them, of 100,000 mailboxes nearly all. */
static void what_holds_nothing_is_not_gone_through(void **state)
{
    (void)state;
    look_at(&groups[0], 0);
    for (size_t i = 1; i < GROUPS; i++)
        look_at(&groups[i], MAILS);
    assert_ptr_equal(list_first(&worker.looked), &groups[GROUPS - 2].looked);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        {"the mailboxes that were looked at the longest ago are forgotten when there is too much to remember",
         the_oldest_go, setup, teardown, NULL},
        {"a look does not go through mailboxes of which nothing is remembered", what_holds_nothing_is_not_gone_through,
         setup, teardown, NULL},
    };
    return cmocka_run_group_tests_name("what is remembered of mailboxes", tests, NULL, NULL);
}
