/* The program itself, as somebody at a terminal sees it, against a fake mail server. */
#include <dirent.h>
#include <fcntl.h>
#include <pty.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_mail.h"

enum { WORDS_MAX = 12, SAID_MAX = 65536, PATIENCE_MS = 20000, ASK_EVERY_MS = 100 };

static char folder[64], file[128];
static struct fake_mail *mail;
static pid_t agent; /* 0: none runs */

/* --- a program that runs --- */

struct result {
    int status;
    char out[SAID_MAX], err[SAID_MAX];
};

static const char *in_folder(const char *name)
{
    static char path[sizeof folder + 1 + 256]; /* the longest name of a file, NUL included */
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* With its output in two files of the folder. */
static pid_t start(const char *const *words, const char *out, const char *err)
{
    char *arguments[WORDS_MAX + 2] = {strdup(PROGRAM)};
    for (size_t i = 0; words[i] != NULL; i++)
        arguments[i + 1] = strdup(words[i]);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(open(in_folder(out), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
        (void)dup2(open(in_folder(err), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
        (void)execv(arguments[0], arguments);
        _exit(127);
    }
    for (size_t i = 0; arguments[i] != NULL; i++)
        free(arguments[i]);
    return pid;
}

static int await(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void read_file(const char *name, char text[SAID_MAX])
{
    FILE *from = fopen(in_folder(name), "r");
    assert_non_null(from);
    text[fread(text, 1, SAID_MAX - 1, from)] = '\0';
    (void)fclose(from);
}

static const struct result *emailmon(const char *const *words)
{
    static struct result r;
    r.status = await(start(words, "out", "err"));
    read_file("out", r.out);
    read_file("err", r.err);
    return &r;
}

#define EMAILMON(...) emailmon((const char *const[]){__VA_ARGS__, NULL})

static void must_say(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("it does not say \"%s\", but:\n%s", part, text);
}

/* --- the file --- */

static void write_file(const char *monitors)
{
    FILE *to = fopen(file, "w");
    assert_non_null(to);
    (void)fprintf(to,
                  "agentx: unix:%s/master\nstate: %s/state.db\n"
                  "defaults: {interval: 1, smtp: {from: m@test}, incoming: {plaintext_auth: true}}\nmonitors:\n%s",
                  folder, folder, monitors);
    (void)fclose(to);
    assert_int_equal(chmod(file, 0600), 0);
}

/* A monitor by POP3 or IMAP of a mailbox that has its name. */
static void print_monitor(char *out, size_t size, const char *name, enum fake_protocol protocol, unsigned smtp_port)
{
    (void)snprintf(out, size,
                   "  - {name: %s, smtp: {server: 127.0.0.1, port: %u, to: %s@test}, incoming: {type: %s, server: "
                   "127.0.0.1, port: %u, username: %s, password: secret-word}}\n",
                   name, smtp_port, name, protocol == FAKE_POP3 ? "pop3" : "imap", (unsigned)fake_port(mail, protocol),
                   name);
}

static void write_three(void)
{
    char monitors[2048] = "";
    print_monitor(monitors, sizeof monitors, "pop", FAKE_POP3, fake_port(mail, FAKE_SMTP));
    size_t n = strlen(monitors);
    print_monitor(monitors + n, sizeof monitors - n, "imap", FAKE_IMAP, fake_port(mail, FAKE_SMTP));
    n = strlen(monitors);
    print_monitor(monitors + n, sizeof monitors - n, "down", FAKE_IMAP, 1); /* nobody listens there */
    write_file(monitors);
}

static int set_up(void **state)
{
    static const uint16_t any[FAKE_PROTOCOLS] = {0};
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/emailmon-program-XXXXXX");
    mail = fake_start(any);
    if (mkdtemp(folder) == NULL || mail == NULL)
        return 1;
    (void)snprintf(file, sizeof file, "%s/emailmon.yaml", folder);
    write_three();
    return 0;
}

static int tear_down(void **state)
{
    DIR *dir = opendir(folder);
    (void)state;
    if (agent != 0) { /* something was wrong */
        (void)kill(agent, SIGKILL);
        (void)waitpid(agent, NULL, 0);
    }
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        (void)unlink(in_folder(e->d_name));
    (void)closedir(dir);
    fake_stop(mail);
    return rmdir(folder);
}

/* --- the command line --- */

static void test_words(void **state)
{
    static const struct {
        const char *words[5];
        int status;
        const char *out, *err;
    } cases[] = {
        {{NULL}, 1, "does mail really get through?", ""},
        {{"help"}, 0, "emailmon check", ""},
        {{"--help"}, 0, "emailmon check", ""},
        {{"status", "-h"}, 0, "emailmon check", ""},
        {{"version"}, 0, "emailmon 0.", ""},
        {{"--version"}, 0, "emailmon 0.", ""},
        {{"mib"}, 0, "EMAIL-MONITOR-MIB DEFINITIONS ::= BEGIN", ""},
        {{"walk"}, 1, "", "unknown command walk"},
        {{"check"}, 1, "", "-c FILE is missing for check"},
        {{"check", "-c"}, 1, "", "-c needs a file"},
        {{"check", "-c", "x", "y"}, 1, "", "one word too many: y"},
        {{"check", "-c", "x", "--json"}, 1, "", "unknown option --json"},
        {{"test", "-c", "x"}, 1, "", "the name of a monitor is missing for test"},
        {{"check", "-c", "/nowhere"}, 1, "", "/nowhere"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct result *r = emailmon(cases[i].words);
        assert_int_equal(r->status, cases[i].status);
        must_say(r->out, cases[i].out);
        must_say(r->err, cases[i].err);
    }
}

static void test_check(void **state)
{
    (void)state;
    must_say(EMAILMON("check", "-c", file)->out, "3 monitors, no mistake");
    write_file("  - {name: a, smtp: {port: 70000}}\n");
    const struct result *r = EMAILMON("check", "-c", file);
    assert_int_equal(r->status, 1);
    must_say(r->err, "emailmon.yaml:5:28: smtp.port: ");
    write_three();
}

/* --- one round trip --- */

static void test_round_trip(void **state)
{
    (void)state;
    const struct result *r = EMAILMON("test", "-c", file, "pop");
    assert_int_equal(r->status, 0);
    must_say(r->out, "sending by SMTP: 127.0.0.1 port ");
    must_say(r->out, "looking by POP3: 127.0.0.1 port ");
    must_say(r->out, "\nup: the probe was there ");
    assert_int_equal(fake_mails(mail, "pop"), 0);
    r = EMAILMON("test", "-c", file, "imap", "--trace");
    assert_int_equal(r->status, 0);
    must_say(r->out, "AUTHENTICATE PLAIN ****");
    assert_null(strstr(r->out, "secret-word"));
}

static void test_no_round_trip(void **state)
{
    (void)state;
    const struct result *r = EMAILMON("test", "-c", file, "down");
    assert_int_equal(r->status, 2);
    must_say(r->out, "down: smtp: connecting: ");
    r = EMAILMON("test", "-c", file, "nobody");
    assert_int_equal(r->status, 1);
    must_say(r->err, "no monitor is called nobody");
}

/* --- what is wrong --- */

static void test_doctor(void **state)
{
    static const char *const parts[] = {
        "Judged as the user ",
        "\nok       file           ",
        "\nok       passwords      ",
        "\nok       state          ",
        "\nwrong    snmpd          unix:",
        "there is no AgentX socket",
        "mend: write `master agentx` into ",
        "\nwarning  view           no answer from snmpd at 127.0.0.1:1 by the community",
        "\nok       notifications  they go to console.test (",
        "\nok       names          127.0.0.1\n",
        "\nwrong    ports          down: smtp: connecting: ",
        "\nok       certificates   none is asked for",
        "\nok       logins         127.0.0.1 by ",
        "\nok       mailbox        2 of 3 probes were there",
        "\n2 checks are wrong, 1 warning"};
    const struct passwd *us = getpwuid(getuid());
    char snmpd[sizeof folder + 32];
    (void)state;
    assert_non_null(us);
    (void)snprintf(snmpd, sizeof snmpd, "%s/snmpd.conf", folder);
    FILE *to = fopen(snmpd, "w");
    assert_non_null(to);
    (void)fputs("rocommunity hush-hush\ntrap2sink console.test hush-hush\n", to);
    (void)fclose(to);
    const struct result *r =
        EMAILMON("doctor", "-c", file, "--as", us->pw_name, "--snmpd-conf", snmpd, "--snmpd", "127.0.0.1:1");
    assert_int_equal(r->status, 1);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        must_say(r->out, parts[i]);
    assert_null(strstr(r->out, "secret-word"));
    assert_null(strstr(r->out, "hush-hush"));
    assert_int_equal(fake_mails(mail, "pop"), 0);
}

static void test_doctors_mistakes(void **state)
{
    (void)state;
    must_say(EMAILMON("doctor", "-c", file, "nobody")->err, "no monitor is called nobody");
    must_say(EMAILMON("doctor", "-c", file, "--as", "no such user")->err, "no user is called no such user");
    must_say(EMAILMON("doctor", "-c", file, "--community")->err, "--community needs a word");
    const struct result *r = EMAILMON("doctor", "-c", "/nowhere");
    assert_int_equal(r->status, 1);
    must_say(r->out, "wrong    file           /nowhere:1:1: cannot be opened: No such file or directory\n"
                     "                        mend: a file that emailmon may read is right\n");
}

/* --- the agent --- */

static void test_no_state_yet(void **state)
{
    (void)state;
    const struct result *r = EMAILMON("status", "-c", file);
    assert_int_equal(r->status, 1);
    must_say(r->err, "state.db");
}

static const char *ask_until(const char *part, const char *const *words)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += ASK_EVERY_MS) {
        const struct result *r = emailmon(words);
        if (r->status == 0 && strstr(r->out, part) != NULL)
            return r->out;
        (void)usleep(ASK_EVERY_MS * 1000);
    }
    fail_msg("it never said \"%s\"", part);
    return "";
}

#define ASK_UNTIL(part, ...) ask_until(part, (const char *const[]){__VA_ARGS__, NULL})

/* All that comes from a terminal until ${part} is there. */
static void read_until(int terminal, const char *part, char text[SAID_MAX])
{
    size_t n = 0;
    while (strstr(text, part) == NULL) {
        ssize_t more = read(terminal, text + n, SAID_MAX - 1 - n);
        if (more <= 0)
            fail_msg("it never said \"%s\", but:\n%s", part, text);
        n += (size_t)more;
        text[n] = '\0';
    }
}

/* In a terminal of its own; what is written there before Ctrl-C, and after it. */
static void watch(const char *name, const char *due)
{
    static char shown[SAID_MAX];
    int terminal, status;
    const struct winsize size = {.ws_row = 40, .ws_col = 90};
    pid_t pid = forkpty(&terminal, NULL, NULL, &size);
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)setenv("TERM", "xterm", 1);
        (void)execl(PROGRAM, PROGRAM, "status", "-c", file, "--watch", name, (char *)NULL);
        _exit(127);
    }
    shown[0] = '\0';
    read_until(terminal, "\x1B[?1049h", shown);
    read_until(terminal, due, shown);
    assert_int_equal(write(terminal, "\x03", 1), 1);
    read_until(terminal, "\x1B[?1049l", shown);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(terminal);
}

static void watch_all(void)
{
    watch(NULL, "3 monitors: 2 up, 1 down");
    watch("pop", "POP3: 127.0.0.1 port ");
    const char *const words[] = {"status", "-c", file, "--watch", "--json", NULL};
    static char text[SAID_MAX];
    pid_t pid = start(words, "watch.out", "watch.err");
    for (int ms = 0; ms < PATIENCE_MS && strstr(text, "}\n{\"schema\"") == NULL; ms += ASK_EVERY_MS) {
        (void)usleep(ASK_EVERY_MS * 1000);
        read_file("watch.out", text);
    }
    must_say(text, "}\n{\"schema\": 1, ");
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_agent(void **state)
{
    const char *const run[] = {"run", "-c", file, NULL};
    char log[SAID_MAX];
    (void)state;
    agent = start(run, "run.out", "run.err");
    const char *table = ASK_UNTIL("3 monitors: 2 up, 1 down", "status", "-c", file);
    must_say(table, "smtp: connecting: ");
    (void)ASK_UNTIL("roundTrip", "status", "-c", file, "pop");
    must_say(EMAILMON("status", "-c", file, "imap", "--json")->out, "\"verdict\": \"up\"");
    must_say(EMAILMON("status", "-c", file, "nobody")->err, "no monitor is called nobody");
    must_say(EMAILMON("export", "-c", file)->out, "monitors: []");
    watch_all();
    const struct result *second = emailmon(run);
    assert_int_equal(second->status, 1);
    must_say(second->err, "state.db");
    write_file("  - {name: down, enabled: no, smtp: {server: 127.0.0.1, to: a@test}, incoming: {server: 127.0.0.1, "
               "username: a, password: b}}\n"
               "  - {name: never-on, enabled: no, smtp: {server: 127.0.0.1, to: a@test}, incoming: {server: 127.0.0.1, "
               "username: a, password: b}}\n");
    assert_int_equal(kill(agent, SIGHUP), 0);
    (void)ASK_UNTIL("2 monitors: 0 up, 0 down, 0 unknown, 2 disabled", "status", "-c", file);
    assert_int_equal(kill(agent, SIGTERM), 0);
    assert_int_equal(await(agent), 0);
    agent = 0;
    read_file("run.err", log);
    must_say(log, "starts; monitors in ");
    must_say(log, "ending: Terminated");
    must_say(EMAILMON("status", "-c", file)->out, "emailmon is not running");
    write_three();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"each command has its words, and says which are wrong", test_words, NULL, NULL, NULL},
        {"check tells every mistake by its place", test_check, NULL, NULL, NULL},
        {"test shows a round trip, without its secrets", test_round_trip, NULL, NULL, NULL},
        {"test tells where mail does not get through", test_no_round_trip, NULL, NULL, NULL},
        {"doctor names what is wrong, each with its mend, and shows no secret", test_doctor, NULL, NULL, NULL},
        {"doctor says what it was called wrongly with", test_doctors_mistakes, NULL, NULL, NULL},
        {"status without a state says so", test_no_state_yet, NULL, NULL, NULL},
        {"the agent polls, is looked at, reads its file again, and ends in order", test_agent, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("cli: the program", tests, set_up, tear_down);
}
