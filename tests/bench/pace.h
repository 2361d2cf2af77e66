/*
 * What the clients that are measured beside emailmon share: polls that begin at an even rate, as those of many rows do,
 * and what they cost this process.
 */
#ifndef EMAILMON_BENCH_PACE_H
#define EMAILMON_BENCH_PACE_H

#include <stdint.h>

struct pace {
    unsigned a_second;
    int64_t began_ns, processor_ns;
};

/** pace_begin(a_second): From now on so many a second. */
struct pace pace_begin(unsigned a_second);

/** pace_due(p): How many should have begun by now.  pace_wait_ms(p, begun): until the next one after ${begun}. */
uint64_t pace_due(const struct pace *p);
int pace_wait_ms(const struct pace *p, uint64_t begun);

/** pace_say(p, n): Print the processor time (user and system, all threads) that each of ${n} took since pace_begin(),
 *  in microseconds, and how many a second they were. */
void pace_say(const struct pace *p, uint64_t n);

#endif
