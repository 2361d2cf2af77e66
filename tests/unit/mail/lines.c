/* Lines as servers end them, cut from pieces of any size. */
#include "lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name, *bytes;
    size_t n;
    const char *lines; /* what is cut, "|" behind each */
    enum lines_result end;
} cases[] = {
#define CASE(name, bytes, lines, end)                                                                                  \
    {                                                                                                                  \
        name, bytes, sizeof bytes - 1, lines, end                                                                      \
    }
    CASE("CRLF", "a\r\nbc\r\n", "a|bc|", LINES_MORE),
    CASE("bare LF", "a\nbc\n\n", "a|bc||", LINES_MORE),
    CASE("empty", "\r\n\r\n", "||", LINES_MORE),
    CASE("not whole", "a\r\nb", "a|", LINES_MORE),
    CASE("CR within", "a\r\nb\rc\r\n", "a|", LINES_MALFORMED),
    CASE("CR CR LF", "a\r\r\n", "", LINES_MALFORMED),
    CASE("LF CR", "a\n\rb\n", "a|", LINES_MALFORMED),
    CASE("NUL", "a\0b\r\n", "", LINES_MALFORMED),
    CASE("NUL before LF", "a\r\0\n", "", LINES_MALFORMED),
    CASE("eight are enough", "12345678\r\n1\n", "12345678|1|", LINES_MORE),
    CASE("nine are too many", "123456789\r\n", "", LINES_OVERSIZE),
    CASE("too long before NUL", "123456789\0", "", LINES_OVERSIZE),
    CASE("NUL before too long", "12345678\0999", "", LINES_MALFORMED),
    CASE("CR at the limit", "12345678\r9\n", "", LINES_MALFORMED),
    CASE("too long, then CR", "123456789\r9\n", "", LINES_OVERSIZE),
};

static void cut(size_t which, size_t piece)
{
    struct lines l = {.max = 8};
    enum lines_result result = LINES_MORE;
    char got[64] = "";
    for (size_t at = 0; at < cases[which].n && (result == LINES_MORE || result == LINES_READY);) {
        size_t n = piece < cases[which].n - at ? piece : cases[which].n - at, used = 0;
        char *exact = malloc(n);
        memcpy(exact, cases[which].bytes + at, n);
        result = lines_take(&l, exact, n, &used);
        free(exact);
        at += used;
        if (result != LINES_READY)
            continue;
        strncat(got, l.bytes, l.n);
        strcat(got, "|");
        lines_next(&l);
        assert_true(lines_empty(&l));
        result = LINES_MORE;
    }
    if (result != cases[which].end || strcmp(got, cases[which].lines) != 0)
        fail_msg("%s in pieces of %zu: \"%s\", %d", cases[which].name, piece, got, (int)result);
    lines_free(&l);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t piece = 1; piece <= cases[i].n; piece++)
            cut(i, piece);
}

static void test_empty(void **state)
{
    struct lines l = {.max = 8};
    size_t used;
    (void)state;
    assert_true(lines_empty(&l));
    assert_int_equal(lines_take(&l, "\r", 1, &used), LINES_MORE);
    assert_false(lines_empty(&l));
    lines_free(&l);
    assert_true(lines_empty(&l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"lines are the same whatever the pieces", test_cases, NULL, NULL, NULL},
        {"half a line end is not nothing", test_empty, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("mail: lines", tests, NULL, NULL);
}
