/*
 * The log: any thread writes a line into a bounded queue, the main thread prints it.  A thread never waits for standard
 * error; lines that do not fit are counted, and the count is printed when there is room again.
 */
#ifndef EMAILMON_LOG_H
#define EMAILMON_LOG_H

#include <stdbool.h>

/** Priorities of syslog(3) and journald. */
enum log_priority {
    LOG_LINE_ERROR = 3,
    LOG_LINE_WARNING = 4,
    LOG_LINE_NOTICE = 5,
    LOG_LINE_INFO = 6,
    LOG_LINE_DEBUG = 7
};

struct log;

/** log_new(): Return a log, or NULL.  log_free(l): main thread, after all writers ended; prints what is left. */
struct log *log_new(void);
void log_free(struct log *l);

/**
 * log_write(l, priority, format, ...): One line, without line end, at most 1,000 octets; control characters are
 * escaped.  Any thread; never blocks; ${l} NULL drops it.
 */
void log_write(struct log *l, enum log_priority priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** log_fd(l): readable while lines wait.  log_print(l): main thread: print them to standard error ("<4>" in front when
 *  JOURNAL_STREAM says that it is journald's, else an ISO time). */
int log_fd(const struct log *l);
void log_print(struct log *l);

#endif
