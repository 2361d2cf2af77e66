#include "order_list.h"

#include <stdlib.h>
#include <string.h>

bool order_list_reserve(struct order_list *l, size_t more)
{
    size_t waiting = order_list_waiting(l);
    if (l->head > 0) {
        memmove(l->orders, l->orders + l->head, waiting * sizeof *l->orders);
        l->head = 0;
        l->count = waiting;
    }
    if (l->capacity - waiting >= more)
        return true;
    struct order *orders = reallocarray(l->orders, waiting + more, sizeof *orders);
    if (orders == NULL)
        return false;
    l->orders = orders;
    l->capacity = waiting + more;
    return true;
}

void order_list_add(struct order_list *l, const struct order *order)
{
    l->orders[l->count++] = *order;
}

void order_list_post(struct order_list *l, struct queue *to)
{
    while (l->head < l->count && queue_post(to, &l->orders[l->head]))
        l->head++;
    if (l->head == l->count && l->orders != NULL) {
        /* A big file leaves a big list behind; it is not needed again soon. */
        free(l->orders);
        *l = (struct order_list){0};
    }
}

size_t order_list_waiting(const struct order_list *l)
{
    return l->count - l->head;
}

void order_list_clear(struct order_list *l)
{
    while (l->head < l->count)
        order_drop(&l->orders[l->head++]);
    free(l->orders);
    *l = (struct order_list){0};
}
