/* Many monitors in one file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_files.h"

enum { MONITORS = 10000 };

/* Each # of ${monitor} is its number. */
static char *write_monitors(const char *monitor)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    (void)fputs("monitors:\n", f);
    for (int i = 1; i <= MONITORS; i++) {
        for (const char *at = monitor; *at != '\0'; at++)
            (void)(*at == '#' ? fprintf(f, "%d", i) : fputc(*at, f));
    }
    assert_int_equal(fclose(f), 0);
    return text;
}

static void ten_thousand(void **state)
{
    (void)state;
    char *text =
        write_monitors("  - name: m#\n    index: #\n    device: 192.0.2.1\n"
                       "    smtp: {to: probe#@example.com, from: b@example.com}\n    incoming: {username: u}\n");
    struct config *c = file_good(text);
    assert_int_equal(c->wanted_count, MONITORS);
    assert_string_equal(definition_text(c->wanted[MONITORS - 1].definition, SETTING_name), "m10000");
    assert_int_equal(c->wanted[MONITORS - 1].index, MONITORS);
    config_free(c);
    free(text);
}

static void ten_thousand_mistakes(void **state)
{
    (void)state;
    char *text =
        write_monitors("  - name: m\n    index: 1\n    devize: #\n    device: 192.0.2.1\n"
                       "    smtp: {to: probe#@example.com, from: b@example.com}\n    incoming: {username: u}\n");
    size_t lines = 0;
    struct said said;
    assert_null(file_read(file_put("mistakes.yaml", text), &said));
    for (const char *at = said.mistakes; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 3 * MONITORS - 2);
    said_end(&said);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"ten thousand monitors are read", ten_thousand, NULL, NULL, NULL},
        {"ten thousand monitors with three mistakes each tell all of them", ten_thousand_mistakes, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("config: many monitors", tests, files_begin, files_end);
}
