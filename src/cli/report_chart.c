#include "report_chart.h"

#include "leg_status.h"
#include "report_plot.h"

/* What a picture can be as high as: so many of a power of ten; half of it is round too. */
static double round_up(double value)
{
    static const double steps[] = {1, 1.5, 2, 3, 4, 6, 8};
    for (double power = 1;; power *= 10) {
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            if (steps[i] * power >= value)
                return steps[i] * power;
        }
    }
}

/* --- times --- */

static double mean_ms(const struct sample *s, enum sample_time time)
{
    return (double)s->sum_ms[time] / s->measured[time];
}

/* Worst times may be far above all others: then they leave the picture, and the words say how far. */
static double top_of(const struct series *s, enum sample_time time)
{
    enum { MEANS = 4 };
    double mean = 1, worst = s->all.worst_ms[time];
    for (size_t i = 0; i < s->count; i++) {
        if (s->samples[i].measured[time] > 0 && mean_ms(&s->samples[i], time) > mean)
            mean = mean_ms(&s->samples[i], time);
    }
    worst = worst < mean ? mean : worst;
    return round_up(worst < MEANS * mean ? worst : MEANS * mean);
}

struct curve {
    const struct series *series;
    const struct plot *plot;
    enum sample_time time;
    double top_ms;
};

static double y_of(const struct curve *c, double ms)
{
    const double part = ms < c->top_ms ? ms / c->top_ms : 1;
    return c->plot->bottom - (c->plot->bottom - c->plot->top) * part;
}

static double middle_of(const struct curve *c, size_t i)
{
    const struct window stretch = series_stretch(c->series, i, c->plot->window);
    return plot_x(c->plot, stretch.from_ms + (stretch.to_ms - stretch.from_ms) / 2);
}

/* Where the run of samples ends that begins with the ${first}: each measured, and no pause between. */
static size_t run_end(const struct curve *c, size_t first)
{
    size_t i = first;
    while (i < c->series->count && c->series->samples[i].measured[c->time] > 0) {
        const struct window stretch = series_stretch(c->series, i, c->plot->window);
        i++;
        if (i < c->series->count && sample_begin_ms(&c->series->samples[i]) > stretch.to_ms)
            break;
    }
    return i;
}

static double worst_of(const struct curve *c, size_t i)
{
    return y_of(c, c->series->samples[i].worst_ms[c->time]);
}

static double mean_of(const struct curve *c, size_t i)
{
    return y_of(c, mean_ms(&c->series->samples[i], c->time));
}

static void draw_line(FILE *out, const struct curve *c, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        (void)fprintf(out, "%c%.1f %.1f", i == first ? 'M' : 'L', middle_of(c, i), mean_of(c, i));
}

/* A point by itself is a line without length: it is drawn with round ends. */
static void draw_dot(FILE *out, const struct curve *c, size_t first, size_t end)
{
    if (end == first + 1)
        (void)fprintf(out, "M%.1f %.1fh.1", middle_of(c, first), mean_of(c, first));
}

static void draw_band(FILE *out, const struct curve *c, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        (void)fprintf(out, "%c%.1f %.1f", i == first ? 'M' : 'L', middle_of(c, i), worst_of(c, i));
    for (size_t i = end; i-- > first;)
        (void)fprintf(out, "L%.1f %.1f", middle_of(c, i), mean_of(c, i));
    (void)fputc('z', out);
}

static void draw_runs(FILE *out, const struct curve *c, const char *class,
                      void (*draw)(FILE *out, const struct curve *c, size_t first, size_t end))
{
    (void)fprintf(out, "<path class=\"%s\" d=\"", class);
    for (size_t i = 0; i < c->series->count;) {
        const size_t end = run_end(c, i);
        if (end > i)
            draw(out, c, i, end);
        i = end > i ? end : i + 1;
    }
    (void)fputs("\"/>", out);
}

static void caption(FILE *out, const struct sample_sums *all, enum sample_time time, const char *name)
{
    char mean[REPORT_WORD_MAX], worst[REPORT_WORD_MAX];
    (void)fprintf(out, "<figcaption><b>%s</b>", name);
    if (all->measured[time] > 0) {
        report_ms(mean, (double)all->sum_ms[time] / (double)all->measured[time]);
        report_ms(worst, all->worst_ms[time]);
        (void)fprintf(out, " %s <span>worst %s</span>", mean, worst);
    }
    (void)fputs("</figcaption>", out);
}

void chart_times(FILE *out, const struct series *s, enum sample_time time, const char *name,
                 const struct window *window)
{
    const struct plot p = {.left = 44, .right = 296, .top = 8, .bottom = 94, .window = window};
    const struct curve c = {.series = s, .plot = &p, .time = time, .top_ms = top_of(s, time)};
    (void)fputs("<figure>", out);
    caption(out, &s->all, time, name);
    (void)fprintf(
        out, "<svg class=\"times\" viewBox=\"0 0 300 110\" role=\"img\"><title>%s over time, mean and worst</title>",
        name);
    chart_downs(out, s, &p);
    plot_time_axis(out, &p);
    plot_value_axis(out, &p, c.top_ms);
    draw_runs(out, &c, "worst", draw_band);
    draw_runs(out, &c, "mean", draw_line);
    draw_runs(out, &c, "mean dot", draw_dot);
    if (s->all.measured[time] == 0)
        (void)fprintf(out, "<text class=\"empty\" x=\"%.0f\" y=\"%.0f\">nothing measured</text>",
                      (p.left + p.right) / 2, (p.top + p.bottom) / 2);
    (void)fputs("</svg></figure>", out);
}

/* --- the last poll --- */

enum { PHASE_HEIGHT = 16, LEGEND_TOP = 84, LEGEND_SIZE = 8 };

static void draw_phase(FILE *out, const struct phase *phase, double x, double width, double y, size_t shade)
{
    char word[REPORT_WORD_MAX];
    report_ms(word, phase->ms);
    (void)fprintf(out, "<path class=\"phase p%zu\" d=\"", shade);
    plot_bar(out, x, y, width < 1 ? 1 : width, PHASE_HEIGHT);
    (void)fprintf(out, "\"><title>%s %s</title></path>", phase->word, word);
}

/* Those before the last, which is the whole. */
static size_t count_phases(const struct leg_status *leg)
{
    size_t n = 0;
    while (n + 1 < PHASES_MAX && leg->phases[n + 1].word != NULL)
        n++;
    return n;
}

/* As long as the whole, or as its phases together: each was rounded up by itself. */
static uint32_t length_ms(const struct leg_status *leg)
{
    const size_t phases = count_phases(leg);
    uint32_t sum_ms = 0;
    for (size_t i = 0; i < phases; i++)
        sum_ms += leg->phases[i].ms;
    return sum_ms > leg->phases[phases].ms ? sum_ms : leg->phases[phases].ms;
}

static void draw_leg(FILE *out, const struct leg_status *leg, double per_ms, double y)
{
    char word[REPORT_WORD_MAX];
    const size_t phases = count_phases(leg);
    const uint32_t whole = leg->phases[phases].ms;
    double x = 50;
    report_ms(word, whole);
    (void)fprintf(out, "<text class=\"value\" x=\"45\" y=\"%.0f\">%s</text>", y + 12, leg->label);
    for (size_t i = 0; i < phases; i++) {
        const double width = leg->phases[i].ms * per_ms;
        if (leg->phases[i].ms > 0)
            draw_phase(out, &leg->phases[i], x, width, y, i);
        x += width;
    }
    (void)fprintf(out, "<text x=\"%.1f\" y=\"%.0f\">%s</text>", x + 5, y + 12, whole == 0 ? "not made" : word);
}

static void draw_legend(FILE *out)
{
    static const struct {
        const char *name;
        int x;
    } all[] = {{"connect", 0}, {"TLS", 58}, {"login", 98}, {"data, search", 144}, {"delete", 224}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        (void)fprintf(out, "<path class=\"phase p%zu\" d=\"", i);
        plot_bar(out, all[i].x, LEGEND_TOP, LEGEND_SIZE, LEGEND_SIZE);
        (void)fprintf(out, "\"/><text x=\"%d\" y=\"%d\">%s</text>", all[i].x + LEGEND_SIZE + 4,
                      LEGEND_TOP + LEGEND_SIZE, all[i].name);
    }
}

void chart_phases(FILE *out, const struct status *status)
{
    enum { ROOM = 190 };
    struct leg_status legs[LEG_STATUSES];
    uint32_t longest_ms = 1;
    leg_status_of(status, legs);
    for (size_t i = 0; i < LEG_STATUSES; i++) {
        if (length_ms(&legs[i]) > longest_ms)
            longest_ms = length_ms(&legs[i]);
    }
    (void)fputs("<figure><figcaption><b>The last poll</b></figcaption>", out);
    (void)fputs("<svg class=\"phases\" viewBox=\"0 0 300 110\" role=\"img\">"
                "<title>What the last poll took its time for</title>",
                out);
    for (size_t i = 0; i < LEG_STATUSES; i++)
        draw_leg(out, &legs[i], (double)ROOM / longest_ms, 8 + 30 * (double)i);
    draw_legend(out);
    (void)fputs("</svg></figure>", out);
}
