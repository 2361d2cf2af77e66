/* Edits by a file that is read again and again: what is there then, and what was told. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "edits_play.h"

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

int main(void)
{
    enum { HISTORIES = sizeof histories / sizeof histories[0] };
    struct CMUnitTest tests[HISTORIES];
    for (size_t i = 0; i < HISTORIES; i++) {
        union {
            const struct history *row;
            void *state;
        } both = {.row = &histories[i]};
        tests[i] = (struct CMUnitTest){.name = histories[i].sentence,
                                       .test_func = play,
                                       .setup_func = begin,
                                       .teardown_func = end,
                                       .initial_state = both.state};
    }
    return cmocka_run_group_tests_name("edits by a file", tests, NULL, NULL);
}
