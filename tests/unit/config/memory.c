/*
 * Memory that is short at any point: the file is refused with a complaint, never half taken, and nothing is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_files.h"
#include "config_parts.h"
#include "loader.h"
#include "queue.h"
#include "records.h"
#include "secrets.h"
#include "short_memory.h"

static const char right[] =
    "defaults: {smtp: {from: a@example.com, auth: yes, username: x, password_command: [true]}}\n"
    "monitors:\n"
    "  - &a {name: a, devices: [192.0.2.1, 192.0.2.2], smtp: {to: a@example.com}, incoming: "
    "{username: u, password_file: /no/file}}\n"
    "  - {name: b, device: 192.0.2.1, smtp: {to: a@example.com}, incoming: {username: u, "
    "password: p}}\n";
static const char wrong[] = "stat: /a\nmonitors: [{name: a, smtp: {to: b}}, *c]\n";

/* Whether the Nth allocation was reached. */
static bool parse_with(const char *text, unsigned nth)
{
    struct complaints complaints = {0};
    memory_fails_at(nth);
    struct config *c = config_parse(text, strlen(text), &complaints);
    bool reached = memory_has_failed();
    memory_fails_at(0);
    assert_true((c == NULL) == complaints_any(&complaints));
    if (reached && text == right)
        assert_true(complaints.memory);
    complaints_end(&complaints);
    config_free(c);
    return reached;
}

static void every_allocation(void **state)
{
    (void)state;
    unsigned n = 1;
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
static bool fetch_with(unsigned nth)
{
    struct config *c = file_good(right);
    bool failed[8] = {false};
    size_t ready = 0, left = 0;
    memory_fails_at(nth);
    secrets_fetch(c, NULL, failed, on_ready, &ready, -1);
    bool reached = memory_has_failed();
    memory_fails_at(0);
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
    unsigned n = 1;
    while (fetch_with(n))
        n++;
    assert_true(n > 20);
}

/* --- a file on the disk, and the thread that reads it --- */

static void keep_nothing(void *owner, bool is_warning, const char *line)
{
    (void)is_warning;
    *(bool *)owner = *(bool *)owner || line[0] != '\0';
}

static bool read_it(void *stage)
{
    bool complained = false;
    (void)stage;
    struct config *c = config_read(file_path("right.yaml"), keep_nothing, &complained);
    bool there = c != NULL;
    assert_true(there || complained || memory_has_failed());
    config_free(c);
    return there;
}

static void *notices_of_a_loader(void)
{
    return queue_new(64, sizeof(struct notice));
}

static bool start_and_stop(void *stage)
{
    memory_spare(true);
    struct config *first = file_good(right);
    memory_spare(false);
    struct loader *l = loader_start(file_path("right.yaml"), first, stage, NULL, NULL);
    memory_spare(true);
    if (l != NULL)
        loader_stop(l);
    return l != NULL;
}

static void drop_notices(void *stage)
{
    queue_free(stage, notice_drop);
}

static int write_it(void **state)
{
    int began = files_begin(state);
    (void)file_put("right.yaml", right);
    return began;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHORT_MEMORY("a file is read from the disk, or not at all", .act = read_it),
        SHORT_MEMORY("the thread that reads files is there or not", .begin = notices_of_a_loader, .act = start_and_stop,
                     .end = drop_notices),
        {"a file is refused when any allocation fails", every_allocation, NULL, NULL, NULL},
        {"a password is fetched later when any allocation fails", every_secret, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("config: memory is short", tests, write_it, files_end);
}
