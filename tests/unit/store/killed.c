/* kill -9 at random moments: whatever was answered is there. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "stage.h"

enum { ROUNDS = 30, LIFE_MS = 120, ROWS = 50, UNANSWERED = 100, SAVE_EVERY = 7, SAVED_ROWS = 100000 };

static struct test_store stage;

/* What the child has been told, as it tells its parent. */
struct told {
    uint64_t durable; /* the last ticket */
    uint64_t saved;   /* the last save */
};

static uint64_t row_of(uint64_t number)
{
    return number % ROWS + 1;
}

/* Of a row whose every poll fills the sample of the one before. */
static struct sample numbered(uint64_t number)
{
    return (struct sample){.begin = (uint32_t)number, .polls = 1, .verdicts = sample_verdict(VERDICT_DOWN)};
}

/* One poll: its number is the event's, the ticket, the status' count, and that of the sample that is open. */
static void post_poll(uint64_t number)
{
    const int32_t index = (int32_t)row_of(number);
    struct journal_entry entry = stage_event(index, row_of(number), "office");
    struct journal_entry probe = stage_probe(index, row_of(number), (uint32_t)number, PROBE_OUT);
    entry.status.polls = (uint32_t)number;
    entry.memory.sampling.open = numbered(number);
    entry.sampled = (struct sampled){.kind = SAMPLED_FULL, .full = numbered(number - ROWS)};
    entry.ticket = number;
    stage_post(&stage, &probe);
    stage_post(&stage, &entry);
}

static void post_save(uint64_t number)
{
    const struct save_change change = stage_change((int32_t)(SAVED_ROWS + number), SAVED_ROWS + number);
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, number, &change, 1));
    definition_unref(change.definition);
}

static void tell(int to, struct told *told)
{
    struct receipt receipt;
    struct saved saved;
    struct news news;
    struct told before = *told;
    while (queue_take(stage.receipts, &receipt))
        told->durable = receipt.ticket;
    while (queue_take(stage.saved, &saved)) {
        if (saved.answer == SAVED)
            told->saved = saved.id;
    }
    while (queue_take(stage.news, &news))
        news_drop(&news);
    if (memcmp(&before, told, sizeof before) != 0)
        (void)!write(to, told, sizeof *told);
}

/* Polls and saves until it is killed. */
static _Noreturn void live(int to)
{
    stage_run(&stage);
    uint64_t number = stage.restored->last_seq;
    struct told told = {.durable = number};
    for (;;) {
        while (number - told.durable < UNANSWERED) {
            post_poll(++number);
            if (number % SAVE_EVERY == 0)
                post_save(number);
            tell(to, &told);
        }
        tell(to, &told);
    }
}

static struct told kill_soon(void)
{
    int ends[2];
    struct told told = {0}, more;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        live(ends[1]);
    (void)close(ends[1]);
    /* Its life begins with the first word. */
    assert_int_equal(read(ends[0], &told, sizeof told), sizeof told);
    (void)usleep((useconds_t)(random() % LIFE_MS) * 1000);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    while (read(ends[0], &more, sizeof more) == (ssize_t)sizeof more)
        told = more;
    (void)close(ends[0]);
    return told;
}

static void check(const struct told *told)
{
    const struct restored *r = stage.restored;
    assert_false(r->damaged);
    assert_true(r->last_seq >= told->durable);
    for (size_t i = 1; i < r->event_count; i++)
        assert_int_equal(r->events[i].event.seq, r->events[i - 1].event.seq + 1);
    for (uint64_t number = told->durable > ROWS ? told->durable - ROWS + 1 : 1; number <= told->durable; number++) {
        const struct restored_row *row = restored_by_serial(r, row_of(number));
        assert_non_null(row);
        assert_true(row->status.polls >= number);
        assert_true(row->status.polls <= r->last_seq); /* number, event and status are one commit */
        assert_int_equal(row->probes[row->probe_count - 1].time_s, 1795489000 + row->status.polls);
    }
    if (told->saved != 0)
        assert_non_null(restored_by_serial(r, SAVED_ROWS + told->saved));
}

static bool wants_all(void *owner, int32_t index)
{
    (void)owner, (void)index;
    return true;
}

/* None is missing, none is there twice: what is open and what is full are one commit. */
static void check_samples(void *owner, int32_t index, const struct sample *samples, size_t count)
{
    (void)owner;
    const struct restored_row *row = restored_by_index(stage.restored, index);
    if (row == NULL || !row->has_status)
        return; /* one made by SET */
    assert_int_equal(samples[count - 1].begin, row->status.polls);
    for (size_t i = 1; i < count; i++)
        assert_int_equal(samples[i].begin, samples[i - 1].begin + ROWS);
}

static void answered_is_there(void **state)
{
    (void)state;
    const struct samples_wanted samples = {.wants = wants_all, .take = check_samples};
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srandom(seed);
    stage_begin(&stage);
    for (int round = 0; round < ROUNDS; round++) {
        struct told told = kill_soon();
        stage_open(&stage);
        check(&told);
        assert_true(store_read_samples(stage.path, &samples, stage.why, sizeof stage.why));
        stage_close(&stage);
    }
    stage_end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"after a kill at any moment all that was answered is there, and numbers have neither gap nor repeat",
         answered_is_there, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}
