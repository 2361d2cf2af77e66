/* The verdict over time. */
#include <inttypes.h>

#include "report_chart.h"
#include "report_plot.h"

/* What one stretch of time looks like: its verdict, and how much of it failed, in quarters. */
struct look {
    enum verdict worst;
    int quarters;
};

enum { QUARTERS = 4 };

static struct look look_of(const struct sample *s)
{
    const int quarters = (s->failed * QUARTERS + s->polls - 1) / s->polls;
    struct look l = {.worst = sample_worst(s), .quarters = quarters};
    if (l.worst == VERDICT_UP && l.quarters > 1)
        l.quarters = 1; /* failures that failures_before_down forgave */
    if (l.worst == VERDICT_DOWN && l.quarters == 0)
        l.quarters = 1; /* kept down */
    return l;
}

static bool same_look(struct look a, struct look b)
{
    return a.worst == b.worst && a.quarters == b.quarters;
}

/* Which part of a stretch is filled, from below: of its height. */
struct fill {
    double begin, part;
};

/* A path of the picture, in a style of that name. */
struct layer {
    const char *name;
    struct fill (*fills)(struct look l);
};

/* What is short must be seen too. */
static struct fill fill_quarters(int quarters)
{
    static const double parts[QUARTERS + 1] = {0, .45, .65, .85, 1};
    return (struct fill){.part = parts[quarters]};
}

static struct fill fills_up(struct look l)
{
    return (struct fill){.part = l.worst == VERDICT_UNKNOWN ? 0 : 1};
}

/* A band, so that it is another one also for who does not see its colour. */
static struct fill fills_unknown(struct look l)
{
    return (struct fill){.begin = .25, .part = l.worst == VERDICT_UNKNOWN ? .5 : 0};
}

static struct fill fills_failed(struct look l)
{
    return fill_quarters(l.worst != VERDICT_DOWN ? l.quarters : 0);
}

static struct fill fills_down(struct look l)
{
    return fill_quarters(l.worst == VERDICT_DOWN ? l.quarters : 0);
}

static const struct layer layers[] = {
    {"up", fills_up}, {"unknown", fills_unknown}, {"failed", fills_failed}, {"down", fills_down}};
enum { LAYERS = sizeof layers / sizeof layers[0] };

/* Neighbours that look the same are one: moves ${*i} behind them. */
static struct window take_run(const struct series *s, size_t *i, const struct window *window)
{
    const struct look look = look_of(&s->samples[*i]);
    struct window run = series_stretch(s, *i, window);
    for (++*i; *i < s->count && same_look(look, look_of(&s->samples[*i])); ++*i) {
        const struct window next = series_stretch(s, *i, window);
        if (next.from_ms > run.to_ms)
            break;
        run.to_ms = next.to_ms;
    }
    return run;
}

static void draw_layer(FILE *out, const struct series *s, const struct plot *p, const struct layer *layer)
{
    enum { WIDTH_LEAST = 2 };
    const double height = p->bottom - p->top;
    bool begun = false;
    for (size_t i = 0; i < s->count;) {
        const struct fill fill = layer->fills(look_of(&s->samples[i]));
        const struct window run = take_run(s, &i, p->window);
        const double x = plot_x(p, run.from_ms), width = plot_x(p, run.to_ms) - x;
        if (fill.part <= 0)
            continue;
        if (!begun)
            (void)fprintf(out, "<path class=\"%s\" d=\"", layer->name);
        begun = true;
        plot_bar(out, x, p->bottom - (fill.begin + fill.part) * height, width < WIDTH_LEAST ? WIDTH_LEAST : width,
                 fill.part * height);
    }
    if (begun)
        (void)fputs("\"/>", out);
}

static void draw_verdicts(FILE *out, const struct series *s, const struct plot *p)
{
    (void)fprintf(out, "<path class=\"none\" d=\"M%.0f %.1fH%.0f\"/>", p->left, (p->top + p->bottom) / 2, p->right);
    for (size_t i = 0; i < LAYERS; i++)
        draw_layer(out, s, p, &layers[i]);
}

static void title_verdicts(FILE *out, const struct series *s)
{
    char share[REPORT_WORD_MAX];
    report_availability(share, &s->all);
    if (s->all.polls == 0)
        (void)fputs("<title>No polls in this time</title>", out);
    else
        (void)fprintf(out, "<title>%" PRIu64 " polls, %" PRIu64 " failed: %s available</title>", s->all.polls,
                      s->all.failed, share);
}

void chart_strip(FILE *out, const struct series *s, const struct window *window)
{
    const struct plot p = {.left = 0, .right = 336, .top = 0, .bottom = 20, .window = window};
    (void)fputs("<svg class=\"strip\" viewBox=\"0 0 336 20\" preserveAspectRatio=\"none\" role=\"img\">", out);
    title_verdicts(out, s);
    draw_verdicts(out, s, &p);
    (void)fputs("</svg>", out);
}

/* --- with its axis --- */

static void print_mean(FILE *out, const struct sample *s, enum sample_time time, const char *name)
{
    char word[REPORT_WORD_MAX];
    if (s->measured[time] == 0)
        return;
    report_ms(word, (double)s->sum_ms[time] / s->measured[time]);
    (void)fprintf(out, ", %s %s", name, word);
}

static void explain(FILE *out, const struct sample *s, const struct window *stretch)
{
    char from[REPORT_WORD_MAX], to[REPORT_WORD_MAX];
    report_moment(from, stretch->from_ms, MOMENT_MINUTE);
    report_moment(to, stretch->to_ms, MOMENT_CLOCK);
    (void)fprintf(out, "<title>%s–%s: %s; %u poll%s, %u failed", from, to, verdict_word(sample_worst(s)),
                  (unsigned)s->polls, s->polls == 1 ? "" : "s", (unsigned)s->failed);
    print_mean(out, s, SAMPLE_SEND, "send");
    print_mean(out, s, SAMPLE_LOOK, "look");
    print_mean(out, s, SAMPLE_DELIVERY, "delivery");
    (void)fputs("</title>", out);
}

/* Outside of the picture, which is stretched to whatever width there is. */
static void print_axis(FILE *out, const struct window *window)
{
    enum { MOST = 8 };
    const struct plot percents = {.left = 0, .right = 100, .window = window};
    const struct ticks ticks = plot_ticks(window, MOST);
    (void)fputs("<div class=\"axis\" aria-hidden=\"true\">", out);
    for (int64_t s = ticks.first_s; s * 1000 <= window->to_ms; s += ticks.step_s) {
        char word[REPORT_WORD_MAX];
        plot_tick_word(word, &ticks, s, false);
        (void)fprintf(out, "<span style=\"left:%.2f%%\">%s</span>", plot_x(&percents, s * 1000), word);
    }
    (void)fputs("</div>", out);
}

void chart_verdicts(FILE *out, const struct series *s, const struct window *window)
{
    const struct plot p = {.left = 0, .right = 1000, .top = 0, .bottom = 26, .window = window};
    (void)fputs("<svg class=\"verdicts\" viewBox=\"0 0 1000 26\" preserveAspectRatio=\"none\" role=\"img\">", out);
    title_verdicts(out, s);
    draw_verdicts(out, s, &p);
    (void)fputs("<g class=\"hover\">", out);
    for (size_t i = 0; i < s->count; i++) {
        const struct window stretch = series_stretch(s, i, window);
        const double x = plot_x(&p, stretch.from_ms);
        (void)fputs("<path d=\"", out);
        plot_bar(out, x, p.top, plot_x(&p, stretch.to_ms) - x, p.bottom - p.top);
        (void)fputs("\">", out);
        explain(out, &s->samples[i], &stretch);
        (void)fputs("</path>", out);
    }
    (void)fputs("</g></svg>", out);
    print_axis(out, window);
}

void chart_downs(FILE *out, const struct series *s, const struct plot *p)
{
    draw_layer(out, s, p, &layers[LAYERS - 1]);
}
