#include "keep.h"

#include <poll.h>

enum { FLUSH_MS = 10 }; /* nobody tells when a full queue has room again */

bool keep_init(struct keep *k, struct queue *saves, struct queue *saved)
{
    *k = (struct keep){.saves = outbox_new(saves, sizeof(struct save)), .saved = saved};
    return k->saves != NULL;
}

void keep_clear(struct keep *k)
{
    outbox_free(k->saves, save_drop);
    *k = (struct keep){0};
}

static bool concerns_state(const struct change *c)
{
    return (c->before != NULL && c->before->storage != STORAGE_VOLATILE) ||
           (c->after != NULL && c->after->storage != STORAGE_VOLATILE);
}

size_t keep_count(const struct change *changes, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += concerns_state(&changes[i]);
    return count;
}

/* Two values only: the file said what it is not now. */
static struct admin_override override_of(const struct definition *d)
{
    if (d == NULL || !d->overridden)
        return (struct admin_override){0};
    return (struct admin_override){.set = d->enabled, .file = d->enabled == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE};
}

void keep_fill(struct save_batch *b, const struct change *changes, size_t n)
{
    size_t filled = 0;
    for (size_t i = 0; i < n && filled < b->count; i++) {
        const struct change *c = &changes[i];
        if (!concerns_state(c))
            continue;
        b->changes[filled++] = (struct save_change){.index = c->index,
                                                    .serial = c->serial,
                                                    .definition = definition_ref(c->after),
                                                    .admin = override_of(c->after)};
    }
}

bool keep_reserve(struct keep *k, size_t n)
{
    return outbox_reserve(k->saves, n);
}

void keep_release(struct keep *k, size_t n)
{
    outbox_release(k->saves, n);
}

static void post(struct keep *k, struct save *save)
{
    if (!outbox_send(k->saves, save))
        save_drop(save); /* not where a place was reserved */
}

void keep_later(struct keep *k, struct save_batch *batch)
{
    post(k, &(struct save){.kind = SAVE_CHANGES, .batch = batch});
}

/* Whether the answer to ${id} has come, and what it is. */
static bool take_answer(struct keep *k, uint64_t id, enum saved_answer *answer)
{
    struct saved saved;
    bool found = false;
    queue_drain(k->saved);
    while (queue_take(k->saved, &saved)) {
        if (saved.id == k->late_id)
            k->late_id = 0;
        if (saved.id != id)
            continue;
        *answer = saved.answer;
        found = true;
    }
    return found;
}

void keep_take(struct keep *k)
{
    enum saved_answer unused;
    (void)take_answer(k, 0, &unused);
}

bool keep_is_late(const struct keep *k)
{
    return k->late_id != 0;
}

static bool await_answer(struct keep *k, uint64_t id, enum saved_answer *answer)
{
    uint64_t end_ms = monotonic_now_ms() + KEEP_WAIT_MS;
    for (;;) {
        bool flushed = outbox_flush(k->saves);
        if (take_answer(k, id, answer))
            return true;
        uint64_t now_ms = monotonic_now_ms();
        if (now_ms >= end_ms)
            return false;
        uint64_t left_ms = end_ms - now_ms;
        (void)poll(&(struct pollfd){.fd = queue_fd(k->saved), .events = POLLIN}, 1,
                   !flushed && left_ms > FLUSH_MS ? FLUSH_MS : (int)left_ms);
    }
}

enum kept keep_wait(struct keep *k, enum save_kind kind, struct save_batch *batch)
{
    uint64_t id = ++k->last_id;
    enum saved_answer answer;
    post(k, &(struct save){.kind = kind, .id = id, .batch = save_batch_ref(batch)});
    bool answered = await_answer(k, id, &answer);
    bool dropped = !answered && save_batch_claim(batch, SAVE_DROPPED);
    if (!answered && !dropped)
        answered = take_answer(k, id, &answer); /* it came in the last moment */
    save_batch_unref(batch);
    if (answered)
        return answer == SAVED ? KEPT : KEPT_REFUSED;
    if (dropped)
        return KEPT_DROPPED;
    if (kind == SAVE_CHANGES)
        k->late_id = id;
    return KEPT_LATE;
}
