/* What fits a terminal, and what a person calls a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host_name.h"
#include "rendered.h"
#include "screen.h"

static void test_spans(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *shown;
    } spans[] = {{-5, "0 ms"},
                 {0, "0 ms"},
                 {999, "999 ms"},
                 {1000, "1 s"},
                 {119999, "119 s"},
                 {120000, "2 min"},
                 {7199999, "119 min"},
                 {7200000, "2 h"},
                 {172799999, "47 h"},
                 {172800000, "2 d"},
                 {86400000LL * 4000, "4000 d"}};
    char shown[32];
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        terminal_span(shown, sizeof shown, spans[i].ms);
        assert_string_equal(shown, spans[i].shown);
    }
}

static void test_put(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
        bool utf8;
        const char *put;
    } texts[] = {
        {"office", 0, true, "office"},
        {"office", 8, true, "office  "},
        {"office", 6, true, "office"},
        {"office", 5, true, "offi…"},
        {"office", 5, false, "of..."},
        {"office", 2, false, "of"},
        {"b\xC3\xBCro", 4, true, "b\xC3\xBCro"},
        {"b\xC3\xBCro", 5, true, "b\xC3\xBCro "},
        {"b\xC3\xBCro", 3, true, "b\xC3\xBC…"},
        {"\xE6\x9C\xAC\xE7\xA4\xBE", 4, true, "\xE6\x9C\xAC\xE7\xA4\xBE"}, /* two columns each */
        {"\xE6\x9C\xAC\xE7\xA4\xBE", 3, true, "\xE6\x9C\xAC…"},
        {"\xE6\x9C\xAC\xE7\xA4\xBE\xE7\xA4\xBE", 4, true, "\xE6\x9C\xAC… "}, /* no half of a character */
        {"a\xCC\x88", 2, true, "a\xCC\x88 "},                                /* a combining one has none */
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct terminal t = rendered_begin(80);
        t.utf8 = texts[i].utf8;
        terminal_put(&t, texts[i].text, COLOUR_BAD, texts[i].columns);
        assert_string_equal(rendered_end(&t), texts[i].put);
    }
}

static void test_colours(void **state)
{
    (void)state;
    struct terminal t = rendered_begin(80);
    t.colours = true;
    terminal_put(&t, "up", COLOUR_GOOD, 4);
    terminal_put(&t, "-", COLOUR_NONE, 0);
    assert_string_equal(rendered_end(&t), "\x1B[32mup\x1B[0m  -");
}

static void test_wrap(void **state)
{
    (void)state;
    static const struct {
        unsigned columns;
        size_t indent;
        const char *text, *wrapped;
    } texts[] = {
        {0, 4, "one two three", "one two three\n"},
        {13, 0, "one two three", "one two three\n"},
        {12, 0, "one two three", "one two\nthree\n"},
        {11, 4, "one two three", "one two\n    three\n"},
        {10, 4, "one two three", "one\n    two\n    three\n"},
        {4, 0, "abcdefghij k", "abcd\nefgh\nij k\n"},
        {2, 4, "abc", "a\n    b\n    c\n"},
        {80, 0, "", "\n"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct terminal t = rendered_begin(texts[i].columns);
        terminal_wrap(&t, texts[i].text, COLOUR_BAD, texts[i].indent);
        assert_string_equal(rendered_end(&t), texts[i].wrapped);
    }
}

static void test_bar(void **state)
{
    (void)state;
    static const struct {
        uint32_t value, whole;
        bool utf8;
        const char *bar;
    } bars[] = {
        {0, 100, true, ""},       {100, 100, true, "████"},  {50, 100, true, "██"}, /* of four columns */
        {47, 100, true, "█▉"},    {1, 100000, true, "▏"},    {0, 0, true, ""},
        {500, 100, true, "███…"}, /* more than the whole */
        {0, 100, false, ""},      {100, 100, false, "####"}, {50, 100, false, "##"},
        {1, 100000, false, "#"},  {500, 100, false, "###>"},
    };
    for (size_t i = 0; i < sizeof bars / sizeof bars[0]; i++) {
        struct terminal t = rendered_begin(80);
        t.utf8 = bars[i].utf8;
        terminal_bar(&t, bars[i].value, bars[i].whole, 4);
        assert_string_equal(rendered_end(&t), bars[i].bar);
    }
}

static void test_no_terminal(void **state)
{
    (void)state;
    struct terminal t = rendered_begin(80), of = terminal_of(t.out);
    assert_true(of.columns == 0 && of.lines == 0 && !of.moves && !of.colours && of.utf8);
    (void)rendered_end(&t);
}

static void test_screen(void **state)
{
    (void)state;
    char text[256];
    FILE *file = tmpfile();
    assert_non_null(file);
    const struct terminal t = {.out = file, .columns = 80, .lines = 3};
    screen_draw(&t, "one\ntwo\nthree\nfour\n");
    ssize_t n = pread(fileno(file), text, sizeof text - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    assert_string_equal(text, "\x1B[Hone\x1B[K\r\ntwo\x1B[K\r\nthree\x1B[K\x1B[J");
    (void)fclose(file);
}

static void test_host_name(void **state)
{
    (void)state;
    char name[HOST_NAME_MAX_BYTES];
    host_name(name);
    assert_true(name[0] == '\0' || strchr(name, '.') != NULL);
    assert_null(strstr(name, "localhost"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a span of time is said in the unit that a person would take", test_spans, NULL, NULL, NULL},
        {"a text fills its columns, or is cut to them with an ellipsis, whole characters", test_put, NULL, NULL, NULL},
        {"colours end where the text does", test_colours, NULL, NULL, NULL},
        {"a long text is broken between words, and goes on below its beginning", test_wrap, NULL, NULL, NULL},
        {"a bar is as long as its value, and what is not nothing can be seen", test_bar, NULL, NULL, NULL},
        {"what is no terminal has no width and no colours", test_no_terminal, NULL, NULL, NULL},
        {"a page is written over the last one, as much as fits, and nothing is cleared before", test_screen, NULL, NULL,
         NULL},
        {"EHLO never says localhost or a name without a dot", test_host_name, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
