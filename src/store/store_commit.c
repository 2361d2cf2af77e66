#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "behind.h"
#include "schema.h"
#include "store_parts.h"

/* --- telling --- */

/* False: memory. */
static bool tell_event(struct store *s, const struct event *event)
{
    struct news news = {.kind = NEWS_EVENT};
    event_copy(&news.event, event);
    if (outbox_send(s->news, &news))
        return true;
    news_drop(&news);
    return false;
}

void store_tell_unnumbered(struct store *s)
{
    for (size_t i = 0; i < s->pending.event_count; i++) {
        struct event *event = &s->pending.events[i];
        if (event->announced)
            continue;
        event->told = s->last_told + 1;
        event->announced = tell_event(s, event);
        if (!event->announced)
            return; /* next time */
        s->last_told++;
    }
}

/* Receipts come in the order of tickets: the last one speaks for all. */
void store_receipt(struct store *s, bool durable)
{
    for (size_t i = 0; i < s->workers; i++) {
        const struct receipt receipt = {.ticket = s->tickets[i], .durable = durable};
        if (receipt.ticket != 0 && !outbox_send(s->receipts[i], &receipt))
            log_write(s->log, LOG_LINE_WARNING, "store: no memory for a receipt; polls go on without it");
        s->tickets[i] = 0;
    }
}

static void answer(struct store *s, const struct save *save, enum saved_answer answer)
{
    const struct saved saved = {.id = save->id, .answer = answer};
    if (save->id != 0 && !outbox_send(s->saved, &saved))
        log_write(s->log, LOG_LINE_ERROR, "store: no memory to answer a SET");
}

/* --- the alarm --- */

void store_mark_behind(struct store *s, bool behind)
{
    if (behind == s->behind)
        return;
    s->behind = behind;
    if (!behind_write(s->lock_fd, behind))
        log_write(s->log, LOG_LINE_WARNING,
                  "state %s: its lock cannot be written: %s; after a kill rows may be down for no reason", s->path,
                  strerror(errno));
}

static void set_alarm(struct store *s, bool failing, int code)
{
    store_mark_behind(s, failing || s->slow);
    if (failing)
        s->next_try_ms = monotonic_now_ms() + RETRY_MS;
    if (failing == s->failing)
        return;
    s->failing = failing;
    int error = sqlite3_system_errno(s->db);
    if (failing)
        log_write(s->log, LOG_LINE_ERROR,
                  "state %s: it cannot be written: %s%s%s; monitoring goes on, SETs are refused", s->path,
                  sqlite3_errstr(code), error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
    else
        log_write(s->log, LOG_LINE_NOTICE, "state %s: it is written again", s->path);
    const struct news news = {.kind = NEWS_ALARM, .state_alarm = failing};
    if (!outbox_send(s->news, &news))
        log_write(s->log, LOG_LINE_ERROR, "store: no memory to tell of an alarm");
}

/* --- transactions --- */

/* Whoever is killed in a commit cannot say any more that it took too long, so it is said before each; set_alarm() takes
 * it back.  Returns the moment. */
static uint64_t begin_writing(struct store *s)
{
    store_mark_behind(s, true);
    return monotonic_now_ms();
}

/* The worker does not wait for a disk that is slow: then too it may do what is on record only later. */
static void take_time(struct store *s, uint64_t began_ms)
{
    s->slow = monotonic_now_ms() - began_ms > SLOW_MS;
}

/* Ends the transaction that ${code} says of how it went. */
static int end(struct store *s, int code)
{
    if (code == SQLITE_OK)
        code = writer_commit(&s->writer);
    if (code == SQLITE_OK)
        (void)__atomic_add_fetch(&s->counts.commits, 1, __ATOMIC_RELAXED);
    if (code != SQLITE_OK && sqlite3_get_autocommit(s->db) == 0)
        (void)database_run(s->db, "ROLLBACK");
    return code;
}

static int write_batch(struct store *s, const struct save_batch *batch)
{
    int code = SQLITE_OK;
    const int64_t wall_ms = wall_now_ms();
    for (size_t i = 0; i < batch->count && code == SQLITE_OK; i++)
        code = writer_save(&s->writer, &batch->changes[i], wall_ms);
    return code;
}

static int write_late(struct store *s)
{
    int code = SQLITE_OK;
    for (const struct save_batch *b = s->late.first; b != NULL && code == SQLITE_OK; b = b->next)
        code = write_batch(s, b);
    return code;
}

static int write_rows(struct store *s)
{
    int code = SQLITE_OK;
    const int64_t wall_ms = wall_now_ms();
    for (const struct pending_row *row = s->pending.first; row != NULL && code == SQLITE_OK; row = row->next)
        code = writer_row(&s->writer, row, wall_ms);
    return code;
}

/* Numbers count from the last one that is on disk.  Whether one that was told without a number still waits to be
 * acknowledged the agent knows: it settles it. */
static int write_events(struct store *s)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < s->pending.event_count && code == SQLITE_OK; i++) {
        struct event *event = &s->pending.events[i];
        event->seq = s->last_seq + (uint32_t)i + 1;
        code = writer_event(&s->writer, event, !event->notify);
    }
    for (size_t i = 0; i < s->pending.settled_count && code == SQLITE_OK; i++)
        code = writer_settle(&s->writer, s->pending.settled[i]);
    if (code == SQLITE_OK && s->settled + s->pending.settled_count + s->pending.event_count >= TRIM_SETTLED)
        code = writer_trim(&s->writer);
    return code;
}

/* That nothing waits to be written makes no failing state well: something is written that changes nothing. */
static int write_trial(struct store *s)
{
    return s->failing ? schema_touch(s->db) : SQLITE_OK;
}

static void forget_numbers(struct store *s)
{
    for (size_t i = 0; i < s->pending.event_count; i++)
        s->pending.events[i].seq = 0;
}

void store_drop_late(struct store *s)
{
    for (struct save_batch *b = s->late.first, *next; b != NULL; b = next) {
        next = b->next;
        save_batch_unref(b);
    }
    s->late = (struct late_saves){0};
}

static void committed(struct store *s)
{
    struct pending *p = &s->pending;
    for (size_t i = 0; i < p->event_count; i++)
        (void)tell_event(s, &p->events[i]); /* there is room */
    s->last_seq += (uint32_t)p->event_count;
    s->settled += p->settled_count + p->event_count;
    if (s->settled >= TRIM_SETTLED)
        s->settled = 0;
    if (p->lost_events > 0)
        log_write(s->log, LOG_LINE_ERROR,
                  "state: %llu events are not on record, because it could not be written for long",
                  (unsigned long long)p->lost_events);
    p->lost_events = 0;
    pending_clear(p);
    store_drop_late(s);
    s->group_entries = 0;
    __atomic_store_n(&s->counts.entries, s->taken, __ATOMIC_RELAXED);
    store_receipt(s, true);
}

static int write_all(struct store *s)
{
    static int (*const steps[])(struct store * s) = {write_late, write_rows, write_events, write_trial};
    const size_t told = s->pending.event_count;
    if (!outbox_reserve(s->news, told)) /* what is on disk must be told */
        return SQLITE_NOMEM;
    int code = writer_begin(&s->writer);
    bool begun = code == SQLITE_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && code == SQLITE_OK; i++)
        code = steps[i](s);
    if (begun)
        code = end(s, code);
    if (code != SQLITE_OK)
        outbox_release(s->news, told);
    return code;
}

bool store_commit(struct store *s)
{
    if (pending_is_empty(&s->pending) && s->late.first == NULL && !s->failing) {
        store_receipt(s, true);
        s->group_entries = 0;
        return true;
    }
    uint64_t began_ms = begin_writing(s);
    int code = write_all(s);
    take_time(s, began_ms);
    if (code == SQLITE_OK) {
        committed(s);
    } else {
        forget_numbers(s);
        store_tell_unnumbered(s);
        store_receipt(s, false);
        s->group_entries = 0;
    }
    set_alarm(s, code != SQLITE_OK, code);
    return code == SQLITE_OK;
}

/* --- saves --- */

static void put_late(struct store *s, struct save_batch *batch)
{
    struct late_saves *l = &s->late;
    if (l->first == NULL)
        l->first = batch;
    else
        l->last->next = batch;
    l->last = batch;
}

/* Whether the disk takes it: the pages are written to the log, but not as a commit. */
static int try_batch(struct store *s, const struct save_batch *batch)
{
    int code = writer_begin(&s->writer);
    if (code != SQLITE_OK)
        return code;
    code = write_batch(s, batch);
    if (code == SQLITE_OK)
        code = sqlite3_db_cacheflush(s->db);
    (void)database_run(s->db, "ROLLBACK");
    return code;
}

static int save_now(struct store *s, const struct save_batch *batch)
{
    int code = writer_begin(&s->writer);
    return code == SQLITE_OK ? end(s, write_batch(s, batch)) : code;
}

/* What was to be written before it must be; then whether this can be says the disk alone. */
static bool is_clear(struct store *s)
{
    if (!s->failing && s->late.first == NULL)
        return true;
    return store_commit(s);
}

static void save_for_somebody(struct store *s, struct save *save)
{
    bool ok = is_clear(s);
    if (ok) {
        uint64_t began_ms = begin_writing(s);
        int code = save->kind == SAVE_TRIAL ? try_batch(s, save->batch) : save_now(s, save->batch);
        ok = code == SQLITE_OK;
        take_time(s, began_ms);
        set_alarm(s, !ok, code);
    }
    answer(s, save, ok ? SAVED : SAVE_REFUSED);
    save_drop(save);
}

void store_save(struct store *s, struct save *save)
{
    if (!save_batch_claim(save->batch, SAVE_BEGUN)) {
        save_drop(save);
        return;
    }
    if (save->id != 0) {
        save_for_somebody(s, save);
        return;
    }
    put_late(s, save->batch);
    if (!s->failing)
        (void)store_commit(s);
}
