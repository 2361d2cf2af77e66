/* Which mechanism is tried when, and what is remembered of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sasl.h"

#define BIT(m) (1U << MECHANISM_##m)

static struct leg_settings leg_of(const char *username, const char *password)
{
    return (struct leg_settings){.leg = LEG_SMTP, .auth = true, .username = username, .password = password};
}

struct pick {
    const char *name;
    unsigned offered;
    bool secured, plaintext;
    struct login_memory memory;
    const char *refusals; /* what each pick meets: c the credentials, m the mechanism */
    enum mechanism picks[4];
    enum cause end; /* when none is left */
};

#define ALL (BIT(SCRAM_SHA_256) | BIT(SCRAM_SHA_1) | BIT(CRAM_MD5) | BIT(PLAIN) | BIT(LOGIN))
#define NO_MEMORY                                                                                                      \
    {                                                                                                                  \
        .worked = MECHANISM_NONE                                                                                       \
    }
#define NONE MECHANISM_NONE

static const struct pick picks[] = {
    {"the strongest comes first, and the password itself after a refused proof",
     ALL,
     true,
     false,
     NO_MEMORY,
     "cc",
     {MECHANISM_SCRAM_SHA_256, MECHANISM_PLAIN, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"in clear no password follows",
     ALL,
     false,
     false,
     NO_MEMORY,
     "cc",
     {MECHANISM_SCRAM_SHA_256, MECHANISM_SCRAM_SHA_1, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"in clear it follows where that is allowed",
     ALL,
     false,
     true,
     NO_MEMORY,
     "cc",
     {MECHANISM_SCRAM_SHA_256, MECHANISM_PLAIN, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"LOGIN takes PLAIN's place",
     BIT(CRAM_MD5) | BIT(LOGIN),
     true,
     false,
     NO_MEMORY,
     "cc",
     {MECHANISM_CRAM_MD5, MECHANISM_LOGIN, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"a refused mechanism is followed by the next",
     ALL,
     true,
     false,
     NO_MEMORY,
     "mm",
     {MECHANISM_SCRAM_SHA_256, MECHANISM_SCRAM_SHA_1, NONE},
     CAUSE_PERMANENT},
    {"a refused password is final",
     BIT(PLAIN) | BIT(LOGIN),
     true,
     false,
     NO_MEMORY,
     "c",
     {MECHANISM_PLAIN, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"a refused PLAIN is followed by LOGIN",
     BIT(PLAIN) | BIT(LOGIN),
     true,
     false,
     NO_MEMORY,
     "mc",
     {MECHANISM_PLAIN, MECHANISM_LOGIN, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"after a refused poll there is one attempt",
     ALL,
     true,
     false,
     {NONE, ALL, true},
     "c",
     {MECHANISM_SCRAM_SHA_256, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"a refused mechanism is no attempt of the password",
     ALL,
     true,
     false,
     {NONE, ALL, true},
     "mc",
     {MECHANISM_SCRAM_SHA_256, MECHANISM_SCRAM_SHA_1, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"another list makes two attempts again",
     ALL,
     true,
     false,
     {NONE, BIT(PLAIN), true},
     "cc",
     {MECHANISM_SCRAM_SHA_256, MECHANISM_PLAIN, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"what worked comes first",
     ALL,
     true,
     false,
     {MECHANISM_CRAM_MD5, ALL, false},
     "cc",
     {MECHANISM_CRAM_MD5, MECHANISM_PLAIN, NONE},
     CAUSE_BAD_CREDENTIALS},
    {"what worked under TLS does not leave in clear",
     ALL,
     false,
     false,
     {MECHANISM_PLAIN, ALL, false},
     "c",
     {MECHANISM_SCRAM_SHA_256, MECHANISM_SCRAM_SHA_1},
     CAUSE_NONE},
    {"only passwords in clear are refused by name",
     BIT(PLAIN) | BIT(LOGIN),
     false,
     false,
     NO_MEMORY,
     "",
     {NONE},
     CAUSE_PLAINTEXT_REFUSED},
    {"nothing offered is unsupported", 0, true, false, NO_MEMORY, "", {NONE}, CAUSE_UNSUPPORTED},
};

static void play(const struct pick *p)
{
    struct leg_settings leg = leg_of("probe", "open sesame");
    struct login_memory memory = p->memory;
    struct failure why = failure_none;
    leg.plaintext_auth = p->plaintext;
    struct login *l = login_begin(&leg, &memory, NULL);
    size_t tries = strlen(p->refusals);
    for (size_t i = 0; i <= tries; i++) {
        enum mechanism m = login_pick(l, p->offered, p->secured, &why);
        if (m != p->picks[i])
            fail_msg("%s: pick %zu is %s", p->name, i, mechanism_name(m));
        if (m == MECHANISM_NONE) {
            assert_int_equal(why.cause, p->end);
            assert_int_equal(why.stage, STAGE_AUTH);
        } else if (i < tries) {
            bool itself = p->refusals[i] == 'm';
            struct failure refusal = failure_make(LEG_SMTP, STAGE_AUTH,
                                                  itself ? CAUSE_PERMANENT : CAUSE_BAD_CREDENTIALS, itself ? 504 : 535);
            assert_int_equal(login_refused(l, &refusal, itself), p->picks[i + 1] != MECHANISM_NONE);
        }
        failure_clear(&why);
    }
    login_free(l);
}

static void test_picks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof picks / sizeof picks[0]; i++)
        play(&picks[i]);
}

/* One poll in which the server takes only ${good}; returns whether it logged in. */
static bool poll_once(struct login_memory *memory, unsigned offered, enum mechanism good)
{
    struct leg_settings leg = leg_of("probe", "open sesame");
    struct failure why = failure_none;
    const struct failure refusal = failure_make(LEG_SMTP, STAGE_AUTH, CAUSE_BAD_CREDENTIALS, 535);
    struct login *l = login_begin(&leg, memory, NULL);
    enum mechanism m = login_pick(l, offered, true, &why);
    while (m != good && m != MECHANISM_NONE)
        m = login_refused(l, &refusal, false) ? login_pick(l, offered, true, &why) : MECHANISM_NONE;
    bool in = m == good && m != MECHANISM_NONE;
    if (in && good == MECHANISM_PLAIN)
        assert_true(login_accepted(l, &why));
    failure_clear(&why);
    login_free(l);
    return in;
}

static void test_not_stuck(void **state)
{
    (void)state;
    for (unsigned good = 0; good < MECHANISM_COUNT; good++) {
        const unsigned offers[] = {ALL, BIT(SCRAM_SHA_256) | BIT(SCRAM_SHA_1) | BIT(CRAM_MD5)};
        for (size_t i = 0; i < 2; i++) {
            struct login_memory memory = NO_MEMORY;
            if ((offers[i] & 1U << good) == 0)
                continue;
            for (int poll = 0; poll < 3; poll++)
                (void)poll_once(&memory, offers[i], MECHANISM_NONE);
            assert_true(memory.refused);
            bool in = false;
            for (int poll = 0; poll < 4 && !in; poll++)
                in = poll_once(&memory, offers[i], (enum mechanism)good);
            bool promised = i == 1 || good == MECHANISM_SCRAM_SHA_256 || good == MECHANISM_PLAIN;
            if (!in && promised)
                fail_msg("%s is never tried again", mechanism_name((enum mechanism)good));
        }
    }
}

static void test_for_now(void **state)
{
    const enum cause causes[] = {CAUSE_TEMPORARY, CAUSE_IN_USE};
    struct leg_settings leg = leg_of("probe", "open sesame");
    (void)state;
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        struct failure why = failure_none;
        const struct failure busy = failure_make(LEG_INCOMING, STAGE_AUTH, causes[i], 0);
        struct login_memory memory = NO_MEMORY;
        struct login *l = login_begin(&leg, &memory, NULL);
        assert_int_equal(login_pick(l, ALL, true, &why), MECHANISM_SCRAM_SHA_256);
        assert_false(login_refused(l, &busy, false));
        assert_int_equal(login_pick(l, ALL, true, &why), MECHANISM_NONE);
        assert_int_equal(why.cause, causes[i]);
        assert_false(memory.refused);
        failure_clear(&why);
        login_free(l);
    }
}

static void test_memory(void **state)
{
    struct login_memory memory = NO_MEMORY;
    (void)state;
    assert_true(poll_once(&memory, ALL, MECHANISM_PLAIN));
    assert_int_equal(memory.worked, MECHANISM_PLAIN);
    assert_int_equal(memory.offered, ALL);
    assert_false(memory.refused);
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned m = 0; m < MECHANISM_COUNT; m++) {
        const char *name = mechanism_name((enum mechanism)m);
        assert_int_equal(mechanism_named(name, strlen(name)), m);
        assert_int_equal(mechanism_named(name, strlen(name) - 1), MECHANISM_NONE);
    }
    assert_int_equal(mechanism_named("plain", 5), MECHANISM_PLAIN);
    assert_int_equal(mechanism_named("SCRAM-SHA-256-PLUS", 18), MECHANISM_NONE);
    assert_int_equal(mechanism_named("", 0), MECHANISM_NONE);
    assert_string_equal(mechanism_name(MECHANISM_NONE), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"mechanisms are picked by the rules", test_picks, NULL, NULL, NULL},
        {"refused polls do not keep the right mechanism out for ever", test_not_stuck, NULL, NULL, NULL},
        {"what worked is remembered", test_memory, NULL, NULL, NULL},
        {"a server that is busy refuses no password", test_for_now, NULL, NULL, NULL},
        {"mechanisms have one name each, in any case", test_names, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("mail: login's rules", tests, NULL, NULL);
}
