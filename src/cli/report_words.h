/*
 * Numbers and moments as a report says them.
 */
#ifndef EMAILMON_REPORT_WORDS_H
#define EMAILMON_REPORT_WORDS_H

#include "report_series.h"

enum { REPORT_WORD_MAX = 64 };

/** report_ms(dst, ms): "80 ms", "1.5 s", "3 min". */
void report_ms(char dst[REPORT_WORD_MAX], double ms);

/** report_moment(dst, wall_ms, form): In the time zone of this process. */
enum moment_form {
    MOMENT_CLOCK,   /* 13:40 */
    MOMENT_DAY,     /* Thu */
    MOMENT_WEEKDAY, /* Thu 26 */
    MOMENT_DATE,    /* 26 Nov */
    MOMENT_MINUTE,  /* Thu 26 Nov 13:40 */
    MOMENT_SECOND,  /* Thu 26 Nov 13:40:05 */
    MOMENT_WHOLE    /* Thursday, 26 November 2026, 13:40:05 UTC */
};
void report_moment(char dst[REPORT_WORD_MAX], int64_t wall_ms, enum moment_form form);

/** report_availability(dst, sums): "99.98 %": polls that did not fail; "" when there were none. */
void report_availability(char dst[REPORT_WORD_MAX], const struct sample_sums *sums);

#endif
