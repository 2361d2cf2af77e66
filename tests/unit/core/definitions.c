/* Definitions: frozen drafts, their legs, and what makes two of them equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draft_play.h"

static const struct definition *freeze(void)
{
    const struct definition *d = draft_freeze(&draft);
    assert_non_null(d);
    return d;
}

/* Gives every setting a value that is not its default. */
static void fill_everything(void)
{
    whole_monitor();
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const struct setting *s = &settings[id];
        if (!setting_is_text(s))
            assert_true(draft_put_number(&draft, id, s->default_number == s->min ? s->max : s->min, &why));
        else if (!draft.has[id])
            assert_true(draft_put_text(&draft, id, s->key, strlen(s->key), &why));
    }
}

static void round_trip(void **state)
{
    (void)state;
    fill_everything();
    const struct definition *first = freeze();
    struct draft thawed;
    assert_true(draft_from(&thawed, first));
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        assert_true(definition_has(first, id));
        assert_int_equal(definition_number(first, id), setting_is_text(&settings[id]) ? 0 : draft.number[id]);
        assert_string_equal(definition_text(first, id), setting_is_text(&settings[id]) ? draft_text(&draft, id) : "");
        assert_string_equal(draft_text(&thawed, id), draft_text(&draft, id));
        assert_int_equal(thawed.number[id], draft.number[id]);
    }
    const struct definition *second = draft_freeze(&thawed);
    assert_true(definition_equal(first, second));
    draft_end(&thawed);
    definition_unref(first);
    definition_unref(second);
}

static void each_setting_counts(void **state)
{
    (void)state;
    whole_monitor();
    const struct definition *before = freeze();
    fill_everything();
    const struct definition *filled = freeze();
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        struct draft one;
        assert_true(draft_from(&one, before));
        const char *text = definition_text(filled, id);
        if (setting_is_text(&settings[id]))
            assert_true(draft_take_text(&one, id, text, strlen(text)));
        else
            one.number[id] = definition_number(filled, id);
        one.has[id] = true;
        const struct definition *after = draft_freeze(&one);
        bool same = strcmp(definition_text(before, id), text) == 0 &&
                    definition_number(before, id) == definition_number(filled, id);
        assert_int_equal(definition_equal(before, after), same);
        definition_unref(after);
        draft_end(&one);
    }
    definition_unref(before);
    definition_unref(filled);
}

static void given_default_is_equal(void **state)
{
    (void)state;
    whole_monitor();
    const struct definition *left_out = freeze();
    must_put("smtp.port", "25");
    const struct definition *given = freeze();
    assert_true(definition_equal(left_out, given));
    assert_false(definition_has(left_out, SETTING_smtp_port));
    assert_true(definition_has(given, SETTING_smtp_port));
    definition_unref(left_out);
    definition_unref(given);
}

struct path {
    const char *key, *value;
    bool same;
};

static const struct path paths[] = {
    {"smtp.to", "q@example.com", false},
    {"smtp.from", "q@example.com", false},
    {"smtp.port", "2525", false},
    {"smtp.server", "a.example", false},
    {"device", "192.0.2.11", false},
    {"incoming.username", "q", false},
    {"incoming.type", "pop3", false},
    {"incoming.port", "10143", false},
    {"incoming.port", "143", true},
    {"incoming.server", "192.0.2.10", true},
    {"incoming.security", "starttls", true},
    {"incoming.security", "tls", false}, /* another port */
    {"incoming.password", "x", true},
    {"smtp.password", "x", true},
    {"smtp.timeout", "3", true},
    {"interval", "300", true},
    {"smtp.tls_verify", "false", true},
    {"enabled", "false", true},
    {"name", "other", true},
    {"notify", "", true},
};

static void which_change_is_a_path(void **state)
{
    (void)state;
    whole_monitor();
    const struct definition *before = freeze();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        draft_end(&draft);
        whole_monitor();
        must_put(paths[i].key, paths[i].value);
        const struct definition *after = freeze();
        if (definition_same_path(before, after) != paths[i].same)
            fail_msg("%s: %s", paths[i].key, paths[i].value);
        definition_unref(after);
    }
    definition_unref(before);
}

struct standard {
    const char *type, *security;
    uint16_t port;
};

static void standard_ports(void **state)
{
    (void)state;
    static const struct standard standards[] = {
        {"imap", "none", 143}, {"imap", "starttls", 143}, {"imap", "tls", 993},
        {"pop3", "none", 110}, {"pop3", "starttls", 110}, {"pop3", "tls", 995},
    };
    whole_monitor();
    for (size_t i = 0; i < sizeof standards / sizeof standards[0]; i++) {
        struct leg_settings leg;
        must_put("incoming.type", standards[i].type);
        must_put("incoming.security", standards[i].security);
        const struct definition *d = freeze();
        definition_leg(d, LEG_INCOMING, &leg);
        assert_int_equal(leg.port, standards[i].port);
        definition_unref(d);
    }
}

static void one_leg(void **state)
{
    (void)state;
    struct leg_settings leg;
    whole_monitor();
    must_put("device", "2001:db8::1");
    must_put("incoming.server", "imap.example.com.");
    must_put("smtp.server", "[%Device.Address]");
    const struct definition *d = freeze();
    definition_leg(d, LEG_SMTP, &leg);
    assert_string_equal(leg.server, "2001:db8::1");
    assert_string_equal(leg.tls_name, "2001:db8::1");
    assert_int_equal(leg.port, 25);
    assert_false(leg.auth);
    assert_int_equal(leg.secret, SECRET_READY);
    definition_leg(d, LEG_INCOMING, &leg);
    assert_string_equal(leg.server, "imap.example.com");
    assert_true(leg.auth);
    assert_int_equal(leg.secret, SECRET_MISSING);
    assert_string_equal(leg.secret_why, "");
    assert_true(definition_is_polled(d));
    definition_unref(d);
}

static void secrets(void **state)
{
    (void)state;
    struct leg_settings leg;
    whole_monitor();
    draft.secret[LEG_INCOMING - LEG_SMTP] = SECRET_WAITING;
    const struct definition *d = freeze();
    assert_true(definition_is_on(d));
    assert_false(definition_is_polled(d));
    definition_unref(d);
    draft.secret[LEG_INCOMING - LEG_SMTP] = SECRET_FAILED;
    (void)snprintf(draft.secret_why, sizeof draft.secret_why, "exit 1");
    d = freeze();
    assert_true(definition_is_polled(d));
    definition_leg(d, LEG_INCOMING, &leg);
    assert_int_equal(leg.secret, SECRET_FAILED);
    assert_string_equal(leg.secret_why, "exit 1");
    definition_unref(d);
    must_put("smtp.auth", "true");
    must_put("smtp.username", "u");
    d = freeze();
    definition_leg(d, LEG_SMTP, &leg);
    assert_int_equal(leg.secret, SECRET_MISSING);
    definition_unref(d);
}

static void off(void **state)
{
    (void)state;
    whole_monitor();
    draft.row_status = ROW_NOT_IN_SERVICE;
    const struct definition *d = freeze();
    assert_false(definition_is_on(d));
    definition_unref(d);
    draft.row_status = ROW_ACTIVE;
    must_put("enabled", "false");
    d = freeze();
    assert_false(definition_is_on(d));
    definition_unref(d);
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, begin, end, NULL                                                                               \
    }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ROW("frozen and thawed, every setting is the same", round_trip),
        ROW("a change of any one setting makes a definition unequal", each_setting_counts),
        ROW("a default that was given is equal to one that was left out, and known as given", given_default_is_equal),
        ROW("only another destination or mailbox is another path", which_change_is_a_path),
        ROW("port 0 is the standard port of type and security", standard_ports),
        ROW("a leg has its server with the device in its place, without brackets and final dot", one_leg),
        ROW("a row whose secret is awaited is not polled; one whose secret failed is, and says why", secrets),
        ROW("a row is on when it is active and enabled", off),
    };
    return cmocka_run_group_tests_name("definitions", tests, NULL, NULL);
}
