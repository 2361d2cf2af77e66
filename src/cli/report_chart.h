/*
 * The pictures of a page: SVG that is drawn with the page's own styles (report.css), each with a title that says in
 * words what it shows.
 */
#ifndef EMAILMON_REPORT_CHART_H
#define EMAILMON_REPORT_CHART_H

#include <stdio.h>

#include "report_plot.h"

/** chart_strip(out, s, window): The verdict over time, as small as it can be.  chart_verdicts(out, s, window): The same
 *  with its axis, and for each sample what it holds, where the pointer rests on it. */
void chart_strip(FILE *out, const struct series *s, const struct window *window);
void chart_verdicts(FILE *out, const struct series *s, const struct window *window);

/** chart_times(out, s, time, name, window): How long that took over time: mean and worst. */
void chart_times(FILE *out, const struct series *s, enum sample_time time, const char *name,
                 const struct window *window);

/** chart_downs(out, s, p): When it was down, within another picture. */
void chart_downs(FILE *out, const struct series *s, const struct plot *p);

/** chart_phases(out, status): What the last poll took its time for. */
void chart_phases(FILE *out, const struct status *status);

#endif
