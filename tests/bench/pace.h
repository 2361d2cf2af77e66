/*
 * What the clients that are measured beside emailmon share: polls that begin at an even rate, as those of many rows do,
 * and what they cost this process.
 */
#ifndef EMAILMON_BENCH_PACE_H
#define EMAILMON_BENCH_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    unsigned a_second;
    int64_t began_ns, processor_ns;
};

/** pace_begin(a_second): From now on so many a second. */
struct pace pace_begin(unsigned a_second);

/** pace_wait_ms(p, begun): Until the next one after ${begun}. */
int pace_wait_ms(const struct pace *p, uint64_t begun);

/** pace_say(p, n): Print the processor time (user and system, all threads) that each of ${n} took since pace_begin(),
 *  in microseconds, and how many a second they were. */
void pace_say(const struct pace *p, uint64_t n);

/** A client whose polls go on side by side. */
struct clients {
    void (*begin)(uint64_t n, bool looks); /* poll number ${n}; without ${looks} it only sends */
    void (*turn)(int wait_ms);             /* wait for what comes, so long at most (-1: for ever), and go on with it */
    uint64_t *ended;                       /* how many polls have */
};

/** pace_clients(c, polls, a_second): Send a mail to each of so many mailboxes; then poll each of them once, so many a
 *  second, and say what a poll cost. */
void pace_clients(const struct clients *c, uint64_t polls, unsigned a_second);

#endif
