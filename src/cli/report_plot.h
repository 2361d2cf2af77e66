/*
 * Where things stand in a picture: time to the right, and what grows upwards.
 */
#ifndef EMAILMON_REPORT_PLOT_H
#define EMAILMON_REPORT_PLOT_H

#include <stdio.h>

#include "report_words.h"

/** What of a picture is drawn in, in its own units: x to the right, y down. */
struct plot {
    double left, right, top, bottom;
    const struct window *window;
};

/** plot_x(p, wall_ms): Where that moment stands. */
double plot_x(const struct plot *p, int64_t wall_ms);

/** plot_bar(out, x, y, width, height): A part of a path's data. */
void plot_bar(FILE *out, double x, double y, double width, double height);

/** Moments that are round in the time zone of this process: ${most} or less lie in ${window}. */
struct ticks {
    int64_t first_s, step_s;
};
struct ticks plot_ticks(const struct window *window, int most);

/** plot_tick_word(dst, ticks, wall_s, brief): What stands at one; ${brief}: as short as can be. */
void plot_tick_word(char dst[REPORT_WORD_MAX], const struct ticks *ticks, int64_t wall_s, bool brief);

/** plot_time_axis(out, p): Lines and words at such moments.  plot_value_axis(out, p, top_ms): from 0 to ${top_ms}. */
void plot_time_axis(FILE *out, const struct plot *p);
void plot_value_axis(FILE *out, const struct plot *p, double top_ms);

#endif
