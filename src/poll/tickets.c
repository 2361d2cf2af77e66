#include "tickets.h"

#include <stdlib.h>

struct tickets {
    struct loop *loop;
    struct deadline *patience; /* of the first in ${waiting} */
    struct link waiting;
    uint64_t given, came;
    uint64_t armed_ms; /* whose patience the deadline stands for: until_ms */
};

static void patience_over(void *owner);

struct tickets *tickets_new(struct loop *loop)
{
    struct tickets *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->loop = loop;
    list_init(&t->waiting);
    t->patience = deadline_new(loop, patience_over, t);
    if (t->patience != NULL)
        return t;
    free(t);
    return NULL;
}

void tickets_free(struct tickets *t)
{
    if (t == NULL)
        return;
    deadline_free(t->patience);
    free(t);
}

uint64_t tickets_next(struct tickets *t)
{
    return ++t->given;
}

bool tickets_is_here(const struct tickets *t, uint64_t ticket)
{
    return ticket <= t->came;
}

void tickets_came(struct tickets *t, uint64_t ticket)
{
    if (ticket > t->came)
        t->came = ticket;
}

static void arm(struct tickets *t)
{
    struct link *first = list_first(&t->waiting);
    uint64_t now_ms = loop_now_ms(t->loop);
    if (first == NULL) {
        deadline_clear(t->patience);
        return;
    }
    uint64_t until_ms = LIST_OWNER(first, struct ticket_wait, link)->until_ms;
    t->armed_ms = until_ms;
    deadline_set(t->patience, until_ms > now_ms ? until_ms - now_ms : 0);
}

/* Those who go on are chosen first: what is called may begin new waits, and end any other's. */
static void serve(struct tickets *t, uint64_t now_ms)
{
    struct link served;
    list_init(&served);
    for (struct link *l = list_first(&t->waiting), *next; l != NULL; l = next) {
        const struct ticket_wait *w = LIST_OWNER(l, struct ticket_wait, link);
        next = list_next(&t->waiting, l);
        if (w->ticket > t->came && w->until_ms > now_ms)
            continue;
        list_remove(l);
        list_append(&served, l);
    }
    for (struct link *l; (l = list_take(&served)) != NULL;) {
        const struct ticket_wait *w = LIST_OWNER(l, struct ticket_wait, link);
        w->done(w->owner);
    }
    arm(t);
}

void tickets_serve(struct tickets *t)
{
    serve(t, 0);
}

/* The deadline itself decides, and not the clock: it was pushed if this process stood still. */
static void patience_over(void *owner)
{
    struct tickets *t = owner;
    serve(t, t->armed_ms);
}

void tickets_wait(struct tickets *t, struct ticket_wait *w, uint64_t ticket, void (*done)(void *owner), void *owner)
{
    w->ticket = ticket;
    w->until_ms = loop_now_ms(t->loop) + TICKET_PATIENCE_MS;
    w->done = done;
    w->owner = owner;
    bool first = list_is_empty(&t->waiting);
    list_append(&t->waiting, &w->link);
    if (first)
        arm(t);
}

void ticket_wait_end(struct ticket_wait *w)
{
    list_remove(&w->link);
}
