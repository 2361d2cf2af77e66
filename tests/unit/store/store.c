/* The store's thread, through its queues and its file. */
#include "store.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[128], why[512];
static struct queue *journal, *receipts, *news;
static struct store *store;

enum { FEW = 8 };

static int start(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/emailmon-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/state.db", folder);
    journal = queue_new(FEW, sizeof(struct journal_entry));
    receipts = queue_new(FEW, sizeof(struct receipt));
    news = queue_new(FEW, sizeof(struct news));
    struct store_options options = {.path = path, .journal = journal, .receipts = receipts, .news = news};
    store = store_start(&options, why, sizeof why);
    assert_non_null(store);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    char file[160];
    store_stop(store);
    store = NULL;
    queue_free(journal, journal_entry_drop);
    queue_free(receipts, NULL);
    queue_free(news, news_drop);
    (void)snprintf(file, sizeof file, "%s.status", path);
    (void)unlink(file);
    (void)snprintf(file, sizeof file, "%s.lock", path);
    (void)unlink(file);
    return rmdir(folder);
}

static void post(const struct journal_entry *entry)
{
    for (int i = 0; i < 5000 && !queue_post(journal, entry); i++)
        (void)usleep(1000);
}

/* Waits for the next record; false when none comes within 5 s. */
static bool take(struct queue *from, void *record)
{
    struct pollfd fd = {.fd = queue_fd(from), .events = POLLIN};
    for (int i = 0; i < 50; i++) {
        if (queue_take(from, record))
            return true;
        (void)poll(&fd, 1, 100);
        queue_drain(from);
    }
    return false;
}

static struct journal_entry status_of(int32_t index, uint64_t serial, const char *name)
{
    struct journal_entry entry = {
        .kind = JOURNAL_STATUS, .index = index, .serial = serial, .name = text_new(name, strlen(name))};
    status_init(&entry.status);
    entry.status.verdict = VERDICT_DOWN;
    entry.status.failure_leg = LEG_SMTP;
    entry.status.failure_stage = STAGE_CONNECT;
    entry.status.failure_cause = CAUSE_REFUSED;
    entry.status.proven_at = 1795489915123;
    entry.status.last_poll = 1795489999000;
    entry.status.polls = UINT32_MAX;
    entry.status.smtp_cert_days = -3;
    entry.status.failure_text = text_new("smtp: connecting: refused \xC3\xA4", 27);
    return entry;
}

static void test_receipts(void **state)
{
    (void)state;
    for (uint64_t ticket = 1; ticket <= 4 * FEW; ticket++) {
        struct journal_entry entry = {.kind = JOURNAL_PROBE, .ticket = ticket, .index = 1, .serial = 1};
        post(&entry);
    }
    for (uint64_t ticket = 1; ticket <= 4 * FEW; ticket++) {
        struct receipt receipt;
        assert_true(take(receipts, &receipt));
        assert_true(receipt.ticket == ticket && receipt.durable);
    }
}

static void test_events_are_numbered(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 4 * FEW; i++) {
        struct journal_entry entry = status_of(1, 1, "office");
        entry.has_event = true;
        entry.event = (struct event){.kind = EVENT_DOWN, .row = 1, .time_ms = i, .name = text_new("office", 6)};
        post(&entry);
    }
    for (uint32_t i = 1; i <= 4 * FEW; i++) {
        struct news got;
        assert_true(take(news, &got));
        assert_int_equal(got.kind, NEWS_EVENT);
        assert_int_equal(got.event.seq, i);
        assert_int_equal(got.event.time_ms, i);
        assert_string_equal(text_bytes(got.event.name), "office");
        news_drop(&got);
    }
}

struct seen {
    char names[128];
    struct status last; /* texts counted */
};

static void see(void *owner, const struct stored_row *row)
{
    struct seen *seen = owner;
    size_t used = strlen(seen->names);
    (void)snprintf(seen->names + used, sizeof seen->names - used, "%d=%s ", (int)row->index, row->name);
    status_copy(&seen->last, &row->status);
}

/* Reads the file until it has ${names}, which the thread writes within a second or so. */
static void wait_for_names(const char *names, struct seen *seen, struct stored_state *found)
{
    for (int i = 0; i < 500; i++) {
        seen->names[0] = '\0';
        assert_true(store_read_status(path, found, see, seen, why, sizeof why));
        if (strcmp(seen->names, names) == 0)
            return;
        (void)usleep(10000);
    }
    assert_string_equal(seen->names, names);
}

static void test_status_file(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct stored_state found;
    struct journal_entry gone = {.kind = JOURNAL_GONE, .index = 2, .serial = 22}, other = gone;
    status_init(&seen.last);
    const struct journal_entry entries[] = {status_of(7, 77, "seven"), status_of(2, 22, "two"),
                                            status_of(4, 44, "f\xC3\xBCr"), status_of(7, 77, "renamed")};
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        post(&entries[i]);
    wait_for_names("2=two 4=f\xC3\xBCr 7=renamed ", &seen, &found);
    assert_true(found.running);
    assert_true(found.written_ms > 0);

    struct journal_entry expected = status_of(7, 77, "");
    for (size_t i = 0; i < status_column_count; i++) {
        const struct status_column *column = &status_columns[i];
        assert_true(status_integer(&seen.last, column, 1795490000000) ==
                    status_integer(&expected.status, column, 1795490000000));
        assert_true(text_equal(status_text(&seen.last, column), status_text(&expected.status, column)));
    }
    journal_entry_drop(&expected);

    other.serial = 23;
    post(&other);
    post(&gone);
    wait_for_names("4=f\xC3\xBCr 7=renamed ", &seen, &found);
    const struct journal_entry again = status_of(2, 24, "again");
    post(&again);
    wait_for_names("2=again 4=f\xC3\xBCr 7=renamed ", &seen, &found);
    status_clear(&seen.last);
}

static void test_second_is_refused(void **state)
{
    (void)state;
    struct store_options options = {.path = path, .journal = journal, .receipts = receipts, .news = news};
    assert_null(store_start(&options, why, sizeof why));
    assert_non_null(strstr(why, "another emailmon has it"));
}

static void test_not_running(void **state)
{
    struct seen seen = {0};
    struct stored_state found;
    status_init(&seen.last);
    const struct journal_entry entry = status_of(1, 1, "office");
    post(&entry);
    store_stop(store);
    assert_true(store_read_status(path, &found, see, &seen, why, sizeof why));
    assert_string_equal(seen.names, "1=office ");
    assert_false(found.running);
    status_clear(&seen.last);
    struct store_options options = {.path = path, .journal = journal, .receipts = receipts, .news = news};
    store = store_start(&options, why, sizeof why);
    assert_non_null(store);
    (void)state;
}

static void test_damaged(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "emailmon status 1\n", "emailmon status 1\t1\n1\tname\n",
                                        "emailmon status 1\t1", "emailmon status 2\t1\n"};
    char file[160];
    struct seen seen = {0};
    struct stored_state found;
    (void)snprintf(file, sizeof file, "%s.status", path);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        assert_true(fputs(texts[i], out) >= 0);
        assert_int_equal(fclose(out), 0);
        assert_false(store_read_status(path, &found, see, &seen, why, sizeof why));
        assert_non_null(strstr(why, "damaged"));
    }
    assert_int_equal(unlink(file), 0);
    assert_false(store_read_status(path, &found, see, &seen, why, sizeof why));
    assert_non_null(strstr(why, "has not been started"));
}

static void test_alarm(void **state)
{
    (void)state;
    char moved[160];
    struct news got;
    (void)snprintf(moved, sizeof moved, "%s.away", folder);
    assert_int_equal(rename(folder, moved), 0);
    const struct journal_entry entry = status_of(1, 1, "office");
    post(&entry);
    assert_true(take(news, &got));
    assert_true(got.kind == NEWS_ALARM && got.state_alarm);
    assert_int_equal(rename(moved, folder), 0);
    assert_true(take(news, &got));
    assert_true(got.kind == NEWS_ALARM && !got.state_alarm);
}

int main(void)
{
#define SENTENCE(sentence, function)                                                                                   \
    {                                                                                                                  \
        sentence, function, start, stop, NULL                                                                          \
    }
    const struct CMUnitTest tests[] = {
        SENTENCE("every entry with a ticket is answered, in order, also when the queue is full", test_receipts),
        SENTENCE("events get numbers without gap, in the order in which they happened", test_events_are_numbered),
        SENTENCE("the status file has every column of every row, and forgets rows that are gone", test_status_file),
        SENTENCE("a second emailmon on the same state is refused", test_second_is_refused),
        SENTENCE("what was known last stays readable when nothing runs, and says so", test_not_running),
        SENTENCE("a damaged status file is told from one that is not there", test_damaged),
        SENTENCE("a folder that cannot be written raises an alarm, and ends it by itself", test_alarm),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
