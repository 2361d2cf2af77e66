#include "secret_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"

enum {
    WORDS_MAX = 200, /* octets kept of standard error */
    WHY_MAX = 512,   /* of a whole reason */
    READS_MAX = 64   /* of standard error at once */
};

/* A command that runs. */
struct run {
    bool busy;
    size_t which;
    pid_t pid; /* also its process group */
    int end_fd, out_fd, error_fd;
    uint64_t deadline_ms; /* monotonic */
    size_t out_bytes, error_bytes;
    char out[SECRET_BYTES_MAX + 1];
    char errors[WORDS_MAX];
};

struct runner {
    const struct command_limits *limits;
    char *const *const *commands;
    size_t count, next;
    struct run *runs; /* limits->at_once */
    size_t busy;
    void (*ended)(void *owner, size_t which, const struct command_result *result);
    void *owner;
};

static void shut(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* --- the end of one --- */

static void tell_why(const struct runner *r, size_t which, const char *what, const char *words, size_t n)
{
    char why[WHY_MAX], shown[WORDS_MAX + 1];
    while (n > 0 && (words[n - 1] == '\n' || words[n - 1] == '\r'))
        n--;
    (void)text_readable(shown, sizeof shown, words, n);
    (void)snprintf(why, sizeof why, "%s%s%s", what, shown[0] == '\0' ? "" : ": ", shown);
    struct command_result result = {.why = why};
    r->ended(r->owner, which, &result);
}

/* The whole group: what a command leaves behind must not outlive it. */
static int end_run(struct run *run)
{
    int status = 0;
    (void)kill(-run->pid, SIGKILL);
    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
        ;
    shut(&run->end_fd);
    shut(&run->out_fd);
    shut(&run->error_fd);
    run->busy = false;
    return status;
}

static void forget(struct run *run)
{
    explicit_bzero(run->out, run->out_bytes);
    explicit_bzero(run->errors, run->error_bytes);
}

static void fail_run(struct runner *r, struct run *run, const char *what)
{
    (void)end_run(run);
    r->busy--;
    tell_why(r, run->which, what, run->errors, run->error_bytes);
    forget(run);
}

/* --- what it prints --- */

/* False: more than there is room for. */
static bool take_output(int *fd, char *bytes, size_t room, size_t *used)
{
    while (*fd >= 0) {
        char rest[256];
        bool full = *used == room;
        ssize_t got = full ? read(*fd, rest, sizeof rest) : read(*fd, bytes + *used, room - *used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0) {
            shut(fd);
            return true;
        }
        if (full)
            return false;
        *used += (size_t)got;
    }
    return true;
}

static void take_errors(struct run *run)
{
    /* The first words say most; the rest is read so that the command can go on, but not without an end. */
    for (int i = 0; i < READS_MAX; i++) {
        if (take_output(&run->error_fd, run->errors, sizeof run->errors, &run->error_bytes))
            return;
    }
}

static void finish(struct runner *r, struct run *run)
{
    char what[64];
    int status = end_run(run);
    r->busy--;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        struct command_result result = {.good = true, .bytes = run->out, .n = run->out_bytes};
        r->ended(r->owner, run->which, &result);
    } else {
        (void)snprintf(what, sizeof what, WIFEXITED(status) ? "ended with status %d" : "ended by signal %d",
                       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        tell_why(r, run->which, what, run->errors, run->error_bytes);
    }
    forget(run);
}

/* --- the beginning of one --- */

/* All signals as they are at a program's start: threads here block them, and SIGPIPE is ignored. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes,
                                         POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return error;
}

static int set_files(posix_spawn_file_actions_t *files, int out, int errors)
{
    int error = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(files, errors, STDERR_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
    return error;
}

static int spawn(struct run *run, char *const *command, int out, int errors)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_init(&files);
    if (error != 0)
        goto destroy_attributes;
    error = set_attributes(&attributes);
    if (error == 0)
        error = set_files(&files, out, errors);
    if (error == 0)
        error = posix_spawnp(&run->pid, command[0], &files, &attributes, command, environ);
    (void)posix_spawn_file_actions_destroy(&files);
destroy_attributes:
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

/* Only our ends may not block: the command's are its own. */
static bool open_pipe(int *ours, int *its)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    *ours = ends[0];
    *its = ends[1];
    return fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

/* 0, or why not; on failure nothing is left open or running. */
static int begin(struct run *run, char *const *command, unsigned run_ms)
{
    int out = -1, errors = -1, error;
    run->end_fd = run->out_fd = run->error_fd = -1;
    run->out_bytes = run->error_bytes = 0;
    if (!open_pipe(&run->out_fd, &out) || !open_pipe(&run->error_fd, &errors))
        error = errno;
    else
        error = spawn(run, command, out, errors);
    shut(&out);
    shut(&errors);
    if (error == 0) {
        run->busy = true;
        run->deadline_ms = monotonic_now_ms() + run_ms;
        run->end_fd = pidfd_open(run->pid, 0);
        if (run->end_fd >= 0)
            return 0;
        error = errno;
        (void)end_run(run);
    }
    shut(&run->out_fd);
    shut(&run->error_fd);
    return error;
}

static void begin_more(struct runner *r)
{
    for (struct run *run = r->runs; run < r->runs + r->limits->at_once && r->next < r->count; run++) {
        while (!run->busy && r->next < r->count) {
            char what[WHY_MAX];
            run->which = r->next++;
            int error = begin(run, r->commands[run->which], r->limits->run_ms);
            if (error == 0) {
                r->busy++;
                break;
            }
            (void)snprintf(what, sizeof what, "cannot be run: %s", strerror(error));
            tell_why(r, run->which, what, "", 0);
        }
    }
}

/* --- all of them --- */

static void serve(struct runner *r, struct run *run, const struct pollfd *ends)
{
    bool over = (ends->revents & POLLIN) != 0;
    take_errors(run);
    if (!take_output(&run->out_fd, run->out, SECRET_BYTES_MAX, &run->out_bytes)) {
        char what[64];
        (void)snprintf(what, sizeof what, "printed more than %d octets", SECRET_BYTES_MAX);
        fail_run(r, run, what);
    } else if (over) {
        finish(r, run);
    } else if (monotonic_now_ms() >= run->deadline_ms) {
        char what[64];
        (void)snprintf(what, sizeof what, "was still running after %u ms, and was killed", r->limits->run_ms);
        fail_run(r, run, what);
    }
}

/* Three descriptors a run; -1 is none to poll(). */
static int wait_for(const struct runner *r, struct pollfd *fds, int stop_fd)
{
    uint64_t now = monotonic_now_ms(), first = UINT64_MAX;
    nfds_t n = 0;
    fds[n++] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    for (const struct run *run = r->runs; run < r->runs + r->limits->at_once; run++) {
        fds[n++] = (struct pollfd){.fd = run->busy ? run->end_fd : -1, .events = POLLIN};
        fds[n++] = (struct pollfd){.fd = run->busy ? run->out_fd : -1, .events = POLLIN};
        fds[n++] = (struct pollfd){.fd = run->busy ? run->error_fd : -1, .events = POLLIN};
        if (run->busy && run->deadline_ms < first)
            first = run->deadline_ms;
    }
    return poll(fds, n, first > now ? (int)(first - now) : 0);
}

static void stop_all(struct runner *r)
{
    for (struct run *run = r->runs; run < r->runs + r->limits->at_once; run++) {
        if (!run->busy)
            continue;
        (void)end_run(run);
        forget(run);
    }
}

static void run_all(struct runner *r, struct pollfd *fds, int stop_fd)
{
    for (begin_more(r); r->busy > 0; begin_more(r)) {
        if (wait_for(r, fds, stop_fd) < 0)
            continue; /* interrupted: nothing is known of the descriptors */
        if (fds[0].revents != 0) {
            stop_all(r);
            return;
        }
        for (size_t i = 0; i < r->limits->at_once; i++) {
            if (r->runs[i].busy)
                serve(r, &r->runs[i], &fds[1 + 3 * i]);
        }
    }
}

void commands_run(const struct command_limits *limits, char *const *const *commands, size_t n,
                  void (*ended)(void *owner, size_t which, const struct command_result *result), void *owner,
                  int stop_fd)
{
    struct runner r = {.limits = limits, .commands = commands, .count = n, .ended = ended, .owner = owner};
    if (n == 0)
        return;
    r.runs = calloc(limits->at_once, sizeof *r.runs);
    struct pollfd *fds = calloc(1 + 3 * (size_t)limits->at_once, sizeof *fds);
    if (r.runs != NULL && fds != NULL)
        run_all(&r, fds, stop_fd);
    else
        while (r.next < r.count)
            tell_why(&r, r.next++, "cannot be run: memory is short", "", 0);
    free(fds);
    free(r.runs);
}
