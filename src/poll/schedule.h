/*
 * When each row starts.  A heap by the next start; a grid for each row (the last start plus the interval, without
 * drift); newcomers start evenly: n rows of interval i at n/i a second, at least 10, at most 500, so that a big file
 * makes a steady load and no wave that comes back.  Times are monotonic milliseconds and come in as arguments.
 */
#ifndef EMAILMON_SCHEDULE_H
#define EMAILMON_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCHEDULE_RATE_LEAST = 10, SCHEDULE_RATE_MOST = 500, SCHEDULE_LAG_S = 60 };

/** One thing that is scheduled; embedded in its owner, all zero before its first use. */
struct schedule_item {
    uint64_t next_ms; /* the planned start; of a newcomer not known before it is taken */
    uint32_t place;   /* the schedule's */
    uint8_t where;    /* the schedule's */
};

struct schedule;

/** schedule_new(sharers): One of so many schedules that newcomers are spread over.  NULL: memory.  schedule_free(s):
 *  NULL is fine. */
struct schedule *schedule_new(unsigned sharers);
void schedule_free(struct schedule *s);

/**
 * schedule_set(s, item, next_ms): ${item} starts at ${next_ms}, whatever was planned.  False: memory (only when no
 * start is planned, and not for one that was just taken).
 * schedule_newcomer(s, item, interval_s, now_ms): It starts in its turn among the
 * newcomers of its interval.  False: memory.
 * schedule_drop(s, item): It does not start.
 * schedule_is_set(item): a start is planned, and known.
 * schedule_has(item): a start is planned, be it a newcomer's.
 */
bool schedule_set(struct schedule *s, struct schedule_item *item, uint64_t next_ms);
bool schedule_newcomer(struct schedule *s, struct schedule_item *item, uint32_t interval_s, uint64_t now_ms);
void schedule_drop(struct schedule *s, struct schedule_item *item);
bool schedule_is_set(const struct schedule_item *item);
bool schedule_has(const struct schedule_item *item);

/**
 * schedule_take(s, now_ms): The item whose start is the longest overdue at ${now_ms}, out of the schedule; its
 * next_ms is the planned start.  NULL: none is due.
 * schedule_next_ms(s): when the next is due; UINT64_MAX: never.
 */
struct schedule_item *schedule_take(struct schedule *s, uint64_t now_ms);
uint64_t schedule_next_ms(const struct schedule *s);

/** schedule_grid(start_ms, interval_ms, now_ms, missed): The first point after ${now_ms} of the grid that ${start_ms}
 * is on; ${missed} gets how many points lie between the two. */
uint64_t schedule_grid(uint64_t start_ms, uint64_t interval_ms, uint64_t now_ms, uint32_t *missed);

/** schedule_started(s, planned_ms, now_ms): A start, for the lag.  schedule_lag_ms(s, now_ms): the greatest lateness of
 * the last 60 s, and of what is overdue now. */
void schedule_started(struct schedule *s, uint64_t planned_ms, uint64_t now_ms);
uint32_t schedule_lag_ms(const struct schedule *s, uint64_t now_ms);

#endif
