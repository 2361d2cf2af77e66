/* Queues between threads, the sender's outbox, and the log that is made of one. */
#include "queue.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "outbox.h"
#include "records.h"
#include "text.h"

enum { PATIENCE_MS = 10000 };

static bool readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1;
}

static void in_order(void **state)
{
    (void)state;
    struct queue *q = queue_new(3, sizeof(int));
    assert_non_null(q);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 3; i++)
            assert_true(queue_post(q, &(int){10 * round + i}));
        assert_false(queue_post(q, &(int){99}));
        int got;
        for (int i = 0; i < 3; i++) {
            assert_true(queue_take(q, &got));
            assert_int_equal(got, 10 * round + i);
        }
        assert_false(queue_take(q, &got));
    }
    queue_free(q, NULL);
}

static void wakes(void **state)
{
    (void)state;
    int got;
    struct queue *q = queue_new(3, sizeof(int));
    assert_false(readable(queue_fd(q), 0));
    assert_true(queue_post(q, &(int){1}));
    assert_true(readable(queue_fd(q), 0));
    queue_drain(q);
    assert_false(readable(queue_fd(q), 0));
    queue_drain(q); /* never blocks */
    assert_true(queue_take(q, &got));
    queue_free(q, NULL);
}

static void wakes_once(void **state)
{
    (void)state;
    int got;
    struct queue *q = queue_new(3, sizeof(int));
    assert_true(queue_post(q, &(int){1}));
    queue_drain(q);
    assert_true(queue_post(q, &(int){2}));
    assert_false(readable(queue_fd(q), 0)); /* whoever left 1 inside comes back unasked */
    while (queue_take(q, &got))
        continue;
    assert_true(queue_post(q, &(int){3}));
    assert_true(readable(queue_fd(q), 0));
    queue_free(q, NULL);
}

static int dropped;

static void drop(void *record)
{
    dropped += *(int *)record;
}

static void drops_what_is_left(void **state)
{
    (void)state;
    int got;
    struct queue *q = queue_new(3, sizeof(int));
    dropped = 0;
    for (int i = 1; i <= 3; i++)
        assert_true(queue_post(q, &i));
    assert_true(queue_take(q, &got));
    assert_true(queue_post(q, &(int){10}));
    queue_free(q, drop);
    assert_int_equal(dropped, 2 + 3 + 10);
    queue_free(NULL, drop);
}

/* --- two threads --- */

enum { RECORDS = 20000, ROOM = 16 };

struct record {
    uint32_t number;
    const struct text *text;
};

static void *post_all(void *argument)
{
    struct queue *q = argument;
    for (uint32_t i = 0; i < RECORDS;) {
        struct record r = {.number = i, .text = text_new((const char *)&i, sizeof i)};
        if (r.text != NULL && queue_post(q, &r))
            i++;
        else
            text_unref(r.text); /* full: the record is still ours */
    }
    return NULL;
}

static void two_threads(void **state)
{
    (void)state;
    pthread_t writer;
    struct record r;
    uint32_t next = 0;
    struct queue *q = queue_new(ROOM, sizeof r);
    assert_int_equal(pthread_create(&writer, NULL, post_all, q), 0);
    while (next < RECORDS) {
        assert_true(readable(queue_fd(q), PATIENCE_MS));
        queue_drain(q);
        while (queue_take(q, &r)) {
            assert_int_equal(r.number, next++);
            assert_memory_equal(text_bytes(r.text), &r.number, sizeof r.number);
            text_unref(r.text);
        }
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    queue_free(q, NULL);
}

/* --- the outbox --- */

static void waits_in_order(void **state)
{
    (void)state;
    int got;
    struct queue *q = queue_new(2, sizeof(int));
    struct outbox *o = outbox_new(q, sizeof(int));
    assert_non_null(o);
    for (int i = 0; i < 100; i++)
        assert_true(outbox_send(o, &i));
    assert_int_equal(outbox_waiting(o), 98);
    assert_false(outbox_flush(o));
    for (int i = 0; i < 100; i++) {
        assert_true(queue_take(q, &got));
        assert_int_equal(got, i);
        (void)outbox_flush(o);
    }
    assert_int_equal(outbox_waiting(o), 0);
    assert_true(outbox_flush(o));
    outbox_free(o, NULL);
    queue_free(q, NULL);
}

static void new_ones_stand_behind(void **state)
{
    (void)state;
    int got;
    struct queue *q = queue_new(1, sizeof(int));
    struct outbox *o = outbox_new(q, sizeof(int));
    assert_true(outbox_send(o, &(int){1}));
    assert_true(outbox_send(o, &(int){2}));
    assert_true(queue_take(q, &got));
    assert_true(outbox_send(o, &(int){3})); /* there is room, but 2 waits */
    assert_true(queue_take(q, &got));
    assert_int_equal(got, 2);
    dropped = 0;
    outbox_free(o, drop);
    assert_int_equal(dropped, 3);
    outbox_free(NULL, drop);
    queue_free(q, NULL);
}

/* --- records --- */

static const struct text *word(void)
{
    return text_new("word", 4);
}

static const struct definition *definition(void)
{
    struct draft d;
    draft_init(&d);
    const struct definition *made = draft_freeze(&d);
    draft_end(&d);
    assert_non_null(made);
    return made;
}

static struct event event(void)
{
    return (struct event){.name = word(), .device = word(), .text = word()};
}

/* The address sanitizer counts. */
static void records_let_go(void **state)
{
    (void)state;
    struct order order = {.kind = ORDER_PUT, .definition = definition()};
    struct report report = {.kind = REPORT_STATUS};
    struct journal_entry entry = {.kind = JOURNAL_STATUS, .has_event = true, .event = event(), .name = word()};
    struct journal_entry probe = {.kind = JOURNAL_PROBE};
    struct news news = {.kind = NEWS_EVENT, .event = event()};
    struct notice notice = {.kind = NOTICE_FILE, .wanted_count = 2, .text = word()};
    status_init(&report.status);
    status_init(&entry.status);
    report.status.failure_text = word();
    entry.status.server_reply = word();
    notice.wanted = calloc(2, sizeof *notice.wanted);
    assert_non_null(notice.wanted);
    notice.wanted[0].definition = definition();
    notice.wanted[1].definition = definition();
    order_drop(&order);
    report_drop(&report);
    journal_entry_drop(&entry);
    journal_entry_drop(&probe);
    news_drop(&news);
    notice_drop(&notice);
    assert_null(order.definition);
    assert_null(entry.name);
    assert_null(notice.wanted);
    notice_drop(&notice);
}

/* --- the log --- */

/* Prints the log into a file in place of standard error; what it says. */
static const char *printed(struct log *l, bool end)
{
    static char text[1100 * sizeof "2026-11-24T03:11:55Z xx"];
    char path[] = "/tmp/emailmon-log-XXXXXX";
    int kept = dup(STDERR_FILENO), fd = mkstemp(path);
    assert_true(kept >= 0 && fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(fflush(stderr), 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    if (end)
        log_free(l);
    else
        log_print(l);
    (void)fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    (void)close(fd);
    (void)close(kept);
    return text;
}

static void one_line(void **state)
{
    (void)state;
    (void)unsetenv("JOURNAL_STREAM");
    struct log *l = log_new();
    assert_non_null(l);
    log_write(l, LOG_LINE_NOTICE, "row %d: %s", 3, "two\nlines\x1B[31m caf\xC3\xA9");
    assert_true(readable(log_fd(l), 0));
    const char *text = printed(l, false);
    assert_non_null(strstr(text, "Z row 3: two\\x0Alines\\x1B[31m caf\xC3\xA9\n"));
    assert_false(readable(log_fd(l), 0));
    log_write(l, LOG_LINE_ERROR, "the last");
    log_write(NULL, LOG_LINE_ERROR, "nobody hears");
    assert_non_null(strstr(printed(l, true), "the last\n"));
}

static void as_journald_likes_it(void **state)
{
    (void)state;
    struct stat st;
    char stream[64];
    char path[] = "/tmp/emailmon-log-XXXXXX";
    int kept = dup(STDERR_FILENO), fd = mkstemp(path);
    assert_true(kept >= 0 && fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    assert_int_equal(fflush(stderr), 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    struct log *l = log_new(); /* looks whether standard error is journald's */
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    assert_int_equal(unlink(path), 0);
    (void)close(fd);
    (void)close(kept);
    log_write(l, LOG_LINE_WARNING, "attention");
    assert_non_null(strstr(printed(l, true), "<4>attention\n"));
}

static void counts_what_is_dropped(void **state)
{
    (void)state;
    struct log *l = log_new();
    for (int i = 0; i < 1034; i++)
        log_write(l, LOG_LINE_INFO, "x");
    log_write(l, LOG_LINE_INFO, "never printed");
    const char *text = printed(l, true);
    assert_null(strstr(text, "never printed"));
    assert_non_null(strstr(text, " 11 lines did not fit into the log\n"));
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, NULL, NULL, NULL                                                                               \
    }

static void reserved(void **state)
{
    (void)state;
    struct queue *q = queue_new(2, sizeof(int));
    struct outbox *o = outbox_new(q, sizeof(int));
    int value;
    assert_true(outbox_reserve(o, 100));
    for (int i = 0; i < 100; i++) {
        assert_true(outbox_send(o, &i));
        if (i % 10 == 0) /* what is flushed meanwhile costs no place */
            assert_true(queue_take(q, &value) && (outbox_flush(o) || outbox_waiting(o) > 0));
    }
    assert_true(outbox_reserve(o, 5));
    outbox_release(o, 5);
    for (int i = 0, next = 10; next < 100; next++, i++) {
        assert_true(queue_take(q, &value));
        assert_int_equal(value, next);
        (void)outbox_flush(o);
    }
    assert_int_equal(outbox_waiting(o), 0);
    outbox_free(o, NULL);
    queue_free(q, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ROW("records come out in order, and none goes in when it is full", in_order),
        ROW("the descriptor is readable after a post and not after a drain", wakes),
        ROW("behind a record that was left inside another one wakes nobody", wakes_once),
        ROW("what is left is dropped when the queue is freed", drops_what_is_left),
        ROW("two threads lose nothing and keep the order", two_threads),
        ROW("an outbox keeps what finds no room, in order", waits_in_order),
        ROW("a new record stands behind those that wait, also when there is room", new_ones_stand_behind),
        ROW("records for which places were reserved are never refused, whatever is flushed meanwhile", reserved),
        ROW("whoever drops a record lets go of all that it holds", records_let_go),
        ROW("a line of the log is one line, its control characters escaped", one_line),
        ROW("under journald a line begins with its priority", as_journald_likes_it),
        ROW("lines that do not fit are counted and not printed", counts_what_is_dropped),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
