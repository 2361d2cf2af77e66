/* Passwords from files and commands: real files, real commands. */
#include "secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_files.h"
#include "secret_command.h"
#include "text.h"

enum { FILE_BYTES = 8192 };

/* A short time for those that must be killed, a long one for all others. */
static const struct command_limits quick = {.at_once = 16, .run_ms = 200};
static const struct command_limits patient = {.at_once = 16, .run_ms = 60000};

static size_t ready_count;

static void on_ready(void *owner, const struct wanted *monitor)
{
    (void)owner;
    (void)monitor;
    ready_count++;
}

/* A file with one monitor a source: "password_file: X" or "password_command: [X]". */
static struct config *monitors_with(const char *const *sources, size_t n)
{
    char file[FILE_BYTES] = "monitors:\n";
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(file);
        (void)snprintf(file + used, sizeof file - used,
                       "  - name: m%zu\n    device: 192.0.2.1\n    smtp: {to: a@example.com, from: b@example.com}\n"
                       "    incoming:\n      username: u\n      %s\n",
                       i, sources[i]);
    }
    return file_good(file);
}

static void fetch_one(const struct command_limits *limits, const char *source, enum secret_state state,
                      const char *password, const char *why)
{
    bool failed = false;
    struct config *c = monitors_with(&source, 1);
    ready_count = 0;
    secrets_fetch_within(limits, c, NULL, &failed, on_ready, NULL, -1);
    const struct definition *d = c->wanted[0].definition;
    assert_int_equal(ready_count, 1);
    assert_int_equal(d->secret[1], state);
    assert_string_equal(definition_text(d, SETTING_in_password), password);
    assert_string_equal(d->text + d->secret_why, why);
    assert_int_equal(failed, state != SECRET_READY);
    config_free(c);
}

/* --- one source --- */

struct row {
    const char *name, *source, *password, *why; /* why "": it is good */
};

static const struct row commands[] = {
    {"a command's output is the password", "password_command: [printf, secret]", "secret", ""},
    {"one line end is dropped", "password_command: [echo, secret]", "secret", ""},
    {"one line end of the other kind is dropped", "password_command: [printf, 'secret\\r\\n']", "secret", ""},
    {"blanks belong to the password", "password_command: [echo, ' a b ']", " a b ", ""},
    {"no shell reads the arguments", "password_command: [echo, '$HOME;*']", "$HOME;*", ""},
    {"standard input is empty", "password_command: [sh, -c, 'cat; echo secret']", "secret", ""},
    {"the environment is there", "password_command: [sh, -c, 'test -n \"$PATH\" && echo secret']", "secret", ""},
    {"a second line is refused", "password_command: [printf, 'a\\nb\\n']", "",
     "password_command printf: more than one line; the password alone is right"},
    {"two line ends are refused", "password_command: [printf, 'a\\n\\n']", "",
     "password_command printf: more than one line; the password alone is right"},
    {"an empty password is refused", "password_command: ['true']", "",
     "password_command true: there is nothing in it; a password is right"},
    {"a control character is refused", "password_command: [printf, 'a\\tb']", "",
     "password_command printf: the password is not clean; UTF-8 without control characters is right"},
    {"a NUL is refused", "password_command: [printf, 'a\\0b']", "",
     "password_command printf: the password is not clean; UTF-8 without control characters is right"},
    {"256 octets are refused", "password_command: [printf, '%0256d', '1']", "",
     "password_command printf: the password is longer than 255 octets"},
    {"a status is told", "password_command: [sh, -c, 'exit 3']", "", "password_command sh: ended with status 3"},
    {"a signal is told", "password_command: [sh, -c, 'kill -9 $$']", "", "password_command sh: ended by signal 9"},
    {"what a failing command says is told, escaped", "password_command: [sh, -c, 'printf \"no\\tway\\n\" >&2; exit 1']",
     "", "password_command sh: ended with status 1: no\\x09way"},
    {"what a good command says beside is not heeded", "password_command: [sh, -c, 'echo noise >&2; echo secret']",
     "secret", ""},
    {"a program that is not there is told", "password_command: [/no/such/program]", "",
     "password_command /no/such/program: cannot be run: No such file or directory"},
    {"more than 8192 octets are refused", "password_command: [sh, -c, 'head -c 8193 /dev/zero; sleep 60']", "",
     "password_command sh: printed more than 8192 octets"},
    {"no more words are kept than can be shown",
     "password_command: [sh, -c, 'head -c 300000 /dev/zero | tr \"\\0\" x >&2; echo secret']", "secret", ""},
};

static void one_command(void **state)
{
    const struct row *row = *state;
    fetch_one(&patient, row->source, row->why[0] == '\0' ? SECRET_READY : SECRET_FAILED, row->password, row->why);
}

static void one_file(void **state)
{
    (void)state;
    char source[512], why[512];
    const char *path = file_put("secret", "pass word\n");
    (void)snprintf(source, sizeof source, "password_file: %s", path);
    fetch_one(&patient, source, SECRET_READY, "pass word", "");
    (void)snprintf(why, sizeof why, "password_file %s: there is nothing in it; a password is right", path);
    (void)file_put("secret", "\n");
    fetch_one(&patient, source, SECRET_FAILED, "", why);
    (void)snprintf(source, sizeof source, "password_file: %s", file_path("none"));
    (void)snprintf(why, sizeof why, "password_file %s: No such file or directory", file_path("none"));
    fetch_one(&patient, source, SECRET_FAILED, "", why);
    fetch_one(&patient, "password_file: /tmp", SECRET_FAILED, "", "password_file /tmp: not a file");
}

static void pipe_without_writer(void **state)
{
    (void)state;
    char source[512], why[512];
    const char *path = file_put("pipe", "");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)snprintf(source, sizeof source, "password_file: %s", path);
    (void)snprintf(why, sizeof why, "password_file %s: not a file", path);
    fetch_one(&patient, source, SECRET_FAILED, "", why);
}

/* --- bounds --- */

static pid_t read_pid(const char *path)
{
    char digits[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(read(fd, digits, sizeof digits - 1) > 0);
    (void)close(fd);
    return (pid_t)atol(digits);
}

static void killed_with_its_children(void **state)
{
    (void)state;
    char source[512];
    const char *path = file_put("child", "");
    (void)snprintf(source, sizeof source, "password_command: [sh, -c, 'sleep 600 & echo $! >%s; wait']", path);
    fetch_one(&quick, source, SECRET_FAILED, "", "password_command sh: was still running after 200 ms, and was killed");
    /* Its grandchild is dead, or dies now. */
    int fd = pidfd_open(read_pid(path), 0);
    if (fd < 0)
        return;
    struct pollfd end = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&end, 1, (int)patient.run_ms), 1);
    (void)close(fd);
}

static void a_child_that_stays_holds_nothing_up(void **state)
{
    (void)state;
    uint64_t before = monotonic_now_ms();
    fetch_one(&patient, "password_command: [sh, -c, 'sleep 600 & echo secret']", SECRET_READY, "secret", "");
    assert_true(monotonic_now_ms() - before < patient.run_ms);
}

static void stopped(void **state)
{
    (void)state;
    static const char *const sources[] = {"password_command: [sleep, '600']", "password_command: [echo, secret]",
                                          "password_command: [sleep, '601']"};
    bool failed[3] = {false, false, false};
    struct config *c = monitors_with(sources, 3);
    int fd = eventfd(1, EFD_CLOEXEC);
    assert_true(fd >= 0);
    ready_count = 0;
    secrets_fetch_within(&patient, c, NULL, failed, on_ready, NULL, fd);
    assert_true(failed[0] && failed[2]);
    assert_int_equal(c->wanted[0].definition->secret[1], SECRET_WAITING);
    (void)close(fd);
    config_free(c);
}

static void no_zombie(void **state)
{
    (void)state;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* --- many sources --- */

static void each_once(void **state)
{
    (void)state;
    char source[512], counted[16] = "";
    const char *path = file_put("count", "");
    (void)snprintf(source, sizeof source, "password_command: [sh, -c, 'echo >>%s; echo secret']", path);
    const char *const sources[] = {source, "password_command: [echo, other]", source, source};
    struct config *c = monitors_with(sources, 4);
    ready_count = 0;
    secrets_fetch_within(&patient, c, NULL, NULL, on_ready, NULL, -1);
    assert_int_equal(ready_count, 4);
    assert_string_equal(definition_text(c->wanted[3].definition, SETTING_in_password), "secret");
    assert_string_equal(definition_text(c->wanted[1].definition, SETTING_in_password), "other");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, counted, sizeof counted), 1);
    (void)close(fd);
    config_free(c);
}

static void few_at_once(void **state)
{
    (void)state;
    static const struct command_limits two = {.at_once = 2, .run_ms = 60000};
    char sources[6][256];
    const char *listed[6];
    const char *lock = file_path("lock");
    (void)file_put("lock", "");
    /* Each counts itself in, looks how many there are, and counts itself out. */
    for (size_t i = 0; i < 6; i++) {
        (void)snprintf(sources[i], sizeof sources[i],
                       "password_command: [sh, -c, 'touch %s.$$; ls %s.* | wc -l; rm %s.$$', 'n%zu']", lock, lock, lock,
                       i);
        listed[i] = sources[i];
    }
    struct config *c = monitors_with(listed, 6);
    ready_count = 0;
    secrets_fetch_within(&two, c, NULL, NULL, on_ready, NULL, -1);
    assert_int_equal(ready_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_true(atoi(definition_text(c->wanted[i].definition, SETTING_in_password)) <= 2);
    config_free(c);
}

static void both_legs(void **state)
{
    (void)state;
    struct config *c = file_good(
        "monitors:\n  - name: a\n    device: 192.0.2.1\n    smtp: {to: a@example.com, from: b@example.com, auth: true, "
        "username: u, password_command: [echo, one]}\n    incoming: {username: u, password_command: [echo, two]}\n");
    ready_count = 0;
    secrets_fetch_within(&patient, c, NULL, NULL, on_ready, NULL, -1);
    assert_int_equal(ready_count, 1);
    assert_string_equal(definition_text(c->wanted[0].definition, SETTING_smtp_password), "one");
    assert_string_equal(definition_text(c->wanted[0].definition, SETTING_in_password), "two");
    config_free(c);
}

static void chosen_alone(void **state)
{
    (void)state;
    static const char *const sources[] = {"password_command: [echo, one]", "password_command: [echo, two]"};
    const bool which[] = {false, true};
    struct config *c = monitors_with(sources, 2);
    ready_count = 0;
    secrets_fetch_within(&patient, c, which, NULL, on_ready, NULL, -1);
    assert_int_equal(ready_count, 1);
    assert_int_equal(c->wanted[0].definition->secret[1], SECRET_WAITING);
    assert_int_equal(c->wanted[1].definition->secret[1], SECRET_READY);
    config_free(c);
}

static void equal_stays(void **state)
{
    (void)state;
    static const char *const sources[] = {"password_command: [echo, one]"};
    struct config *c = monitors_with(sources, 1);
    secrets_fetch(c, NULL, NULL, on_ready, NULL, -1);
    const struct definition *before = c->wanted[0].definition;
    secrets_fetch(c, NULL, NULL, on_ready, NULL, -1);
    assert_ptr_equal(c->wanted[0].definition, before);
    config_free(c);
}

static void carried(void **state)
{
    (void)state;
    static const char *const before[] = {"password_command: [echo, one]", "password_command: ['false']"};
    static const char *const after[] = {"password_command: [echo, new]", "password_command: ['false']",
                                        "password_command: [echo, one]"};
    struct config *from = monitors_with(before, 2), *to = monitors_with(after, 3);
    secrets_fetch(from, NULL, NULL, on_ready, NULL, -1);
    secrets_carry(to, from);
    assert_int_equal(to->wanted[0].definition->secret[1], SECRET_WAITING);
    assert_int_equal(to->wanted[1].definition->secret[1], SECRET_FAILED);
    assert_int_equal(to->wanted[2].definition->secret[1], SECRET_READY);
    assert_string_equal(definition_text(to->wanted[2].definition, SETTING_in_password), "one");
    config_free(from);
    config_free(to);
}

static void count_line(void *owner, const char *line)
{
    assert_non_null(strstr(line, "open.secret: all users may read it (mode 0644)"));
    ++*(int *)owner;
}

static void open_files(void **state)
{
    (void)state;
    char sources[2][512];
    const char *const listed[] = {sources[0], sources[1], sources[1], "password_command: [echo, a]"};
    (void)snprintf(sources[0], sizeof sources[0], "password_file: %s", file_put("shut.secret", "a\n"));
    (void)snprintf(sources[1], sizeof sources[1], "password_file: %s", file_write("open.secret", "a\n", 2, 0644));
    struct config *c = monitors_with(listed, 4);
    int lines = 0;
    secrets_warn(c, count_line, &lines);
    assert_int_equal(lines, 1);
    config_free(c);
}

int main(void)
{
    enum { ROWS = sizeof commands / sizeof commands[0] };
    const struct CMUnitTest others[] = {
        {"a file's only line is the password", one_file, NULL, NULL, NULL},
        {"a pipe in place of a file holds nothing up", pipe_without_writer, NULL, NULL, NULL},
        {"a command that takes too long is killed with its children", killed_with_its_children, NULL, NULL, NULL},
        {"a child that stays behind holds nothing up", a_child_that_stays_holds_nothing_up, NULL, NULL, NULL},
        {"what runs is killed when it must stop", stopped, NULL, NULL, NULL},
        {"the same command is run once for all", each_once, NULL, NULL, NULL},
        {"no more than the limit run at once", few_at_once, NULL, NULL, NULL},
        {"a monitor is ready when both legs are", both_legs, NULL, NULL, NULL},
        {"only what is chosen is fetched", chosen_alone, NULL, NULL, NULL},
        {"a password that did not change changes no definition", equal_stays, NULL, NULL, NULL},
        {"what was fetched is carried to the next reading", carried, NULL, NULL, NULL},
        {"a password's file that all may read earns one warning", open_files, NULL, NULL, NULL},
        {"no command is left unburied", no_zombie, NULL, NULL, NULL},
    };
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        union {
            const struct row *row;
            void *state;
        } given = {.row = &commands[i]};
        tests[i] = (struct CMUnitTest){commands[i].name, one_command, NULL, NULL, given.state};
    }
    (void)signal(SIGPIPE, SIG_IGN);
    int failed = cmocka_run_group_tests_name("secrets: what a command prints", tests, files_begin, NULL);
    return failed + cmocka_run_group_tests_name("secrets", others, NULL, files_end);
}
