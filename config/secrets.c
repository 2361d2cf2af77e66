#include "secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secret_command.h"
#include "text.h"

static const enum setting_id passwords[] = {SETTING_smtp_password, SETTING_in_password}; /* by leg - LEG_SMTP */

/* --- which sources are the same --- */

static int compare_commands(char *const *a, char *const *b)
{
    for (; *a != NULL && *b != NULL; a++, b++) {
        int words = strcmp(*a, *b);
        if (words != 0)
            return words;
    }
    return (*a != NULL) - (*b != NULL);
}

/* Files first. */
static int compare_sources(const struct secret_source *a, const struct secret_source *b)
{
    if (a->file != NULL && b->file != NULL)
        return strcmp(a->file, b->file);
    if (a->file != NULL || b->file != NULL)
        return a->file != NULL ? -1 : 1;
    return compare_commands(a->command, b->command);
}

static int by_source(const void *left, const void *right)
{
    const struct secret_source *const *a = left, *const *b = right;
    return compare_sources(*a, *b);
}

/* Those of ${c} that ${which} chooses, equal ones together; NULL: memory, or none. */
static const struct secret_source **sort_sources(const struct config *c, const bool *which, size_t *count)
{
    *count = 0;
    if (c->source_count == 0)
        return NULL;
    const struct secret_source **sorted = calloc(c->source_count, sizeof(const struct secret_source *));
    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; i < c->source_count; i++) {
        if (which == NULL || which[i])
            sorted[(*count)++] = &c->sources[i];
    }
    qsort(sorted, *count, sizeof(const struct secret_source *), by_source);
    return sorted;
}

/* How many from ${first} on are equal to it. */
static size_t group_length(const struct secret_source *const *sorted, size_t count, size_t first)
{
    size_t n = 1;
    while (first + n < count && compare_sources(sorted[first], sorted[first + n]) == 0)
        n++;
    return n;
}

/* --- one password into one monitor --- */

/* What is known of one source: its password, or why there is none. */
struct outcome {
    enum secret_state state; /* SECRET_READY or SECRET_FAILED */
    const char *password;
    size_t n;
    char why[FAILURE_TEXT_MAX + 1];
};

static bool change_draft(struct draft *d, enum leg leg, const struct outcome *o)
{
    d->secret[leg - LEG_SMTP] = o->state;
    if (o->state == SECRET_READY)
        return draft_take_text(d, passwords[leg - LEG_SMTP], o->password, o->n);
    (void)text_copy(d->secret_why, sizeof d->secret_why, o->why);
    return draft_take_text(d, passwords[leg - LEG_SMTP], "", 0);
}

/* False, and the monitor as before: memory. */
static bool put_outcome(struct wanted *w, enum leg leg, const struct outcome *o)
{
    struct draft d;
    if (!draft_from(&d, w->definition))
        return false;
    const struct definition *made = change_draft(&d, leg, o) ? draft_freeze(&d) : NULL;
    draft_end(&d);
    if (made == NULL)
        return false;
    if (definition_equal(made, w->definition)) {
        definition_unref(made);
        return true;
    }
    definition_unref(w->definition);
    w->definition = made;
    return true;
}

/* --- fetching --- */

struct fetch {
    struct config *c;
    bool *failed;
    void (*ready)(void *owner, const struct wanted *monitor);
    void *owner;
    const struct secret_source **sorted;
    size_t count;
    unsigned char *left; /* by monitor: legs that are still fetched */
    bool *broken;        /* by monitor: memory was short */
    size_t *groups;      /* of commands: place of the first in sorted */
    char *const **commands;
};

static void fail(struct outcome *o, const struct secret_source *s, const char *why)
{
    char line[2 * FAILURE_TEXT_MAX];
    int n = snprintf(line, sizeof line, "%s %s: %s", s->file != NULL ? "password_file" : "password_command",
                     s->file != NULL ? s->file : s->command[0], why);
    o->state = SECRET_FAILED;
    o->password = NULL;
    o->n = 0;
    (void)text_readable(o->why, sizeof o->why, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

/* A password is one line of clean text, as one that is written in the file. */
static void judge(struct outcome *o, const struct secret_source *s, const char *bytes, size_t n)
{
    const size_t max = settings[SETTING_in_password].max;
    if (n > 0 && bytes[n - 1] == '\n')
        n -= n > 1 && bytes[n - 2] == '\r' ? 2 : 1;
    if (n == 0)
        fail(o, s, "there is nothing in it; a password is right");
    else if (memchr(bytes, '\n', n) != NULL || memchr(bytes, '\r', n) != NULL)
        fail(o, s, "more than one line; the password alone is right");
    else if (n > max)
        fail(o, s, "the password is longer than 255 octets");
    else if (!text_is_clean(bytes, n))
        fail(o, s, "the password is not clean; UTF-8 without control characters is right");
    else
        *o = (struct outcome){.state = SECRET_READY, .password = bytes, .n = n};
}

/* All rows with the same source get what came of it. */
static void apply(struct fetch *f, size_t first, const struct outcome *o)
{
    size_t n = group_length(f->sorted, f->count, first);
    for (size_t i = first; i < first + n; i++) {
        const struct secret_source *s = f->sorted[i];
        struct wanted *w = &f->c->wanted[s->monitor];
        bool put = put_outcome(w, s->leg, o);
        if (f->failed != NULL)
            f->failed[s - f->c->sources] = !put || o->state != SECRET_READY;
        f->broken[s->monitor] |= !put;
        if (--f->left[s->monitor] == 0 && !f->broken[s->monitor])
            f->ready(f->owner, w);
    }
}

static void read_secret(const struct secret_source *s, struct outcome *o, char bytes[SECRET_BYTES_MAX + 1])
{
    struct stat st;
    size_t n = 0;
    ssize_t got = 1;
    int fd = open(s->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer must not hold all others up */
    if (fd < 0) {
        fail(o, s, strerror(errno));
        return;
    }
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        fail(o, s, "not a file");
        (void)close(fd);
        return;
    }
    while (got > 0 && n <= SECRET_BYTES_MAX) {
        got = read(fd, bytes + n, SECRET_BYTES_MAX + 1 - n);
        n += got > 0 ? (size_t)got : 0;
    }
    int error = errno;
    (void)close(fd);
    if (got < 0)
        fail(o, s, strerror(error));
    else
        judge(o, s, bytes, n);
}

static void fetch_files(struct fetch *f)
{
    char bytes[SECRET_BYTES_MAX + 1];
    for (size_t i = 0; i < f->count && f->sorted[i]->file != NULL; i += group_length(f->sorted, f->count, i)) {
        struct outcome o;
        read_secret(f->sorted[i], &o, bytes);
        apply(f, i, &o);
    }
    explicit_bzero(bytes, sizeof bytes);
}

static void on_ended(void *owner, size_t which, const struct command_result *result)
{
    struct fetch *f = owner;
    const struct secret_source *s = f->sorted[f->groups[which]];
    struct outcome o;
    if (result->good)
        judge(&o, s, result->bytes, result->n);
    else
        fail(&o, s, result->why);
    apply(f, f->groups[which], &o);
}

static void fetch_commands(struct fetch *f, const struct command_limits *limits, int stop_fd)
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i += group_length(f->sorted, f->count, i)) {
        if (f->sorted[i]->file != NULL)
            continue;
        f->groups[n] = i;
        f->commands[n++] = f->sorted[i]->command;
    }
    commands_run(limits, f->commands, n, on_ended, f, stop_fd);
}

static bool begin_fetch(struct fetch *f, const bool *which)
{
    f->sorted = sort_sources(f->c, which, &f->count);
    for (size_t i = 0; f->failed != NULL && i < f->c->source_count; i++) {
        if (which == NULL || which[i])
            f->failed[i] = true;
    }
    f->left = calloc(f->c->wanted_count + 1, sizeof *f->left);
    f->broken = calloc(f->c->wanted_count + 1, sizeof *f->broken);
    f->groups = calloc(f->count + 1, sizeof *f->groups);
    f->commands = calloc(f->count + 1, sizeof(char *const *));
    if (f->sorted == NULL || f->left == NULL || f->broken == NULL || f->groups == NULL || f->commands == NULL)
        return false;
    for (size_t i = 0; i < f->count; i++)
        f->left[f->sorted[i]->monitor]++;
    return true;
}

void secrets_fetch_within(const struct command_limits *limits, struct config *c, const bool *which, bool *failed,
                          void (*ready)(void *owner, const struct wanted *monitor), void *owner, int stop_fd)
{
    struct fetch f = {.c = c, .failed = failed, .ready = ready, .owner = owner};
    if (begin_fetch(&f, which)) {
        fetch_files(&f);
        fetch_commands(&f, limits, stop_fd);
    }
    free(f.commands);
    free(f.groups);
    free(f.broken);
    free(f.left);
    free(f.sorted);
}

void secrets_fetch(struct config *c, const bool *which, bool *failed,
                   void (*ready)(void *owner, const struct wanted *monitor), void *owner, int stop_fd)
{
    static const struct command_limits limits = {.at_once = SECRET_COMMANDS_MAX, .run_ms = SECRET_COMMAND_MS};
    secrets_fetch_within(&limits, c, which, failed, ready, owner, stop_fd);
}

/* --- from one reading of the file to the next --- */

static void carry_one(struct config *to, const struct secret_source *s, const struct config *from,
                      const struct secret_source *same)
{
    const struct definition *d = from->wanted[same->monitor].definition;
    struct outcome o = {.state = (enum secret_state)d->secret[same->leg - LEG_SMTP]};
    o.password = definition_text(d, passwords[same->leg - LEG_SMTP]);
    o.n = strlen(o.password);
    (void)text_copy(o.why, sizeof o.why, d->text + d->secret_why);
    if (o.state == SECRET_READY || o.state == SECRET_FAILED)
        (void)put_outcome(&to->wanted[s->monitor], s->leg, &o); /* else it waits, as it does now */
}

void secrets_carry(struct config *to, const struct config *from)
{
    size_t news, olds;
    const struct secret_source **fresh = sort_sources(to, NULL, &news);
    const struct secret_source **before = sort_sources(from, NULL, &olds);
    for (size_t i = 0, k = 0; fresh != NULL && before != NULL && i < news && k < olds;) {
        int order = compare_sources(fresh[i], before[k]);
        if (order == 0)
            carry_one(to, fresh[i], from, before[k]);
        if (order <= 0)
            i++;
        else
            k++;
    }
    free(fresh);
    free(before);
}

/* --- what others may read --- */

void secrets_warn(const struct config *c, void (*warn)(void *owner, const char *line), void *owner)
{
    size_t count;
    const struct secret_source **sorted = sort_sources(c, NULL, &count);
    for (size_t i = 0; sorted != NULL && i < count && sorted[i]->file != NULL; i += group_length(sorted, count, i)) {
        struct stat st;
        char *line;
        if (stat(sorted[i]->file, &st) != 0 || (st.st_mode & S_IROTH) == 0 ||
            asprintf(&line,
                     "password_file %s: all users may read it (mode %04o); mode 0600, its owner emailmon, is right",
                     sorted[i]->file, (unsigned)(st.st_mode & ALLPERMS)) < 0)
            continue;
        warn(owner, line);
        free(line);
    }
    free(sorted);
}
