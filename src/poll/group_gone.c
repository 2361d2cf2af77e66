/*
 * Rows that are gone, whose probes may still come: in their group, or, when they went before this start, wherever
 * there is a look.
 */
#include <stdlib.h>
#include <string.h>

#include "group.h"

/* It is out of the list by age. */
static void forget(struct worker *w, struct gone *gone)
{
    list_remove(&gone->link);
    if (key_map_get(&w->gone_handles, handle_key(gone->handle)) == gone)
        key_map_remove(&w->gone_handles, handle_key(gone->handle));
    w->gone_count--;
    free(gone);
}

/* The oldest one, and its group when that is of no use any more. */
static void forget_oldest(struct worker *w)
{
    struct gone *gone = LIST_OWNER(list_take(&w->gone), struct gone, age);
    struct group *g = gone->group;
    forget(w, gone);
    if (g != NULL)
        group_release(g);
}

void gone_expire(struct worker *w)
{
    uint64_t now_ms = loop_now_ms(w->with.loop);
    for (struct link *l; (l = list_first(&w->gone)) != NULL;) {
        if (LIST_OWNER(l, struct gone, age)->until_ms > now_ms)
            break;
        forget_oldest(w);
    }
}

void gone_free(struct worker *w)
{
    for (struct link *l; (l = list_take(&w->gone)) != NULL;)
        forget(w, LIST_OWNER(l, struct gone, age));
    key_map_clear(&w->gone_handles);
}

/* --- those that go now --- */

/* The youngest so far.  When memory is short the probes just stay where they are: they harm nobody. */
static bool keep(struct worker *w, const struct gone *from)
{
    struct gone *gone = malloc(sizeof *gone);
    if (gone == NULL || !key_map_put(&w->gone_handles, handle_key(from->handle), gone)) {
        free(gone);
        return false;
    }
    *gone = *from;
    if (gone->group != NULL)
        list_append(&gone->group->gone, &gone->link);
    list_append(&w->gone, &gone->age);
    w->gone_count++;
    return true;
}

static void forget_too_many(struct worker *w)
{
    while (w->gone_count > GONE_MAX)
        forget_oldest(w);
}

static uint64_t whole_time_ms(const struct worker *w)
{
    return loop_now_ms(w->with.loop) + (uint64_t)GONE_LASTS_S * 1000;
}

void group_keep_gone(struct group *g, const struct row *row, bool look)
{
    struct worker *w = g->worker;
    struct gone gone = {.group = g, .serial = row->serial, .until_ms = whole_time_ms(w)};
    memcpy(gone.handle, row->handle, sizeof gone.handle);
    if (!keep(w, &gone))
        return;
    if (look) {
        definition_unref(g->last_look);
        g->last_look = definition_ref(row->definition);
    }
    forget_too_many(w);
}

/* --- those that went before this start --- */

/* Where its mailbox was is not known any more. */
static void keep_restored(struct worker *w, uint64_t serial, uint64_t until_ms)
{
    struct gone gone = {.serial = serial, .until_ms = until_ms};
    if (!token_handle(w->sealer, serial, gone.handle))
        return;
    uint64_t key = handle_key(gone.handle);
    if (key_map_get(&w->handles, key) == NULL && key_map_get(&w->gone_handles, key) == NULL)
        (void)keep(w, &gone);
}

/* A clock that was set back makes none last longer than it may. */
void gone_restore(struct worker *w)
{
    const struct restored *r = w->restored;
    const struct moment now = worker_now(w);
    size_t first = r != NULL && r->gone_count > GONE_MAX ? r->gone_count - GONE_MAX : 0;
    for (size_t i = first; r != NULL && i < r->gone_count; i++) {
        int64_t left_ms = r->gone[i].until_ms - now.wall_ms;
        if (left_ms > GONE_LASTS_S * INT64_C(1000))
            left_ms = GONE_LASTS_S * INT64_C(1000);
        if (left_ms > 0)
            keep_restored(w, r->gone[i].serial, now.mono_ms + (uint64_t)left_ms);
    }
}

void gone_absent(struct worker *w, uint64_t serial)
{
    keep_restored(w, serial, whole_time_ms(w));
    forget_too_many(w);
}
