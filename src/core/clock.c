/* What time it is, and how it is printed. */
#include <time.h>

#include "text.h"

static int64_t now_ms(clockid_t clock)
{
    struct timespec t = {0};
    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t wall_now_ms(void)
{
    return now_ms(CLOCK_REALTIME);
}

uint64_t monotonic_now_ms(void)
{
    return (uint64_t)now_ms(CLOCK_MONOTONIC);
}

void time_print_utc(char *dst, size_t size, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    if (size == 0)
        return;
    if (wall_ms == 0 || gmtime_r(&seconds, &utc) == NULL || strftime(dst, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        (void)text_copy(dst, size, "never");
}
