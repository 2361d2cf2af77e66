/*
 * The loader keeps what the agent must still be told as state, never as a list of notices that could grow: whether the
 * file as a whole is due, and which monitors differ from what was told last.  So a full queue costs nothing but time,
 * and the agent always gets the newest.
 */
#include "loader.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "config_parts.h"
#include "loader_timing.h"
#include "secrets.h"

enum { ROOM_MS = 20 };
static const uint64_t never = UINT64_MAX;

struct loader {
    pthread_t thread;
    char *path;
    struct queue *notices;
    struct log *log;
    struct loader_timing timing;
    void (*reread)(void); /* NULL: nobody wants to know */
    int wake_fd;
    bool stop, reload; /* atomic: what others ask for; wake_fd is readable then */

    /* The thread's own from here on. */
    struct config_general general; /* as emailmon started with it; changes need a restart, but that of history */
    struct config *config;
    bool *pending;                  /* by source: not fetched yet, or failed */
    const struct definition **told; /* by monitor: what the agent has, of those with sources; one reference each */
    size_t *due;                    /* a ring of monitors to tell of, each once at most */
    bool *is_due;                   /* by monitor */
    size_t due_first, due_count;
    bool file_due;                /* the whole file, before anything about one of its monitors */
    int64_t file_ms;              /* wall clock of its reading */
    const struct text *error_due; /* why the last file was refused */
    uint64_t fetch_at_ms;         /* monotonic: when what is pending is fetched */
    size_t failed_count;          /* as it was logged */
};

/* --- one file's worth of state --- */

static void drop_config(struct loader *l)
{
    for (size_t i = 0; l->told != NULL && i < l->config->wanted_count; i++)
        definition_unref(l->told[i]);
    free(l->told);
    free(l->due);
    free(l->is_due);
    free(l->pending);
    config_free(l->config);
    l->told = NULL;
    l->due = NULL;
    l->is_due = NULL;
    l->pending = NULL;
    l->config = NULL;
}

/* False, ${c} is freed and all is as before: memory. */
static bool adopt_config(struct loader *l, struct config *c)
{
    const size_t monitors = c->wanted_count + 1, sources = c->source_count + 1;
    bool *pending = calloc(sources, sizeof *pending), *is_due = calloc(monitors, sizeof *is_due);
    size_t *due = calloc(monitors, sizeof *due);
    const struct definition **told = calloc(monitors, sizeof(const struct definition *));
    if (pending == NULL || is_due == NULL || due == NULL || told == NULL) {
        free(pending);
        free(is_due);
        free(due);
        free(told);
        config_free(c);
        return false;
    }
    if (l->config != NULL)
        drop_config(l);
    l->config = c;
    l->pending = pending;
    l->is_due = is_due;
    l->due = due;
    l->told = told;
    l->due_first = l->due_count = 0;
    l->file_due = true;
    l->file_ms = wall_now_ms();
    text_unref(l->error_due);
    l->error_due = NULL;
    return true;
}

/* --- telling the agent --- */

static bool post(struct loader *l, struct notice *n)
{
    if (queue_post(l->notices, n))
        return true;
    notice_drop(n);
    return false;
}

/* A monitor whose password has no source will never be told of again: it is the agent's alone from now on, which
 * may well go on with an equal definition of the file before. */
static void let_go_of_told(struct loader *l)
{
    struct config *c = l->config;
    for (size_t i = 0, source = 0; i < c->wanted_count; i++) {
        while (source < c->source_count && c->sources[source].monitor < i)
            source++;
        if (source < c->source_count && c->sources[source].monitor == i)
            continue;
        definition_unref(c->wanted[i].definition);
        definition_unref(l->told[i]);
        c->wanted[i].definition = l->told[i] = NULL;
    }
}

static bool tell_file(struct loader *l)
{
    const struct config *c = l->config;
    struct notice n = {.kind = NOTICE_FILE, .history_s = l->general.history_s, .time_ms = l->file_ms};
    n.wanted = calloc(c->wanted_count + 1, sizeof *n.wanted);
    if (n.wanted == NULL)
        return false;
    for (; n.wanted_count < c->wanted_count; n.wanted_count++) {
        n.wanted[n.wanted_count] = c->wanted[n.wanted_count];
        (void)definition_ref(c->wanted[n.wanted_count].definition);
    }
    if (!post(l, &n))
        return false;
    for (size_t i = 0; i < c->wanted_count; i++) {
        definition_unref(l->told[i]);
        l->told[i] = definition_ref(c->wanted[i].definition);
        l->is_due[i] = false;
    }
    l->due_count = 0;
    l->file_due = false;
    let_go_of_told(l);
    return true;
}

static bool tell_error(struct loader *l)
{
    struct notice n = {.kind = NOTICE_FILE_ERROR, .time_ms = wall_now_ms(), .text = text_ref(l->error_due)};
    if (!post(l, &n))
        return false;
    text_unref(l->error_due);
    l->error_due = NULL;
    return true;
}

static bool tell_monitor(struct loader *l, size_t i)
{
    const struct wanted *w = &l->config->wanted[i];
    struct notice n = {.kind = NOTICE_DEFINITION, .time_ms = wall_now_ms(), .wanted = malloc(sizeof *n.wanted)};
    if (n.wanted == NULL)
        return false;
    n.wanted[0] = *w;
    n.wanted_count = 1;
    (void)definition_ref(w->definition);
    if (!post(l, &n))
        return false;
    definition_unref(l->told[i]);
    l->told[i] = definition_ref(w->definition);
    return true;
}

/* Whether nothing is left to tell. */
static bool tell_all(struct loader *l)
{
    if ((l->file_due && !tell_file(l)) || (l->error_due != NULL && !tell_error(l)))
        return false;
    while (l->due_count > 0) {
        size_t i = l->due[l->due_first];
        if (!tell_monitor(l, i))
            return false;
        l->is_due[i] = false;
        l->due_first = (l->due_first + 1) % l->config->wanted_count;
        l->due_count--;
    }
    return true;
}

static void on_ready(void *owner, const struct wanted *monitor)
{
    struct loader *l = owner;
    size_t i = (size_t)(monitor - l->config->wanted);
    if (l->file_due)
        return; /* it will be in there */
    if (!l->is_due[i] && l->told[i] != monitor->definition) {
        l->is_due[i] = true;
        l->due[(l->due_first + l->due_count++) % l->config->wanted_count] = i;
    }
    (void)tell_all(l);
}

/* --- secrets --- */

static const char *why_of(const struct config *c, const struct secret_source *s)
{
    const struct definition *d = c->wanted[s->monitor].definition;
    return d->secret[s->leg - LEG_SMTP] == SECRET_FAILED ? d->text + d->secret_why : "memory is short";
}

static void log_failed(struct loader *l)
{
    size_t count = 0, first = 0;
    for (size_t i = l->config->source_count; i-- > 0;) {
        if (l->pending[i]) {
            first = i;
            count++;
        }
    }
    if (count == l->failed_count)
        return;
    l->failed_count = count;
    if (count == 0)
        log_write(l->log, LOG_LINE_NOTICE, "all passwords are at hand");
    else
        log_write(l->log, LOG_LINE_WARNING,
                  "passwords that are not at hand: %zu; tried again every %u s; the first: %s", count,
                  l->timing.retry_ms / 1000, why_of(l->config, &l->config->sources[first]));
}

static void on_warning(void *owner, const char *line)
{
    struct loader *l = owner;
    log_write(l->log, LOG_LINE_WARNING, "%s", line);
}

/* Files are quick, so the agent hears of their rows with their passwords at once. */
static void fetch_files(struct loader *l)
{
    struct config *c = l->config;
    bool commands = false, failed = false;
    for (size_t i = 0; i < c->source_count; i++) {
        l->pending[i] = c->sources[i].file != NULL;
        commands = commands || !l->pending[i];
    }
    secrets_warn(c, on_warning, l);
    secrets_fetch_within(&l->timing.commands, c, l->pending, l->pending, on_ready, l, -1);
    for (size_t i = 0; i < c->source_count; i++) {
        failed = failed || l->pending[i];
        l->pending[i] = l->pending[i] || c->sources[i].file == NULL;
    }
    if (!commands)
        log_failed(l);
    l->fetch_at_ms = commands ? 0 : failed ? monotonic_now_ms() + l->timing.retry_ms : never;
}

static bool is_woken(const struct loader *l)
{
    return __atomic_load_n(&l->stop, __ATOMIC_ACQUIRE) || __atomic_load_n(&l->reload, __ATOMIC_ACQUIRE);
}

static void fetch(struct loader *l)
{
    bool left = false;
    secrets_fetch_within(&l->timing.commands, l->config, l->pending, l->pending, on_ready, l, l->wake_fd);
    if (is_woken(l)) {
        l->fetch_at_ms = 0; /* those that were killed are no failures */
        return;
    }
    log_failed(l);
    for (size_t i = 0; i < l->config->source_count; i++)
        left = left || l->pending[i];
    l->fetch_at_ms = left ? monotonic_now_ms() + l->timing.retry_ms : never;
}

/* --- reading again --- */

struct refusal {
    struct log *log;
    char first[FAILURE_TEXT_MAX + 1];
    size_t count;
};

static void on_complaint(void *owner, bool is_warning, const char *line)
{
    struct refusal *r = owner;
    log_write(r->log, is_warning ? LOG_LINE_WARNING : LOG_LINE_ERROR, "%s", line);
    if (is_warning || r->count++ > 0)
        return;
    (void)text_readable(r->first, sizeof r->first, line, strlen(line));
}

static void refuse(struct loader *l, const struct refusal *r)
{
    char rest[64] = "", line[FAILURE_TEXT_MAX + 1];
    if (r->count > 1)
        (void)snprintf(rest, sizeof rest, " (and %zu more)", r->count - 1);
    size_t n = text_cut(r->first, strlen(r->first), sizeof line - 1 - strlen(rest));
    memcpy(line, r->first, n);
    (void)text_copy(line + n, sizeof line - n, rest);
    log_write(l->log, LOG_LINE_ERROR, "%s: refused, mistakes: %zu; the monitors stay as they are", l->path, r->count);
    text_unref(l->error_due);
    l->error_due = text_new(line, strlen(line));
}

static void log_changes(const struct loader *l, const struct config_general *fresh)
{
    const char *key;
    for (size_t i = 0; (key = general_changed(&l->general, fresh, i)) != NULL; i++) {
        if (key[0] != '\0')
            log_write(l->log, LOG_LINE_WARNING, "%s: the change of %s needs a restart", l->path, key);
    }
}

static void read_again(struct loader *l)
{
    struct refusal r = {.log = l->log};
    struct config *fresh = config_read(l->path, on_complaint, &r);
    if (fresh == NULL) {
        refuse(l, &r);
        return;
    }
    size_t count = fresh->wanted_count;
    l->general.history_s = fresh->general.history_s;
    log_changes(l, &fresh->general);
    secrets_carry(fresh, l->config);
    if (!adopt_config(l, fresh)) {
        on_complaint(&r, false, "memory is short; the file was not taken");
        refuse(l, &r);
        return;
    }
    l->failed_count = 0;
    log_write(l->log, LOG_LINE_NOTICE, "%s: read, %zu monitors", l->path, count);
    fetch_files(l);
}

static void reload(struct loader *l)
{
    read_again(l);
    if (l->reread != NULL)
        l->reread();
}

/* --- the thread --- */

static void wait_for_work(struct loader *l, bool told)
{
    struct pollfd fd = {.fd = l->wake_fd, .events = POLLIN};
    uint64_t now = monotonic_now_ms();
    int timeout = -1;
    if (l->fetch_at_ms != never)
        timeout = l->fetch_at_ms > now ? (int)(l->fetch_at_ms - now) : 0;
    if (!told && (timeout < 0 || timeout > (int)l->timing.room_ms || l->file_due))
        timeout = (int)l->timing.room_ms;
    (void)poll(&fd, 1, timeout);
}

static void *run(void *argument)
{
    struct loader *l = argument;
    (void)prctl(PR_SET_NAME, "loader");
    fetch_files(l);
    for (;;) {
        eventfd_t wakes;
        (void)!eventfd_read(l->wake_fd, &wakes);
        if (__atomic_load_n(&l->stop, __ATOMIC_ACQUIRE))
            return NULL;
        if (__atomic_exchange_n(&l->reload, false, __ATOMIC_ACQ_REL))
            reload(l);
        bool told = tell_all(l);
        /* Commands may take long: first all others start. */
        if (!l->file_due && l->fetch_at_ms <= monotonic_now_ms())
            fetch(l);
        else
            wait_for_work(l, told);
    }
}

static void wake(struct loader *l, bool *what)
{
    __atomic_store_n(what, true, __ATOMIC_RELEASE);
    (void)!eventfd_write(l->wake_fd, 1);
}

/* Signals are the main thread's. */
static bool start_thread(struct loader *l)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&l->thread, NULL, run, l);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

static void loader_free(struct loader *l)
{
    if (l->config != NULL)
        drop_config(l);
    general_end(&l->general);
    text_unref(l->error_due);
    if (l->wake_fd >= 0)
        (void)close(l->wake_fd);
    free(l->path);
    free(l);
}

struct loader *loader_start_timed(const char *path, struct config *first, struct queue *notices, struct log *log,
                                  void (*reread)(void), const struct loader_timing *timing)
{
    struct loader *l = calloc(1, sizeof *l);
    if (l == NULL) {
        config_free(first);
        return NULL;
    }
    l->notices = notices;
    l->log = log;
    l->timing = *timing;
    l->reread = reread;
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->path = strdup(path);
    if (!adopt_config(l, first))
        goto free_loader;
    l->general = l->config->general; /* where nobody reads it any more */
    l->config->general = (struct config_general){0};
    if (l->path != NULL && l->wake_fd >= 0 && start_thread(l))
        return l;
free_loader:
    loader_free(l);
    return NULL;
}

struct loader *loader_start(const char *path, struct config *first, struct queue *notices, struct log *log,
                            void (*reread)(void))
{
    static const struct loader_timing timing = {
        .commands = {.at_once = SECRET_COMMANDS_MAX, .run_ms = SECRET_COMMAND_MS},
        .retry_ms = SECRET_RETRY_S * 1000,
        .room_ms = ROOM_MS,
    };
    return loader_start_timed(path, first, notices, log, reread, &timing);
}

void loader_reload(struct loader *l)
{
    wake(l, &l->reload);
}

void loader_stop(struct loader *l)
{
    if (l == NULL)
        return;
    wake(l, &l->stop);
    (void)pthread_join(l->thread, NULL);
    loader_free(l);
}
