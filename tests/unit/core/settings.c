/* The table of settings, and the drafts that follow it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draft_play.h"

static const char *const outlandish[] = {"a\nb",     "a\rb", "a\tb",     "a\177b",
                                         "\xC2\x80", "\xFF", "\xC0\xAF", "\xED\xA0\x80"};
enum { OUTLANDISH = sizeof outlandish / sizeof outlandish[0] };

/* --- the table --- */

static void unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        assert_ptr_equal(setting_by_key(settings[i].key), &settings[i]);
        assert_ptr_equal(setting_by_column(settings[i].column), &settings[i]);
        assert_int_equal(setting_id(&settings[i]), i);
        assert_true(settings[i].text[0] != '\0');
        assert_int_equal(strncmp(settings[i].object, "emailMon", 8), 0);
    }
    assert_null(setting_by_key("smtp.sever"));
    assert_null(setting_by_column(1));
}

static void defaults_in_range(void **state)
{
    (void)state;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const struct setting *s = &settings[id];
        assert_true(s->min <= s->max);
        if (!setting_is_text(s))
            assert_true(s->default_number >= s->min && s->default_number <= s->max);
        else if (s->default_text != NULL)
            assert_true(strlen(s->default_text) >= s->min && strlen(s->default_text) <= s->max);
    }
}

static void number_bounds(void **state)
{
    (void)state;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const struct setting *s = &settings[id];
        if (setting_is_text(s))
            continue;
        assert_true(draft_put_number(&draft, id, s->min, &why));
        assert_true(draft_put_number(&draft, id, s->max, &why));
        assert_int_equal(draft.number[id], s->max);
        assert_false(draft_put_number(&draft, id, s->max + 1, &why));
        assert_int_equal(why.kind, MISTAKE_VALUE);
        assert_int_equal(why.setting, id);
        if (s->min > 0)
            assert_false(draft_put_number(&draft, id, s->min - 1, &why));
        assert_int_equal(draft.number[id], s->max); /* as before */
    }
}

/* A text of ${n} octets that the setting's own rule accepts. */
static void text_of(enum setting_id id, size_t n, char *text)
{
    memset(text, 'a', n);
    text[n] = '\0';
    bool address = id == SETTING_smtp_to || id == SETTING_smtp_from;
    bool name = id == SETTING_smtp_server || id == SETTING_in_server || id == SETTING_smtp_tls_name ||
                id == SETTING_in_tls_name;
    if (address && n > 2)
        text[n > 120 ? 60 : 1] = '@';
    for (size_t i = address ? 80 : 60; (address || name) && i + 1 < n; i += 60)
        text[i] = '.';
}

static void text_bounds(void **state)
{
    (void)state;
    char text[300];
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const struct setting *s = &settings[id];
        if (!setting_is_text(s))
            continue;
        /* A host name is bounded by DNS (253), before the column is. */
        size_t longest = id == SETTING_smtp_server || id == SETTING_in_server || id == SETTING_smtp_tls_name ||
                                 id == SETTING_in_tls_name
                             ? 253
                             : s->max;
        text_of(id, longest, text);
        if (!draft_put_text(&draft, id, text, longest, &why))
            fail_msg("%s of %zu: %s", s->key, longest, why.text);
        memset(text, 'a', sizeof text);
        assert_false(draft_put_text(&draft, id, text, s->max + 1, &why));
        assert_int_equal(why.kind, MISTAKE_LENGTH);
        if (s->min > 0) {
            assert_false(draft_put_text(&draft, id, "", s->min - 1, &why));
            assert_int_equal(why.kind, MISTAKE_LENGTH);
        }
        assert_int_equal(strlen(draft_text(&draft, id)), longest);
    }
}

static void no_control_characters(void **state)
{
    (void)state;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        if (!setting_is_text(&settings[id]))
            continue;
        for (size_t i = 0; i < OUTLANDISH; i++) {
            assert_false(draft_put_text(&draft, id, outlandish[i], strlen(outlandish[i]), &why));
            assert_int_equal(why.kind, MISTAKE_VALUE);
        }
        assert_false(draft_put_text(&draft, id, "a\0b", 3, &why));
        assert_false(draft.has[id]);
    }
}

static void wrong_types(void **state)
{
    (void)state;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        bool put_it = setting_is_text(&settings[id]) ? draft_put_number(&draft, id, 1, &why)
                                                     : draft_put_text(&draft, id, "1", 1, &why);
        assert_false(put_it);
        assert_int_equal(why.kind, MISTAKE_TYPE);
    }
}

static void words(void **state)
{
    (void)state;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const struct word *w = setting_words(settings[id].kind);
        if (w == NULL || settings[id].kind == KIND_NOTIFY)
            continue;
        for (; w->word != NULL; w++) {
            assert_true(draft_put_written(&draft, id, w->word, &why));
            assert_int_equal(draft.number[id], w->number);
        }
        assert_false(draft_put_written(&draft, id, "perhaps", &why));
        assert_int_equal(why.kind, MISTAKE_VALUE);
        assert_non_null(strstr(why.text, setting_words(settings[id].kind)->word)); /* says what is right */
    }
}

struct written {
    const char *key, *value;
    bool right;
    uint32_t number;
};

static const struct written figures[] = {
    {"interval", "90", true, 90},
    {"interval", "90s", true, 90},
    {"interval", "5m", true, 300},
    {"interval", "1h", true, 3600},
    {"interval", "1d", true, 86400},
    {"interval", "2d", false, 0},
    {"interval", "0", false, 0},
    {"interval", "m", false, 0},
    {"interval", "", false, 0},
    {"interval", "-1", false, 0},
    {"interval", "1.5", false, 0},
    {"interval", " 5", false, 0},
    {"interval", "18446744073709551617m", false, 0},
    {"interval", "4294967356", false, 0}, /* 60 in 32 bits */
    {"smtp.port", "0025", true, 25},
    {"smtp.port", "5m", false, 0},
    {"smtp.port", "0x19", false, 0},
    {"smtp.port", "65536", false, 0},
    {"incoming.port", "0", true, 0},
    {"enabled", "YES", true, TRUTH_TRUE},
    {"enabled", "off", true, TRUTH_FALSE},
    {"enabled", "1", false, 0},
    {"incoming.type", "POP3", true, 1},
    {"notify", "", true, 0},
    {"notify", "down", true, 1},
    {"notify", "up, certificate", true, 10},
    {"notify", "down up unknown", true, 7},
    {"notify", "down,sideways", false, 0},
};

static void as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const struct written *f = &figures[i];
        enum setting_id id = setting_id(setting_by_key(f->key));
        if (put(f->key, f->value) != f->right || (f->right && draft.number[id] != f->number))
            fail_msg("%s: \"%s\": %u (%s)", f->key, f->value, draft.number[id], why.text);
    }
}

static void secrets_are_not_repeated(void **state)
{
    (void)state;
    assert_false(put("smtp.password", "hunter2\n"));
    assert_null(strstr(why.text, "hunter2"));
}

/* --- the whole monitor --- */

struct finding {
    const char *key, *value; /* what is put beside a whole monitor */
    const char *other_key, *other_value;
    enum mistake_kind kind;
    const char *setting; /* NULL: none is expected */
};

static const struct finding findings[] = {
    {"description", "x", NULL, NULL, MISTAKE_NONE, NULL},
    {"device", "", NULL, NULL, MISTAKE_INCONSISTENT, "smtp.server"},
    {"device", "", "smtp.server", "a.example", MISTAKE_INCONSISTENT, "incoming.server"},
    {"device", "not a host", "smtp.server", "a.example", MISTAKE_INCONSISTENT, "incoming.server"},
    {"smtp.server", "mail.%Device.Address", "incoming.server", "b.example", MISTAKE_INCONSISTENT, "smtp.server"},
    {"smtp.auth", "true", NULL, NULL, MISTAKE_INCONSISTENT, "smtp.auth"},
    {"smtp.auth", "true", "smtp.username", "u", MISTAKE_NONE, NULL},
};

struct found {
    unsigned count;
    struct mistake first;
};

static void note(void *owner, const struct mistake *m)
{
    struct found *f = owner;
    if (f->count++ == 0)
        f->first = *m;
}

static void whole_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof findings / sizeof findings[0]; i++) {
        const struct finding *f = &findings[i];
        struct found found = {0};
        draft_end(&draft);
        whole_monitor();
        must_put(f->key, f->value);
        if (f->other_key != NULL)
            must_put(f->other_key, f->other_value);
        unsigned count = draft_check(&draft, note, &found);
        assert_int_equal(count, found.count);
        if (f->setting == NULL && found.count > 0)
            fail_msg("%s %s: %s: %s", f->key, f->value, settings[found.first.setting].key, found.first.text);
        if (f->setting == NULL) {
            assert_int_equal(found.count, 0);
            continue;
        }
        assert_true(found.count > 0);
        assert_int_equal(found.first.kind, f->kind);
        assert_string_equal(settings[found.first.setting].key, f->setting);
    }
}

static void every_missing_one(void **state)
{
    (void)state;
    struct found found = {0};
    assert_int_equal(draft_check(&draft, note, &found), 4 + 2); /* required ones; two servers without a device */
    assert_int_equal(found.first.kind, MISTAKE_MISSING);
    assert_int_equal(draft_check(&draft, NULL, NULL), 6);
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, begin, end, NULL                                                                               \
    }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ROW("each setting has its own key, column and words", unique),
        ROW("every default is in its range", defaults_in_range),
        ROW("bounds are accepted, bounds +-1 are refused and change nothing", number_bounds),
        ROW("texts of the least and greatest length are accepted, one octet more or less is refused", text_bounds),
        ROW("no text takes control characters or bytes that are no UTF-8", no_control_characters),
        ROW("a number for a text and a text for a number are of the wrong type", wrong_types),
        ROW("words are accepted, other words are refused with those that are right", words),
        ROW("numbers, durations, words and lists are read as people write them", as_written),
        ROW("a refused secret is not repeated", secrets_are_not_repeated),
        ROW("rules about two settings are found by the check of the whole", whole_rules),
        ROW("every missing setting is reported, not only the first", every_missing_one),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
