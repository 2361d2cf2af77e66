/* Files with mistakes: every one is told, where it is and what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_files.h"

struct row {
    const char *name, *file, *mistakes;
};

static const struct row rows[] = {
#include "bad_rows.def"
};

static void is_refused(void **state)
{
    const struct row *row = *state;
    struct said said;
    struct config *c = file_read(file_put("bad.yaml", row->file), &said);
    assert_string_equal(said.mistakes, row->mistakes);
    said_end(&said);
    assert_null(c);
}

/* --- files that are none --- */

static void refuse(const char *path, const char *mistake)
{
    struct said said;
    assert_null(file_read(path, &said));
    assert_string_equal(said.mistakes, mistake);
    said_end(&said);
}

static void missing(void **state)
{
    (void)state;
    refuse(file_path("none.yaml"), "1:1: cannot be opened: No such file or directory; a file that emailmon may read is "
                                   "right\n");
}

static void directory(void **state)
{
    (void)state;
    refuse("/tmp", "1:1: cannot be read: Is a directory; a file that emailmon may read is right\n");
}

static void unreadable(void **state)
{
    (void)state;
    const char *path = file_write("secret.yaml", "{}", 2, 0);
    if (getuid() == 0)
        skip(); /* root reads all */
    refuse(path, "1:1: cannot be opened: Permission denied; a file that emailmon may read is right\n");
}

static void too_large(void **state)
{
    (void)state;
    const char *path = file_put("large.yaml", "{}");
    assert_int_equal(truncate(path, (256 << 20) + 1), 0);
    refuse(path, "1:1: larger than 256 MiB; a smaller file is right\n");
}

static void not_utf8(void **state)
{
    (void)state;
    static const char text[] = "agentx: unix:/a\nstate: \xC3\xA9\xFF\n";
    refuse(file_put("latin.yaml", text), "2:9: invalid leading UTF-8 octet; UTF-8 without control characters is "
                                         "right\n");
}

static void utf16(void **state)
{
    (void)state;
    static const char text[] = "\xFF\xFE{\0}";
    refuse(file_write("wide.yaml", text, sizeof text, 0600), "1:1: invalid leading UTF-8 octet; UTF-8 without control "
                                                             "characters is right\n");
}

/* --- every setting --- */

/* The defaults with one setting, written as ${value}. */
static bool is_taken(const struct setting *s, const char *value)
{
    char file[512], key[64], mistake[64];
    struct said said;
    const char *dot = strchr(s->key, '.');
    if (dot == NULL)
        (void)snprintf(file, sizeof file, "defaults: {%s: %s}\n", s->key, value);
    else
        (void)snprintf(file, sizeof file, "defaults: {%.*s: {%s: %s}}\n", (int)(dot - s->key), s->key, dot + 1, value);
    struct config *c = file_read(file_put("bound.yaml", file), &said);
    (void)snprintf(key, sizeof key, "%s: ", dot == NULL ? s->key : dot + 1);
    size_t column = (size_t)(strstr(file, key) - file) + strlen(key) + 1;
    (void)snprintf(mistake, sizeof mistake, "1:%zu: %s: ", column, s->key);
    if (c == NULL)
        assert_ptr_equal(strstr(said.mistakes, mistake), said.mistakes);
    said_end(&said);
    config_free(c);
    return c != NULL;
}

static void bounds(void **state)
{
    (void)state;
    char value[32];
    for (const struct setting *s = settings; s < settings + SETTING_COUNT; s++) {
        if (s->kind != KIND_NUMBER)
            continue;
        (void)snprintf(value, sizeof value, "%u", (unsigned)s->min);
        assert_true(is_taken(s, value));
        (void)snprintf(value, sizeof value, "%u", (unsigned)s->max);
        assert_true(is_taken(s, value));
        (void)snprintf(value, sizeof value, "%u", (unsigned)s->max + 1);
        assert_false(is_taken(s, value));
        (void)snprintf(value, sizeof value, "%d", (int)s->min - 1);
        assert_false(is_taken(s, value));
    }
}

static void lengths(void **state)
{
    (void)state;
    char value[300];
    for (const struct setting *s = settings; s < settings + SETTING_COUNT; s++) {
        if (!setting_is_text(s) || setting_id(s) == SETTING_name || setting_id(s) == SETTING_device)
            continue; /* no defaults can have these */
        (void)snprintf(value, sizeof value, "%0*d", (int)s->max + 1, 1);
        assert_false(is_taken(s, value));
        assert_int_equal(is_taken(s, "''"), s->min == 0);
    }
}

/* --- files that would be endless --- */

static void bomb(void **state)
{
    (void)state;
    char text[1024] = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    struct said said;
    for (int i = 1; i < 10; i++) {
        char line[96];
        (void)snprintf(line, sizeof line, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i,
                       i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        strcat(text, line);
    }
    assert_null(file_read(file_put("bomb.yaml", text), &said));
    assert_non_null(strstr(said.mistakes, "those that aliases repeat included"));
    said_end(&said);
}

static void deep(void **state)
{
    (void)state;
    enum { DEPTH = 20000 };
    char *text = malloc(DEPTH + 1);
    assert_non_null(text);
    memset(text, '[', DEPTH);
    text[DEPTH] = '\0';
    refuse(file_put("deep.yaml", text), "1:17: nested too deeply; no setting stands so deep\n");
    free(text);
}

static void anchors(void **state)
{
    (void)state;
    enum { ANCHORS = 300, BYTES = 16 };
    char text[ANCHORS * BYTES] = "monitors: [";
    size_t n = strlen(text);
    struct said said;
    for (int i = 0; i < ANCHORS; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "&a%d x, ", i);
    (void)snprintf(text + n, sizeof text - n, "]\n");
    assert_null(file_read(file_put("anchors.yaml", text), &said));
    assert_non_null(strstr(said.mistakes, "too many anchors"));
    said_end(&said);
}

int main(void)
{
    enum { ROWS = sizeof rows / sizeof rows[0] };
    const struct CMUnitTest others[] = {
        {"a file that is not there is refused", missing, NULL, NULL, NULL},
        {"a directory is refused", directory, NULL, NULL, NULL},
        {"a file that may not be read is refused", unreadable, NULL, NULL, NULL},
        {"a file that is too large is refused", too_large, NULL, NULL, NULL},
        {"what is not UTF-8 is told where it is", not_utf8, NULL, NULL, NULL},
        {"UTF-16 is refused", utf16, NULL, NULL, NULL},
        {"the bounds of every number hold, and its place is told", bounds, NULL, NULL, NULL},
        {"the lengths of every text hold", lengths, NULL, NULL, NULL},
        {"aliases that multiply are refused", bomb, NULL, NULL, NULL},
        {"a file that is nested without end is refused", deep, NULL, NULL, NULL},
        {"a file with too many anchors is refused", anchors, NULL, NULL, NULL},
    };
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        union {
            const struct row *row;
            void *state;
        } given = {.row = &rows[i]};
        tests[i] = (struct CMUnitTest){rows[i].name, is_refused, NULL, NULL, given.state};
    }
    int failed = cmocka_run_group_tests_name("config: a file with mistakes", tests, files_begin, NULL);
    return failed + cmocka_run_group_tests_name("config: no file, or an endless one", others, NULL, files_end);
}
