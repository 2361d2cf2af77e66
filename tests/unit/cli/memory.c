/* Commands without memory: they say so, and show nothing that is not so. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "command.h"
#include "doctor_conf.h"
#include "short_memory.h"
#include "stage.h"

static struct test_store s;
static char file[160], said[160];

static int write_all(void **state)
{
    (void)state;
    stage_begin(&s);
    stage_run(&s);
    const struct save_change change = {.index = 9, .serial = 9, .definition = stage_definition("by hand", "secret")};
    save_batch_unref(stage_save(&s, SAVE_CHANGES, 1, &change, 1));
    assert_int_equal(stage_answer(&s, 1), SAVED);
    definition_unref(change.definition);
    struct journal_entry entry = stage_event(1, 1, "office");
    stage_post(&s, &entry);
    entry = stage_event(1, 2, "its heir"); /* of one index, until the next start */
    stage_post(&s, &entry);
    assert_true(stage_flush(&s));
    stage_close(&s);
    (void)snprintf(said, sizeof said, "%s/said", s.folder);
    (void)snprintf(file, sizeof file, "%s/emailmon.yaml", s.folder);
    FILE *to = fopen(file, "w");
    (void)fprintf(
        to,
        "state: %s\nmonitors: [{name: new, smtp: {server: a, to: a@test, from: b@test}, incoming: {server: a, "
        "username: a, password: b}}]\n",
        s.path);
    (void)fclose(to);
    return chmod(file, 0600);
}

static int remove_all(void **state)
{
    (void)state;
    stage_end(&s);
    return 0;
}

/* What it prints goes into a file; true: it did what it was called for, and ${part} stands there. */
static bool does(int (*command)(const struct arguments *a), const struct arguments *a, const char *part)
{
    char text[8192];
    memory_spare(true);
    (void)fflush(NULL);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), to = open(said, O_RDWR | O_CREAT | O_TRUNC, 0600);
    (void)dup2(to, STDOUT_FILENO);
    (void)dup2(to, STDERR_FILENO);
    memory_spare(false);
    int status = command(a);
    memory_spare(true);
    (void)fflush(NULL);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    ssize_t n = pread(to, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    (void)close(to);
    (void)close(out);
    (void)close(err);
    assert_true(status == EXIT_SUCCESS || text[0] != '\0');
    if (status == EXIT_SUCCESS && strstr(text, part) == NULL)
        fail_msg("it shows:\n%s", text);
    return status == EXIT_SUCCESS;
}

static bool show_status(void *stage)
{
    (void)stage;
    return does(command_status, &(const struct arguments){.file = file}, "4 monitors: 0 up, 2 down, 2 unknown");
}

static bool show_page(void *stage)
{
    (void)stage;
    const struct arguments a = {.file = file, .name = "by hand"};
    return does(command_status, &a, "looking    IMAP: imap.example.com port 993, TLS, user probe\n");
}

static bool export_rows(void *stage)
{
    (void)stage;
    return does(command_export, &(const struct arguments){.file = file}, "  - name: \"by hand\"");
}

static bool make_report(void *stage)
{
    (void)stage;
    const struct arguments a = {.file = file, .output = "-"};
    return does(command_report, &a, "<title>emailmon: 0 of 4 monitors are up</title>");
}

static bool check_file(void *stage)
{
    (void)stage;
    return does(command_check, &(const struct arguments){.file = file}, "1 monitor, no mistake");
}

static bool read_line(void *stage)
{
    struct snmpd_conf c = {0};
    (void)stage;
    bool done = conf_add(&c, "snmpd.conf", 1, "trap2sink console public");
    assert_true(c.count == (done ? 1 : 0));
    assert_true(!done || c.lines[0].count == 3);
    conf_clear(&c);
    return done;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHORT_MEMORY("status shows all monitors or says why not", .act = show_status),
        SHORT_MEMORY("status of one monitor shows its page or says why not", .act = show_page),
        SHORT_MEMORY("export shows all rows or says why not", .act = export_rows),
        SHORT_MEMORY("report makes a page or says why not", .act = make_report),
        SHORT_MEMORY("a line of snmpd's configuration is read whole or not at all", .act = read_line),
        SHORT_MEMORY("check says that the file is right, or that memory is short", .act = check_file),
    };
    return cmocka_run_group_tests_name("cli: memory", tests, write_all, remove_all);
}
