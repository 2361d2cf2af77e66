#include "store.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "behind.h"
#include "opening.h"
#include "store_parts.h"

/* --- the thread --- */

/* False: there is none, or no memory for it; then it is held until there is. */
static bool take_entry(struct store *s)
{
    s->holds = s->holds || queue_take(s->journal, &s->held);
    if (!s->holds)
        return false;
    const uint64_t ticket = s->held.ticket;
    uint64_t *last = &s->tickets[s->held.worker];
    if (!pending_add(&s->pending, &s->held))
        return false;
    s->holds = false;
    s->taken++;
    if (s->group_entries++ == 0)
        s->group_began_ms = monotonic_now_ms();
    if (ticket > *last)
        *last = ticket;
    return true;
}

/* A share, so that saves are not kept waiting. */
static void take_entries(struct store *s)
{
    queue_drain(s->journal);
    while (s->group_entries < GROUP_ENTRIES && take_entry(s))
        continue;
    s->more = s->group_entries >= GROUP_ENTRIES;
    if (s->failing) { /* nobody waits for a disk that is known to fail */
        store_tell_unnumbered(s);
        store_receipt(s, false);
        s->group_entries = 0;
    }
}

static void take_saves(struct store *s)
{
    struct save save;
    queue_drain(s->saves);
    while (queue_take(s->saves, &save))
        store_save(s, &save);
}

static bool is_due(const struct store *s, uint64_t now_ms)
{
    if (s->failing)
        return now_ms >= s->next_try_ms;
    if (s->group_entries == 0)
        return false;
    return s->group_entries >= GROUP_ENTRIES || now_ms - s->group_began_ms >= GROUP_MS;
}

/* How long the thread may sleep; -1: until something comes. */
static int patience_ms(const struct store *s, bool all_posted)
{
    uint64_t now_ms = monotonic_now_ms(), due_ms = UINT64_MAX;
    if (s->more || is_due(s, now_ms))
        return 0;
    if (s->failing)
        due_ms = s->next_try_ms;
    else if (s->group_entries > 0)
        due_ms = s->group_began_ms + GROUP_MS;
    if ((!all_posted || s->holds) && due_ms > now_ms + OUTBOX_RETRY_MS)
        due_ms = now_ms + OUTBOX_RETRY_MS;
    return due_ms == UINT64_MAX ? -1 : (int)(due_ms - now_ms);
}

static bool flush_outboxes(struct store *s)
{
    bool all = outbox_flush(s->news);
    all &= outbox_flush(s->saved);
    for (size_t i = 0; i < s->workers; i++)
        all &= outbox_flush(s->receipts[i]);
    return all;
}

/* A group that is not full yet takes no wake-up for each entry: it waits for its time alone. */
static void wait(struct store *s, struct pollfd fds[3])
{
    int ms = patience_ms(s, flush_outboxes(s));
    fds[2].events = !s->failing && s->group_entries > 0 ? 0 : POLLIN;
    (void)poll(fds, 3, ms);
}

static void end_work(struct store *s)
{
    bool ok;
    take_saves(s);
    do {
        take_entries(s);
        ok = store_commit(s);
    } while (s->more || (s->holds && ok && take_entry(s)));
    ok = ok && !s->holds;
    if (!ok)
        log_write(s->log, LOG_LINE_ERROR,
                  "state %s: it could not be written before the end: %zu rows and %zu events are lost", s->path,
                  s->pending.count, s->pending.event_count);
    store_mark_behind(s, !ok);
    (void)flush_outboxes(s);
}

static void *store_thread(void *argument)
{
    struct store *s = argument;
    struct pollfd fds[] = {{.fd = s->stop_fd, .events = POLLIN},
                           {.fd = queue_fd(s->saves), .events = POLLIN},
                           {.fd = queue_fd(s->journal), .events = POLLIN}};
    (void)prctl(PR_SET_NAME, "store");
    while ((fds[0].revents & POLLIN) == 0) {
        wait(s, fds);
        take_saves(s);
        take_entries(s);
        if (is_due(s, monotonic_now_ms()))
            (void)store_commit(s);
    }
    end_work(s);
    return NULL;
}

/* --- its life --- */

static void store_free(struct store *s)
{
    writer_close(&s->writer);
    database_close(s->db);
    store_drop_late(s);
    pending_clear(&s->pending);
    if (s->holds)
        journal_entry_drop(&s->held);
    outbox_free(s->news, news_drop);
    for (size_t i = 0; i < s->workers; i++)
        outbox_free(s->receipts[i], NULL);
    outbox_free(s->saved, NULL);
    if (s->stop_fd >= 0)
        (void)close(s->stop_fd);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    sealer_wipe(&s->sealer);
    free(s->path);
    free(s);
}

/* False: memory. */
static bool make_outboxes(struct store *s, const struct store_options *options)
{
    s->news = outbox_new(options->news, sizeof(struct news));
    s->saved = outbox_new(options->saved, sizeof(struct saved));
    bool made = s->news != NULL && s->saved != NULL;
    s->workers = options->workers;
    for (size_t i = 0; i < s->workers; i++) {
        s->receipts[i] = outbox_new(options->receipts[i], sizeof(struct receipt));
        made &= s->receipts[i] != NULL;
    }
    return made;
}

static struct store *store_new(const struct store_options *options)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->log = options->log;
    s->journal = options->journal;
    s->saves = options->saves;
    s->lock_fd = -1;
    s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->path = strdup(options->path);
    bool made = make_outboxes(s, options);
    if (s->stop_fd >= 0 && s->path != NULL && made && sealer_init(&s->sealer, options->keys))
        return s;
    store_free(s);
    return NULL;
}

static bool open_state(struct store *s, struct restored **restored, char *why, size_t size)
{
    s->lock_fd = opening_lock(s->path, why, size);
    if (s->lock_fd < 0)
        return false;
    const struct opening o = {.path = s->path, .sealer = &s->sealer, .log = s->log, .behind = behind_read(s->lock_fd)};
    s->db = opening_state(&o, restored, why, size);
    if (s->db == NULL)
        return false;
    s->last_seq = (*restored)->last_seq;
    s->settled = TRIM_SETTLED; /* what the last run left to be trimmed */
    int code = writer_open(&s->writer, s->db, &s->sealer);
    bool marked = behind_write(s->lock_fd, false);
    if (code == SQLITE_OK && marked)
        return true;
    if (code != SQLITE_OK)
        (void)snprintf(why, size, "state %s: it cannot be opened: %s", s->path, sqlite3_errstr(code));
    else
        (void)snprintf(why, size, "state %s: its lock cannot be written: %s", s->path, strerror(errno));
    restored_unref(*restored);
    return false;
}

struct store *store_open(const struct store_options *options, const struct restored **restored, char *why, size_t size)
{
    struct restored *found = NULL;
    struct store *s = store_new(options);
    if (s == NULL) {
        (void)snprintf(why, size, "store: no memory or no descriptor");
        return NULL;
    }
    if (!open_state(s, &found, why, size)) {
        store_free(s);
        return NULL;
    }
    *restored = found;
    return s;
}

struct store_counts store_counted(const struct store *s)
{
    return (struct store_counts){.commits = __atomic_load_n(&s->counts.commits, __ATOMIC_RELAXED),
                                 .entries = __atomic_load_n(&s->counts.entries, __ATOMIC_RELAXED)};
}

bool store_start(struct store *s, char *why, size_t size)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int error = pthread_create(&s->thread, NULL, store_thread, s);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    s->started = error == 0;
    if (!s->started)
        (void)snprintf(why, size, "store: no thread: %s", strerror(error));
    return s->started;
}

void store_stop(struct store *s)
{
    if (s == NULL)
        return;
    if (s->started) {
        (void)!eventfd_write(s->stop_fd, 1);
        (void)pthread_join(s->thread, NULL);
    }
    store_free(s);
}
