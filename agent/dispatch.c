#include "dispatch.h"

bool dispatch_init(struct dispatch *d, struct queue *const *orders, size_t workers)
{
    *d = (struct dispatch){.workers = workers};
    bool made = true;
    for (size_t i = 0; i < workers; i++) {
        d->orders[i] = outbox_new(orders[i], sizeof(struct order));
        made &= d->orders[i] != NULL;
    }
    return made;
}

void dispatch_clear(struct dispatch *d)
{
    for (size_t i = 0; i < d->workers; i++)
        outbox_free(d->orders[i], order_drop);
    *d = (struct dispatch){0};
}

size_t dispatch_worker(const struct dispatch *d, const struct definition *definition)
{
    return d->workers == 1 ? 0 : (size_t)(definition_mailbox(definition) % d->workers);
}

/* A place is one at every worker, because it is not known yet whose the row will be. */
bool dispatch_reserve(struct dispatch *d, size_t n)
{
    for (size_t i = 0; i < d->workers; i++) {
        if (outbox_reserve(d->orders[i], n))
            continue;
        while (i-- > 0)
            outbox_release(d->orders[i], n);
        return false;
    }
    return true;
}

void dispatch_release(struct dispatch *d, size_t n)
{
    for (size_t i = 0; i < d->workers; i++)
        outbox_release(d->orders[i], n);
}

static void send(struct dispatch *d, size_t worker, enum order_kind kind, int32_t index, uint64_t serial,
                 const struct definition *definition)
{
    struct order order = {.kind = kind, .index = index, .serial = serial, .definition = definition_ref(definition)};
    if (!outbox_send(d->orders[worker], &order))
        order_drop(&order); /* not where a place was reserved */
}

/* One place was reserved at each worker. */
static void release_others(struct dispatch *d, size_t one, size_t other)
{
    for (size_t i = 0; i < d->workers; i++)
        if (i != one && i != other)
            outbox_release(d->orders[i], 1);
}

void dispatch_change(struct dispatch *d, const struct change *c)
{
    size_t from = dispatch_worker(d, c->before != NULL ? c->before : c->after);
    size_t to = dispatch_worker(d, c->after != NULL ? c->after : c->before);
    release_others(d, from, to);
    if (from == to) {
        send(d, to, c->after != NULL ? ORDER_PUT : ORDER_REMOVE, c->index, c->serial, c->after);
    } else if (c->replaced != 0) {
        send(d, from, ORDER_REMOVE, c->index, c->replaced, NULL);
        send(d, to, ORDER_PUT, c->index, c->serial, c->after);
    } else {
        send(d, from, ORDER_LEAVE, c->index, c->serial, c->after);
        send(d, to, ORDER_TAKE, c->index, c->serial, c->after);
    }
}

void dispatch_poll(struct dispatch *d, const struct monitor *row)
{
    size_t worker = dispatch_worker(d, row->definition);
    release_others(d, worker, worker);
    send(d, worker, ORDER_POLL, row->index, row->serial, NULL);
}

bool dispatch_all(struct dispatch *d, const struct order *order)
{
    bool all = true;
    for (size_t i = 0; i < d->workers; i++)
        all &= outbox_send(d->orders[i], order);
    return all;
}

void dispatch_flush(struct dispatch *d)
{
    for (size_t i = 0; i < d->workers; i++)
        (void)outbox_flush(d->orders[i]);
}

bool dispatch_waits(const struct dispatch *d)
{
    for (size_t i = 0; i < d->workers; i++)
        if (outbox_waiting(d->orders[i]) > 0)
            return true;
    return false;
}

struct process_report dispatch_process(const struct dispatch *d)
{
    struct process_report all = {0};
    for (size_t i = 0; i < d->workers; i++) {
        const struct process_report *p = &d->processes[i];
        all.in_flight += p->in_flight;
        all.polls_total += p->polls_total;
        all.alarms |= p->alarms;
        if (p->scheduler_lag_ms > all.scheduler_lag_ms)
            all.scheduler_lag_ms = p->scheduler_lag_ms;
    }
    return all;
}
