#include "pace.h"

#include <stdio.h>
#include <time.h>

enum { MS_NS = 1000000, SENT_AT_ONCE = 50 };
static const int64_t second_ns = 1000000000;

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return t.tv_sec * second_ns + t.tv_nsec;
}

struct pace pace_begin(unsigned a_second)
{
    return (struct pace){
        .a_second = a_second, .began_ns = now_ns(CLOCK_MONOTONIC), .processor_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID)};
}

static uint64_t pace_due(const struct pace *p)
{
    return (uint64_t)((now_ns(CLOCK_MONOTONIC) - p->began_ns) * p->a_second / second_ns) + 1;
}

int pace_wait_ms(const struct pace *p, uint64_t begun)
{
    int64_t at_ns = p->began_ns + (int64_t)begun * second_ns / p->a_second, now = now_ns(CLOCK_MONOTONIC);
    return at_ns <= now ? 0 : (int)((at_ns - now + MS_NS - 1) / MS_NS);
}

void pace_say(const struct pace *p, uint64_t n)
{
    double spent_ns = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - p->processor_ns);
    double took_ns = (double)(now_ns(CLOCK_MONOTONIC) - p->began_ns);
    (void)printf("%.1f %.1f\n", spent_ns / (double)n / 1e3, (double)n / took_ns * (double)second_ns);
}

static void fill_mailboxes(const struct clients *c, uint64_t polls)
{
    for (uint64_t begun = 0; *c->ended < polls; c->turn(-1))
        while (begun < polls && begun - *c->ended < SENT_AT_ONCE)
            c->begin(begun++, false);
    *c->ended = 0;
}

void pace_clients(const struct clients *c, uint64_t polls, unsigned a_second)
{
    fill_mailboxes(c, polls);
    struct pace pace = pace_begin(a_second);
    for (uint64_t begun = 0; *c->ended < polls; c->turn(begun < polls ? pace_wait_ms(&pace, begun) : -1))
        for (uint64_t due = pace_due(&pace); begun < polls && begun < due;)
            c->begin(begun++, true);
    pace_say(&pace, polls);
}
