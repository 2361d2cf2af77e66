#include <stdlib.h>

#include "loop_uv.h"

/*
 * Two binary heaps.  Patient deadlines are kept by a clock that stands still while this process does, so that
 * pushing all of them back after a stall is one addition; exact ones by the loop's own.
 */
struct deadline {
    struct loop *loop;
    void (*due)(void *owner);
    void *owner;
    uint64_t at_ms; /* by the clock of its heap */
    size_t place;   /* in its heap; only when set */
    bool set, exact;
};

static struct heap *heap_of(struct deadline *d)
{
    return d->exact ? &d->loop->exact : &d->loop->patient;
}

/* The stall that is still going on is not in stood_ms yet; the two clocks differ by what is known. */
static uint64_t heap_time(const struct loop *l, bool exact, uint64_t loop_ms)
{
    if (exact)
        return loop_ms;
    return loop_ms > l->stood_ms ? loop_ms - l->stood_ms : 0;
}

static void put(struct heap *h, size_t place, struct deadline *d)
{
    h->items[place] = d;
    d->place = place;
}

static void sift_up(struct heap *h, struct deadline *d)
{
    size_t place = d->place;
    while (place > 0 && h->items[(place - 1) / 2]->at_ms > d->at_ms) {
        put(h, place, h->items[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(h, place, d);
}

static void sift_down(struct heap *h, struct deadline *d)
{
    size_t place = d->place;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->items[child + 1]->at_ms < h->items[child]->at_ms)
            child++;
        if (h->items[child]->at_ms >= d->at_ms)
            break;
        put(h, place, h->items[child]);
        place = child;
    }
    put(h, place, d);
}

static void insert(struct deadline *d)
{
    struct heap *h = heap_of(d);
    put(h, h->count++, d);
    sift_up(h, d);
    d->set = true;
}

static void take_out(struct deadline *d)
{
    struct heap *h = heap_of(d);
    struct deadline *last = h->items[--h->count];
    d->set = false;
    if (last == d)
        return;
    put(h, d->place, last);
    sift_up(h, last);
    sift_down(h, last);
}

/* Room for one more than are alive: setting a deadline never needs memory. */
static bool reserve(struct heap *h, size_t count)
{
    if (count <= h->room)
        return true;
    size_t room = h->room == 0 ? 16 : 2 * h->room;
    struct deadline **items = realloc(h->items, room * sizeof(struct deadline *));
    if (items == NULL)
        return false;
    h->items = items;
    h->room = room;
    return true;
}

struct deadline *deadline_new(struct loop *l, void (*due)(void *owner), void *owner)
{
    if (!reserve(&l->patient, l->deadlines + 1) || !reserve(&l->exact, l->deadlines + 1))
        return NULL;
    struct deadline *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->loop = l;
    d->due = due;
    d->owner = owner;
    l->deadlines++;
    return d;
}

void deadline_set(struct deadline *d, uint64_t ms)
{
    struct loop *l = d->loop;
    uint64_t at_ms = uv_now(&l->uv) + ms;
    /* One that is set while others are called waits for the next turn: a deadline of 0 ms must not hold the loop. */
    if (l->deciding && at_ms <= l->marked_ms)
        at_ms = l->marked_ms + 1;
    if (d->set)
        take_out(d);
    d->at_ms = heap_time(l, d->exact, at_ms);
    insert(d);
    if (d->place == 0)
        loop_arm(l);
}

void deadline_clear(struct deadline *d)
{
    if (!d->set)
        return;
    take_out(d);
    if (d->loop->patient.count + d->loop->exact.count == 0)
        loop_arm(d->loop); /* nothing of it may keep the loop running */
}

void deadline_exact(struct deadline *d, bool yes)
{
    if (d->exact == yes)
        return;
    bool set = d->set;
    if (set)
        take_out(d);
    d->at_ms = yes ? d->at_ms + d->loop->stood_ms : heap_time(d->loop, false, d->at_ms);
    d->exact = yes;
    if (set)
        insert(d);
    loop_arm(d->loop);
}

void deadline_free(struct deadline *d)
{
    if (d == NULL)
        return;
    deadline_clear(d);
    d->loop->deadlines--;
    free(d);
}

bool deadlines_next(const struct loop *l, uint64_t *at_ms)
{
    uint64_t patient_ms = l->patient.count > 0 ? l->patient.items[0]->at_ms + l->stood_ms : UINT64_MAX;
    uint64_t exact_ms = l->exact.count > 0 ? l->exact.items[0]->at_ms : UINT64_MAX;
    *at_ms = patient_ms < exact_ms ? patient_ms : exact_ms;
    return *at_ms != UINT64_MAX;
}

static void call_due(struct heap *h, uint64_t until_ms)
{
    while (h->count > 0 && h->items[0]->at_ms <= until_ms) {
        struct deadline *d = h->items[0];
        take_out(d);
        d->due(d->owner); /* may free it, and any other */
    }
}

void deadlines_decide(struct loop *l)
{
    l->deciding = true;
    if (l->marked_ms >= l->stood_ms)
        call_due(&l->patient, l->marked_ms - l->stood_ms);
    call_due(&l->exact, l->marked_ms);
    l->deciding = false;
    loop_arm(l);
}

void deadlines_free(struct loop *l)
{
    free(l->patient.items);
    free(l->exact.items);
}
