#include "stage.h"

#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "draft.h"

enum { ROOM = 256, PATIENCE_MS = 10000, SLOW_US = 100000 };

/* --- a disk that fails --- */

static struct {
    sqlite3_vfs vfs, *real;
    struct {
        sqlite3_io_methods methods; /* first: found by it */
        const sqlite3_io_methods *real;
    } kinds[4];         /* SQLite's files and its logs have methods of their own */
    int how;            /* enum stage_disk; read by the store's thread */
    unsigned countdown; /* 0: none */
    int failed;
} disk;

static bool fails(bool is_sync)
{
    unsigned before = __atomic_load_n(&disk.countdown, __ATOMIC_RELAXED);
    if (before > 0) {
        __atomic_store_n(&disk.countdown, before - 1, __ATOMIC_RELAXED);
        if (before == 1)
            __atomic_store_n(&disk.failed, 1, __ATOMIC_RELAXED);
        return before == 1;
    }
    int how = __atomic_load_n(&disk.how, __ATOMIC_RELAXED);
    return how == DISK_FULL ? !is_sync : how == DISK_SYNC_FAILS && is_sync;
}

static const sqlite3_io_methods *real_methods(const sqlite3_file *file)
{
    size_t i = 0;
    while (&disk.kinds[i].methods != file->pMethods)
        i++;
    return disk.kinds[i].real;
}

static int disk_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset)
{
    return fails(false) ? SQLITE_FULL : real_methods(file)->xWrite(file, bytes, n, offset);
}

static int disk_sync(sqlite3_file *file, int flags)
{
    if (__atomic_load_n(&disk.how, __ATOMIC_RELAXED) == DISK_SLOW)
        (void)usleep(SLOW_US);
    return fails(true) ? SQLITE_IOERR_FSYNC : real_methods(file)->xSync(file, flags);
}

/* The file is the real one; only what it does is looked up here first. */
static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    int code = disk.real->xOpen(disk.real, name, file, flags, out);
    size_t i = 0;
    while (file->pMethods != NULL && disk.kinds[i].real != NULL && disk.kinds[i].real != file->pMethods)
        i++;
    if (file->pMethods == NULL)
        return code;
    if (disk.kinds[i].real == NULL) {
        disk.kinds[i].methods = *file->pMethods;
        disk.kinds[i].methods.xWrite = disk_write;
        disk.kinds[i].methods.xSync = disk_sync;
        disk.kinds[i].real = file->pMethods;
    }
    file->pMethods = &disk.kinds[i].methods;
    return code;
}

static void make_disk(void)
{
    if (disk.real != NULL)
        return;
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "failing";
    disk.vfs.xOpen = disk_open;
    assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

void stage_disk(enum stage_disk how)
{
    __atomic_store_n(&disk.how, (int)how, __ATOMIC_RELAXED);
}

void stage_fail_at(unsigned n)
{
    __atomic_store_n(&disk.failed, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&disk.countdown, n, __ATOMIC_RELAXED);
}

bool stage_failed(void)
{
    return __atomic_load_n(&disk.failed, __ATOMIC_RELAXED) != 0;
}

/* --- its life --- */

void stage_begin(struct test_store *s)
{
    make_disk();
    stage_disk(DISK_ALL_RIGHT);
    stage_fail_at(0);
    *s = (struct test_store){0};
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/emailmon-store-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    (void)snprintf(s->path, sizeof s->path, "%s/state.db", s->folder);
    assert_true(keys_random(&s->keys));
    s->journal = queue_new(ROOM, sizeof(struct journal_entry));
    s->receipts = queue_new(ROOM, sizeof(struct receipt));
    s->second = queue_new(ROOM, sizeof(struct receipt));
    s->news = queue_new(ROOM, sizeof(struct news));
    s->saves = queue_new(ROOM, sizeof(struct save));
    s->saved = queue_new(ROOM, sizeof(struct saved));
}

static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char name[512];
        (void)snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.')
            assert_int_equal(unlink(name), 0);
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(folder), 0);
}

void stage_end(struct test_store *s)
{
    stage_disk(DISK_ALL_RIGHT);
    stage_fail_at(0);
    stage_close(s);
    queue_free(s->journal, journal_entry_drop);
    queue_free(s->receipts, NULL);
    queue_free(s->second, NULL);
    queue_free(s->news, news_drop);
    queue_free(s->saves, save_drop);
    queue_free(s->saved, NULL);
    remove_folder(s->folder);
}

bool stage_try_open(struct test_store *s)
{
    const struct store_options options = {.log = NULL, /* says nothing */
                                          .path = s->path,
                                          .keys = &s->keys,
                                          .journal = s->journal,
                                          .receipts = (struct queue *const[]){s->receipts, s->second},
                                          .workers = 2,
                                          .news = s->news,
                                          .saves = s->saves,
                                          .saved = s->saved};
    s->store = store_open(&options, &s->restored, s->why, sizeof s->why);
    return s->store != NULL;
}

void stage_open(struct test_store *s)
{
    if (!stage_try_open(s))
        fail_msg("%s", s->why);
}

void stage_run(struct test_store *s)
{
    stage_open(s);
    assert_true(store_start(s->store, s->why, sizeof s->why));
}

void stage_close(struct test_store *s)
{
    store_stop(s->store);
    restored_unref(s->restored);
    s->store = NULL;
    s->restored = NULL;
}

void stage_reopen(struct test_store *s)
{
    stage_close(s);
    stage_run(s);
}

/* --- records --- */

void stage_post(struct test_store *s, const struct journal_entry *entry)
{
    for (int i = 0; i < PATIENCE_MS; i++) {
        if (queue_post(s->journal, entry))
            return;
        (void)usleep(1000);
    }
    fail_msg("the journal stays full");
}

void stage_take(struct queue *from, void *record)
{
    struct pollfd fd = {.fd = queue_fd(from), .events = POLLIN};
    for (int i = 0; i < PATIENCE_MS / 100; i++) {
        if (queue_take(from, record))
            return;
        (void)poll(&fd, 1, 100);
        queue_drain(from);
    }
    fail_msg("nothing came");
}

bool stage_flush(struct test_store *s)
{
    static uint64_t ticket;
    struct journal_entry entry = {.kind = JOURNAL_FORGET, .ticket = ++ticket, .index = INT32_MAX, .serial = UINT64_MAX};
    struct receipt receipt = {0};
    stage_post(s, &entry);
    while (receipt.ticket < ticket)
        stage_take(s->receipts, &receipt);
    return receipt.durable;
}

struct journal_entry stage_status(int32_t index, uint64_t serial, const char *name)
{
    struct journal_entry entry = {
        .kind = JOURNAL_STATUS, .index = index, .serial = serial, .name = text_new(name, strlen(name))};
    status_init(&entry.status);
    row_memory_init(&entry.memory);
    entry.status.verdict = VERDICT_DOWN;
    entry.status.failure_leg = LEG_SMTP;
    entry.status.failure_stage = STAGE_CONNECT;
    entry.status.failure_cause = CAUSE_REFUSED;
    entry.status.proven_at = 1795489915123;
    entry.status.last_poll = 1795489999000;
    entry.status.polls = UINT32_MAX;
    entry.status.smtp_cert_days = -3;
    entry.status.failure_text = text_new("smtp: connecting: refused \xC3\xA4", 28);
    entry.memory.history = (struct history){.verdict = VERDICT_DOWN,
                                            .proof = PROOF_NONE,
                                            .judged = true,
                                            .settled_once = true,
                                            .failures = UINT32_MAX,
                                            .undeleted_kept = 3};
    entry.memory.first_poll = false;
    entry.memory.sampling =
        (struct sampling){.since = 31920000, .open = {.begin = 31920265, .verdicts = 3, .polls = 2}};
    entry.memory.path = UINT64_MAX - 1;
    entry.memory.certificates[1].expires_s = 1795489915;
    entry.memory.certificates[1].warned.next = 2;
    memset(entry.memory.certificates[1].warned.places[1].sha256_start, 0xC3, 8);
    entry.memory.certificates[1].warned.places[1].warning = CERTIFICATE_ENDED;
    return entry;
}

struct journal_entry stage_event(int32_t index, uint64_t serial, const char *name)
{
    struct journal_entry entry = stage_status(index, serial, name);
    entry.has_event = true;
    entry.event = (struct event){.time_ms = 1795489999000 + index,
                                 .row = index,
                                 .kind = EVENT_DOWN,
                                 .old = VERDICT_UP,
                                 .new = VERDICT_DOWN,
                                 .proof = PROOF_NONE,
                                 .leg = LEG_SMTP,
                                 .stage = STAGE_CONNECT,
                                 .cause = CAUSE_REFUSED,
                                 .notify = true,
                                 .smtp_cert_days = -3,
                                 .in_cert_days = CERT_DAYS_NONE,
                                 .name = text_new(name, strlen(name)),
                                 .text = text_new("refused", 7)};
    return entry;
}

struct journal_entry stage_probe(int32_t index, uint64_t serial, uint32_t number, enum probe_state state)
{
    struct journal_entry entry = {.kind = JOURNAL_PROBE, .index = index, .serial = serial};
    entry.probe = (struct probe_record){.time_s = 1795489000 + number, .accepted_ms = 77, .state = (uint8_t)state};
    memcpy(entry.probe.nonce, &number, sizeof number);
    return entry;
}

const struct definition *stage_definition(const char *name, const char *password)
{
    const struct {
        enum setting_id id;
        const char *written;
    } all[] = {{SETTING_name, name},
               {SETTING_smtp_server, "smtp.example.com"},
               {SETTING_smtp_to, "probe@example.com"},
               {SETTING_smtp_from, "emailmon@example.com"},
               {SETTING_interval_s, "5m"},
               {SETTING_notify, "down,up"},
               {SETTING_in_server, "imap.example.com"},
               {SETTING_in_username, "probe"},
               {SETTING_in_security, "tls"},
               {SETTING_in_password, password}};
    struct draft d;
    struct mistake why;
    draft_init(&d);
    d.storage = STORAGE_NON_VOLATILE;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_true(draft_put_written(&d, all[i].id, all[i].written, &why));
    const struct definition *definition = draft_freeze(&d);
    draft_end(&d);
    assert_non_null(definition);
    return definition;
}

struct save_change stage_change(int32_t index, uint64_t serial)
{
    char name[sizeof "made by SET 18446744073709551615"];
    (void)snprintf(name, sizeof name, "made by SET %" PRIu64, serial);
    return (struct save_change){.index = index, .serial = serial, .definition = stage_definition(name, "secret")};
}

struct save_batch *stage_save(struct test_store *s, enum save_kind kind, uint64_t id, const struct save_change *changes,
                              size_t n)
{
    struct save save = {.kind = kind, .id = id, .batch = save_batch_new(n)};
    assert_non_null(save.batch);
    for (size_t i = 0; i < n; i++) {
        save.batch->changes[i] = changes[i];
        (void)definition_ref(changes[i].definition);
    }
    struct save_batch *mine = save_batch_ref(save.batch);
    assert_true(queue_post(s->saves, &save));
    return mine;
}

enum saved_answer stage_answer(struct test_store *s, uint64_t id)
{
    struct saved saved;
    stage_take(s->saved, &saved);
    assert_int_equal(saved.id, id);
    return saved.answer;
}
