/*
 * Rows that an edit gives to another worker, because their mailbox is another one now.  The old worker is told to leave
 * the row (ORDER_LEAVE), the new one to take it (ORDER_TAKE), and nothing says which of the two hears it first, or
 * whether a second edit has moved the row on by then.  So a row that is to be taken is awaited here: orders for it are
 * remembered, and carried out when it comes.
 */
#include <stdlib.h>

#include "group.h"

/* A row that another worker leaves to this one. */
struct awaited {
    struct link link;
    struct order order; /* as it is to be watched; without a definition: removed before it came */
    bool poll;          /* polled out of turn, when it is here */
    struct moved *came; /* it is here; NULL: not yet */
};

/* --- a row that goes --- */

/* The poll under way ends without a verdict, as with every change of path; what the row has to say leaves first. */
bool move_leave(struct worker *w, struct watched *x, const struct order *o)
{
    struct moment now = worker_now(w);
    struct journal journal = out_journal(w);
    (void)row_define(&x->row, o->definition, &now, &journal);
    if (x->poll != NULL)
        poll_cancel(x->poll);
    schedule_drop(w->schedule, &x->due);
    struct moved *m = calloc(1, sizeof *m);
    if (m == NULL || !row_keep(&x->row, &m->row)) {
        moved_free(m);
        return false; /* the order is carried out again in a second */
    }
    m->row.status.next_poll = 0; /* it is a newcomer where it comes to */
    list_append(&w->leaving, &m->link);
    deadline_set(w->flush, 0);
    watched_forget(w, x);
    definition_unref(o->definition);
    return true;
}

bool moves_flush(struct worker *w)
{
    return handover_leave(w->options.handover, &w->leaving);
}

/* --- a row that comes --- */

static void awaited_free(struct awaited *a)
{
    list_remove(&a->link);
    definition_unref(a->order.definition);
    moved_free(a->came);
    free(a);
}

static struct awaited *find(const struct worker *w, int32_t index)
{
    return key_map_get(&w->awaited_rows, (uint64_t)index);
}

/* False: memory. */
static bool settle_here(struct worker *w, struct awaited *a)
{
    struct order *o = &a->order;
    if (o->definition == NULL) {
        out_gone(w, o->index, o->serial);
        return true;
    }
    struct watched *x = watched_add(w, o, &a->came->row);
    if (x == NULL)
        return false;
    o->definition = NULL; /* taken over */
    key_map_remove(&w->awaited_rows, (uint64_t)o->index);
    x->insists = true; /* as after every change */
    out_status(w, x);
    return !a->poll || worker_order(w, &(struct order){.kind = ORDER_POLL, .index = o->index, .serial = o->serial});
}

/* Without memory for it the tick tries again. */
static void look_for(struct worker *w, struct awaited *a)
{
    if (a->came == NULL)
        a->came = handover_take(w->options.handover, a->order.serial);
    if (a->came != NULL && settle_here(w, a))
        awaited_free(a);
}

void moves_came(void *owner)
{
    struct worker *w = owner;
    for (struct link *l = list_first(&w->awaited), *next; l != NULL && !w->stopping; l = next) {
        next = list_next(&w->awaited, l);
        look_for(w, LIST_OWNER(l, struct awaited, link));
    }
    worker_wake(w);
}

bool move_take(struct worker *w, const struct order *o)
{
    struct awaited *a = calloc(1, sizeof *a);
    if (a == NULL || !key_map_put(&w->awaited_rows, (uint64_t)o->index, a)) {
        free(a);
        return false;
    }
    a->order = *o;
    list_append(&w->awaited, &a->link);
    look_for(w, a);
    return true;
}

/* --- orders for a row that is awaited --- */

static void define(struct awaited *a, const struct definition *definition)
{
    definition_unref(a->order.definition);
    a->order.definition = definition;
}

/* It is not to come any more, but is on its way: what is on record of it goes when it is here. */
static void remove_awaited(struct worker *w, struct awaited *a)
{
    key_map_remove(&w->awaited_rows, (uint64_t)a->order.index);
    define(a, NULL);
}

bool move_ordered(struct worker *w, const struct order *o)
{
    struct awaited *a = find(w, o->index);
    if (a == NULL)
        return false;
    if (a->order.serial != o->serial) {
        if (o->kind == ORDER_PUT || o->kind == ORDER_TAKE)
            remove_awaited(w, a); /* another row takes its place */
        return false;
    }
    switch (o->kind) {
    case ORDER_PUT:
        define(a, o->definition);
        break;
    case ORDER_REMOVE:
        remove_awaited(w, a);
        break;
    case ORDER_POLL:
        a->poll = true;
        break;
    case ORDER_LEAVE: /* the next worker awaits it as this one did, unless it is here already */
        if (a->came != NULL)
            list_append(&w->leaving, &a->came->link);
        a->came = NULL;
        deadline_set(w->flush, 0);
        definition_unref(o->definition);
        remove_awaited(w, a);
        awaited_free(a);
        break;
    case ORDER_TAKE:
    case ORDER_ABSENT:
    case ORDER_HISTORY:
    case ORDER_READY:
    case ORDER_STOP:
        return false;
    }
    return true;
}

void moves_free(struct worker *w)
{
    for (struct link *l; (l = list_first(&w->awaited)) != NULL;)
        awaited_free(LIST_OWNER(l, struct awaited, link));
    for (struct link *l; (l = list_take(&w->leaving)) != NULL;)
        moved_free(LIST_OWNER(l, struct moved, link));
    key_map_clear(&w->awaited_rows);
}
