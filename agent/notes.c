#include "notes.h"

#include <stdlib.h>

static struct note *at(const struct notes *n, size_t i)
{
    return &n->ring[(n->head + i) & (n->capacity - 1)];
}

static void drop_head(struct notes *n)
{
    struct note *head = at(n, 0);
    n->flying -= head->flying;
    n->done -= head->done;
    event_clear(&head->event);
    n->head = (n->head + 1) & (n->capacity - 1);
    n->count--;
}

static void drop_done(struct notes *n)
{
    while (n->count > 0 && at(n, 0)->done)
        drop_head(n);
}

void notes_clear(struct notes *n)
{
    while (n->count > 0)
        drop_head(n);
    free(n->ring);
    *n = (struct notes){.last_id = n->last_id};
}

static bool make_room(struct notes *n)
{
    if (n->count < n->capacity)
        return true;
    size_t capacity = n->capacity == 0 ? 64 : n->capacity * 2;
    struct note *ring = calloc(capacity, sizeof *ring);
    if (ring == NULL)
        return false;
    for (size_t i = 0; i < n->count; i++)
        ring[i] = *at(n, i);
    free(n->ring);
    n->ring = ring;
    n->head = 0;
    n->capacity = capacity;
    return true;
}

bool notes_add(struct notes *n, const struct event *event, size_t limit, uint32_t *dropped_seq)
{
    *dropped_seq = 0;
    if (notes_pending(n) >= limit && n->count > 0) {
        *dropped_seq = at(n, 0)->event.seq;
        n->dropped++;
        drop_head(n);
        drop_done(n);
    }
    if (!make_room(n)) {
        n->dropped++;
        return false;
    }
    struct note *note = at(n, n->count++);
    if (event->told > n->last_told)
        n->last_told = event->told;
    *note = (struct note){.id = ++n->last_id, .told = n->last_told};
    event_copy(&note->event, event);
    return true;
}

bool notes_number(struct notes *n, uint64_t told, uint32_t seq)
{
    size_t low = 0, high = n->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (at(n, middle)->told < told)
            low = middle + 1;
        else
            high = middle;
    }
    struct note *note = low < n->count ? at(n, low) : NULL;
    if (note == NULL || told == 0 || note->event.told != told || note->done)
        return false;
    note->event.seq = seq;
    return true;
}

/* The first that waits for being sent.  What is flying or done stands within a window or so of the head. */
static struct note *first_due(const struct notes *n)
{
    for (size_t i = 0; i < n->count; i++) {
        struct note *note = at(n, i);
        if (!note->flying && !note->done)
            return note;
    }
    return NULL;
}

/* The rate is kept in units of 1 / NOTES_PER_SECOND ms, so that nothing is rounded: a note costs 1,000 of them, and at
 * most a burst is saved up. */
enum { NOTE_COST = 1000 };

static void pay(struct notes *n, uint64_t now_ms)
{
    uint64_t now = now_ms * NOTES_PER_SECOND, saved_at_most = (uint64_t)NOTES_BURST * NOTE_COST;
    if (n->spent_until + saved_at_most < now)
        n->spent_until = now - saved_at_most;
    n->spent_until += NOTE_COST;
}

const struct note *notes_next(struct notes *n, uint64_t now_ms)
{
    if (notes_wait_ms(n, now_ms) != 0)
        return NULL;
    struct note *note = first_due(n);
    pay(n, now_ms);
    note->flying = true;
    n->flying++;
    return note;
}

static struct note *flying(const struct notes *n, uint64_t id)
{
    if (n->count == 0 || id < at(n, 0)->id || id > n->last_id)
        return NULL;
    struct note *note = at(n, (size_t)(id - at(n, 0)->id)); /* ids have no gaps */
    return note->flying ? note : NULL;
}

static bool land(struct notes *n, uint64_t id, struct note **note)
{
    *note = flying(n, id);
    if (*note == NULL)
        return false;
    (*note)->flying = false;
    n->flying--;
    return true;
}

bool notes_acknowledge(struct notes *n, uint64_t id, uint32_t *seq)
{
    struct note *note;
    if (!land(n, id, &note))
        return false;
    note->done = true;
    n->done++;
    *seq = note->event.seq;
    drop_done(n);
    return true;
}

void notes_unsent(struct notes *n, uint64_t id)
{
    struct note *note;
    (void)land(n, id, &note);
}

void notes_refuse(struct notes *n, uint64_t id, uint64_t now_ms)
{
    struct note *note;
    if (land(n, id, &note))
        n->not_before_ms = now_ms + NOTES_RETRY_MS;
}

void notes_all_due(struct notes *n)
{
    for (size_t i = 0; i < n->count && n->flying > 0; i++)
        notes_unsent(n, at(n, i)->id);
    n->not_before_ms = 0;
}

size_t notes_pending(const struct notes *n)
{
    return n->count - n->done;
}

int notes_wait_ms(const struct notes *n, uint64_t now_ms)
{
    if (notes_pending(n) == n->flying || n->flying >= NOTES_WINDOW)
        return -1;
    uint64_t rate_ms = (n->spent_until + NOTE_COST + NOTES_PER_SECOND - 1) / NOTES_PER_SECOND;
    uint64_t due_ms = rate_ms > n->not_before_ms ? rate_ms : n->not_before_ms;
    return due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
}
