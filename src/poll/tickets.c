#include "tickets.h"

#include <stdlib.h>

#include "list.h"

struct ticket_wait {
    struct link link; /* among all who wait, in the order in which their patience ends */
    struct tickets *tickets;
    uint64_t ticket;
    uint64_t until_ms;
    void (*done)(void *owner);
    void *owner;
};

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

static struct ticket_wait *one_who_has_it(const struct tickets *t, uint64_t now_ms)
{
    for (struct link *l = list_first(&t->waiting); l != NULL; l = list_next(&t->waiting, l)) {
        struct ticket_wait *w = LIST_OWNER(l, struct ticket_wait, link);
        if (w->ticket <= t->came || w->until_ms <= now_ms)
            return w;
    }
    return NULL;
}

/* What is called may end any other's wait and begin new ones, so that the list is read anew each time; those who go on
 * stand at its front as a rule. */
static void serve(struct tickets *t, uint64_t now_ms)
{
    for (struct ticket_wait *w; (w = one_who_has_it(t, now_ms)) != NULL;) {
        void (*done)(void *) = w->done;
        void *owner = w->owner;
        list_remove(&w->link);
        free(w);
        done(owner);
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

struct ticket_wait *tickets_wait(struct tickets *t, uint64_t ticket, void (*done)(void *owner), void *owner)
{
    struct ticket_wait *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    *w = (struct ticket_wait){.tickets = t,
                              .ticket = ticket,
                              .until_ms = loop_now_ms(t->loop) + TICKET_PATIENCE_MS,
                              .done = done,
                              .owner = owner};
    bool first = list_is_empty(&t->waiting);
    list_append(&t->waiting, &w->link);
    if (first)
        arm(t);
    return w;
}

void ticket_wait_free(struct ticket_wait *w)
{
    if (w == NULL)
        return;
    list_remove(&w->link);
    free(w);
}
