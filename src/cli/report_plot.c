#include "report_plot.h"

#include <time.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY };

double plot_x(const struct plot *p, int64_t wall_ms)
{
    const double whole = (double)(p->window->to_ms - p->window->from_ms);
    return p->left + (p->right - p->left) * (double)(wall_ms - p->window->from_ms) / whole;
}

void plot_bar(FILE *out, double x, double y, double width, double height)
{
    (void)fprintf(out, "M%.1f %.1fh%.1fv%.1fh-%.1fz", x, y, width, height, width);
}

/* --- time --- */

struct ticks plot_ticks(const struct window *window, int most)
{
    static const int64_t steps_s[] = {MINUTE,   5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR,    2 * HOUR,
                                      3 * HOUR, 6 * HOUR,   12 * HOUR,   DAY,         2 * DAY, WEEK,
                                      2 * WEEK, 5 * WEEK,   13 * WEEK,   52 * WEEK};
    const int64_t from_s = window->from_ms / 1000, to_s = window->to_ms / 1000;
    const time_t from = (time_t)from_s;
    struct tm local = {0};
    size_t i = 0;
    while (i + 1 < sizeof steps_s / sizeof steps_s[0] && (to_s - from_s) / steps_s[i] > most)
        i++;
    (void)localtime_r(&from, &local);
    const int64_t step_s = steps_s[i], here_s = from_s + local.tm_gmtoff;
    return (struct ticks){.first_s = (here_s / step_s + 1) * step_s - local.tm_gmtoff, .step_s = step_s};
}

void plot_tick_word(char dst[REPORT_WORD_MAX], const struct ticks *ticks, int64_t wall_s, bool brief)
{
    enum moment_form form = MOMENT_DATE;
    if (ticks->step_s < DAY)
        form = MOMENT_CLOCK;
    else if (ticks->step_s < WEEK)
        form = brief ? MOMENT_DAY : MOMENT_WEEKDAY;
    report_moment(dst, wall_s * 1000, form);
}

void plot_time_axis(FILE *out, const struct plot *p)
{
    enum { MOST = 7, LABEL_WIDTH = 28, BELOW = 12 };
    const struct ticks ticks = plot_ticks(p->window, MOST);
    for (int64_t s = ticks.first_s; s * 1000 <= p->window->to_ms; s += ticks.step_s) {
        char word[REPORT_WORD_MAX];
        const double x = plot_x(p, s * 1000);
        plot_tick_word(word, &ticks, s, true);
        (void)fprintf(out, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>", x, p->top, p->bottom + 3);
        if (x + LABEL_WIDTH <= p->right)
            (void)fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">%s</text>", x + 3, p->bottom + BELOW, word);
    }
}

/* --- values --- */

void plot_value_axis(FILE *out, const struct plot *p, double top_ms)
{
    enum { PARTS = 2 };
    char word[REPORT_WORD_MAX];
    for (int i = 0; i <= PARTS; i++) {
        const double y = p->bottom - (p->bottom - p->top) * i / PARTS;
        report_ms(word, top_ms * i / PARTS);
        (void)fprintf(out, "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/>", p->left, y, p->right);
        (void)fprintf(out, "<text class=\"value\" x=\"%.0f\" y=\"%.1f\">%s</text>", p->left - 5, y + 3.5,
                      i == 0 ? "0" : word);
    }
}
