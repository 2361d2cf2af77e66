/* emailmon.yaml(5) is written by hand; here it is held against the tables of settings, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_parts.h"

enum { PAGE_MAX = 1 << 16, ITEM_MAX = 2048, SENTENCE_MAX = 128 };

static char page[PAGE_MAX];

static int read_page(void **state)
{
    (void)state;
    FILE *f = fopen(MANUAL, "re");
    if (f == NULL)
        return 1;
    size_t n = fread(page, 1, sizeof page - 1, f);
    (void)fclose(f);
    return n > 0 && n < sizeof page - 1 ? 0 : 1;
}

/* --- items of the page: ".It Ic KEY , KEY", and what stands below it --- */

static const char item[] = "\n.It Ic ";

/* The next key of an item's line; its length, 0 when there is none. */
static size_t next_key(const char **at)
{
    *at += strspn(*at, " ,");
    return strcspn(*at, " ,\n");
}

static bool names(const char *line, const char *key)
{
    for (size_t n; (n = next_key(&line)) > 0; line += n) {
        if (n == strlen(key) && memcmp(line, key, n) == 0)
            return true;
    }
    return false;
}

/* What the page says of a key, its lines joined by blanks. */
static const char *said_of(const char *key)
{
    static char text[ITEM_MAX];
    const char *from = page;
    while ((from = strstr(from, item)) != NULL && !names(from + strlen(item), key))
        from++;
    if (from == NULL)
        fail_msg("the page says nothing of %s", key);
    const char *to = strstr(from + 1, "\n.It ");
    size_t n = to != NULL ? (size_t)(to - from) : strlen(from);
    assert_true(n < sizeof text);
    memcpy(text, from, n);
    text[n] = '\0';
    for (char *end = text; (end = strchr(end, '\n')) != NULL;)
        *end = ' ';
    return text;
}

/* --- what it must say --- */

static const char *default_word(const struct setting *s)
{
    const struct word *w = setting_words(s->kind);
    while (w->word != NULL && w->number != s->default_number)
        w++;
    return w->word != NULL ? w->word : "all"; /* of events */
}

/* The sentence that tells range and default; "" when there is none to tell. */
static const char *sentence(const struct setting *s)
{
    static char text[SENTENCE_MAX];
    text[0] = '\0';
    if (s->kind == KIND_NUMBER)
        (void)snprintf(text, sizeof text, "A %s from %u to %u%s; default %u.", s->duration ? "duration" : "number",
                       (unsigned)s->min, (unsigned)s->max, s->duration ? " seconds" : "", (unsigned)s->default_number);
    else if (!setting_is_text(s))
        (void)snprintf(text, sizeof text, "Default: %s.", default_word(s));
    else if (s->default_text == NULL)
        (void)snprintf(text, sizeof text, "Required.");
    else if (s->kind == KIND_TEXT)
        (void)snprintf(text, sizeof text, "Default: %s.", s->default_text[0] != '\0' ? s->default_text : "none");
    return text;
}

static void settings_are_told(void **state)
{
    (void)state;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const char *said = said_of(settings[id].key), *wanted = sentence(&settings[id]);
        if (strstr(said, wanted) == NULL)
            fail_msg("%s: the page does not say \"%s\" but: %s", settings[id].key, wanted, said);
    }
}

static void words_are_told(void **state)
{
    (void)state;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const struct word *w = setting_words(settings[id].kind);
        if (settings[id].kind == KIND_TRUTH)
            continue; /* for all of them in one place */
        for (; w != NULL && w->word != NULL; w++)
            if (strstr(said_of(settings[id].key), w->word) == NULL)
                fail_msg("%s: the page does not tell of %s", settings[id].key, w->word);
    }
}

/* --- keys that are no settings of the table --- */

static const char *const groups[] = {"", "smtp.", "incoming.", "limits.", "tls."};
enum { GROUPS = sizeof groups / sizeof groups[0] };

/* All keys below a group: a monitor's, and those of emailmon itself. */
static struct key_list keys_below(const char *group)
{
    struct key_list k = {.count = 0};
    general_add_keys(&k, group);
    if (strcmp(group, "limits.") != 0 && strcmp(group, "tls.") != 0)
        keys_add_monitor(&k, group);
    if (group[0] == '\0') {
        keys_add(&k, "defaults", 0);
        keys_add(&k, "monitors", 0);
    }
    return k;
}

static void every_key_is_told(void **state)
{
    char key[SENTENCE_MAX];
    (void)state;
    for (size_t g = 0; g < GROUPS; g++) {
        const struct key_list k = keys_below(groups[g]);
        assert_true(k.count > 0);
        for (size_t i = 0; i < k.count; i++) {
            (void)snprintf(key, sizeof key, "%s%s", groups[g], k.keys[i].word);
            (void)said_of(key);
        }
    }
}

static bool is_key(const char *word, size_t n)
{
    for (size_t g = 0; g < GROUPS; g++) {
        const struct key_list k = keys_below(groups[g]);
        const size_t before = strlen(groups[g]);
        for (size_t i = 0; i < k.count; i++)
            if (n == before + k.keys[i].length && memcmp(word, groups[g], before) == 0 &&
                memcmp(word + before, k.keys[i].word, k.keys[i].length) == 0)
                return true;
    }
    return false;
}

static void nothing_else_is_told(void **state)
{
    (void)state;
    for (const char *at = page; (at = strstr(at, item)) != NULL;) {
        at += strlen(item);
        for (size_t n; (n = next_key(&at)) > 0; at += n)
            if (!is_key(at, n))
                fail_msg("the page tells of %.*s, which is no key", (int)n, at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"the manual tells every setting with its range and default", settings_are_told, NULL, NULL, NULL},
        {"the manual tells every word that a setting may be", words_are_told, NULL, NULL, NULL},
        {"the manual tells every key of the file", every_key_is_told, NULL, NULL, NULL},
        {"the manual tells of no key that there is not", nothing_else_is_told, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("config: the manual", tests, read_page, NULL);
}
