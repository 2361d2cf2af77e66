#include <stdlib.h>
#include <string.h>

#include "group.h"

enum { STARTS_A_TURN = 64 }; /* so that a wave of starts does not keep the sockets waiting */

static uint64_t interval_ms(const struct watched *x)
{
    return (uint64_t)definition_number(x->row.definition, SETTING_interval_s) * 1000;
}

/* --- starts --- */

void watched_show_next(struct worker *w, struct watched *x)
{
    struct moment now = worker_now(w);
    uint64_t next_ms = x->due.next_ms > now.mono_ms ? x->due.next_ms : now.mono_ms;
    x->row.status.next_poll = schedule_is_set(&x->due) ? now.wall_ms + (int64_t)(next_ms - now.mono_ms) : 0;
}

static void skip(struct worker *w, struct watched *x, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        row_skipped(&x->row);
    if (times > 0)
        out_status(w, x);
}

/* The next point of the grid behind ${planned_ms}; ${missed} gets how many lie between the two. */
static void advance(struct worker *w, struct watched *x, uint64_t planned_ms, uint32_t *missed)
{
    x->grid_ms = schedule_grid(planned_ms, interval_ms(x), loop_now_ms(w->with.loop), missed);
    (void)schedule_set(w->schedule, &x->due, x->grid_ms); /* was planned a moment ago: needs no memory */
    watched_show_next(w, x);
}

struct poll *watched_begin(struct worker *w, struct watched *x, uint64_t planned_ms)
{
    uint32_t missed;
    schedule_started(w->schedule, planned_ms, loop_now_ms(w->with.loop));
    advance(w, x, planned_ms, &missed);
    skip(w, x, missed);
    struct poll *p = poll_new(w, x);
    if (p == NULL)
        skip(w, x, 1);
    x->insists = false;
    return p;
}

static void start(struct worker *w, struct watched *x)
{
    uint64_t planned_ms = x->due.next_ms;
    uint32_t missed;
    if (x->poll != NULL) { /* never two at once */
        advance(w, x, planned_ms, &missed);
        skip(w, x, missed + 1);
        return;
    }
    struct poll *p = watched_begin(w, x, planned_ms);
    if (p != NULL)
        poll_go(p);
}

static void arm(struct worker *w, bool more)
{
    uint64_t now_ms = loop_now_ms(w->with.loop), next_ms = schedule_next_ms(w->schedule);
    bool never = w->stopping || !worker_has_room(w) || (!more && next_ms == UINT64_MAX);
    if (never)
        deadline_clear(w->starts); /* whoever ends, or comes, wakes us */
    else
        deadline_set(w->starts, more || next_ms <= now_ms ? 0 : next_ms - now_ms);
}

void worker_starts(struct worker *w)
{
    unsigned started = 0;
    w->awake = false;
    for (; started < STARTS_A_TURN && worker_has_room(w) && !w->stopping; started++) {
        struct link *ready = list_first(&w->ready);
        if (ready != NULL) {
            list_remove(ready);
            group_go(LIST_OWNER(ready, struct group, ready));
            continue;
        }
        struct schedule_item *item = schedule_take(w->schedule, loop_now_ms(w->with.loop));
        if (item == NULL)
            break;
        start(w, (struct watched *)(void *)item); /* its first member */
    }
    arm(w, started == STARTS_A_TURN);
}

/* --- how a row gets its place in the schedule --- */

/* False: memory. */
static bool plan(struct worker *w, struct watched *x, bool anew)
{
    uint64_t now_ms = loop_now_ms(w->with.loop);
    if (!definition_is_polled(x->row.definition)) {
        schedule_drop(w->schedule, &x->due);
        return true;
    }
    if (anew || x->grid_ms == 0)
        return schedule_newcomer(w->schedule, &x->due, definition_number(x->row.definition, SETTING_interval_s),
                                 now_ms);
    return schedule_set(w->schedule, &x->due, x->grid_ms > now_ms ? x->grid_ms : now_ms);
}

/* A changed interval counts from the last start. */
static void move_grid(struct watched *x, uint32_t old_interval_s)
{
    uint64_t old_ms = (uint64_t)old_interval_s * 1000;
    if (x->grid_ms >= old_ms && x->grid_ms != 0)
        x->grid_ms += interval_ms(x) - old_ms;
}

static void count_secrets(struct worker *w, struct watched *x, bool counts)
{
    struct leg_settings leg;
    struct failure why = failure_none;
    bool lacks = false;
    for (unsigned i = LEG_SMTP; counts && i <= LEG_INCOMING && !lacks; i++) {
        definition_leg(x->row.definition, i, &leg);
        lacks = definition_is_polled(x->row.definition) && leg_lacks_secret(&leg, &why);
    }
    failure_clear(&why);
    w->lacking += (uint32_t)lacks - (uint32_t)x->lacks_secret;
    x->lacks_secret = lacks;
}

/* --- rows that come, change and go --- */

static void watched_free(struct watched *x)
{
    row_clear(&x->row);
    free(x);
}

/* It goes on where ${from} was, which may have been defined otherwise.  False: memory. */
static bool restore(struct worker *w, struct watched *x, const struct order *o, const struct restored_row *from)
{
    const struct moment now = worker_now(w);
    const struct journal journal = out_journal(w);
    if (from == NULL)
        return true;
    if (!row_restore(&x->row, from, &now, &journal))
        return false;
    if (x->row.definition != o->definition)
        (void)row_define(&x->row, o->definition, &now, &journal);
    int64_t wait_ms = row_restored_wait_ms(&x->row, now.wall_ms);
    if (wait_ms >= 0)
        x->grid_ms = now.mono_ms + (uint64_t)wait_ms;
    return true;
}

struct watched *watched_add(struct worker *w, const struct order *o, const struct restored_row *from)
{
    const struct definition *before = from != NULL && from->definition != NULL ? from->definition : o->definition;
    struct watched *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    if (!row_init(&x->row, o->index, o->serial, before, w->sealer)) {
        free(x);
        return NULL;
    }
    struct group *g = restore(w, x, o, from) ? group_of(w, o->definition) : NULL;
    if (g == NULL || !key_map_put(&w->rows, (uint64_t)o->index, x))
        goto free_row;
    if (!key_map_put(&w->handles, handle_key(x->row.handle), x))
        goto unmap;
    if (!plan(w, x, x->grid_ms == 0))
        goto unmap_handle;
    group_add(g, x);
    if (x->row.status.last_poll != 0)
        out_status(w, x);
    count_secrets(w, x, true);
    definition_unref(o->definition); /* the row has its own */
    return x;

unmap_handle:
    key_map_remove(&w->handles, handle_key(x->row.handle));
unmap:
    key_map_remove(&w->rows, (uint64_t)o->index);
free_row:
    if (g != NULL)
        group_release(g);
    watched_free(x);
    return NULL;
}

void watched_forget(struct worker *w, struct watched *x)
{
    struct group *g = x->group;
    send_forget(w, x);
    count_secrets(w, x, false);
    schedule_drop(w->schedule, &x->due);
    key_map_remove(&w->rows, (uint64_t)x->row.index);
    if (key_map_get(&w->handles, handle_key(x->row.handle)) == x)
        key_map_remove(&w->handles, handle_key(x->row.handle));
    list_remove(&x->dirty);
    list_remove(&x->member);
    watched_free(x);
    group_go(g); /* frees it when it is of no use */
}

/* What it has in the mailbox is deleted by one last look, if there can be one. */
static void remove_row(struct worker *w, struct watched *x)
{
    struct leg_settings leg;
    struct failure why = failure_none;
    if (x->poll != NULL)
        poll_cancel(x->poll);
    definition_leg(x->row.definition, LEG_INCOMING, &leg);
    bool lacks = leg_lacks_secret(&leg, &why);
    failure_clear(&why);
    bool has_mail = x->row.probes.outstanding_count > 0 || x->row.probes.consumed_count > 0;
    group_keep_gone(x->group, &x->row, has_mail && !lacks && definition_is_polled(x->row.definition));
    out_gone(w, x->row.index, x->row.serial);
    watched_forget(w, x);
}

static void regroup(struct watched *x, struct group *g)
{
    if (x->group == g)
        return;
    group_remove(x);
    group_add(g, x);
}

/* What it was to log in with may be gone. */
static bool may_look(const struct watched *x)
{
    struct leg_settings leg;
    struct failure why = failure_none;
    definition_leg(x->row.definition, LEG_INCOMING, &leg);
    bool lacks = leg_lacks_secret(&leg, &why);
    failure_clear(&why);
    return !lacks;
}

/* It goes where its mailbox is now.  A session of another way in would neither find its probes nor miss them: a poll
 * that has not looked yet goes with it, or ends without a verdict. */
static void move(struct watched *x, struct group *g)
{
    struct poll *p = x->poll;
    bool looks = p != NULL && (p->step == POLL_PARKED || p->step == POLL_LOOKING) && x->group != g;
    if (looks && !may_look(x)) {
        poll_cancel(p);
        looks = false;
    } else if (looks) {
        poll_leaves(p);
    }
    regroup(x, g);
    if (!looks)
        return;
    group_park(g, p);
    group_go(g);
}

static bool change(struct worker *w, struct watched *x, const struct order *o)
{
    struct group *g = group_of(w, o->definition);
    if (g == NULL)
        return false;
    bool was_polled = schedule_has(&x->due);
    uint32_t old_interval_s = definition_number(x->row.definition, SETTING_interval_s);
    struct moment now = worker_now(w);
    struct journal journal = out_journal(w);
    bool gives_up = row_define(&x->row, o->definition, &now, &journal);
    if (gives_up)
        x->again = false;
    if (gives_up && x->poll != NULL)
        poll_cancel(x->poll);
    move_grid(x, old_interval_s);
    x->insists = true;
    move(x, g);
    count_secrets(w, x, true);
    bool anew = x->row.first_poll && (gives_up || !was_polled);
    bool same = !anew && was_polled == definition_is_polled(o->definition) &&
                old_interval_s == definition_number(o->definition, SETTING_interval_s);
    if (!same && !plan(w, x, anew))
        return false; /* the order is carried out again in a second */
    watched_show_next(w, x);
    out_status(w, x);
    definition_unref(o->definition);
    return true;
}

/* --- orders --- */

static bool add(struct worker *w, const struct order *o)
{
    if (o->kind == ORDER_TAKE)
        return move_take(w, o);
    return watched_add(w, o, restored_by_serial(w->restored, o->serial)) != NULL;
}

static bool put(struct worker *w, struct watched *x, const struct order *o)
{
    if (x != NULL && x->row.serial == o->serial)
        return change(w, x, o);
    if (x != NULL) /* another row takes its place */
        remove_row(w, x);
    return add(w, o);
}

static void poll_now(struct worker *w, struct watched *x)
{
    if (!definition_is_polled(x->row.definition))
        return;
    if (x->poll != NULL) {
        x->again = true;
    } else {
        x->insists = true;
        /* A newcomer leaves its place in the wave; without memory for one in the heap it keeps that. */
        (void)schedule_set(w->schedule, &x->due, loop_now_ms(w->with.loop));
    }
}

bool worker_order(struct worker *w, const struct order *order)
{
    struct watched *x = key_map_get(&w->rows, (uint64_t)order->index);
    bool is_it = x != NULL && x->row.serial == order->serial;
    if (move_ordered(w, order))
        return true;
    switch (order->kind) {
    case ORDER_PUT:
    case ORDER_TAKE:
        return put(w, x, order);
    case ORDER_LEAVE:
        if (is_it)
            return move_leave(w, x, order);
        definition_unref(order->definition);
        return true;
    case ORDER_REMOVE:
        if (is_it)
            remove_row(w, x);
        return true;
    case ORDER_POLL:
        if (is_it)
            poll_now(w, x);
        return true;
    case ORDER_ABSENT:
        gone_absent(w, order->serial);
        return true;
    case ORDER_HISTORY:
        w->options.history_s = order->history_s;
        return true;
    case ORDER_READY:
        restored_unref(w->restored);
        w->restored = NULL;
        return true;
    case ORDER_STOP:
        break; /* the thread's own */
    }
    return true;
}

/* --- the end --- */

void watched_forget_all(struct worker *w)
{
    send_forget_all(w);
    for (size_t i = 0; i < w->rows.room; i++) {
        struct watched *x = w->rows.slots[i].value;
        if (x == NULL)
            continue;
        if (x->poll != NULL)
            poll_cancel(x->poll);
        schedule_drop(w->schedule, &x->due);
        watched_free(x);
    }
    key_map_clear(&w->rows);
    key_map_clear(&w->handles);
    groups_free(w);
}
