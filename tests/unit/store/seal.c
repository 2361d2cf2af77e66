/* Sealed passwords: each is of use in its own place alone. */
#include "seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char secret[] = "correct horse";
enum { N = sizeof secret - 1, SERIAL = 77, COLUMN = 15 };

static struct sealer sealer;
static uint8_t sealed[N + SEAL_MORE_BYTES];

static int begin(void **state)
{
    (void)state;
    struct keys keys;
    assert_true(keys_random(&keys) && sealer_init(&sealer, &keys));
    assert_true(seal(&sealer, SERIAL, COLUMN, secret, N, sealed));
    return 0;
}

static void comes_back(void **state)
{
    (void)state;
    char text[N];
    uint8_t again[sizeof sealed], none[SEAL_MORE_BYTES];
    assert_true(unseal(&sealer, SERIAL, COLUMN, sealed, sizeof sealed, text));
    assert_memory_equal(text, secret, N);
    assert_true(seal(&sealer, SERIAL, COLUMN, secret, N, again));
    assert_memory_not_equal(again, sealed, sizeof sealed);
    assert_null(memmem(sealed, sizeof sealed, secret, N));
    assert_true(seal(&sealer, SERIAL, COLUMN, "", 0, none));
    assert_true(unseal(&sealer, SERIAL, COLUMN, none, sizeof none, text));
}

static void assert_useless(const struct sealer *with, uint64_t serial, unsigned column, size_t n)
{
    char text[N], nothing[N] = {0};
    memset(text, 'x', sizeof text);
    assert_false(unseal(with, serial, column, sealed, n, text));
    if (n == sizeof sealed)
        assert_memory_equal(text, nothing, N);
}

static void bound_to_its_place(void **state)
{
    (void)state;
    struct sealer other = sealer;
    assert_useless(&sealer, SERIAL + 1, COLUMN, sizeof sealed);
    assert_useless(&sealer, SERIAL, COLUMN + 1, sizeof sealed);
    other.instance[0] ^= 1;
    assert_useless(&other, SERIAL, COLUMN, sizeof sealed);
    other = sealer;
    other.key[31] ^= 1;
    assert_useless(&other, SERIAL, COLUMN, sizeof sealed);
}

static void every_bit_counts(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_useless(&sealer, SERIAL, COLUMN, sizeof sealed);
        sealed[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    for (size_t n = 0; n < sizeof sealed; n++)
        assert_useless(&sealer, SERIAL, COLUMN, n);
}

int main(void)
{
#define SENTENCE(sentence, function)                                                                                   \
    {                                                                                                                  \
        sentence, function, begin, NULL, NULL                                                                          \
    }
    const struct CMUnitTest tests[] = {
        SENTENCE("a sealed password comes back, and is sealed differently each time", comes_back),
        SENTENCE("it is of no use for another installation, row or setting, or with another key", bound_to_its_place),
        SENTENCE("a bit that was changed, or an octet that is missing, is noticed", every_bit_counts),
    };
    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
