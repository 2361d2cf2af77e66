/*
 * Monitors, events and names for the agent's tests.
 */
#ifndef EMAILMON_AGENT_FAKE_H
#define EMAILMON_AGENT_FAKE_H

#include "event.h"
#include "monitors.h"

struct agent;

/** fake_agent(): An agent without thread and master, all its queues its own: options.notices ... are roomy, and freed
 *  with it (those in its inboxes).
 *  fake_agent_free(a).  fake_orders(a): Take the orders that were given, and return how many. */
struct agent *fake_agent(void);
void fake_agent_free(struct agent *a);
size_t fake_orders(struct agent *a);

/** fake_set(indexes, n): A set with complete monitors under these indexes, named "row-INDEX".  Fails the test. */
struct monitors *fake_set(const int32_t *indexes, size_t n);

/** fake_definition(name): An active monitor of a file. */
const struct definition *fake_definition(const char *name);

/** fake_incomplete(set, index): Add a row of which nothing was ever set, as createAndWait makes it. */
void fake_incomplete(struct monitors *set, int32_t index);

/** fake_event(seq): A down event with texts; event_clear() it. */
struct event fake_event(uint32_t seq);

#endif
