/* SCRAM's first message from the server, before any work is done for it; and the cache of what was done. */
#include "scram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char ours[] = "fyko+d2lbbFgONRv9qkxdawL"; /* RFC 5802 s. 5 */

#define R "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
#define S ",s=QSXCR+Q6sek8bf92"

static const struct {
    const char *message;
    enum cause cause; /* 0: it is taken */
} cases[] = {
    {R S ",i=4096", 0}, /* the RFC's */
    {R S ",i=200000", 0},
    {R S ",i=4096,x=1", 0}, /* extensions are ignored */
    {R S ",i=4096,x=1,Y=abc", 0},
    {R ",s=QQ==,i=4096", 0},
    {R S, CAUSE_MALFORMED}, /* no count */
    /* the nonce */
    {"r=fyko+d2lbbFgONRv9qkxdawL" S ",i=4096", CAUSE_MALFORMED}, /* ours, and nothing of theirs */
    {"r=fyko+d2lbbFgONRv9qkxdaw" S ",i=4096", CAUSE_MALFORMED},
    {"r=3rfcNHYJY1ZVvWVs7jfyko+d2lbbFgONRv9qkxdawL" S ",i=4096", CAUSE_MALFORMED},
    {"r=FYKO+d2lbbFgONRv9qkxdawLx" S ",i=4096", CAUSE_MALFORMED},
    {R " " S ",i=4096", CAUSE_MALFORMED},
    {R "\x7f" S ",i=4096", CAUSE_MALFORMED},
    {R "\xc3\xa4" S ",i=4096", CAUSE_MALFORMED},
    {"r=" S ",i=4096", CAUSE_MALFORMED},
    {"s=QSXCR+Q6sek8bf92,i=4096", CAUSE_MALFORMED},
    {"", CAUSE_MALFORMED},
    /* the salt */
    {R ",s=,i=4096", CAUSE_MALFORMED},
    {R ",s=QSXCR+Q6sek8bf9,i=4096", CAUSE_MALFORMED},
    {R ",s=!!!!,i=4096", CAUSE_MALFORMED},
    {R ",i=4096", CAUSE_MALFORMED},
    {R ",i=4096" S, CAUSE_MALFORMED},
    /* the count */
    {R S ",i=4095", CAUSE_POLICY},
    {R S ",i=200001", CAUSE_POLICY},
    {R S ",i=0", CAUSE_POLICY},
    {R S ",i=1", CAUSE_POLICY},
    {R S ",i=2147483648", CAUSE_POLICY},
    {R S ",i=4294971392", CAUSE_POLICY}, /* 2^32 + 4096 */
    {R S ",i=99999999999999999999999999999999", CAUSE_POLICY},
    {R S ",i=-1", CAUSE_MALFORMED},
    {R S ",i=+4096", CAUSE_MALFORMED},
    {R S ",i= 4096", CAUSE_MALFORMED},
    {R S ",i=04096", CAUSE_MALFORMED},
    {R S ",i=4096x", CAUSE_MALFORMED},
    {R S ",i=0x1000", CAUSE_MALFORMED},
    {R S ",i=", CAUSE_MALFORMED},
    {R S, CAUSE_MALFORMED},
    /* the rest */
    {R S ",i=4096,", CAUSE_MALFORMED},
    {R S ",i=4096,i=4096", CAUSE_MALFORMED},
    {R S ",i=4096,m=ext", CAUSE_MALFORMED},
    {"m=ext," R S ",i=4096", CAUSE_MALFORMED},
    {R S ",i=4096,r=x", CAUSE_MALFORMED},
    {R S ",i=4096,x", CAUSE_MALFORMED},
    {R "," S ",i=4096", CAUSE_MALFORMED},
};

static void check(const char *message, size_t n, enum cause cause)
{
    struct scram_first f;
    struct failure why = failure_none;
    char *exact = malloc(n > 0 ? n : 1);
    memcpy(exact, message, n);
    bool taken = scram_read_first(exact, n, ours, sizeof ours - 1, &f, &why);
    free(exact);
    if (taken != (cause == 0) || (!taken && (why.cause != cause || why.stage != STAGE_AUTH)))
        fail_msg("%.80s: %s", message, taken ? "taken" : cause_word(why.cause));
    failure_clear(&why);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i].message, strlen(cases[i].message), cases[i].cause);
    check(R S ",i=4096\0", sizeof(R S ",i=4096"), CAUSE_MALFORMED);
}

static void test_sizes(void **state)
{
    char message[4096];
    (void)state;
    for (int more = 999; more <= 1001; more++) { /* behind the 24 octets of ours */
        int n = snprintf(message, sizeof message, "r=%s%0*d" S ",i=4096", ours, more, 0);
        check(message, (size_t)n, sizeof ours - 1 + (size_t)more <= SCRAM_NONCE_MAX ? 0 : CAUSE_MALFORMED);
    }
    for (size_t octets = 1020; octets <= 1032; octets += 3) {
        char salt[2048];
        memset(salt, 'Q', octets / 3 * 4);
        salt[octets / 3 * 4] = '\0';
        int n = snprintf(message, sizeof message, R ",s=%s,i=4096", salt);
        check(message, (size_t)n, octets <= SCRAM_SALT_MAX ? 0 : CAUSE_MALFORMED);
    }
}

static void test_values(void **state)
{
    static const char message[] = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,"
                                  "i=4096"; /* RFC 7677 s. 3 */
    static const uint8_t salt[] = {0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e,
                                   0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81};
    struct scram_first f;
    struct failure why = failure_none;
    (void)state;
    assert_true(scram_read_first(message, strlen(message), "rOprNGfwEbeRWgbNEkqO", 20, &f, &why));
    assert_int_equal(f.count, 4096);
    assert_int_equal(f.salt_bytes, sizeof salt);
    assert_memory_equal(f.salt, salt, sizeof salt);
}

/* --- the cache --- */

static void id_of(struct sasl_cache *c, enum mechanism m, const char *user, const char *password, unsigned count,
                  uint8_t salt, uint8_t id[SASL_CACHE_ID_BYTES])
{
    struct exchange x = {.mechanism = m, .username = user};
    struct scram_first f = {.salt = {salt}, .salt_bytes = 1, .count = count};
    assert_true(response_set(&x.password, password, strlen(password)));
    assert_true(sasl_cache_id(c, &x, &f, id));
    response_free(&x.password);
}

static void test_cache_ids(void **state)
{
    uint8_t ids[9][SASL_CACHE_ID_BYTES], key[32] = {1}, found[32];
    struct sasl_cache *c = sasl_cache_new();
    (void)state;
    id_of(c, MECHANISM_SCRAM_SHA_256, "user", "word", 4096, 1, ids[0]);
    id_of(c, MECHANISM_SCRAM_SHA_1, "user", "word", 4096, 1, ids[1]);
    id_of(c, MECHANISM_SCRAM_SHA_256, "use", "rword", 4096, 1, ids[2]);
    id_of(c, MECHANISM_SCRAM_SHA_256, "user", "worde", 4096, 1, ids[3]);
    id_of(c, MECHANISM_SCRAM_SHA_256, "user", "word", 4097, 1, ids[4]);
    id_of(c, MECHANISM_SCRAM_SHA_256, "user", "word", 4096, 2, ids[5]);
    sasl_cache_keep(c, ids[0], key, sizeof key);
    assert_true(sasl_cache_find(c, ids[0], found, sizeof found));
    assert_memory_equal(found, key, sizeof key);
    assert_false(sasl_cache_find(c, ids[0], found, 20));
    for (size_t i = 1; i < 6; i++)
        assert_false(sasl_cache_find(c, ids[i], found, sizeof found));
    sasl_cache_free(c);
}

static void test_cache_is_bounded(void **state)
{
    enum { MANY = 20000, RECENT = 500 };
    struct sasl_cache *c = sasl_cache_new();
    uint8_t id[SASL_CACHE_ID_BYTES], key[32] = {0}, found[32];
    size_t kept = 0, recent = 0;
    char user[32];
    (void)state;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(user, sizeof user, "user%d", i);
            id_of(c, MECHANISM_SCRAM_SHA_256, user, "x", 4096, 1, id);
            if (pass == 0)
                sasl_cache_keep(c, id, key, sizeof key);
            else if (sasl_cache_find(c, id, found, sizeof found)) {
                kept++;
                recent += i >= MANY - RECENT;
            }
        }
    assert_true(kept <= 4096);
    assert_true(recent > RECENT * 9 / 10);
    sasl_cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"only honest first messages are taken", test_cases, NULL, NULL, NULL},
        {"a nonce and a salt have at most 1,024 octets", test_sizes, NULL, NULL, NULL},
        {"salt and count are read as they are", test_values, NULL, NULL, NULL},
        {"a kept key is found for the same user, password, mechanism, salt and count alone", test_cache_ids, NULL, NULL,
         NULL},
        {"the cache has a bound, and the latest stay", test_cache_is_bounded, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("mail: scram", tests, NULL, NULL);
}
