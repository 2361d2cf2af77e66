/*
 * Orders that wait because the worker's queue was full: none is ever lost, and none makes the agent wait.
 */
#ifndef EMAILMON_ORDER_LIST_H
#define EMAILMON_ORDER_LIST_H

#include "queue.h"
#include "records.h"

/** All zero is an empty list. */
struct order_list {
    struct order *orders;
    size_t head, count, capacity; /* waiting: orders[head] to orders[count - 1] */
};

/** order_list_reserve(l, more): Room, so that the next ${more} orders cannot fail; false: memory. */
bool order_list_reserve(struct order_list *l, size_t more);

/** order_list_add(l, order): Needs room; takes over what the order holds. */
void order_list_add(struct order_list *l, const struct order *order);

/** order_list_post(l, to): Post as many as fit, the oldest first.  order_list_waiting(l): how many did not.
 *  order_list_clear(l): drop and free. */
void order_list_post(struct order_list *l, struct queue *to);
size_t order_list_waiting(const struct order_list *l);
void order_list_clear(struct order_list *l);

#endif
