/* The loader thread: what it tells the agent, and when. */
#include "loader.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_files.h"
#include "loader_timing.h"

enum { PATIENCE_MS = 20000, QUEUE_ROOM = 64 };

static const struct loader_timing timing = {.commands = {.at_once = 16, .run_ms = 60000}, .retry_ms = 30, .room_ms = 5};

static struct queue *notices;
static struct loader *loader;

#define MONITOR(name, source)                                                                                          \
    "  - name: " name "\n    device: 192.0.2.1\n    smtp: {to: a@example.com, from: b@example.com}\n"                  \
    "    incoming: {username: u, " source "}\n"

static void start(const char *text, size_t room)
{
    struct said said;
    const char *path = file_put("loader.yaml", text);
    struct config *c = file_read(path, &said);
    assert_string_equal(said.mistakes, "");
    said_end(&said);
    notices = queue_new(room, sizeof(struct notice));
    loader = loader_start_timed(path, c, notices, NULL, NULL, &timing);
    assert_non_null(loader);
}

static void stop(void)
{
    loader_stop(loader);
    queue_free(notices, notice_drop);
}

static struct notice take(enum notice_kind kind)
{
    struct notice n;
    while (!queue_take(notices, &n)) {
        struct pollfd fd = {.fd = queue_fd(notices), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
        queue_drain(notices);
    }
    assert_int_equal(n.kind, kind);
    return n;
}

static const char *password(const struct notice *n, size_t i)
{
    return definition_text(n->wanted[i].definition, SETTING_in_password);
}

static enum secret_state state_of(const struct notice *n, size_t i)
{
    return (enum secret_state)n->wanted[i].definition->secret[1];
}

static void file_first(void **state)
{
    (void)state;
    start("monitors:\n" MONITOR("a", "password: p") MONITOR("b", "password_command: [echo, secret]"), QUEUE_ROOM);
    struct notice n = take(NOTICE_FILE);
    assert_int_equal(n.wanted_count, 2);
    assert_true(n.time_ms > 0);
    assert_int_equal(state_of(&n, 0), SECRET_READY);
    assert_int_equal(state_of(&n, 1), SECRET_WAITING);
    notice_drop(&n);
    n = take(NOTICE_DEFINITION);
    assert_int_equal(n.wanted_count, 1);
    assert_string_equal(definition_text(n.wanted[0].definition, SETTING_name), "b");
    assert_string_equal(password(&n, 0), "secret");
    notice_drop(&n);
    stop();
}

static uint32_t references(const struct notice *n)
{
    return __atomic_load_n(&n->wanted[0].definition->references, __ATOMIC_RELAXED);
}

static void told_ones_are_let_go(void **state)
{
    (void)state;
    start("monitors:\n" MONITOR("a", "password: p") MONITOR("b", "password_command: [echo, secret]"), QUEUE_ROOM);
    struct notice file = take(NOTICE_FILE);
    struct notice b = take(NOTICE_DEFINITION);
    assert_int_equal(references(&file), 1);
    assert_true(references(&b) > 1);
    notice_drop(&file);
    notice_drop(&b);
    stop();
}

static void files_at_once(void **state)
{
    (void)state;
    char text[1024];
    (void)snprintf(text, sizeof text, "monitors:\n" MONITOR("a", "password_file: %s"), file_put("secret", "hush\n"));
    start(text, QUEUE_ROOM);
    struct notice n = take(NOTICE_FILE);
    assert_int_equal(state_of(&n, 0), SECRET_READY);
    assert_string_equal(password(&n, 0), "hush");
    notice_drop(&n);
    stop();
}

static void tried_again(void **state)
{
    (void)state;
    char text[1024];
    const char *path = file_path("late");
    (void)snprintf(text, sizeof text, "monitors:\n" MONITOR("a", "password_command: [cat, %s]"), path);
    start(text, QUEUE_ROOM);
    struct notice n = take(NOTICE_FILE);
    notice_drop(&n);
    n = take(NOTICE_DEFINITION);
    assert_int_equal(state_of(&n, 0), SECRET_FAILED);
    notice_drop(&n);
    (void)file_put("late.new", "hush\n");
    assert_int_equal(rename(file_path("late.new"), path), 0);
    n = take(NOTICE_DEFINITION);
    assert_int_equal(state_of(&n, 0), SECRET_READY);
    assert_string_equal(password(&n, 0), "hush");
    notice_drop(&n);
    stop();
    assert_int_equal(unlink(path), 0);
}

static void reload_changes_only_what_changed(void **state)
{
    (void)state;
    start("monitors:\n" MONITOR("a", "password_command: [echo, secret]"), QUEUE_ROOM);
    struct notice n = take(NOTICE_FILE);
    notice_drop(&n);
    struct notice before = take(NOTICE_DEFINITION);
    (void)file_put("loader.yaml", "monitors:\n" MONITOR("a", "password_command: [echo, secret]")
                                      MONITOR("b", "password_command: [echo, secret]"));
    loader_reload(loader);
    n = take(NOTICE_FILE);
    assert_int_equal(n.wanted_count, 2);
    assert_true(definition_equal(n.wanted[0].definition, before.wanted[0].definition));
    assert_int_equal(state_of(&n, 1), SECRET_READY); /* the same command: known already */
    notice_drop(&n);
    notice_drop(&before);
    stop();
}

static void refused(void **state)
{
    (void)state;
    start("monitors: []\n", QUEUE_ROOM);
    struct notice n = take(NOTICE_FILE);
    notice_drop(&n);
    const char *path = file_put("loader.yaml", "monitor: []\nworkers: 0\n");
    loader_reload(loader);
    n = take(NOTICE_FILE_ERROR);
    char line[512];
    (void)snprintf(line, sizeof line, "%s:1:1: monitor: there is no such key; monitors is right (and 1 more)", path);
    assert_string_equal(text_bytes(n.text), line);
    notice_drop(&n);
    (void)file_put("loader.yaml", "monitors:\n" MONITOR("a", "password: p"));
    loader_reload(loader);
    n = take(NOTICE_FILE);
    assert_int_equal(n.wanted_count, 1);
    notice_drop(&n);
    stop();
}

static void reload_while_a_command_runs(void **state)
{
    (void)state;
    start("monitors:\n" MONITOR("a", "password_command: [sleep, '600']"), QUEUE_ROOM);
    struct notice n = take(NOTICE_FILE);
    notice_drop(&n);
    (void)file_put("loader.yaml", "monitors:\n" MONITOR("a", "password_command: [echo, secret]"));
    loader_reload(loader);
    n = take(NOTICE_FILE);
    notice_drop(&n);
    n = take(NOTICE_DEFINITION);
    assert_string_equal(password(&n, 0), "secret");
    notice_drop(&n);
    stop();
}

static void stops_at_once(void **state)
{
    (void)state;
    start("monitors:\n" MONITOR("a", "password_command: [sleep, '600']"), QUEUE_ROOM);
    struct notice n = take(NOTICE_FILE);
    notice_drop(&n);
    stop(); /* the test's own time limit would end a loader that waits */
}

static void a_full_queue_loses_nothing(void **state)
{
    (void)state;
    start("monitors:\n" MONITOR("a", "password_command: [echo, one]") MONITOR("b", "password_command: [echo, two]")
              MONITOR("c", "password_command: [echo, three]"),
          1);
    struct notice n = take(NOTICE_FILE);
    notice_drop(&n);
    for (int i = 0; i < 3; i++) {
        n = take(NOTICE_DEFINITION);
        assert_int_equal(state_of(&n, 0), SECRET_READY);
        notice_drop(&n);
    }
    stop();
}

/* --- what it logs --- */

static void restart_is_logged(void **state)
{
    (void)state;
    char line[1024] = "", text[512];
    struct log *log = log_new();
    struct said said;
    int ends[2], before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    struct config *c = file_read(file_put("loader.yaml", "workers: 1\n"), &said);
    said_end(&said);
    notices = queue_new(QUEUE_ROOM, sizeof(struct notice));
    loader = loader_start_timed(file_path("loader.yaml"), c, notices, log, NULL, &timing);
    assert_non_null(loader);
    struct notice n = take(NOTICE_FILE);
    assert_int_equal(n.history_s, 7 * 86400);
    notice_drop(&n);
    /* Twice: it is the start that counts, not the last reading. */
    for (int i = 0; i < 2; i++) {
        (void)file_put("loader.yaml", "workers: 2\nhistory: 1d\n");
        loader_reload(loader);
        n = take(NOTICE_FILE);
        assert_int_equal(n.history_s, 86400);
        notice_drop(&n);
    }
    stop();
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_print(log);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    (void)snprintf(text, sizeof text, "%s: the change of workers needs a restart\n", file_path("loader.yaml"));
    const char *first = strstr(line, text);
    assert_non_null(first);
    assert_non_null(strstr(first + 1, text));
    assert_null(strstr(line, "change of history"));
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(before);
    log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"the file is told first, with passwords that wait, then each as it comes", file_first, NULL, NULL, NULL},
        {"the loader keeps the definitions whose passwords it fetches, and no others", told_ones_are_let_go, NULL, NULL,
         NULL},
        {"a password from a file is there at once", files_at_once, NULL, NULL, NULL},
        {"a password that failed is tried again", tried_again, NULL, NULL, NULL},
        {"a reload changes only what changed", reload_changes_only_what_changed, NULL, NULL, NULL},
        {"a file that is refused is told, and the next good one is taken", refused, NULL, NULL, NULL},
        {"a reload does not wait for a command", reload_while_a_command_runs, NULL, NULL, NULL},
        {"the loader stops at once, whatever runs", stops_at_once, NULL, NULL, NULL},
        {"a change that needs a restart is logged at every reading, one of history is told", restart_is_logged, NULL,
         NULL, NULL},
        {"a full queue loses nothing", a_full_queue_loses_nothing, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("loader", tests, files_begin, files_end);
}
