/* Logging in: which mechanism when, the exchanges against libgsasl's server side, and servers that cheat. */
#include <gsasl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base64.h"
#include "exchange.h"
#include "sasl.h"
#include "short_memory.h"

#define BIT(m) (1U << MECHANISM_##m)

static struct leg_settings leg_of(const char *username, const char *password)
{
    return (struct leg_settings){.leg = LEG_SMTP, .auth = true, .username = username, .password = password};
}

static void decode(const char *line, char *out, size_t size, size_t *n)
{
    assert_true(base64_read(line, strlen(line), out, size - 1, n));
    out[*n] = '\0';
}

/* --- libgsasl as the server --- */

struct server {
    Gsasl *library;
    Gsasl_session *session;
};

static const char *server_password; /* what the server holds */

static int on_property(Gsasl *library, Gsasl_session *session, Gsasl_property property)
{
    (void)library;
    switch ((int)property) {
    case GSASL_PASSWORD:
        return gsasl_property_set(session, property, server_password);
    case GSASL_SCRAM_ITER:
        return gsasl_property_set(session, property, "4096");
    case GSASL_SCRAM_SALT:
        return gsasl_property_set(session, property, "QSXCR+Q6sek8bf92");
    case GSASL_VALIDATE_SIMPLE:
        return strcmp(gsasl_property_fast(session, GSASL_PASSWORD), server_password) == 0 ? GSASL_OK
                                                                                          : GSASL_AUTHENTICATION_ERROR;
    default:
        return GSASL_NO_CALLBACK;
    }
}

static void server_begin(struct server *s, enum mechanism m, const char *password)
{
    memory_spare(true);
    server_password = password;
    assert_int_equal(gsasl_init(&s->library), GSASL_OK);
    gsasl_callback_set(s->library, on_property);
    assert_int_equal(gsasl_server_start(s->library, mechanism_name(m), &s->session), GSASL_OK);
    memory_spare(false);
}

static int server_step(struct server *s, const char *line, char out[SASL_LINE_MAX + 1])
{
    char *said = NULL;
    memory_spare(true);
    int result = gsasl_step64(s->session, line, &said);
    (void)snprintf(out, SASL_LINE_MAX + 1, "%s", said == NULL ? "" : said);
    gsasl_free(said);
    memory_spare(false);
    return result;
}

static void server_end(struct server *s)
{
    gsasl_finish(s->session);
    gsasl_done(s->library);
}

/* The whole exchange; returns whether both were content, else ${why} says what the client was not content with. */
static bool try_log_in(enum mechanism m, const struct leg_settings *leg, const char *held, struct sasl_cache *cache,
                       struct failure *why)
{
    struct server s;
    char mine[SASL_LINE_MAX + 1] = "", theirs[SASL_LINE_MAX + 1] = "";
    struct login *l = login_begin(leg, NULL, cache);
    if (l == NULL)
        return exchange_fail(why, CAUSE_RESOURCES, NULL);
    server_begin(&s, m, held);
    bool content = login_pick(l, mechanism_bit(m), true, why) == m;
    if (!content || !login_first(l, mine))
        mine[0] = '\0';
    int result = content ? server_step(&s, mine, theirs) : GSASL_OK;
    while (content && (result == GSASL_NEEDS_MORE || theirs[0] != '\0')) {
        content = login_answer(l, theirs, strlen(theirs), mine, why);
        theirs[0] = '\0';
        if (content && result == GSASL_NEEDS_MORE)
            result = server_step(&s, mine, theirs);
    }
    content = content && result == GSASL_OK && login_accepted(l, why);
    login_free(l);
    server_end(&s);
    return content;
}

static bool log_in(enum mechanism m, const struct leg_settings *leg, const char *held, struct sasl_cache *cache)
{
    struct failure why = failure_none;
    bool content = try_log_in(m, leg, held, cache, &why);
    failure_clear(&why);
    return content;
}

static void test_each_mechanism(void **state)
{
    static const struct {
        const char *username, *password, *held;
        bool well;
    } cases[] = {{"probe", "open sesame", "open sesame", true},
                 {"probe", "open sesame", "open sesame ", false},
                 {"user=name,with", "p,=p", "p,=p", true},
                 {"probe@example.com", "\"\\'{}<>&%$#", "\"\\'{}<>&%$#", true},
                 {"probe", "I\xC2\xADX", "IX", true}, /* SASLprep: the soft hyphen goes */
                 {"probe", "\xC2\xAA", "a", true},    /* and the ordinal becomes a letter */
                 {"probe", "p\xC3\xA4ss", "p\xC3\xA4ss", true},
                 {"probe", "p\xC3\xA4ss", "pa\xCC\x88ss", true}}; /* composed or not */
    static const enum mechanism mechanisms[] = {MECHANISM_SCRAM_SHA_256, MECHANISM_SCRAM_SHA_1, MECHANISM_CRAM_MD5};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t m = 0; m < sizeof mechanisms / sizeof mechanisms[0]; m++) {
            struct leg_settings leg = leg_of(cases[i].username, cases[i].password);
            if (log_in(mechanisms[m], &leg, cases[i].held, NULL) != cases[i].well)
                fail_msg("%s: %s, %s", mechanism_name(mechanisms[m]), cases[i].username, cases[i].password);
        }
}

static void test_plain_is_prepared(void **state)
{
    struct leg_settings leg = leg_of("probe", "I\xC2\xADX");
    struct failure why = failure_none;
    char line[SASL_LINE_MAX + 1], octets[64];
    size_t n;
    (void)state;
    struct login *l = login_begin(&leg, NULL, NULL);
    assert_int_equal(login_pick(l, BIT(PLAIN), true, &why), MECHANISM_PLAIN);
    assert_true(login_first(l, line));
    decode(line, octets, sizeof octets, &n);
    assert_int_equal(n, 9);
    assert_memory_equal(octets, "\0probe\0IX", 9);
    login_free(l);
}

/* Dovecot prepares nothing, and takes such passwords as they are. */
static void test_young_characters(void **state)
{
    struct leg_settings leg = leg_of("probe", "\xF0\x9F\x94\x91"); /* a key: Unicode 6.0 */
    char line[SASL_LINE_MAX + 1], octets[64];
    size_t n;
    (void)state;
    for (unsigned m = 0; m < MECHANISM_COUNT; m++) {
        struct failure why = failure_none;
        struct login *l = login_begin(&leg, NULL, NULL);
        assert_int_equal(login_pick(l, 1U << m, true, &why), m);
        if (m == MECHANISM_CRAM_MD5) {
            assert_true(login_answer(l, "YWJj", 4, line, &why));
            decode(line, octets, sizeof octets, &n);
            assert_string_equal(octets, "probe 9b48e9348882777b15e60e5344f233b8");
        }
        login_free(l);
    }
}

static void test_unpreparable(void **state)
{
    static const char *const passwords[] = {"\xEE\x80\x80" /* private use */, "a\xC2\x80z" /* control */,
                                            "\xD8\xA7\x31" /* RandALCat without an end */};
    (void)state;
    for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++)
        for (unsigned m = 0; m < MECHANISM_COUNT; m++) {
            struct leg_settings leg = leg_of("probe", passwords[i]);
            struct failure why = failure_none;
            struct login *l = login_begin(&leg, NULL, NULL);
            assert_int_equal(login_pick(l, 1U << m, true, &why), MECHANISM_NONE);
            assert_int_equal(why.leg, LEG_SMTP);
            assert_int_equal(why.stage, STAGE_AUTH);
            assert_int_equal(why.cause, CAUSE_POLICY);
            assert_non_null(strstr(text_bytes(why.detail), "SASLprep"));
            failure_clear(&why);
            login_free(l);
        }
}

/* --- examples of the RFCs --- */

static void test_rfc_examples(void **state)
{
    struct leg_settings leg = leg_of("tim", "tanstaaftanstaaf");
    struct failure why = failure_none;
    char line[SASL_LINE_MAX + 1], octets[128];
    size_t n;
    static const char challenge[] = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
    (void)state;
    struct login *l = login_begin(&leg, NULL, NULL);
    assert_int_equal(login_pick(l, BIT(CRAM_MD5), false, &why), MECHANISM_CRAM_MD5); /* RFC 2195 s. 2 */
    assert_false(login_first(l, line));
    assert_true(login_answer(l, challenge, strlen(challenge), line, &why));
    decode(line, octets, sizeof octets, &n);
    assert_string_equal(octets, "tim b913a602c7eda7a495b4e6e7334d3890");
    assert_true(login_accepted(l, &why));
    assert_int_equal(login_pick(l, BIT(PLAIN), true, &why), MECHANISM_PLAIN); /* RFC 4616 s. 4 */
    assert_true(login_first(l, line));
    decode(line, octets, sizeof octets, &n);
    assert_int_equal(n, 21);
    assert_memory_equal(octets, "\0tim\0tanstaaftanstaaf", n);
    login_free(l);
}

/* --- servers that cheat at SCRAM --- */

/* The server's first message for what the client said: its nonce, and ${rest}. */
static void cheat(struct login *l, const char *rest, char line[SASL_LINE_MAX + 1])
{
    char first[SASL_LINE_MAX + 1], octets[256], message[8192];
    size_t n;
    assert_true(login_first(l, first));
    decode(first, octets, sizeof octets, &n);
    const char *nonce = strstr(octets, ",r=");
    assert_non_null(nonce);
    int length = snprintf(message, sizeof message, "r=%s%s", nonce + 3, rest);
    assert_true(base64_write(message, (size_t)length, line, SASL_LINE_MAX + 1));
}

static struct login *scram(const struct leg_settings *leg)
{
    struct failure why = failure_none;
    struct login *l = login_begin(leg, NULL, NULL);
    assert_int_equal(login_pick(l, BIT(SCRAM_SHA_256), true, &why), MECHANISM_SCRAM_SHA_256);
    return l;
}

static void must_fail(struct login *l, const char *line, enum cause cause, const char *what)
{
    char mine[SASL_LINE_MAX + 1];
    struct failure why = failure_none;
    if (login_answer(l, line, strlen(line), mine, &why) || why.cause != cause || why.stage != STAGE_AUTH ||
        why.leg != LEG_SMTP)
        fail_msg("%s: %s %s", what, stage_word(why.stage), cause_word(why.cause));
    failure_clear(&why);
}

#define SALT "QSXCR+Q6sek8bf92"

static void test_false_proofs(void **state)
{
    static const char *const finals[] = {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                         "v=",
                                         "",
                                         "e=other-error",
                                         "e=invalid-proof",
                                         "v",
                                         "x=1",
                                         "V=AAAA",
                                         "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,x=1"};
    struct leg_settings leg = leg_of("probe", "open sesame");
    char line[SASL_LINE_MAX + 1], mine[SASL_LINE_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof finals / sizeof finals[0]; i++) {
        struct failure why = failure_none;
        struct login *l = scram(&leg);
        cheat(l, "x,s=" SALT ",i=4096", line);
        assert_true(login_answer(l, line, strlen(line), mine, &why));
        assert_true(base64_write(finals[i], strlen(finals[i]), line, sizeof line));
        must_fail(l, line, CAUSE_BAD_SERVER_PROOF, finals[i]);
        assert_false(login_accepted(l, &why));
        assert_int_equal(why.cause, CAUSE_BAD_SERVER_PROOF);
        failure_clear(&why);
        login_free(l);
    }
}

static void test_accepted_too_soon(void **state)
{
    struct leg_settings leg = leg_of("probe", "open sesame");
    char line[SASL_LINE_MAX + 1], mine[SASL_LINE_MAX + 1];
    struct failure why = failure_none;
    (void)state;
    struct login *l = scram(&leg);
    assert_false(login_accepted(l, &why));
    assert_int_equal(why.cause, CAUSE_BAD_SERVER_PROOF);
    cheat(l, "x,s=" SALT ",i=4096", line);
    assert_true(login_answer(l, line, strlen(line), mine, &why));
    assert_false(login_accepted(l, &why));
    assert_int_equal(why.cause, CAUSE_BAD_SERVER_PROOF);
    assert_int_equal(why.leg, LEG_SMTP);
    failure_clear(&why);
    login_free(l);
}

static void test_bad_challenges(void **state)
{
    struct leg_settings leg = leg_of("probe", "open sesame");
    static const char *const lines[] = {"a", "====", "YWJ j", "YWJj\r\n", "YWJj="};
    char line[SASL_LINE_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct login *l = scram(&leg);
        must_fail(l, lines[i], CAUSE_MALFORMED, lines[i]);
        login_free(l);
    }
    struct login *l = scram(&leg);
    cheat(l, "x,s=" SALT ",i=1000000", line);
    must_fail(l, line, CAUSE_POLICY, "a million rounds");
    login_free(l);
    l = scram(&leg);
    cheat(l, ",s=" SALT ",i=4096", line);
    must_fail(l, line, CAUSE_MALFORMED, "our own nonce");
    login_free(l);
}

/* --- masking --- */

static void test_mask(void **state)
{
    struct leg_settings leg = leg_of("probe", "open sesame");
    struct failure why = failure_none;
    static const struct {
        const char *said, *shown;
    } cases[] = {{"nothing", "nothing"},
                 {"open sesame", "****"},
                 {"<open sesame><open sesame>", "<****><****>"},
                 {"open sesam", "open sesam"},
                 {"b3BlbiBzZXNhbWU=", "****"},
                 {"b3BlbiBzZXNhbWU", "****"},
                 {"b3BlbiBzZXNhbWU==x", "****x"},
                 {"AUTH PLAIN AHByb2JlAG9wZW4gc2VzYW1l", "AUTH PLAIN ****"},
                 {"a\r\n\x1b[0m\xff%n", "a\\x0D\\x0A\\x1B[0m\\xFF%n"},
                 {"", ""}};
    char shown[256];
    (void)state;
    struct login *l = login_begin(&leg, NULL, NULL);
    assert_int_equal(login_pick(l, BIT(PLAIN), true, &why), MECHANISM_PLAIN);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = login_mask(l, cases[i].said, strlen(cases[i].said), shown, sizeof shown);
        assert_string_equal(shown, cases[i].shown);
        assert_int_equal(n, strlen(shown));
    }
    for (size_t size = 0; size < 20; size++) {
        memset(shown, 'x', sizeof shown);
        size_t n = login_mask(l, "ab open sesame cd", 17, shown, size);
        assert_true(size == 0 || (n < size && shown[n] == '\0'));
        assert_true(size == 0 || strstr(shown, "open") == NULL);
        assert_int_equal(shown[size], 'x');
    }
    login_free(l);
}

static void test_mask_of_every_line(void **state)
{
    struct leg_settings leg = leg_of("probe", "open sesame");
    char lines[3][SASL_LINE_MAX + 1], said[5 * SASL_LINE_MAX], shown[512];
    struct failure why = failure_none;
    (void)state;
    struct login *l = scram(&leg);
    assert_true(login_first(l, lines[0]));
    cheat(l, "x,s=" SALT ",i=4096", said);
    assert_true(login_answer(l, said, strlen(said), lines[1], &why));
    assert_int_equal(login_pick(l, BIT(LOGIN), true, &why), MECHANISM_LOGIN);
    assert_true(login_answer(l, "", 0, lines[2], &why));
    (void)snprintf(said, sizeof said, "%s,%s,%.*s,%s", lines[0], lines[1], (int)strcspn(lines[1], "="), lines[1],
                   lines[2]);
    (void)login_mask(l, said, strlen(said), shown, sizeof shown);
    assert_string_equal(shown, "****,****,****,****");
    login_free(l);
}

/* --- the cache --- */

static void test_cache(void **state)
{
    struct sasl_cache *cache = sasl_cache_new();
    struct leg_settings right = leg_of("probe", "open sesame"), wrong = leg_of("probe", "open sesam");
    (void)state;
    assert_non_null(cache);
    for (int i = 0; i < 3; i++) {
        assert_true(log_in(MECHANISM_SCRAM_SHA_256, &right, "open sesame", cache));
        assert_true(log_in(MECHANISM_SCRAM_SHA_1, &right, "open sesame", cache));
        assert_false(log_in(MECHANISM_SCRAM_SHA_256, &wrong, "open sesame", cache));
        assert_false(log_in(MECHANISM_SCRAM_SHA_256, &right, "another", cache));
    }
    sasl_cache_free(cache);
    sasl_cache_free(NULL);
}

/* --- memory that runs short --- */

/* A session of libgsasl that found no memory is lost on purpose (gsasl_step.c). */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libgsasl";
}

static const char prepared[] = "p\xC3\xA4ss";

/* A salted password that is kept: making it costs thousands of allocations. */
static void *full_cache(void)
{
    const struct leg_settings leg = leg_of("probe", prepared);
    struct sasl_cache *cache = sasl_cache_new();
    assert_true(log_in(MECHANISM_SCRAM_SHA_256, &leg, prepared, cache));
    return cache;
}

static void free_cache(void *stage)
{
    sasl_cache_free(stage);
}

static bool log_in_short_of_memory(enum mechanism m, struct sasl_cache *cache)
{
    const struct leg_settings leg = leg_of("probe", prepared);
    struct failure why = failure_none;
    bool content = try_log_in(m, &leg, prepared, cache, &why);
    if (!content && (why.leg != LEG_LOCAL || why.cause != CAUSE_RESOURCES))
        fail_msg("%s %s: %s", stage_word(why.stage), cause_word(why.cause), text_bytes(why.detail));
    failure_clear(&why);
    return content;
}

static bool log_in_by_scram(void *stage)
{
    return log_in_short_of_memory(MECHANISM_SCRAM_SHA_256, stage);
}

static bool log_in_by_cram(void *stage)
{
    return log_in_short_of_memory(MECHANISM_CRAM_MD5, stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"every challenge mechanism logs in, with the right password alone", test_each_mechanism, NULL, NULL, NULL},
        {"PLAIN sends a prepared password", test_plain_is_prepared, NULL, NULL, NULL},
        {"characters that SASLprep does not know yet are sent as they are", test_young_characters, NULL, NULL, NULL},
        {"a password that cannot be prepared is not sent", test_unpreparable, NULL, NULL, NULL},
        {"the examples of the RFCs come out", test_rfc_examples, NULL, NULL, NULL},
        {"a server that cannot prove that it knows the password is found out", test_false_proofs, NULL, NULL, NULL},
        {"a yes before the proof is no proof", test_accepted_too_soon, NULL, NULL, NULL},
        {"challenges that break the rules are refused", test_bad_challenges, NULL, NULL, NULL},
        {"what repeats a secret is shown as ****", test_mask, NULL, NULL, NULL},
        {"every line that was sent is a secret", test_mask_of_every_line, NULL, NULL, NULL},
        {"kept salted passwords are those of user, password, salt and mechanism", test_cache, NULL, NULL, NULL},
        SHORT_MEMORY("SCRAM that finds no memory is no server's fault", .begin = full_cache, .act = log_in_by_scram,
                     .end = free_cache),
        SHORT_MEMORY("CRAM-MD5 that finds no memory is no server's fault", .act = log_in_by_cram),
    };
    return cmocka_run_group_tests_name("mail: login", tests, NULL, NULL);
}
