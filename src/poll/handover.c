#include "handover.h"

#include <pthread.h>
#include <stdlib.h>

#include "key_map.h"

struct handover {
    pthread_mutex_t mutex; /* guards all of it; held for one step */
    struct key_map rows;   /* struct moved, by serial */
    const struct bell *bells[WORKERS_MAX];
};

void moved_free(struct moved *m)
{
    if (m == NULL)
        return;
    status_clear(&m->row.status);
    definition_unref(m->row.definition);
    free(m->row.probes);
    free(m);
}

struct handover *handover_new(void)
{
    struct handover *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    if (pthread_mutex_init(&h->mutex, NULL) == 0)
        return h;
    free(h);
    return NULL;
}

void handover_free(struct handover *h)
{
    if (h == NULL)
        return;
    for (size_t i = 0; i < h->rows.room; i++)
        moved_free(h->rows.slots[i].value);
    key_map_clear(&h->rows);
    (void)pthread_mutex_destroy(&h->mutex);
    free(h);
}

void handover_listen(struct handover *h, size_t worker, const struct bell *bell)
{
    (void)pthread_mutex_lock(&h->mutex);
    h->bells[worker] = bell;
    (void)pthread_mutex_unlock(&h->mutex);
}

/* Whoever has heard of it by then may want it, and that need not be the one for whom it was left: it may have moved on
 * since.  So all are told. */
static void ring(const struct handover *h)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        if (h->bells[i] != NULL)
            bell_ring(h->bells[i]);
}

bool handover_leave(struct handover *h, struct link *rows)
{
    bool all = true;
    if (list_is_empty(rows))
        return true;
    (void)pthread_mutex_lock(&h->mutex);
    for (struct link *first; all && (first = list_first(rows)) != NULL;) {
        struct moved *m = LIST_OWNER(first, struct moved, link);
        all = key_map_put(&h->rows, m->row.serial, m);
        if (all)
            list_remove(first);
    }
    ring(h);
    (void)pthread_mutex_unlock(&h->mutex);
    return all;
}

struct moved *handover_take(struct handover *h, uint64_t serial)
{
    (void)pthread_mutex_lock(&h->mutex);
    struct moved *m = key_map_get(&h->rows, serial);
    if (m != NULL)
        key_map_remove(&h->rows, serial);
    (void)pthread_mutex_unlock(&h->mutex);
    return m;
}
