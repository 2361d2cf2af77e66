#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue.h"
#include "text.h"

enum { LOG_LINES = 1024, LOG_LINE_BYTES = 1000 };

struct log {
    struct queue *lines;
    uint32_t dropped; /* atomic: lines that found no room since the last print */
    bool journald;    /* standard error is journald's */
};

struct line {
    enum log_priority priority;
    int64_t time_ms;
    char *text; /* malloc'ed */
};

/* JOURNAL_STREAM names the device and inode that standard error had when journald opened it; it may be ours no more. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    char here[64];
    if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    (void)snprintf(here, sizeof here, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, here) == 0;
}

struct log *log_new(void)
{
    struct log *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->lines = queue_new(LOG_LINES, sizeof(struct line));
    if (l->lines == NULL) {
        free(l);
        return NULL;
    }
    l->journald = stderr_is_journal();
    return l;
}

void log_free(struct log *l)
{
    if (l == NULL)
        return;
    log_print(l);
    queue_free(l->lines, NULL);
    free(l);
}

void log_write(struct log *l, enum log_priority priority, const char *format, ...)
{
    char raw[LOG_LINE_BYTES + 1], shown[LOG_LINE_BYTES + 1];
    va_list arguments;
    if (l == NULL)
        return;
    va_start(arguments, format);
    int n = vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    if (n < 0)
        return;
    (void)text_readable(shown, sizeof shown, raw, (size_t)n < sizeof raw ? (size_t)n : sizeof raw - 1);

    struct line line = {.priority = priority, .time_ms = wall_now_ms(), .text = strdup(shown)};
    if (line.text != NULL && queue_post(l->lines, &line))
        return;
    free(line.text);
    __atomic_add_fetch(&l->dropped, 1, __ATOMIC_RELAXED);
}

int log_fd(const struct log *l)
{
    return queue_fd(l->lines);
}

static void print_line(const struct log *l, const struct line *line)
{
    char time[sizeof "2026-11-24T03:11:55Z"];
    if (l->journald) {
        (void)fprintf(stderr, "<%d>%s\n", (int)line->priority, line->text);
        return;
    }
    time_print_utc(time, sizeof time, line->time_ms);
    (void)fprintf(stderr, "%s %s\n", time, line->text);
}

void log_print(struct log *l)
{
    struct line line;
    queue_drain(l->lines);
    while (queue_take(l->lines, &line)) {
        print_line(l, &line);
        free(line.text);
    }
    uint32_t dropped = __atomic_exchange_n(&l->dropped, 0, __ATOMIC_RELAXED);
    if (dropped > 0) {
        char text[64];
        (void)snprintf(text, sizeof text, "%" PRIu32 " lines did not fit into the log", dropped);
        line = (struct line){.priority = LOG_LINE_WARNING, .time_ms = wall_now_ms(), .text = text};
        print_line(l, &line);
    }
}
