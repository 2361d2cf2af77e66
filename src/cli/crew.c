#include "crew.h"

#include <string.h>

bool crew_init(struct crew *c, size_t count, size_t room)
{
    *c = (struct crew){
        .count = count, .locks = lock_table_new(), .refusals = refusals_new(), .handover = handover_new()};
    bool made = c->locks != NULL && c->refusals != NULL && c->handover != NULL;
    for (size_t i = 0; made && i < count; i++) {
        c->orders[i] = queue_new(room, sizeof(struct order));
        c->receipts[i] = queue_new(room, sizeof(struct receipt));
        made = c->orders[i] != NULL && c->receipts[i] != NULL;
    }
    return made;
}

void crew_clear(struct crew *c)
{
    for (size_t i = 0; i < c->count; i++) {
        queue_free(c->orders[i], order_drop);
        queue_free(c->receipts[i], NULL);
    }
    lock_table_free(c->locks);
    refusals_free(c->refusals);
    handover_free(c->handover);
    *c = (struct crew){0};
}

/* What worker ${i} has of ${whole}. */
static unsigned share(const struct crew *c, size_t i, unsigned whole)
{
    unsigned part = (unsigned)(whole / c->count + (i < whole % c->count));
    return part > 0 ? part : 1;
}

bool crew_start(struct crew *c, const struct worker_options *options, struct failure *why)
{
    struct worker_options one = *options;
    one.locks = c->locks;
    one.refusals = c->refusals;
    one.handover = c->handover;
    one.workers = (uint8_t)c->count;
    bool started = true;
    for (size_t i = 0; started && i < c->count; i++) {
        one.number = (uint8_t)i;
        one.in_flight = share(c, i, options->in_flight);
        one.per_host = share(c, i, options->per_host);
        one.orders = c->orders[i];
        one.receipts = c->receipts[i];
        c->workers[i] = worker_start(&one, why);
        started = c->workers[i] != NULL;
    }
    explicit_bzero(&one, sizeof one); /* keys */
    return started;
}

void crew_dismiss(struct crew *c)
{
    const struct order order = {.kind = ORDER_STOP};
    for (size_t i = 0; i < c->count; i++)
        if (c->workers[i] != NULL)
            (void)queue_post(c->orders[i], &order);
}

void crew_stop(struct crew *c)
{
    for (size_t i = 0; i < c->count; i++) {
        worker_stop(c->workers[i]);
        c->workers[i] = NULL;
    }
}
