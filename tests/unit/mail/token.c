/* Tokens: one spelling, one maker, one row. */
#include "token.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct token_key key = {.key = {1, 2, 3}, .instance = {9, 8, 7}};
static struct token_sealer *sealer;
enum { SERIAL = 4711, TIME_S = 1795489915 };

static void make(struct token *t)
{
    uint8_t handle[TOKEN_HANDLE_BYTES];
    assert_true(token_handle(sealer, SERIAL, handle));
    assert_true(token_make(sealer, SERIAL, handle, TIME_S, t));
}

static void test_round_trip(void **state)
{
    struct token made, read;
    char text[TOKEN_CHARS + 1];
    (void)state;
    make(&made);
    token_write(&made, text);
    assert_int_equal(strlen(text), TOKEN_CHARS);
    assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyz234567"), TOKEN_CHARS);
    assert_true(token_read(text, TOKEN_CHARS, &read));
    assert_true(token_same(&made, &read));
    assert_int_equal(read.time_s, TIME_S);
    assert_int_equal(token_verify(sealer, SERIAL, &read), TOKEN_TRUE);
    for (size_t i = 0; i < TOKEN_CHARS; i++)
        text[i] = (char)toupper((unsigned char)text[i]);
    assert_true(token_read(text, TOKEN_CHARS, &read));
    assert_int_equal(token_verify(sealer, SERIAL, &read), TOKEN_TRUE);
}

static void test_known_value(void **state)
{
    /* HMAC-SHA-256 worked out by hand, nonce 0..7, so that tokens of an older build stay valid. */
    static const char known[] = "6lhetvhbigkbqadlauahwaabaibqibiga5sn26ltb367dphmgyqp6ea5yrkq";
    struct token t;
    (void)state;
    assert_true(token_read(known, TOKEN_CHARS, &t));
    assert_int_equal(t.time_s, TIME_S);
    assert_int_equal(token_verify(sealer, SERIAL, &t), TOKEN_TRUE);
}

static void test_every_bit_counts(void **state)
{
    struct token made;
    (void)state;
    make(&made);
    uint8_t *parts[] = {made.handle, made.nonce, made.mac};
    const size_t sizes[] = {sizeof made.handle, sizeof made.nonce, sizeof made.mac};
    for (size_t i = 0; i < 3; i++)
        for (size_t bit = 0; bit < 8 * sizes[i]; bit++) {
            parts[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(token_verify(sealer, SERIAL, &made), TOKEN_FALSE);
            parts[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    for (unsigned bit = 0; bit < 40; bit++) {
        made.time_s ^= UINT64_C(1) << bit;
        assert_int_equal(token_verify(sealer, SERIAL, &made), TOKEN_FALSE);
        made.time_s ^= UINT64_C(1) << bit;
    }
    assert_int_equal(token_verify(sealer, SERIAL, &made), TOKEN_TRUE);
}

static void test_bound_to_maker_and_row(void **state)
{
    struct token made;
    struct token_key another_key = key, another_instance = key;
    uint8_t handle[TOKEN_HANDLE_BYTES];
    (void)state;
    make(&made);
    another_key.key[31] = 1;
    another_instance.instance[15] = 1;
    struct token_sealer *other_key = token_sealer_new(&another_key);
    struct token_sealer *other_instance = token_sealer_new(&another_instance);
    assert_int_equal(token_verify(sealer, SERIAL + 1, &made), TOKEN_FALSE);
    assert_int_equal(token_verify(other_key, SERIAL, &made), TOKEN_FALSE);
    assert_int_equal(token_verify(other_instance, SERIAL, &made), TOKEN_FALSE);
    assert_true(token_handle(sealer, SERIAL, handle));
    assert_memory_equal(handle, made.handle, sizeof handle);
    assert_true(token_handle(other_key, SERIAL, handle));
    assert_memory_not_equal(handle, made.handle, sizeof handle);
    token_sealer_free(other_key);
    token_sealer_free(other_instance);
}

static void test_fresh(void **state)
{
    struct token a, b;
    (void)state;
    make(&a);
    make(&b);
    assert_memory_equal(a.handle, b.handle, sizeof a.handle);
    assert_memory_not_equal(a.nonce, b.nonce, sizeof a.nonce);
    assert_false(token_same(&a, &b));
}

static void test_spelling(void **state)
{
    static const char misfits[] = "01890=-_+/ \r\n\t.\x80\xff";
    struct token made, read;
    char text[TOKEN_CHARS + 2];
    (void)state;
    make(&made);
    token_write(&made, text);
    assert_false(token_read(text, TOKEN_CHARS - 1, &read));
    text[TOKEN_CHARS] = 'a';
    assert_false(token_read(text, TOKEN_CHARS + 1, &read));
    for (size_t at = 0; at < TOKEN_CHARS; at += 7)
        for (const char *c = misfits; *c != '\0'; c++) {
            char kept = text[at];
            text[at] = *c;
            assert_false(token_read(text, TOKEN_CHARS, &read));
            text[at] = kept;
        }
    char last = text[TOKEN_CHARS - 1]; /* 'a' or 'q': its four low bits are unused, and zero */
    assert_true(last == 'a' || last == 'q');
    for (int i = 1; i < 16; i++) {
        text[TOKEN_CHARS - 1] = (char)(last == 'a' ? 'a' + i : i < 10 ? 'q' + i : '2' + i - 10);
        assert_false(token_read(text, TOKEN_CHARS, &read));
    }
}

static int prepare(void **state)
{
    (void)state;
    sealer = token_sealer_new(&key);
    return sealer != NULL ? 0 : -1;
}

static int clean_up(void **state)
{
    (void)state;
    token_sealer_free(sealer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a token written and read again verifies, in either case", test_round_trip, NULL, NULL, NULL},
        {"the seal is the one that was written down, so that old probes stay known", test_known_value, NULL, NULL,
         NULL},
        {"one bit changed anywhere makes a token worthless", test_every_bit_counts, NULL, NULL, NULL},
        {"a token is of one key, one installation and one row", test_bound_to_maker_and_row, NULL, NULL, NULL},
        {"two tokens of a row share the handle and nothing else", test_fresh, NULL, NULL, NULL},
        {"a token has exactly one spelling", test_spelling, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("mail: token", tests, prepare, clean_up);
}
