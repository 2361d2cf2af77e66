/*
 * Memory that is short at any point: the file is refused with a complaint, never half taken, and nothing is lost.  The
 * linker sends the program's own allocations here (--wrap); those inside libraries are real.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_files.h"
#include "config_parts.h"
#include "secrets.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static size_t until; /* allocations that still succeed before one fails; 0: all do */

static bool fails(void)
{
    if (until == 0 || --until > 0)
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return fails() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    return fails() ? NULL : __real_strndup(s, n);
}

static const char right[] =
    "defaults: {smtp: {from: a@example.com, auth: yes, username: x, password_command: [true]}}\n"
    "monitors:\n"
    "  - &a {name: a, devices: [192.0.2.1, 192.0.2.2], smtp: {to: a@example.com}, incoming: "
    "{username: u, password_file: /no/file}}\n"
    "  - {name: b, device: 192.0.2.1, smtp: {to: a@example.com}, incoming: {username: u, "
    "password: p}}\n";
static const char wrong[] = "stat: /a\nmonitors: [{name: a, smtp: {to: b}}, *c]\n";

/* Whether the Nth allocation was reached. */
static bool parse_with(const char *text, size_t nth)
{
    struct complaints complaints = {0};
    until = nth;
    struct config *c = config_parse(text, strlen(text), &complaints);
    bool reached = until == 0;
    until = 0;
    assert_true((c == NULL) == complaints_any(&complaints));
    if (reached)
        assert_true(complaints.memory);
    complaints_end(&complaints);
    config_free(c);
    return reached;
}

static void every_allocation(void **state)
{
    (void)state;
    size_t n = 1;
    while (parse_with(right, n))
        n++;
    assert_true(n > 30);
    for (n = 1; parse_with(wrong, n);)
        n++;
    assert_true(n > 5);
}

static void on_ready(void *owner, const struct wanted *monitor)
{
    assert_int_not_equal(monitor->definition->secret[1], SECRET_WAITING);
    ++*(size_t *)owner;
}

/* What could not be put into a monitor has failed, and waits for the next time. */
static bool fetch_with(size_t nth)
{
    struct config *c = file_good(right);
    bool failed[8] = {false};
    size_t ready = 0, left = 0;
    until = nth;
    secrets_fetch(c, NULL, failed, on_ready, &ready, -1);
    bool reached = until == 0;
    until = 0;
    for (size_t i = 0; i < c->source_count; i++)
        left += failed[i] ? 1 : 0;
    assert_true(ready <= c->wanted_count);
    assert_true(left > 0); /* the file that is not there, at least */
    config_free(c);
    return reached;
}

static void every_secret(void **state)
{
    (void)state;
    size_t n = 1;
    while (fetch_with(n))
        n++;
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a file is refused when any allocation fails", every_allocation, NULL, NULL, NULL},
        {"a password is fetched later when any allocation fails", every_secret, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("config: memory is short", tests, files_begin, files_end);
}
