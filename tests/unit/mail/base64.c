/* Base64 as RFC 4648 wants it, and nothing more lenient. */
#include "base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *plain, *text;
} vectors[] = {/* RFC 4648 s. 10 */
               {"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char text[16], plain[16];
        size_t n = strlen(vectors[i].plain), length;
        assert_int_equal(base64_length(n), strlen(vectors[i].text));
        assert_true(base64_write(vectors[i].plain, n, text, sizeof text));
        assert_string_equal(text, vectors[i].text);
        assert_true(base64_read(text, strlen(text), plain, sizeof plain, &length));
        assert_int_equal(length, n);
        assert_memory_equal(plain, vectors[i].plain, n);
    }
}

static void test_refused(void **state)
{
    static const char *const wrong[] = {"Z",     "Zg",     "Zg=",  "Zh==",  "Zm9=",     "Zg==Zg==",
                                        "=Zg=",  "Z=g=",   "====", "A===",  " Zg==",    "Zg==\r\n",
                                        "Zm 9v", "Zm9v\n", "Zm-_", "Zm9v=", "Zm9v====", "\xff\xff\xff\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char plain[16];
        size_t length;
        if (base64_read(wrong[i], strlen(wrong[i]), plain, sizeof plain, &length))
            fail_msg("taken: %s", wrong[i]);
    }
}

static void test_room(void **state)
{
    char text[9];
    uint8_t plain[4];
    size_t length;
    (void)state;
    assert_true(base64_write("foob", 4, text, 9));
    assert_false(base64_write("foob", 4, text, 8));
    assert_false(base64_write("", 0, text, 0));
    assert_true(base64_read("Zm9vYg==", 8, plain, 4, &length));
    assert_false(base64_read("Zm9vYg==", 8, plain, 3, &length));
}

static void test_every_octet(void **state)
{
    uint8_t all[256], back[256];
    char text[400];
    size_t length;
    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    for (size_t n = 0; n <= sizeof all; n++) {
        char *exact = malloc(base64_length(n) + 1);
        assert_true(base64_write(all, n, text, sizeof text));
        assert_true(base64_write(all, n, exact, base64_length(n) + 1));
        assert_true(base64_read(exact, strlen(exact), back, n, &length));
        assert_int_equal(length, n);
        assert_memory_equal(back, all, n);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"the examples of the RFC come out both ways", test_vectors, NULL, NULL, NULL},
        {"white space, wrong padding and left-over bits are refused", test_refused, NULL, NULL, NULL},
        {"what does not fit is refused, to the octet", test_room, NULL, NULL, NULL},
        {"every octet survives at every length", test_every_octet, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("mail: base64", tests, NULL, NULL);
}
