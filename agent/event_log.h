/*
 * The events that emailMonEventTable shows, in the order of their numbers: those whose notification is not yet
 * acknowledged, and the last EVENT_LOG_SETTLED others.  One thread.
 */
#ifndef EMAILMON_EVENT_LOG_H
#define EMAILMON_EVENT_LOG_H

#include <stdbool.h>

#include "event.h"

enum { EVENT_LOG_SETTLED = 20000 };

struct event_log;

/** event_log_new(keep): Keeps the last ${keep} settled events (EVENT_LOG_SETTLED; tests take fewer).  NULL: memory. */
struct event_log *event_log_new(size_t keep);
void event_log_free(struct event_log *l);

/** event_log_add(l, event, pending): Takes references of its own.  ${pending}: its notification is yet to be
 *  acknowledged.  False: memory, or a number that is there already. */
bool event_log_add(struct event_log *l, const struct event *event, bool pending);

/** event_log_settle(l, seq): Its notification was acknowledged or given up.  Unknown numbers do nothing. */
void event_log_settle(struct event_log *l, uint32_t seq);

/** event_log_from(l, seq): The first event whose number is ${seq} or more, or NULL.  event_log_count(l): how many. */
const struct event *event_log_from(const struct event_log *l, uint64_t seq);
size_t event_log_count(const struct event_log *l);

/** event_log_last(l): The greatest number ever added; 0: none. */
uint32_t event_log_last(const struct event_log *l);

#endif
