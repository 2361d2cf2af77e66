/*
 * A bell that any thread may ring and one loop hears: for what threads share without a queue.
 */
#ifndef EMAILMON_BELL_H
#define EMAILMON_BELL_H

#include "loop.h"

struct bell;

/** bell_new(l, rung, owner): ${rung} is called soon after bell_ring(), once for however many rings.  NULL: memory,
 *  descriptors. */
struct bell *bell_new(struct loop *l, void (*rung)(void *owner), void *owner);

/** bell_ring(b): Any thread, as long as ${b} lives. */
void bell_ring(const struct bell *b);

/** bell_free(b): By the loop's thread; NULL is fine. */
void bell_free(struct bell *b);

#endif
