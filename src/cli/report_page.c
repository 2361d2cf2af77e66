#include "report_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report_chart.h"

/* --- words --- */

static const char *style_of(const struct status *s)
{
    return verdict_word((enum verdict)s->verdict);
}

/* A word of ours, in the style of its name. */
static void print_badge(FILE *out, const char *word)
{
    (void)fprintf(out, "<span class=\"badge %s\">%s</span>", word, word);
}

/* How long ago, and for the curious when. */
static void print_ago(FILE *out, const struct report_data *r, int64_t then_ms, const char *behind)
{
    char span[32], moment[REPORT_WORD_MAX];
    if (then_ms == 0) {
        (void)fputs("–", out);
        return;
    }
    terminal_span(span, sizeof span, r->view.now_ms - then_ms);
    report_moment(moment, then_ms, MOMENT_SECOND);
    (void)fprintf(out, "<time title=\"%s\">%s%s</time>", moment, span, behind);
}

/* --- the head --- */

static void print_title(FILE *out, const struct report_data *r)
{
    const size_t watched = r->count - r->tally[VERDICT_DISABLED], up = r->tally[VERDICT_UP];
    if (watched == 0)
        (void)fputs("No monitor is watched", out);
    else if (watched == 1 && up == 1)
        (void)fputs("The monitor is up", out);
    else if (watched == up)
        (void)fprintf(out, "All %zu monitors are up", watched);
    else
        (void)fprintf(out, "%zu of %zu monitor%s %s up", up, watched, watched == 1 ? "" : "s", up == 1 ? "is" : "are");
}

static void print_tiles(FILE *out, const struct report_data *r)
{
    static const struct {
        enum verdict verdict;
        const char *text;
    } tiles[] = {
        {VERDICT_DOWN, "down"}, {VERDICT_UNKNOWN, "unknown"}, {VERDICT_UP, "up"}, {VERDICT_DISABLED, "disabled"}};
    (void)fputs("<ul class=\"tiles\">\n", out);
    for (size_t i = 0; i < sizeof tiles / sizeof tiles[0]; i++) {
        const size_t n = r->tally[tiles[i].verdict];
        (void)fprintf(out, "<li class=\"%s%s\"><b>%zu</b> %s</li>\n", verdict_word(tiles[i].verdict),
                      n == 0 ? " zero" : "", n, tiles[i].text);
    }
    (void)fputs("</ul>\n", out);
}

static void print_made(FILE *out, const struct report_data *r)
{
    char moment[REPORT_WORD_MAX], utc[32];
    report_moment(moment, r->view.now_ms, MOMENT_WHOLE);
    time_print_utc(utc, sizeof utc, r->view.now_ms);
    (void)fprintf(out, "<p class=\"made\">Made on <time datetime=\"%s\">%s</time> by emailmon %s", utc, moment,
                  EMAILMON_VERSION);
    if (r->instance[0] != '\0')
        (void)fprintf(out, ", instance %s", r->instance);
    (void)fputs("</p>\n", out);
    if (r->view.state.running)
        return;
    (void)fputs("<p class=\"stale\" role=\"alert\">emailmon is not running: this was so ", out);
    print_ago(out, r, r->view.state.written_ms, " ago");
    (void)fputs(".</p>\n", out);
}

static void print_head(FILE *out, const struct report_data *r)
{
    (void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n"
                "<link rel=\"icon\" href=\"data:,\">\n<title>emailmon: ",
                out);
    print_title(out, r);
    (void)fprintf(out,
                  "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<p class=\"product\">emailmon</p>\n<h1>",
                  report_css);
    print_title(out, r);
    (void)fputs("</h1>\n", out);
    print_made(out, r);
    print_tiles(out, r);
    (void)fputs("</header>\n<main>\n", out);
}

/* --- the list --- */

static void print_name(FILE *out, const struct report_data *r, const struct report_row *row)
{
    const size_t place = (size_t)(row - r->rows);
    if (place < r->shown)
        (void)fprintf(out, "<a href=\"#m%zu\">", place + 1);
    html_text(out, row->row->name);
    if (place < r->shown)
        (void)fputs("</a>", out);
}

static const char *proof_text(const struct status *s)
{
    return s->proof == PROOF_ROUND_TRIP ? "round trip" : s->proof == PROOF_SEND_ONLY ? "sending only" : "";
}

static void print_line(FILE *out, const struct report_data *r, const struct report_row *row)
{
    const struct status *s = &row->row->status;
    struct series series;
    char share[REPORT_WORD_MAX];
    series_make(&series, row->samples, row->sample_count, &r->window);
    report_availability(share, &series.all);
    (void)fprintf(out, "<tr class=\"%s\"><td class=\"is\">", style_of(s));
    print_badge(out, style_of(s));
    (void)fputs("</td><th scope=\"row\">", out);
    print_name(out, r, row);
    (void)fputs("</th>", out);
    if (r->sampled) {
        (void)fputs("<td class=\"week\">", out);
        chart_strip(out, &series, &r->window);
        (void)fprintf(out, "</td><td class=\"share\">%s</td>", share);
    }
    (void)fputs("<td class=\"since\">", out);
    print_ago(out, r, s->last_change, "");
    (void)fprintf(out, "</td><td class=\"why\">%s", proof_text(s));
    if (text_length(s->failure_text) > 0) {
        (void)fputs(s->proof == PROOF_NONE ? "" : " · ", out);
        html_text(out, text_bytes(s->failure_text));
    }
    (void)fputs("</td></tr>\n", out);
}

static void print_span_of_window(FILE *out, const struct report_data *r)
{
    char from[REPORT_WORD_MAX], span[32];
    report_moment(from, r->window.from_ms, MOMENT_MINUTE);
    terminal_span(span, sizeof span, r->window.to_ms - r->window.from_ms);
    (void)fprintf(out, "<p class=\"legend\">The last %s, since %s: ", span, from);
    (void)fputs(
        "<span class=\"key up\">up</span> <span class=\"key failed\">failed, still up</span> "
        "<span class=\"key down\">down</span> <span class=\"key unknown\">unknown</span> "
        "<span class=\"key none\">nothing known</span>. A bar of failures is as high as their part of the polls.</p>\n",
        out);
}

/* What is not here, and how it can be seen. */
static void print_limits(FILE *out, const struct report_data *r)
{
    if (r->shown == r->count)
        return;
    (void)fputs("<p class=\"limits\">", out);
    if (r->listed < r->count)
        (void)fprintf(out, "The list shows the first %zu of %zu monitors, worst first. ", r->listed, r->count);
    (void)fprintf(out, "Charts are of the first %zu. Others: <code>emailmon report -c ", r->shown);
    html_text(out, r->file);
    (void)fputs(" -o FILE 'NAME*'</code></p>\n", out);
}

static void print_list(FILE *out, const struct report_data *r)
{
    (void)fputs("<section aria-labelledby=\"all\">\n<h2 id=\"all\">Monitors, worst first</h2>\n", out);
    if (r->sampled)
        print_span_of_window(out, r);
    else
        (void)fputs("<p class=\"legend\"><code>history: 0</code> keeps no samples: there is nothing to draw.</p>\n",
                    out);
    print_limits(out, r);
    (void)fprintf(
        out,
        "<table>\n<thead><tr><th scope=\"col\">Is</th><th scope=\"col\">Monitor</th>%s"
        "<th scope=\"col\" class=\"right\">Since</th><th scope=\"col\">Proof, or why not</th></tr></thead>\n<tbody>\n",
        r->sampled ? "<th scope=\"col\">Over time</th><th scope=\"col\" class=\"right\">Available</th>" : "");
    for (size_t i = 0; i < r->listed; i++)
        print_line(out, r, &r->rows[i]);
    (void)fputs("</tbody>\n</table>\n</section>\n", out);
}

/* --- one monitor --- */

static void print_fact(FILE *out, const char *name)
{
    (void)fprintf(out, "<div><dt>%s</dt><dd>", name);
}

static void end_fact(FILE *out)
{
    (void)fputs("</dd></div>\n", out);
}

static void print_pair(FILE *out, const char *name, const struct text *smtp, const struct text *incoming)
{
    if (text_length(smtp) + text_length(incoming) == 0)
        return;
    print_fact(out, name);
    html_text(out, text_length(smtp) == 0 ? "–" : text_bytes(smtp));
    (void)fputs(" / ", out);
    html_text(out, text_length(incoming) == 0 ? "–" : text_bytes(incoming));
    end_fact(out);
}

static void print_days(FILE *out, int32_t days)
{
    if (days == CERT_DAYS_NONE)
        (void)fputs("–", out);
    else
        (void)fprintf(out, "<span%s>%" PRId32 " d</span>", days < CERTIFICATE_WARN_DAYS ? " class=\"bad\"" : "", days);
}

static void print_facts(FILE *out, const struct report_data *r, const struct status *s)
{
    (void)fputs("<dl>\n", out);
    print_fact(out, "Last poll");
    print_ago(out, r, s->last_poll, " ago");
    end_fact(out);
    print_fact(out, "Proven");
    print_ago(out, r, s->proven_at, " ago");
    end_fact(out);
    print_fact(out, "Delivered");
    (void)fprintf(out, "%" PRIu32 " of %" PRIu32, s->delivered, s->sent);
    end_fact(out);
    if (s->late + s->lost + s->bounced > 0) {
        print_fact(out, "Late, lost, bounced");
        (void)fprintf(out, "%" PRIu32 ", %" PRIu32 ", %" PRIu32, s->late, s->lost, s->bounced);
        end_fact(out);
    }
    if (s->smtp_cert_days != CERT_DAYS_NONE || s->in_cert_days != CERT_DAYS_NONE) {
        print_fact(out, "Certificates, send / look");
        print_days(out, s->smtp_cert_days);
        (void)fputs(" / ", out);
        print_days(out, s->in_cert_days);
        end_fact(out);
    }
    print_pair(out, "TLS", s->smtp_tls_version, s->in_tls_version);
    print_pair(out, "Login", s->smtp_mechanism, s->in_mechanism);
    (void)fputs("</dl>\n", out);
}

/* Its index was another monitor's, or it was renamed. */
static void print_former_name(FILE *out, const struct report_row *row, const struct event *e)
{
    if (strcmp(text_bytes(e->name), row->row->name) == 0)
        return;
    (void)fputs("as ", out);
    html_text(out, text_bytes(e->name));
    (void)fputs(text_length(e->text) > 0 ? ": " : "", out);
}

static void print_events(FILE *out, const struct report_row *row)
{
    char moment[REPORT_WORD_MAX], utc[32];
    if (row->event_count == 0)
        return;
    (void)fputs("<ol class=\"events\" aria-label=\"Recent events\">\n", out);
    for (size_t i = 0; i < row->event_count; i++) {
        const struct event *e = &row->events[i];
        report_moment(moment, e->time_ms, MOMENT_SECOND);
        time_print_utc(utc, sizeof utc, e->time_ms);
        (void)fprintf(out, "<li><time datetime=\"%s\">%s</time> ", utc, moment);
        print_badge(out, event_kind_word((enum event_kind)e->kind));
        (void)fputc(' ', out);
        print_former_name(out, row, e);
        html_text(out, text_bytes(e->text));
        (void)fputs("</li>\n", out);
    }
    (void)fputs("</ol>\n", out);
}

static void print_why(FILE *out, const struct status *s)
{
    if (text_length(s->failure_text) == 0)
        return;
    (void)fputs("<p class=\"why\">", out);
    html_text(out, text_bytes(s->failure_text));
    (void)fputs("</p>\n", out);
}

static void print_pictures(FILE *out, const struct report_data *r, const struct report_row *row,
                           const struct series *series)
{
    if (r->sampled)
        chart_verdicts(out, series, &r->window);
    (void)fputs("\n<div class=\"pictures\">\n", out);
    if (r->sampled) {
        chart_times(out, series, SAMPLE_SEND, "Sending", &r->window);
        chart_times(out, series, SAMPLE_LOOK, "Looking", &r->window);
        chart_times(out, series, SAMPLE_DELIVERY, "Delivery", &r->window);
    }
    chart_phases(out, &row->row->status);
    (void)fputs("\n</div>\n", out);
}

static void print_monitor(FILE *out, const struct report_data *r, const struct report_row *row)
{
    const struct status *s = &row->row->status;
    struct series series;
    char share[REPORT_WORD_MAX];
    series_make(&series, row->samples, row->sample_count, &r->window);
    report_availability(share, &series.all);
    (void)fprintf(out, "<article id=\"m%zu\" class=\"%s\">\n<h3>", (size_t)(row - r->rows) + 1, style_of(s));
    print_badge(out, style_of(s));
    (void)fputc(' ', out);
    html_text(out, row->row->name);
    (void)fputs(" <small>", out);
    if (s->last_change != 0) {
        (void)fputs("for ", out);
        print_ago(out, r, s->last_change, "");
    }
    (void)fprintf(out, "%s%s%s%s</small></h3>\n", s->last_change != 0 && s->proof != PROOF_NONE ? ", proof: " : "",
                  proof_text(s), share[0] != '\0' ? " · available " : "", share);
    print_why(out, s);
    print_pictures(out, r, row, &series);
    print_facts(out, r, s);
    print_events(out, row);
    (void)fputs("</article>\n", out);
}

void report_print(FILE *out, const struct report_data *r)
{
    print_head(out, r);
    print_list(out, r);
    if (r->shown > 0)
        (void)fputs("<section aria-labelledby=\"each\">\n<h2 id=\"each\">Each of them</h2>\n", out);
    for (size_t i = 0; i < r->shown; i++)
        print_monitor(out, r, &r->rows[i]);
    if (r->shown > 0)
        (void)fputs("</section>\n", out);
    (void)fputs("</main>\n</body>\n</html>\n", out);
}
