/* Memory that runs short beside the protocols, whose transcripts are played with it too (tests/wire/talk.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "short_memory.h"
#include "token.h"
#include "uid_set.h"

/* --- tokens --- */

static const struct token_key key = {.key = {1}, .instance = {2}};

static bool make_and_verify(void *stage)
{
    struct token t;
    (void)stage;
    uint8_t handle[TOKEN_HANDLE_BYTES];
    struct token_sealer *sealer = token_sealer_new(&key);
    bool made = sealer != NULL && token_handle(sealer, 7, handle) && token_make(sealer, 7, handle, 1795489915, &t);
    enum token_proof proof = made ? token_verify(sealer, 7, &t) : TOKEN_UNTOLD;
    assert_int_not_equal(proof, TOKEN_FALSE);
    token_sealer_free(sealer);
    return proof == TOKEN_TRUE;
}

/* --- sets of uids --- */

enum { RANGES = 40 };

struct sets {
    struct uid_set set, copy, newest;
    unsigned added, removed;
};

static void *some_sets(void)
{
    return calloc(1, sizeof(struct sets));
}

static bool change_sets(void *stage)
{
    struct sets *s = stage;
    for (; s->added < RANGES; s->added++)
        if (!uid_set_add(&s->set, 10 * s->added, 10 * s->added + 5))
            return false;
    for (; s->removed < RANGES; s->removed++)
        if (!uid_set_remove(&s->set, 10 * s->removed + 2, 10 * s->removed + 3))
            return false;
    return uid_set_copy(&s->copy, &s->set) && uid_set_newest(&s->set, 8, &s->newest);
}

static void sets_hold_what_was_done(void *stage, bool done)
{
    const struct sets *s = stage;
    assert_int_equal(uid_set_total(&s->set), 6 * s->added - 2 * s->removed);
    assert_true(s->copy.count == 0 || uid_set_total(&s->copy) == uid_set_total(&s->set));
    assert_true(!done || uid_set_total(&s->newest) == 8);
}

static void drop_sets(void *stage)
{
    struct sets *s = stage;
    uid_set_clear(&s->set);
    uid_set_clear(&s->copy);
    uid_set_clear(&s->newest);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHORT_MEMORY("a token is made right or not at all, and never called false for want of memory",
                     .act = make_and_verify),
        SHORT_MEMORY("a set of uids that finds no memory stays as it was", .begin = some_sets, .act = change_sets,
                     .check = sets_hold_what_was_done, .end = drop_sets),
    };
    return cmocka_run_group_tests_name("mail: memory", tests, NULL, NULL);
}
