#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#include "folder.h"
#include "outbox.h"
#include "status_file.h"

enum {
    STATUS_FILE_EVERY_MS = 1000, /* at most so often */
    STATUS_FILE_SHARE = 20,      /* ... and at most this part of the time: a big file is written less often */
    RETRY_MS = 20,               /* while a queue is full */
    LOCK_TRIES = 10,
    LOCK_EVERY_US = 20000
};

struct store {
    struct log *log;
    struct queue *journal;
    struct outbox *receipts, *news;
    char status_path[FOLDER_NAME_MAX];
    int lock_fd; /* locked as long as this emailmon has the state */
    int stop_fd;
    pthread_t thread;

    struct kept_rows rows;
    uint32_t last_seq;
    bool changed;          /* the status file is behind */
    uint64_t next_file_ms; /* monotonic */
    bool alarm;            /* the status file could not be written last time */
};

/* --- the thread --- */

static void post_news(struct store *s, struct news *news)
{
    if (!outbox_send(s->news, news)) {
        log_write(s->log, LOG_LINE_ERROR, "store: no memory for an event's notification");
        news_drop(news);
    }
}

static void take_event(struct store *s, struct event *event)
{
    struct news news = {.kind = NEWS_EVENT, .event = *event};
    event->name = event->device = event->text = NULL; /* the news has them now */
    news.event.seq = ++s->last_seq;
    post_news(s, &news);
}

static void take_entry(struct store *s, struct journal_entry *entry)
{
    bool kept = true;
    switch (entry->kind) {
    case JOURNAL_STATUS:
        if (entry->has_event)
            take_event(s, &entry->event);
        kept = kept_rows_put(&s->rows, entry);
        s->changed = true;
        break;
    case JOURNAL_GONE:
        kept_rows_remove(&s->rows, entry->index, entry->serial);
        s->changed = true;
        break;
    case JOURNAL_PROBE:
    case JOURNAL_FORGET:
    case JOURNAL_SETTLED:
        /* The worker's own memory of probes lives as long as anything here does. */
        break;
    }
    struct receipt receipt = {.ticket = entry->ticket, .durable = kept};
    if (entry->ticket != 0 && !outbox_send(s->receipts, &receipt))
        log_write(s->log, LOG_LINE_WARNING, "store: no memory for a receipt; a poll goes on without it");
    journal_entry_drop(entry);
}

static void take_entries(struct store *s)
{
    struct journal_entry entry;
    queue_drain(s->journal);
    while (queue_take(s->journal, &entry))
        take_entry(s, &entry);
}

static void set_alarm(struct store *s, bool alarm, const char *cause)
{
    if (alarm == s->alarm)
        return;
    s->alarm = alarm;
    if (alarm)
        log_write(s->log, LOG_LINE_ERROR, "state: %s cannot be written: %s; monitoring goes on", s->status_path, cause);
    else
        log_write(s->log, LOG_LINE_NOTICE, "state: %s is written again", s->status_path);
    struct news news = {.kind = NEWS_ALARM, .state_alarm = alarm};
    post_news(s, &news);
}

static void write_file(struct store *s)
{
    uint64_t began_ms = monotonic_now_ms();
    bool ok = status_file_write(s->status_path, &s->rows, wall_now_ms());
    set_alarm(s, !ok, strerror(errno));
    uint64_t now_ms = monotonic_now_ms(), pause_ms = (now_ms - began_ms) * STATUS_FILE_SHARE;
    s->changed = !ok;
    s->next_file_ms = now_ms + (pause_ms > STATUS_FILE_EVERY_MS ? pause_ms : STATUS_FILE_EVERY_MS);
}

/* How long the thread may sleep; -1: until something comes. */
static int patience_ms(const struct store *s, bool all_posted)
{
    if (!all_posted)
        return RETRY_MS;
    if (!s->changed)
        return -1;
    uint64_t now_ms = monotonic_now_ms();
    return now_ms >= s->next_file_ms ? 0 : (int)(s->next_file_ms - now_ms);
}

static void *store_thread(void *argument)
{
    struct store *s = argument;
    struct pollfd fds[] = {{.fd = queue_fd(s->journal), .events = POLLIN}, {.fd = s->stop_fd, .events = POLLIN}};
    bool stopping = false;
    while (!stopping) {
        bool posted_receipts = outbox_flush(s->receipts), posted_news = outbox_flush(s->news);
        (void)poll(fds, 2, patience_ms(s, posted_receipts && posted_news));
        stopping = (fds[1].revents & POLLIN) != 0;
        take_entries(s);
        if (stopping || (s->changed && monotonic_now_ms() >= s->next_file_ms))
            write_file(s);
    }
    return NULL;
}

/* --- its life --- */

static int lock_state(const char *state, char *why, size_t size)
{
    char path[FOLDER_NAME_MAX];
    if (!status_file_lock_path(state, path, sizeof path)) {
        (void)snprintf(why, size, "state %s: the name is too long", state);
        return -1;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        (void)snprintf(why, size, "state %s: %s; its folder must be there, and be writable for emailmon", state,
                       strerror(errno));
        return -1;
    }
    /* `emailmon status` holds it for a moment, to see whether anybody has it. */
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return fd;
        (void)usleep(LOCK_EVERY_US);
    }
    if (errno == EWOULDBLOCK)
        (void)snprintf(why, size,
                       "state %s: another emailmon has it; end that one, or give this one a `state` of its own", state);
    else
        (void)snprintf(why, size, "state %s: it cannot be locked: %s", state, strerror(errno));
    (void)close(fd);
    return -1;
}

static void store_free(struct store *s)
{
    kept_rows_clear(&s->rows);
    outbox_free(s->news, news_drop);
    outbox_free(s->receipts, NULL);
    if (s->stop_fd >= 0)
        (void)close(s->stop_fd);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    free(s);
}

static bool open_store(struct store *s, const struct store_options *options, char *why, size_t size)
{
    s->lock_fd = lock_state(options->path, why, size);
    if (s->lock_fd < 0)
        return false;
    s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->receipts = outbox_new(options->receipts, sizeof(struct receipt));
    s->news = outbox_new(options->news, sizeof(struct news));
    if (s->stop_fd < 0 || s->receipts == NULL || s->news == NULL ||
        !status_file_path(options->path, s->status_path, sizeof s->status_path)) {
        (void)snprintf(why, size, "store: no memory or no descriptor");
        return false;
    }
    if (!status_file_write(s->status_path, &s->rows, wall_now_ms())) {
        (void)snprintf(why, size, "state: %s cannot be written: %s; give its folder to emailmon", s->status_path,
                       strerror(errno));
        return false;
    }
    return true;
}

struct store *store_start(const struct store_options *options, char *why, size_t size)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        (void)snprintf(why, size, "store: no memory");
        return NULL;
    }
    s->log = options->log;
    s->journal = options->journal;
    s->lock_fd = s->stop_fd = -1;
    if (!open_store(s, options, why, size)) {
        store_free(s);
        return NULL;
    }
    int error = pthread_create(&s->thread, NULL, store_thread, s);
    if (error != 0) {
        (void)snprintf(why, size, "store: no thread: %s", strerror(error));
        store_free(s);
        return NULL;
    }
    return s;
}

void store_stop(struct store *s)
{
    if (s == NULL)
        return;
    (void)!eventfd_write(s->stop_fd, 1);
    (void)pthread_join(s->thread, NULL);
    store_free(s);
}
