#include "edits_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct monitors *set;
struct mistake why;
uint64_t serials;

static uint64_t next_serial(void *owner, const char *name)
{
    (void)owner;
    (void)name;
    return ++serials;
}

int begin(void **state)
{
    (void)state;
    serials = 0;
    set = monitors_new(next_serial, NULL);
    return set == NULL;
}

int end(void **state)
{
    (void)state;
    monitors_free(set);
    return 0;
}

/* --- what happened, as one line: "+1 a" new, "~1 a" changed, "-1 a" removed --- */

char told[1024];

void note(void *owner, const struct change *change)
{
    (void)owner;
    const struct definition *d = change->after != NULL ? change->after : change->before;
    size_t used = strlen(told);
    char sign = change->before == NULL ? '+' : change->after == NULL ? '-' : '~';
    (void)snprintf(told + used, sizeof told - used, "%s%c%d %s", used == 0 ? "" : ", ", sign, (int)change->index,
                   definition_text(d, SETTING_name));
}

char warned[1024];

static void warn(void *owner, const char *line)
{
    (void)owner;
    (void)snprintf(warned + strlen(warned), sizeof warned - strlen(warned), "%s\n", line);
}

/* The set as "1 a, 2 b". */
const char *rows(void)
{
    static char line[1024];
    line[0] = '\0';
    for (size_t i = 0; i < monitors_count(set); i++) {
        const struct monitor *m = monitors_at(set, i);
        size_t used = strlen(line);
        (void)snprintf(line + used, sizeof line - used, "%s%d %s", i == 0 ? "" : ", ", (int)m->index,
                       definition_text(m->definition, SETTING_name));
        assert_ptr_equal(monitors_find(set, m->index), m);
        assert_ptr_equal(monitors_named(set, definition_text(m->definition, SETTING_name)), m);
        assert_int_equal(monitors_lower(set, m->index), i);
    }
    return line;
}

void put(struct draft *d, const char *key, const char *written)
{
    if (!draft_put_written(d, setting_id(setting_by_key(key)), written, &why))
        fail_msg("%s", why.text);
}

void fill(struct draft *d, const char *name, enum storage storage)
{
    put(d, "name", name);
    put(d, "device", "192.0.2.1");
    put(d, "smtp.to", "p@example.com");
    put(d, "smtp.from", "m@example.com");
    put(d, "incoming.username", "u");
    d->storage = storage;
}

/* --- files: "a b@7 c+" (index 7 wanted; +: with another interval) --- */

bool file(const char *monitors)
{
    struct wanted wanted[16];
    size_t n = 0;
    char words[256], *rest = words;
    (void)text_copy(words, sizeof words, monitors);
    for (char *word; (word = strsep(&rest, " ")) != NULL && word[0] != '\0'; n++) {
        struct draft d;
        char *at = strchr(word, '@'), *plus = strchr(word, '+');
        if (plus != NULL)
            *plus = '\0';
        if (at != NULL)
            *at = '\0';
        draft_init(&d);
        fill(&d, word, STORAGE_READ_ONLY);
        if (plus != NULL)
            put(&d, "interval", "77");
        wanted[n] = (struct wanted){.index = at == NULL ? 0 : atoi(at + 1), .definition = draft_freeze(&d)};
        draft_end(&d);
    }
    told[0] = warned[0] = '\0';
    struct edit *e = edit_begin(set);
    assert_non_null(e);
    bool right = edit_file(e, wanted, n, warn, NULL) && edit_check(e, &why, NULL) && edit_save(e, NULL, &why);
    if (right)
        edit_publish(e, note, NULL);
    edit_end(e);
    for (size_t i = 0; i < n; i++)
        definition_unref(wanted[i].definition);
    return right;
}

void by_set(int32_t index, const char *name)
{
    struct edit *e = edit_begin(set);
    struct draft *d = edit_draft(e, index, true);
    assert_non_null(d);
    fill(d, name, STORAGE_NON_VOLATILE);
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, NULL, NULL);
    edit_end(e);
}
