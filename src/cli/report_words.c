#include "report_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void report_ms(char dst[REPORT_WORD_MAX], double ms)
{
    enum { SECOND = 1000, MINUTE = 60 * SECOND, FEW = 2 };
    if (ms < 10)
        (void)snprintf(dst, REPORT_WORD_MAX, "%.3g ms", ms);
    else if (ms < SECOND)
        (void)snprintf(dst, REPORT_WORD_MAX, "%.0f ms", ms);
    else if (ms < FEW * MINUTE)
        (void)snprintf(dst, REPORT_WORD_MAX, "%.3g s", ms / SECOND);
    else
        (void)snprintf(dst, REPORT_WORD_MAX, "%.3g min", ms / MINUTE);
}

static size_t print_moment(char dst[REPORT_WORD_MAX], const struct tm *t, enum moment_form form)
{
    switch (form) {
    case MOMENT_CLOCK:
        return strftime(dst, REPORT_WORD_MAX, "%H:%M", t);
    case MOMENT_DAY:
        return strftime(dst, REPORT_WORD_MAX, "%a", t);
    case MOMENT_WEEKDAY:
        return strftime(dst, REPORT_WORD_MAX, "%a %e", t);
    case MOMENT_DATE:
        return strftime(dst, REPORT_WORD_MAX, "%e %b", t);
    case MOMENT_MINUTE:
        return strftime(dst, REPORT_WORD_MAX, "%a %e %b %H:%M", t);
    case MOMENT_SECOND:
        return strftime(dst, REPORT_WORD_MAX, "%a %e %b %H:%M:%S", t);
    case MOMENT_WHOLE:
        return strftime(dst, REPORT_WORD_MAX, "%A, %e %B %Y, %H:%M:%S %Z", t);
    }
    return 0;
}

void report_moment(char dst[REPORT_WORD_MAX], int64_t wall_ms, enum moment_form form)
{
    const time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL || print_moment(dst, &local, form) == 0)
        dst[0] = '\0';
}

void report_availability(char dst[REPORT_WORD_MAX], const struct sample_sums *sums)
{
    dst[0] = '\0';
    if (sums->polls == 0)
        return;
    if (sums->failed == 0 || sums->failed == sums->polls) {
        (void)text_copy(dst, REPORT_WORD_MAX, sums->failed == 0 ? "100 %" : "0 %");
        return;
    }
    const uint64_t parts = (sums->polls - sums->failed) * 10000 / sums->polls; /* what is not whole does not look so */
    (void)snprintf(dst, REPORT_WORD_MAX, "%" PRIu64 ".%02" PRIu64 " %%", parts / 100, parts % 100);
}
