/*
 * What the state costs: so many polls a second, each with the entries that the worker makes of one (found, sending,
 * accepted, status; 50 ms between them; two of them answered by a receipt), from rows of one minute each.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "store.h"

enum { QUEUE_ROOM = 1024, INTERVAL_S = 60, HISTORY_S = 7 * 86400, PHASES_A_SECOND = 20, DECIMAL = 10 };

static struct {
    uint32_t polls_per_s, seconds, rows;
    char folder[512], path[600];
    struct keys keys;
    struct queue *journal, *receipts, *news, *saves, *saved;
    struct store *store;

    struct sampling *sampled; /* by row */
    uint64_t *posted_us;      /* by ticket */
    uint64_t ticket, answered;
    uint64_t waited_us, longest_us; /* of those that were answered */
    uint64_t full;                  /* milliseconds for which the journal had no room */
} bench;

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_store: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static uint64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- records --- */

static void take_receipts(void)
{
    struct receipt receipt;
    uint64_t now = now_us();
    queue_drain(bench.receipts);
    while (queue_take(bench.receipts, &receipt)) {
        if (!receipt.durable)
            die(bench.path, "it could not be written");
        while (bench.answered < receipt.ticket) { /* the last one speaks for all */
            uint64_t took_us = now - bench.posted_us[++bench.answered];
            bench.waited_us += took_us;
            if (took_us > bench.longest_us)
                bench.longest_us = took_us;
        }
    }
}

static void await_receipts(int ms)
{
    struct pollfd fd = {.fd = queue_fd(bench.receipts), .events = POLLIN};
    (void)poll(&fd, 1, ms);
    take_receipts();
}

static void post(const struct journal_entry *entry)
{
    for (; !queue_post(bench.journal, entry); bench.full++)
        await_receipts(1);
}

static uint64_t serial_of(uint32_t row)
{
    return (uint64_t)(row + 1) << 32 | (row + 1) * UINT32_C(0x9E3779B9); /* growing, with a lower half that is spread */
}

static struct journal_entry entry_of(enum journal_kind kind, uint32_t row)
{
    return (struct journal_entry){.kind = kind, .index = (int32_t)row + 1, .serial = serial_of(row)};
}

static void post_probe(uint32_t poll, enum probe_state state, bool answered)
{
    struct journal_entry entry = entry_of(JOURNAL_PROBE, poll % bench.rows);
    entry.probe = (struct probe_record){.time_s = poll, .state = (uint8_t)state};
    entry.ticket = answered ? ++bench.ticket : 0;
    if (answered)
        bench.posted_us[bench.ticket] = now_us();
    post(&entry);
}

/* Rows are young: each poll fills the sample of the one before. */
static void sample(struct journal_entry *entry, uint32_t poll)
{
    struct sampling *sampled = &bench.sampled[poll % bench.rows];
    struct sample one;
    sample_of_poll(&one, entry->status.last_poll + INT64_C(1000) * INTERVAL_S * (poll / bench.rows), VERDICT_UP, false);
    for (enum sample_time t = 0; t < SAMPLE_TIMES; t++)
        sample_measure(&one, t, 30);
    if (sampling_add(sampled, &one, HISTORY_S, &entry->sampled.full))
        entry->sampled.kind = SAMPLED_FULL;
    entry->memory.sampling = *sampled;
}

static void post_status(uint32_t poll)
{
    char name[32];
    struct journal_entry entry = entry_of(JOURNAL_STATUS, poll % bench.rows);
    int n = snprintf(name, sizeof name, "monitor-%u", poll % bench.rows);
    entry.name = text_new(name, (size_t)n);
    status_init(&entry.status);
    row_memory_init(&entry.memory);
    entry.memory.sent = (struct probe_record){.time_s = poll, .state = PROBE_OUT};
    entry.status.verdict = VERDICT_UP;
    entry.status.proof = PROOF_ROUND_TRIP;
    entry.status.polls = poll / bench.rows;
    entry.status.last_poll = INT64_C(1795489999000) + poll;
    sample(&entry, poll);
    post(&entry);
}

/* --- the load --- */

/* One moment of two polls: one has found its probe and is about to send, the other has sent. */
static void step(uint32_t now)
{
    const uint32_t apart = bench.polls_per_s / PHASES_A_SECOND;
    post_probe(now - bench.rows, PROBE_CONSUMED, true);
    post_probe(now, PROBE_SENDING, true);
    post_status(now - apart);
}

/* Every row was polled once: from then on nothing is new. */
static void prepare(void)
{
    for (uint32_t row = 0; row < bench.rows; row++) {
        post_probe(row, PROBE_SENDING, row + 1 == bench.rows);
        post_status(row);
    }
    while (bench.answered < bench.ticket)
        await_receipts(1);
    bench.waited_us = bench.longest_us = bench.full = 0;
}

static void play(void)
{
    const uint64_t began_us = now_us();
    const uint32_t polls = bench.polls_per_s * bench.seconds;
    for (uint32_t i = 0; i < polls;) {
        uint64_t due = (now_us() - began_us) * bench.polls_per_s / 1000000;
        for (; i < due && i < polls; i++)
            step(2 * bench.rows + i);
        await_receipts(1);
    }
    while (bench.answered < bench.ticket)
        await_receipts(1);
}

/* --- what it took --- */

/* Processor time of all threads but this one: the store's. */
static uint64_t store_cpu_us(void)
{
    struct rusage all, mine;
    (void)getrusage(RUSAGE_SELF, &all);
    (void)getrusage(RUSAGE_THREAD, &mine);
    return (uint64_t)((all.ru_utime.tv_sec + all.ru_stime.tv_sec - mine.ru_utime.tv_sec - mine.ru_stime.tv_sec) *
                          1000000 +
                      all.ru_utime.tv_usec + all.ru_stime.tv_usec - mine.ru_utime.tv_usec - mine.ru_stime.tv_usec);
}

static void measure(void)
{
    const struct store_counts before = store_counted(bench.store);
    const struct disk_counts disk_before = disk_counted();
    const uint64_t cpu_before = store_cpu_us(), began_us = now_us(), tickets_before = bench.ticket;
    play();
    const double seconds = (double)(now_us() - began_us) / 1e6, cpu_us = (double)(store_cpu_us() - cpu_before);
    const struct store_counts now = store_counted(bench.store);
    const struct disk_counts disk = disk_counted();
    const double polls = (double)bench.polls_per_s * bench.seconds, commits = (double)(now.commits - before.commits),
                 entries = (double)(now.entries - before.entries), syncs = (double)(disk.syncs - disk_before.syncs);

    (void)printf("polls     %8.0f in %.1f s, of %u rows\n", polls, seconds, bench.rows);
    (void)printf("entries   %8.0f, %.2f a poll\n", entries, entries / polls);
    (void)printf("commits   %8.0f, %.1f a second, %.3f a poll, %.1f entries each\n", commits, commits / seconds,
                 commits / polls, entries / commits);
    (void)printf("fsyncs    %8.0f, %.1f a second, %.3f a poll, %.2f a commit, %.0f us each; %llu since the start\n",
                 syncs, syncs / seconds, syncs / polls, syncs / commits,
                 (double)(disk.sync_us - disk_before.sync_us) / syncs, (unsigned long long)disk.syncs);
    (void)printf("written   %8.0f KiB, %.1f a poll\n", (double)(disk.write_bytes - disk_before.write_bytes) / 1024,
                 (double)(disk.write_bytes - disk_before.write_bytes) / 1024 / polls);
    (void)printf("processor %8.0f us of the store's thread a poll, %.1f %% of one core\n", cpu_us / polls,
                 cpu_us / seconds / 1e4);
    (void)printf("receipts  %8.1f ms on average, %.1f ms at most\n",
                 (double)bench.waited_us / (double)(bench.ticket - tickets_before) / 1e3,
                 (double)bench.longest_us / 1e3);
    (void)printf("journal   %8llu ms without room\n", (unsigned long long)bench.full);
}

/* --- its life --- */

static void open_store(void)
{
    const struct restored *restored = NULL;
    char why[256];
    const struct store_options options = {.path = bench.path,
                                          .keys = &bench.keys,
                                          .journal = bench.journal,
                                          .receipts = &bench.receipts,
                                          .workers = 1,
                                          .news = bench.news,
                                          .saves = bench.saves,
                                          .saved = bench.saved};
    bench.store = store_open(&options, &restored, why, sizeof why);
    if (bench.store == NULL || !store_start(bench.store, why, sizeof why))
        die("store", why);
    restored_unref(restored);
}

static void begin(const char *where)
{
    (void)snprintf(bench.folder, sizeof bench.folder, "%s/bench-store-XXXXXX", where);
    if (mkdtemp(bench.folder) == NULL)
        die(where, strerror(errno));
    (void)snprintf(bench.path, sizeof bench.path, "%s/state.db", bench.folder);
    bench.rows = bench.polls_per_s * INTERVAL_S;
    bench.sampled = calloc(bench.rows, sizeof *bench.sampled);
    bench.posted_us = calloc((size_t)bench.polls_per_s * bench.seconds * 2 + 2, sizeof *bench.posted_us);
    bench.journal = queue_new(QUEUE_ROOM, sizeof(struct journal_entry));
    bench.receipts = queue_new(QUEUE_ROOM, sizeof(struct receipt));
    bench.news = queue_new(QUEUE_ROOM, sizeof(struct news));
    bench.saves = queue_new(QUEUE_ROOM, sizeof(struct save));
    bench.saved = queue_new(QUEUE_ROOM, sizeof(struct saved));
    if (bench.sampled == NULL || bench.posted_us == NULL || bench.journal == NULL || bench.receipts == NULL ||
        bench.news == NULL || bench.saves == NULL || bench.saved == NULL || !keys_random(&bench.keys) || !disk_watch())
        die("start", "no memory");
    open_store();
}

static void end(void)
{
    store_stop(bench.store);
    queue_free(bench.journal, journal_entry_drop);
    queue_free(bench.receipts, NULL);
    queue_free(bench.news, news_drop);
    queue_free(bench.saves, save_drop);
    queue_free(bench.saved, NULL);
    free(bench.posted_us);
    free(bench.sampled);
    DIR *dir = opendir(bench.folder);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        (void)unlinkat(dirfd(dir), e->d_name, 0);
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(bench.folder);
}

static uint32_t number(const char *word, uint32_t most)
{
    char *rest;
    unsigned long n = strtoul(word, &rest, DECIMAL);
    if (*rest != '\0' || n == 0 || n > most)
        die(word, "not a number that can be");
    return (uint32_t)n;
}

int main(int argc, char **argv)
{
    if (argc > 4) {
        (void)fprintf(stderr, "usage: bench_store [polls a second, 400] [seconds, 10] [folder, .]\n");
        return EXIT_FAILURE;
    }
    bench.polls_per_s = argc > 1 ? number(argv[1], 100000) : 400;
    bench.seconds = argc > 2 ? number(argv[2], 3600) : 10;
    begin(argc > 3 ? argv[3] : ".");
    prepare();
    measure();
    end();
    return EXIT_SUCCESS;
}
