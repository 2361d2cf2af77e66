#include "imap_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Tokens as text: a<atom> q<quoted> l<size> d<data> L ( ) t<text> . and !cause; a text is asked for behind "T". */
static const struct {
    const char *input, *tokens;
    size_t n; /* 0: strlen */
} rows[] = {
    {"A OK\r\n", "a<A>a<OK>.", 0},
    {"A OK\n", "a<A>a<OK>.", 0},
    {"* 1 FETCH (UID 2)\r\n", "a<*>a<1>a<FETCH>(a<UID>a<2>).", 0},
    {"(a(b)c) \"x y\"\r\n", "(a<a>(a<b>)a<c>)q<x y>.", 0},
    {"\"a\\\"b\\\\c\" \"\"\r\n", "q<a\"b\\c>q<>.", 0},
    {"BODY[HEADER.FIELDS (A B)] NIL\r\n", "a<BODY[HEADER.FIELDS (A B)]>a<NIL>.", 0},
    {"BODY[X (\"]\" B)] NIL\r\n", "a<BODY[X (\"]\" B)]>a<NIL>.", 0},
    {"\\Seen \\* $x\r\n", "a<\\Seen>a<\\*>a<$x>.", 0},
    {"{3}\r\na\r\n)\r\n", "l<3>d<a\r\n>L!malformed", 0},
    {"{3}\r\na\r\nb\r\n", "l<3>d<a\r\n>La<b>.", 0},
    {"{3}\nabc\n", "l<3>d<abc>L.", 0},
    {"~{2}\r\n\0\1\r\n", "l<2>d<\\0\1>L.", 10},
    {"{0}\r\n x\r\n", "l<0>La<x>.", 0},
    {"{5+}\r\nA OK!\r\n", "l<5>d<A OK!>L.", 0},
    {"T * OK (\"{3}\r\nx\r\n", "a<T>t<* OK (\"{3}>a<x>.", 0},
    {"T\r\n", "a<T>t<>", 0},
    {"T \r\n", "a<T>t<>", 0},
    {"T  x\r\n", "a<T>t< x>", 0},
    {"\r\n", ".", 0},
    {"{18446744073709551615}\r\n", "!oversize", 0},
    {"{18446744073709551616}\r\n", "!malformed", 0},
    {"{4294967295}\r\n", "!oversize", 0},
    {"{-1}\r\n", "!malformed", 0},
    {"{}\r\n", "!malformed", 0},
    {"{1x}\r\n", "!malformed", 0},
    {"{1++}\r\n", "!malformed", 0},
    {"{1} \r\n", "!malformed", 0},
    {"{1}\rx", "!malformed", 0},
    {"a{3}\r\n", "!malformed", 0},
    {"a\"b\"\r\n", "!malformed", 0},
    {"\"a\r\n", "!malformed", 0},
    {"(a\r\n", "(a<a>!malformed", 0},
    {"a)\r\n", "a<a>!malformed", 0},
    {"a\rb", "a<a>!malformed", 0},
    {"a\r\r\n", "a<a>!malformed", 0},
    {"a \0b\r\n", "a<a>!malformed", 6},
    {"a\0b\r\n", "!malformed", 5},
    {"\"a\0\"\r\n", "!malformed", 6},
    {"T a\0\r\n", "a<T>!malformed", 6},
    {"T a\rb\r\n", "a<T>!malformed", 0},
    {"BODY[x\r\n", "!malformed", 0},
    {"((((((((((((((((((\r\n", "((((((((((((((((!malformed", 0},
};

struct tokens {
    char text[400];
    size_t n;
    bool in_data;
};

static void put(struct tokens *t, const char *before, const char *bytes, size_t n, const char *after)
{
    t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "%s", before);
    for (size_t i = 0; i < n; i++)
        t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, bytes[i] == '\0' ? "\\0" : "%c", bytes[i]);
    t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "%s", after);
}

static void note(struct tokens *t, struct imap_parse *p, enum imap_kind kind)
{
    char size[32];
    if (t->in_data && kind != IMAP_DATA)
        put(t, "", "", 0, ">");
    switch (kind) {
    case IMAP_MORE:
        break;
    case IMAP_ATOM:
        put(t, "a<", p->bytes, p->n, ">");
        if (imap_is(p->bytes, p->n, "T"))
            imap_parse_text(p);
        break;
    case IMAP_QUOTED:
        put(t, "q<", p->bytes, p->n, ">");
        break;
    case IMAP_LITERAL:
        put(t, "l<", size, (size_t)snprintf(size, sizeof size, "%llu", (unsigned long long)p->left), ">");
        break;
    case IMAP_DATA:
        put(t, t->in_data ? "" : "d<", p->bytes, p->n, "");
        break;
    case IMAP_LITERAL_END:
        put(t, "L", "", 0, "");
        break;
    case IMAP_OPEN:
        put(t, "(", "", 0, "");
        break;
    case IMAP_CLOSE:
        put(t, ")", "", 0, "");
        break;
    case IMAP_TEXT:
        put(t, "t<", p->bytes, p->n, ">");
        break;
    case IMAP_END:
        put(t, ".", "", 0, "");
        break;
    case IMAP_BAD:
        put(t, "!", cause_word(p->cause), strlen(cause_word(p->cause)), "");
        break;
    }
    t->in_data = kind == IMAP_DATA;
}

/* Whether it may go on. */
static bool feed(struct imap_parse *p, struct tokens *t, const char *bytes, size_t n)
{
    char *piece = malloc(n);
    assert_non_null(piece);
    memcpy(piece, bytes, n);
    size_t at = 0;
    enum imap_kind kind = IMAP_MORE;
    while (at < n && kind != IMAP_BAD) {
        size_t used;
        kind = imap_parse_take(p, piece + at, n - at, &used);
        at += used;
        if (kind == IMAP_MORE)
            assert_int_equal(at, n);
        else
            note(t, p, kind);
    }
    free(piece);
    return kind != IMAP_BAD;
}

static void tokens_are_the_same_in_any_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = rows[i].n != 0 ? rows[i].n : strlen(rows[i].input);
        for (size_t piece = 1; piece <= n; piece++) {
            struct imap_parse p;
            struct tokens t = {.n = 0};
            imap_parse_begin(&p);
            for (size_t at = 0; at < n; at += piece)
                if (!feed(&p, &t, rows[i].input + at, n - at < piece ? n - at : piece))
                    break;
            imap_parse_free(&p);
            if (strcmp(t.text, rows[i].tokens) != 0)
                fail_msg("%s in pieces of %zu: %s", rows[i].input, piece, t.text);
        }
    }
}

static void a_line_has_a_cap_and_literals_do_not_count(void **state)
{
    (void)state;
    struct imap_parse p;
    struct tokens t = {.n = 0};
    imap_parse_begin(&p);
    p.line_max = 10;
    assert_true(feed(&p, &t, "123456 {4}\r\n", 12));
    assert_true(feed(&p, &t, "abcd\r\n", 6));
    p.line_max = 10;
    assert_false(feed(&p, &t, "12345678901", 11));
    assert_int_equal(p.cause, CAUSE_OVERSIZE);
    imap_parse_free(&p);
}

static void numbers_are_digits_up_to_their_greatest(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max, is; /* 1000: none */
    } numbers[] = {{"0", 5, 0},
                   {"5", 5, 5},
                   {"6", 5, 1000},
                   {"9", 5, 1000},
                   {"", 9, 1000},
                   {"-1", 9, 1000},
                   {"+1", 9, 1000},
                   {"1 ", 9, 1000},
                   {"007", 9, 7},
                   {"10", 9, 1000},
                   {"99", 99, 99},
                   {"100", 99, 1000},
                   {"18446744073709551616", UINT64_MAX, 1000}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uint64_t value = 1000;
        assert_int_equal(imap_number(numbers[i].text, strlen(numbers[i].text), numbers[i].max, &value),
                         numbers[i].is != 1000);
        assert_int_equal(value, numbers[i].is);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_the_same_in_any_pieces),
        cmocka_unit_test(a_line_has_a_cap_and_literals_do_not_count),
        cmocka_unit_test(numbers_are_digits_up_to_their_greatest),
    };
    return cmocka_run_group_tests_name("mail/imap_parse", tests, NULL, NULL);
}
