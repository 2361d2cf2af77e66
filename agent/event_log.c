#include "event_log.h"

#include <stdlib.h>
#include <string.h>

/* An event that was let go keeps its number until the array is tidied up, so that searching needs no special case. */
enum entry_state { ENTRY_PENDING, ENTRY_SETTLED, ENTRY_GONE };

struct entry {
    struct event event;
    enum entry_state state;
};

struct event_log {
    struct entry *entries; /* in the order of numbers */
    size_t count, capacity;
    size_t gone; /* of count */
    size_t settled, keep;
    size_t oldest; /* nothing in front of this place is settled */
    uint32_t last;
};

struct event_log *event_log_new(size_t keep)
{
    struct event_log *l = calloc(1, sizeof *l);
    if (l != NULL)
        l->keep = keep;
    return l;
}

void event_log_free(struct event_log *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->count; i++)
        event_clear(&l->entries[i].event);
    free(l->entries);
    free(l);
}

static size_t place_of(const struct event_log *l, uint64_t seq)
{
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->entries[middle].event.seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void tidy(struct event_log *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (l->entries[i].state != ENTRY_GONE)
            l->entries[kept++] = l->entries[i];
    }
    l->count = kept;
    l->gone = 0;
    l->oldest = 0;
}

/* Let the oldest settled events go, beyond those that are kept. */
static void trim(struct event_log *l)
{
    while (l->settled > l->keep) {
        struct entry *e = &l->entries[l->oldest];
        if (e->state == ENTRY_SETTLED) {
            event_clear(&e->event);
            e->state = ENTRY_GONE;
            l->gone++;
            l->settled--;
        }
        l->oldest++;
    }
    if (l->gone > l->count / 4)
        tidy(l);
}

static bool make_room(struct event_log *l)
{
    if (l->count < l->capacity)
        return true;
    size_t capacity = l->capacity == 0 ? 64 : l->capacity * 2;
    struct entry *entries = reallocarray(l->entries, capacity, sizeof *entries);
    if (entries == NULL)
        return false;
    l->entries = entries;
    l->capacity = capacity;
    return true;
}

bool event_log_add(struct event_log *l, const struct event *event, bool pending)
{
    size_t place = place_of(l, event->seq);
    if ((place < l->count && l->entries[place].event.seq == event->seq) || !make_room(l))
        return false;
    struct entry *e = &l->entries[place];
    memmove(e + 1, e, (l->count - place) * sizeof *e);
    l->count++;
    event_copy(&e->event, event);
    e->state = ENTRY_PENDING;
    if (place < l->oldest)
        l->oldest = place;
    if (event->seq > l->last)
        l->last = event->seq;
    if (!pending)
        event_log_settle(l, event->seq);
    return true;
}

void event_log_settle(struct event_log *l, uint32_t seq)
{
    size_t place = place_of(l, seq);
    if (place == l->count || l->entries[place].event.seq != seq || l->entries[place].state != ENTRY_PENDING)
        return;
    l->entries[place].state = ENTRY_SETTLED;
    l->settled++;
    if (place < l->oldest)
        l->oldest = place;
    trim(l);
}

const struct event *event_log_from(const struct event_log *l, uint64_t seq)
{
    for (size_t i = place_of(l, seq); i < l->count; i++) {
        if (l->entries[i].state != ENTRY_GONE)
            return &l->entries[i].event;
    }
    return NULL;
}

size_t event_log_count(const struct event_log *l)
{
    return l->count - l->gone;
}

uint32_t event_log_last(const struct event_log *l)
{
    return l->last;
}
