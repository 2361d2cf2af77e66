#include "side_by_side.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct run {
    pid_t pid;
    FILE *said;
    int status;
};

static void begin(struct run *r, const char *name, const struct CMUnitTest *test)
{
    (void)fflush(NULL);
    r->said = tmpfile();
    r->pid = r->said != NULL ? fork() : -1;
    if (r->pid != 0)
        return;
    (void)dup2(fileno(r->said), STDOUT_FILENO);
    (void)dup2(fileno(r->said), STDERR_FILENO);
    (void)setvbuf(stdout, NULL, _IONBF, 0);
    /* exit() and not _exit(): sanitizers look for leaks then. */
    exit(_cmocka_run_group_tests(name, test, 1, NULL, NULL));
}

static void await_one(struct run *runs, size_t n)
{
    int status;
    pid_t pid = wait(&status);
    for (size_t i = 0; i < n; i++)
        if (runs[i].pid == pid)
            runs[i].status = status;
}

/* The lines of cmocka about the one test, without those about the group. */
static void print(const struct run *r)
{
    char line[4096];
    rewind(r->said);
    while (fgets(line, sizeof line, r->said) != NULL)
        if (r->status != 0 || (strncmp(line, "[=", 2) != 0 && strncmp(line, "[  PASSED", 9) != 0))
            (void)fputs(line, stdout);
    (void)fclose(r->said);
}

int side_by_side(const char *name, const struct CMUnitTest *tests, size_t n)
{
    struct run *runs = calloc(n, sizeof *runs);
    int failed = 0;
    if (runs == NULL)
        return 1;
    for (size_t i = 0; i < n; i++) {
        if (i >= SIDE_BY_SIDE)
            await_one(runs, i);
        runs[i].status = -1;
        begin(&runs[i], name, &tests[i]);
    }
    for (size_t i = 0; i < n && i < SIDE_BY_SIDE; i++)
        await_one(runs, n);
    for (size_t i = 0; i < n; i++) {
        if (runs[i].said != NULL)
            print(&runs[i]);
        failed += runs[i].status != 0;
    }
    (void)printf("%s: %zu tests, %d failed\n", name, n, failed);
    free(runs);
    return failed;
}
