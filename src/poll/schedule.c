#include "schedule.h"

#include <stdlib.h>
#include <string.h>

enum {
    WHERE_NOWHERE,
    WHERE_HEAP,
    WHERE_WAVE, /* a newcomer that has not started */
    WHERE_CREST /* in the heap, a wave's own */
};

/* Newcomers of one interval, in the order in which they came.  The wave itself stands in the heap with the start of the
 * next of them, and stays for one step after the last, so that those who come one by one keep their distance too. */
struct wave {
    struct schedule_item item; /* the first member */
    uint32_t interval_s;
    uint64_t next_us;
    size_t of;                    /* how many came since it was made: the n of n/i */
    struct schedule_item **items; /* NULL: it was dropped */
    size_t first, count, room;
};

/* The greatest lateness of one second. */
struct lag {
    uint64_t second;
    uint32_t greatest_ms;
};

struct schedule {
    struct schedule_item **heap;
    size_t count, room;
    struct wave **waves; /* by interval */
    size_t wave_count, wave_room;
    size_t newcomers; /* in waves: the heap has room for them too, so that who is taken can always be planned again */
    uint64_t shortest_us; /* between two newcomers */
    struct lag lags[SCHEDULE_LAG_S];
};

struct schedule *schedule_new(unsigned sharers)
{
    struct schedule *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->shortest_us = UINT64_C(1000000) * sharers / SCHEDULE_RATE_MOST;
    return s;
}

static void free_wave(struct wave *w)
{
    free(w->items);
    free(w);
}

void schedule_free(struct schedule *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->wave_count; i++)
        free_wave(s->waves[i]);
    free(s->waves);
    free(s->heap);
    free(s);
}

/* --- the heap --- */

static void place_at(struct schedule *s, size_t place, struct schedule_item *item)
{
    s->heap[place] = item;
    item->place = (uint32_t)place;
}

static void sift_up(struct schedule *s, size_t place)
{
    struct schedule_item *item = s->heap[place];
    while (place > 0 && s->heap[(place - 1) / 2]->next_ms > item->next_ms) {
        place_at(s, place, s->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    place_at(s, place, item);
}

static void sift_down(struct schedule *s, size_t place)
{
    struct schedule_item *item = s->heap[place];
    for (size_t child; (child = 2 * place + 1) < s->count; place = child) {
        if (child + 1 < s->count && s->heap[child + 1]->next_ms < s->heap[child]->next_ms)
            child++;
        if (s->heap[child]->next_ms >= item->next_ms)
            break;
        place_at(s, place, s->heap[child]);
    }
    place_at(s, place, item);
}

/* Takes out what stands at ${place}. */
static void unheap(struct schedule *s, size_t place)
{
    s->heap[place]->where = WHERE_NOWHERE;
    struct schedule_item *last = s->heap[--s->count];
    if (place == s->count)
        return;
    place_at(s, place, last);
    sift_up(s, place);
    sift_down(s, last->place);
}

/* Room for one more behind ${count}: the array, moved or not; NULL: memory. */
static void *grown(void *array, size_t *room, size_t count)
{
    if (count < *room)
        return array;
    size_t wanted = *room > 0 ? *room + *room / 2 : 16;
    void *bigger = reallocarray(array, wanted, sizeof(void *));
    if (bigger != NULL)
        *room = wanted;
    return bigger;
}

/* Room in the heap for so many more. */
static bool reserve(struct schedule *s, size_t more)
{
    struct schedule_item **heap = grown(s->heap, &s->room, s->count + more - 1);
    if (heap == NULL)
        return false;
    s->heap = heap;
    return true;
}

/* --- waves --- */

/* The place of the wave of ${interval_s}, or the one where it belongs. */
static size_t wave_place(const struct schedule *s, uint32_t interval_s)
{
    size_t low = 0, high = s->wave_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->waves[middle]->interval_s < interval_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stand_in_heap(struct schedule *s, struct wave *w, uint64_t next_ms)
{
    if (!schedule_set(s, &w->item, next_ms))
        return false;
    w->item.where = WHERE_CREST;
    return true;
}

static struct wave *make_wave(struct schedule *s, size_t place, uint32_t interval_s, uint64_t now_ms)
{
    struct wave **waves = grown(s->waves, &s->wave_room, s->wave_count);
    if (waves == NULL)
        return NULL;
    s->waves = waves;
    struct wave *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    *w = (struct wave){.interval_s = interval_s, .next_us = now_ms * 1000};
    if (!stand_in_heap(s, w, now_ms)) {
        free(w);
        return NULL;
    }
    memmove(&s->waves[place + 1], &s->waves[place], (s->wave_count - place) * sizeof(struct wave *));
    s->waves[place] = w;
    s->wave_count++;
    return w;
}

/* It stands in the heap no more. */
static void end_wave(struct schedule *s, struct wave *w)
{
    size_t place = wave_place(s, w->interval_s);
    s->wave_count--;
    memmove(&s->waves[place], &s->waves[place + 1], (s->wave_count - place) * sizeof(struct wave *));
    free_wave(w);
}

static uint64_t step_us(const struct schedule *s, const struct wave *w)
{
    uint64_t even = (uint64_t)w->interval_s * 1000000 / w->of;
    const uint64_t longest = 1000000 / SCHEDULE_RATE_LEAST;
    return even > longest ? longest : even < s->shortest_us ? s->shortest_us : even;
}

/* The next newcomer of the wave, which was taken out of the heap because it is its
 * turn; NULL: none, and the wave is gone. */
static struct schedule_item *take_newcomer(struct schedule *s, struct wave *w)
{
    struct schedule_item *item = NULL;
    while (item == NULL && w->first < w->count)
        item = w->items[w->first++];
    if (item == NULL) {
        end_wave(s, w);
        return NULL;
    }
    s->newcomers--;
    item->where = WHERE_NOWHERE;
    item->next_ms = w->next_us / 1000;
    w->next_us += step_us(s, w);
    (void)stand_in_heap(s, w, w->next_us / 1000); /* where it just stood: needs no memory */
    return item;
}

bool schedule_newcomer(struct schedule *s, struct schedule_item *item, uint32_t interval_s, uint64_t now_ms)
{
    schedule_drop(s, item);
    size_t place = wave_place(s, interval_s);
    struct wave *w = place < s->wave_count && s->waves[place]->interval_s == interval_s ? s->waves[place] : NULL;
    if (w == NULL)
        w = make_wave(s, place, interval_s, now_ms);
    struct schedule_item **items =
        w != NULL && reserve(s, s->newcomers + 1) ? grown(w->items, &w->room, w->count) : NULL;
    if (items == NULL)
        return false;
    s->newcomers++;
    w->items = items;
    item->where = WHERE_WAVE;
    item->place = (uint32_t)w->count;
    item->next_ms = interval_s; /* which wave, until it is taken */
    w->items[w->count++] = item;
    w->of++;
    return true;
}

static void leave_wave(struct schedule *s, struct schedule_item *item)
{
    struct wave *w = s->waves[wave_place(s, (uint32_t)item->next_ms)];
    w->items[item->place] = NULL;
    w->of--;
    s->newcomers--;
    item->where = WHERE_NOWHERE;
}

/* --- both --- */

bool schedule_set(struct schedule *s, struct schedule_item *item, uint64_t next_ms)
{
    if (item->where != WHERE_HEAP) {
        if (!reserve(s, item->where == WHERE_WAVE ? s->newcomers : s->newcomers + 1))
            return false;
        schedule_drop(s, item);
        item->where = WHERE_HEAP;
        place_at(s, s->count++, item);
    }
    item->next_ms = next_ms;
    sift_up(s, item->place);
    sift_down(s, item->place);
    return true;
}

void schedule_drop(struct schedule *s, struct schedule_item *item)
{
    if (item->where == WHERE_HEAP)
        unheap(s, item->place);
    else if (item->where == WHERE_WAVE)
        leave_wave(s, item);
}

bool schedule_is_set(const struct schedule_item *item)
{
    return item->where == WHERE_HEAP;
}

bool schedule_has(const struct schedule_item *item)
{
    return item->where != WHERE_NOWHERE;
}

struct schedule_item *schedule_take(struct schedule *s, uint64_t now_ms)
{
    while (s->count > 0 && s->heap[0]->next_ms <= now_ms) {
        struct schedule_item *item = s->heap[0];
        const bool crest = item->where == WHERE_CREST;
        unheap(s, 0);
        if (crest)
            item = take_newcomer(s, (struct wave *)item); /* its first member */
        if (item != NULL)
            return item;
    }
    return NULL;
}

uint64_t schedule_next_ms(const struct schedule *s)
{
    return s->count > 0 ? s->heap[0]->next_ms : UINT64_MAX;
}

uint64_t schedule_grid(uint64_t start_ms, uint64_t interval_ms, uint64_t now_ms, uint32_t *missed)
{
    uint64_t steps = now_ms < start_ms ? 0 : (now_ms - start_ms) / interval_ms;
    *missed = (uint32_t)steps;
    return start_ms + (steps + 1) * interval_ms;
}

void schedule_started(struct schedule *s, uint64_t planned_ms, uint64_t now_ms)
{
    struct lag *lag = &s->lags[now_ms / 1000 % SCHEDULE_LAG_S];
    uint64_t late_ms = now_ms > planned_ms ? now_ms - planned_ms : 0;
    if (lag->second != now_ms / 1000)
        *lag = (struct lag){.second = now_ms / 1000};
    if (late_ms > lag->greatest_ms)
        lag->greatest_ms = late_ms < UINT32_MAX ? (uint32_t)late_ms : UINT32_MAX;
}

uint32_t schedule_lag_ms(const struct schedule *s, uint64_t now_ms)
{
    uint64_t next_ms = schedule_next_ms(s);
    uint64_t greatest_ms = next_ms < now_ms ? now_ms - next_ms : 0;
    for (size_t i = 0; i < SCHEDULE_LAG_S; i++)
        if (s->lags[i].second + SCHEDULE_LAG_S > now_ms / 1000 && s->lags[i].greatest_ms > greatest_ms)
            greatest_ms = s->lags[i].greatest_ms;
    return greatest_ms < UINT32_MAX ? (uint32_t)greatest_ms : UINT32_MAX;
}
