/*
 * The event loop of one thread: descriptors, deadlines, and the one clock that they share.  Deadlines are decided
 * after the sockets were read in the same turn, and are pushed back by the time for which this process itself stood
 * still, so that a stopped or overloaded emailmon never blames a server.
 */
#ifndef EMAILMON_LOOP_H
#define EMAILMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/** loop_new(): Return a loop, or NULL (memory, descriptors).  One thread makes, runs and frees it; SIGPIPE is blocked
 *  in it from now on. */
struct loop *loop_new(void);

/** loop_run(l): Until loop_stop(l), or until nothing is left that could happen.  loop_stop(l): from a callback. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/** loop_free(l): All streams, deadlines and look-ups must have been freed by their
 * owners; their closing is finished here. */
void loop_free(struct loop *l);

/** loop_now_ms(l): The loop's monotonic time, taken once a turn; loop_refresh(l): takes it anew. */
uint64_t loop_now_ms(const struct loop *l);
void loop_refresh(struct loop *l);

/** loop_stalls(l): How often the loop stood still for more than a second, that which is just over included; deadlines
 *  were pushed each time. */
uint32_t loop_stalls(const struct loop *l);

/** loop_watch(l, fd, ready, owner): Call ${ready} whenever ${fd} is readable (of a queue).  NULL: memory. */
struct watch;
struct watch *loop_watch(struct loop *l, int fd, void (*ready)(void *owner), void *owner);
void watch_free(struct watch *w);

/**
 * deadline_new(l, due, owner): A deadline, not set.  deadline_set(d, ms): ${due} is called once, not
 * before ${ms} from now; setting it again moves it.  deadline_clear(d): not any more.
 * deadline_free(d): may be called in ${due} itself.
 * deadline_exact(d, yes): not pushed by stalls (for schedules, whose lateness must show).
 */
struct deadline;
struct deadline *deadline_new(struct loop *l, void (*due)(void *owner), void *owner);
void deadline_set(struct deadline *d, uint64_t ms);
void deadline_clear(struct deadline *d);
void deadline_exact(struct deadline *d, bool yes);
void deadline_free(struct deadline *d);

#endif
