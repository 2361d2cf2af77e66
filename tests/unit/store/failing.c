/* A state that cannot be written: nothing is lost, everybody is told, and it ends by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "one_stage.h"
#include "short_memory.h"

static void expect_alarm(bool raised)
{
    struct news news;
    stage_take(stage.news, &news);
    assert_int_equal(news.kind, NEWS_ALARM);
    assert_int_equal(news.state_alarm, raised);
}

/* ${told}: of an event that is told, or was, without a number. */
static void expect_event(uint32_t seq, uint64_t told, bool announced, int32_t row)
{
    struct news news;
    stage_take(stage.news, &news);
    assert_int_equal(news.kind, NEWS_EVENT);
    assert_int_equal(news.event.seq, seq);
    assert_int_equal(news.event.told, told);
    assert_int_equal(news.event.announced, announced);
    assert_int_equal(news.event.row, row);
    news_drop(&news);
}

/* --- a disk that is full for a while --- */

static void full_for_a_while(enum stage_disk how)
{
    post(stage_event(1, 1, "before"));
    expect_event(1, 0, false, 1);
    stage_disk(how);
    post(stage_event(2, 2, "meanwhile"));
    post(stage_probe(2, 2, 7, PROBE_OUT));
    assert_false(stage_flush(&stage));
    expect_event(0, 1, false, 2);
    expect_alarm(true);
    post(stage_event(3, 3, "later"));
    expect_event(0, 2, false, 3);
    assert_false(stage_flush(&stage));

    stage_disk(DISK_ALL_RIGHT); /* it is tried again every second */
    expect_event(2, 1, true, 2);
    expect_event(3, 2, true, 3);
    expect_alarm(false);
    post(stage_event(4, 4, "after"));
    expect_event(4, 0, false, 4);

    post((struct journal_entry){.kind = JOURNAL_SETTLED, .seq = 2}); /* the master has answered */
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 4);
    assert_int_equal(stage.restored->event_count, 4);
    assert_int_equal(stage.restored->last_seq, 4);
    for (size_t i = 0; i < 4; i++) /* that one was told is not enough */
        assert_int_equal(stage.restored->events[i].settled, i == 1);
    assert_int_equal(restored_by_index(stage.restored, 2)->probe_count, 1);
}

static void disk_is_full(void **state)
{
    (void)state;
    full_for_a_while(DISK_FULL);
}

static void sync_fails(void **state)
{
    (void)state;
    full_for_a_while(DISK_SYNC_FAILS);
}

static void last_of_each_row(void **state)
{
    (void)state;
    enum { POLLS = 500 };
    stage_disk(DISK_FULL);
    for (uint32_t poll = 0; poll < POLLS; poll++) {
        struct journal_entry status = stage_status(1, 1, "office");
        status.status.polls = poll;
        post(stage_probe(1, 1, poll, PROBE_SENDING));
        post(stage_probe(1, 1, poll, poll + 3 < POLLS ? PROBE_CONSUMED : PROBE_OUT));
        post(status);
    }
    assert_false(stage_flush(&stage));
    stage_disk(DISK_ALL_RIGHT);
    stage_reopen(&stage);
    const struct restored_row *row = restored_by_index(stage.restored, 1);
    assert_int_equal(row->status.polls, POLLS - 1);
    assert_true(row->probe_count >= 3 && row->probe_count <= 3 + 4);
    for (size_t i = row->probe_count - 3; i < row->probe_count; i++) {
        assert_int_equal(row->probes[i].state, PROBE_OUT);
        assert_int_equal(row->probes[i].time_s, 1795489000 + POLLS - row->probe_count + i);
    }
}

/* --- saves --- */

static uint8_t state_of_the_probe(void)
{
    const struct restored_row *row = restored_by_index(stage.restored, 1);
    assert_non_null(row);
    assert_int_equal(row->probe_count, 1);
    return row->probes[0].state;
}

static void ended_behind(void **state)
{
    (void)state;
    post(stage_status(1, 1, "office"));
    post(stage_probe(1, 1, 7, PROBE_OUT));
    assert_true(stage_flush(&stage));
    stage_reopen(&stage);
    assert_int_equal(state_of_the_probe(), PROBE_OUT);
    stage_disk(DISK_FULL);
    post(stage_probe(1, 1, 7, PROBE_CONSUMED)); /* found, and nobody will know */
    assert_false(stage_flush(&stage));
    stage_close(&stage);
    stage_disk(DISK_ALL_RIGHT);
    for (int starts = 0; starts < 2; starts++) {
        stage_reopen(&stage);
        assert_int_equal(state_of_the_probe(), PROBE_MAYBE);
    }
}

static void ended_behind_a_status(void **state)
{
    (void)state;
    struct journal_entry status = stage_status(1, 1, "office");
    status.memory.sent = stage_probe(1, 1, 7, PROBE_OUT).probe;
    post(stage_probe(1, 1, 7, PROBE_SENDING));
    post(status);
    assert_true(stage_flush(&stage));
    stage_reopen(&stage);
    assert_int_equal(state_of_the_probe(), PROBE_OUT);
    stage_disk(DISK_FULL);
    post(stage_probe(1, 1, 7, PROBE_CONSUMED));
    assert_false(stage_flush(&stage));
    stage_close(&stage);
    stage_disk(DISK_ALL_RIGHT);
    stage_reopen(&stage);
    assert_int_equal(state_of_the_probe(), PROBE_MAYBE);
}

static char mark_of_the_lock(void)
{
    char path[sizeof stage.path + sizeof ".lock"];
    (void)snprintf(path, sizeof path, "%s.lock", stage.path);
    FILE *lock = fopen(path, "r");
    assert_non_null(lock);
    int mark = fgetc(lock);
    (void)fclose(lock);
    return (char)mark;
}

/* The disk of the machine may be slow itself for a while. */
static void poll_until_marked(char mark)
{
    enum { POLLS = 200 };
    static uint32_t polls;
    for (int i = 0; i < POLLS; i++) {
        struct journal_entry entry = stage_status(1, 1, "office");
        entry.status.polls = ++polls; /* what is the same is not written */
        post(entry);
        assert_true(stage_flush(&stage));
        if (mark_of_the_lock() == mark)
            return;
    }
    fail_msg("the lock file never said %c", mark);
}

static void slow_disk(void **state)
{
    (void)state;
    stage_disk(DISK_SLOW);
    poll_until_marked('1'); /* what a kill would leave */
    stage_disk(DISK_ALL_RIGHT);
    poll_until_marked('0');
    stage_disk(DISK_SLOW);
    poll_until_marked('1');
    stage_close(&stage); /* an orderly end leaves nothing behind */
    assert_int_equal(mark_of_the_lock(), '0');
}

static void alarm_without_work(void **state)
{
    (void)state;
    enum { TRIED_AGAIN_US = 1300000 };
    struct news news;
    const struct save_change change = {.index = 1, .serial = 1, .definition = stage_definition("office", "secret")};
    stage_disk(DISK_FULL);
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 1, &change, 1));
    assert_int_equal(stage_answer(&stage, 1), SAVE_REFUSED);
    expect_alarm(true);
    (void)usleep(TRIED_AGAIN_US);
    save_batch_unref(stage_save(&stage, SAVE_TRIAL, 2, &change, 1));
    assert_int_equal(stage_answer(&stage, 2), SAVE_REFUSED);
    assert_false(queue_take(stage.news, &news)); /* it stayed */
    stage_disk(DISK_ALL_RIGHT);
    expect_alarm(false);
    definition_unref(change.definition);
}

static void saves_on_a_full_disk(void **state)
{
    (void)state;
    const struct definition *d = stage_definition("office", "secret");
    const struct save_change set = {.index = 1, .serial = 1, .definition = d},
                             edit = {.index = 2, .serial = 2, .definition = d};
    stage_disk(DISK_FULL);
    save_batch_unref(stage_save(&stage, SAVE_TRIAL, 1, &set, 1));
    assert_int_equal(stage_answer(&stage, 1), SAVE_REFUSED);
    expect_alarm(true);
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 2, &set, 1));
    assert_int_equal(stage_answer(&stage, 2), SAVE_REFUSED);
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 0, &edit, 1)); /* of the file: nobody waits, nothing is lost */
    save_batch_unref(stage_save(&stage, SAVE_TRIAL, 3, &set, 1));
    assert_int_equal(stage_answer(&stage, 3), SAVE_REFUSED);
    stage_disk(DISK_ALL_RIGHT);
    save_batch_unref(stage_save(&stage, SAVE_TRIAL, 4, &set, 1)); /* does not wait for the next try */
    assert_int_equal(stage_answer(&stage, 4), SAVED);
    expect_alarm(false);
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 1);
    assert_int_equal(stage.restored->rows[0].index, 2);
    definition_unref(d);
}

/* --- each write --- */

static void check_round(uint32_t n, uint64_t id, bool saved)
{
    const struct restored_row *row = restored_by_serial(stage.restored, n);
    assert_non_null(row);
    assert_int_equal(row->probe_count, 1);
    assert_int_equal(stage.restored->last_seq, n);
    assert_int_equal(stage.restored->event_count, n);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(stage.restored->events[i].event.seq, i + 1);
    row = restored_by_serial(stage.restored, 1000 + id);
    assert_int_equal(row != NULL, saved);
}

/* ${fail_at}: so many writes or allocations of the store from now; ${has_failed}: it came to that. */
static void every_step_fails_once(void (*fail_at)(unsigned n), bool (*has_failed)(void))
{
    bool failed = true;
    for (uint32_t n = 1; failed; n++) {
        const struct save_change change = stage_change((int32_t)(1000 + n), 1000 + n);
        assert_true(n < 1000);
        fail_at(n);
        post(stage_event((int32_t)n, n, "office"));
        post(stage_probe((int32_t)n, n, n, PROBE_OUT));
        (void)stage_flush(&stage);
        save_batch_unref(stage_save(&stage, SAVE_CHANGES, n, &change, 1));
        bool saved = stage_answer(&stage, n) == SAVED;
        failed = has_failed();
        fail_at(0);
        save_batch_unref(stage_save(&stage, SAVE_TRIAL, n, &change, 1)); /* not to wait for a second */
        assert_int_equal(stage_answer(&stage, n), SAVED);
        stage_reopen(&stage);
        check_round(n, n, saved);
        for (struct news news; queue_take(stage.news, &news);)
            news_drop(&news);
        definition_unref(change.definition);
    }
}

static void every_write_fails_once(void **state)
{
    (void)state;
    every_step_fails_once(stage_fail_at, stage_failed);
}

static void memory_of_the_store_fails_at(unsigned n)
{
    memory_fails_in("store", n);
}

static bool memory_of_the_store_failed(void)
{
    return memory_failures_there() > 0;
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    every_step_fails_once(memory_of_the_store_fails_at, memory_of_the_store_failed);
}

/* --- a file system that is full --- */

/* False: this user may not mount. */
static bool mount_small(void)
{
    stage_close(&stage);
    return mount("none", stage.folder, "tmpfs", 0, "size=512k,mode=700") == 0;
}

static void fill(const char *path)
{
    static const char zeros[4096];
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)setvbuf(file, NULL, _IONBF, 0);
    while (fwrite(zeros, 1, sizeof zeros, file) == sizeof zeros)
        continue;
    (void)fclose(file);
}

static void small_file_system(void **state)
{
    (void)state;
    char filler[160];
    if (!mount_small())
        skip();
    (void)snprintf(filler, sizeof filler, "%s/filler", stage.folder);
    stage_run(&stage);
    post(stage_event(1, 1, "before"));
    expect_event(1, 0, false, 1);
    fill(filler);
    for (int32_t i = 2; i <= 200; i++)
        post(stage_status(i, (uint64_t)i, "meanwhile"));
    assert_false(stage_flush(&stage));
    expect_alarm(true);
    assert_int_equal(unlink(filler), 0);
    expect_alarm(false);
    stage_close(&stage);
    stage_open(&stage);
    assert_int_equal(stage.restored->row_count, 200);
    stage_close(&stage);
    assert_int_equal(umount(stage.folder), 0);
}

int main(void)
{
#define SENTENCE(sentence, function)                                                                                   \
    {                                                                                                                  \
        sentence, function, begin, end, NULL                                                                           \
    }
    const struct CMUnitTest tests[] = {
        SENTENCE("a full disk: events leave at once without a number, and get it when there is room", disk_is_full),
        SENTENCE("a disk that does not sync is as bad as a full one", sync_fails),
        SENTENCE("of each row the last is kept while nothing can be written, and all that is outstanding",
                 last_of_each_row),
        SENTENCE("a save is refused on a full disk, one of the file waits for room", saves_on_a_full_disk),
        SENTENCE("the alarm stays while the disk is full, although nothing waits to be written", alarm_without_work),
        SENTENCE("when it ended with a full disk, that a probe is missing proves nothing after the next start",
                 ended_behind),
        SENTENCE("also what only a row's status says of its last probe", ended_behind_a_status),
        SENTENCE("while the disk is slow the state counts as behind, in case of a kill", slow_disk),
        SENTENCE("whichever write fails, nothing is lost, refused saves leave nothing, numbers have no gap",
                 every_write_fails_once),
        SENTENCE("whichever allocation fails, the same", every_allocation_fails_once),
        SENTENCE("a file system that is really full is one", small_file_system),
    };
    return cmocka_run_group_tests_name("failing", tests, NULL, NULL);
}
