/* The page of `emailmon report`: what stands in it, and what never does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_page.h"
#include "report_plot.h"

#define NOW_MS INT64_C(1795490000000) /* 2026-11-24T03:13:20Z */
enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

/* --- a page --- */

static struct view_row rows[2];
static struct report_row reported[2];
static struct report_data data;

static void put_text(const struct text **slot, const char *text)
{
    status_set_text(slot, text_new(text, strlen(text)));
}

/* Monitors `office`, up, and another, down, since an hour. */
static int begin(void **state)
{
    (void)state;
    memset(rows, 0, sizeof rows);
    memset(reported, 0, sizeof reported);
    for (size_t i = 0; i < 2; i++) {
        rows[i] = (struct view_row){.index = (int32_t)i + 1, .polled = true, .name = strdup(i == 0 ? "bad" : "office")};
        status_init(&rows[i].status);
        rows[i].status.verdict = i == 0 ? VERDICT_DOWN : VERDICT_UP;
        rows[i].status.proof = i == 0 ? PROOF_NONE : PROOF_ROUND_TRIP;
        rows[i].status.last_change = NOW_MS - HOUR_MS;
        rows[i].status.last_poll = NOW_MS - 5000;
        reported[i].row = &rows[i];
    }
    put_text(&rows[0].status.failure_text, "incoming: connecting: refused");
    data = (struct report_data){.view = {.state = {.written_ms = NOW_MS - 1000, .running = true}, .now_ms = NOW_MS},
                                .count = 2,
                                .rows = reported,
                                .listed = 2,
                                .shown = 2,
                                .sampled = true,
                                .window = {.from_ms = NOW_MS - 7 * DAY_MS, .to_ms = NOW_MS},
                                .file = "emailmon.yaml"};
    data.tally[VERDICT_DOWN] = data.tally[VERDICT_UP] = 1;
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        free(rows[i].name);
        status_clear(&rows[i].status);
        free(reported[i].samples);
        for (size_t n = 0; n < reported[i].event_count; n++)
            event_clear(&reported[i].events[n]);
    }
    return 0;
}

/* Hours that all went well, the last of them now. */
static void put_hours(struct report_row *row, size_t hours)
{
    row->samples = calloc(hours, sizeof *row->samples);
    assert_non_null(row->samples);
    for (size_t i = 0; i < hours; i++) {
        struct sample *s = &row->samples[i];
        sample_of_poll(s, NOW_MS - (int64_t)(hours - 1 - i) * HOUR_MS, VERDICT_UP, false);
        s->begin = s->begin / 64 * 64;
        s->doublings = 6;
        s->polls = 60;
        for (size_t t = 0; t < SAMPLE_TIMES; t++) {
            s->measured[t] = 60;
            s->sum_ms[t] = 60 * 40;
            s->worst_ms[t] = 120;
        }
    }
    row->sample_count = hours;
}

static const char *page(void)
{
    static char text[1 << 20];
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    report_print(out, &data);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void must_say(const char *part)
{
    if (strstr(page(), part) == NULL)
        fail_msg("the page does not say \"%s\"", part);
}

static void must_not_say(const char *part)
{
    if (strstr(page(), part) != NULL)
        fail_msg("the page says \"%s\"", part);
}

/* --- what stands in it --- */

static void what_a_person_asks(void **state)
{
    (void)state;
    put_hours(&reported[1], 168);
    must_say("<title>emailmon: 1 of 2 monitors is up</title>");
    must_say("<b>1</b> down");
    must_say("incoming: connecting: refused");
    must_say("10080 polls, 0 failed: 100 % available");
    must_say("<b>Sending</b> 40 ms <span>worst 120 ms</span>");
    must_say("<a href=\"#m2\">office</a>");
    must_not_say("not running");
    data.tally[VERDICT_DOWN] = 0;
    data.tally[VERDICT_UP] = 2;
    must_say("<title>emailmon: All 2 monitors are up</title>");
}

static void events_newest_first(void **state)
{
    (void)state;
    reported[0].event_count = 1;
    reported[0].events[0] = (struct event){
        .kind = EVENT_DOWN, .time_ms = NOW_MS - HOUR_MS, .name = text_new("bad", 3), .text = text_new("it <fell>", 9)};
    must_say("<time datetime=\"2026-11-24T02:13:20Z\">");
    must_say("<span class=\"badge down\">down</span> it &lt;fell&gt;</li>");
}

static void events_of_another_name(void **state)
{
    (void)state;
    reported[0].event_count = 2;
    reported[0].events[0] = (struct event){.kind = EVENT_UP, .name = text_new("bad", 3)};
    reported[0].events[1] =
        (struct event){.kind = EVENT_DOWN, .name = text_new("<old>", 5), .text = text_new("it fell", 7)};
    must_say("<span class=\"badge up\">up</span> </li>");
    must_say("<span class=\"badge down\">down</span> as &lt;old&gt;: it fell</li>");
}

static void hostile_words(void **state)
{
    (void)state;
    static const char hostile[] = "<script>alert(\"1\")</script> & 'x' \x01\x7F";
    static const char shown[] =
        "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; \xEF\xBF\xBD\xEF\xBF\xBD";
    static const struct text **const slots[] = {&rows[0].status.failure_text, &rows[0].status.smtp_tls_version,
                                                &rows[0].status.in_tls_version, &rows[0].status.smtp_mechanism,
                                                &rows[0].status.in_mechanism};
    free(rows[0].name);
    rows[0].name = strdup(hostile);
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++)
        put_text(slots[i], hostile);
    reported[0].event_count = 1;
    reported[0].events[0] = (struct event){.kind = EVENT_DOWN, .text = text_new(hostile, strlen(hostile))};
    data.file = hostile;
    data.count = 500;
    must_say(shown);
    must_not_say("<script");
    must_not_say("\x01");
    must_not_say("alert(\"");
}

static void nothing_from_elsewhere(void **state)
{
    (void)state;
    static const char *const never[] = {"://", "src=", "url(", "@import", "<script", "<iframe", "<object", "onload"};
    put_hours(&reported[1], 168);
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        must_not_say(never[i]);
}

static void what_is_left_out(void **state)
{
    (void)state;
    must_not_say("worst first. Charts");
    data.count = 5000;
    must_say("The list shows the first 2 of 5000 monitors, worst first. Charts are of the first 2.");
    must_say("emailmon report -c emailmon.yaml -o FILE");
}

static void without_history(void **state)
{
    (void)state;
    data.sampled = false;
    must_say("<code>history: 0</code> keeps no samples");
    must_not_say("class=\"strip\"");
    must_not_say("Sending");
    must_say("The last poll");
}

static void nothing_is_known_yet(void **state)
{
    (void)state;
    rows[0].status.last_poll = rows[0].status.last_change = 0;
    must_say("No polls in this time");
    must_say("nothing measured");
    data = (struct report_data){.rows = reported, .sampled = true, .window = {0, HOUR_MS}};
    must_say("No monitor is watched");
}

static void stale_state(void **state)
{
    (void)state;
    data.view.state.running = false;
    data.view.state.written_ms = NOW_MS - 3 * INT64_C(86400000);
    must_say("emailmon is not running: this was so ");
    must_say("3 d ago</time>.");
}

/* --- series --- */

static void only_the_window(void **state)
{
    (void)state;
    struct series s;
    struct sample samples[3];
    const struct window window = {NOW_MS - DAY_MS, NOW_MS};
    sample_of_poll(&samples[0], NOW_MS + 10 * (int64_t)DAY_MS, VERDICT_UP, false); /* a clock that was wrong */
    sample_of_poll(&samples[1], NOW_MS - HOUR_MS, VERDICT_DOWN, true);
    sample_of_poll(&samples[2], NOW_MS - 3 * (int64_t)DAY_MS, VERDICT_UP, false);
    series_make(&s, samples, 3, &window);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.all.polls, 1);
    assert_int_equal(s.all.failed, 1);
}

static void pauses(void **state)
{
    (void)state;
    struct series s;
    struct sample samples[5];
    static const int64_t ago_ms[] = {DAY_MS, DAY_MS - HOUR_MS, 2 * HOUR_MS, HOUR_MS, 0};
    const struct window window = {NOW_MS - 2 * DAY_MS, NOW_MS};
    for (size_t i = 0; i < 5; i++)
        sample_of_poll(&samples[4 - i], NOW_MS - ago_ms[i], VERDICT_UP, false); /* in no order */
    series_make(&s, samples, 5, &window);
    struct window stretch = series_stretch(&s, 0, &window);
    assert_int_equal(stretch.to_ms, sample_begin_ms(&s.samples[1])); /* until the next */
    stretch = series_stretch(&s, 1, &window);
    assert_int_equal(stretch.to_ms, sample_end_ms(&s.samples[1])); /* hours without any */
    stretch = series_stretch(&s, 4, &window);
    assert_int_equal(stretch.to_ms, NOW_MS);
}

/* --- words --- */

static void words(void **state)
{
    (void)state;
    static const struct {
        uint64_t polls, failed;
        const char *said;
    } shares[] = {{0, 0, ""},        {10, 0, "100 %"}, {100000, 1, "99.99 %"},
                  {3, 1, "66.66 %"}, {5, 5, "0 %"},    {20000, 19999, "0.00 %"}};
    static const struct {
        double ms;
        const char *said;
    } times[] = {{0.5, "0.5 ms"}, {40, "40 ms"}, {1500, "1.5 s"}, {15000, "15 s"}, {180000, "3 min"}};
    char said[REPORT_WORD_MAX];
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        report_availability(said, &(const struct sample_sums){.polls = shares[i].polls, .failed = shares[i].failed});
        assert_string_equal(said, shares[i].said);
    }
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        report_ms(said, times[i].ms);
        assert_string_equal(said, times[i].said);
    }
}

static void round_moments(void **state)
{
    (void)state;
    static const int64_t spans_ms[] = {
        60000, HOUR_MS, DAY_MS, 7 * (int64_t)DAY_MS, 400 * (int64_t)DAY_MS, 3650 * (int64_t)DAY_MS};
    for (size_t i = 0; i < sizeof spans_ms / sizeof spans_ms[0]; i++) {
        const struct window window = {NOW_MS - spans_ms[i], NOW_MS};
        const struct ticks ticks = plot_ticks(&window, 8);
        assert_true(ticks.first_s * 1000 > window.from_ms && ticks.step_s >= 60);
        assert_in_range((NOW_MS / 1000 - ticks.first_s) / ticks.step_s, 0, 11);
    }
}

int main(void)
{
#define SENTENCE(sentence, function) {sentence, function, begin, end, NULL}
    (void)setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        SENTENCE("the page says how many are up, who is not and why, and how it was over time", what_a_person_asks),
        SENTENCE("events stand with their moment and text", events_newest_first),
        SENTENCE("an event of the time when its index was another monitor's says whose it is", events_of_another_name),
        SENTENCE("names and replies are text, whatever they hold", hostile_words),
        SENTENCE("the page needs nothing from elsewhere and runs no script", nothing_from_elsewhere),
        SENTENCE("of very many monitors the page says what it leaves out, and how that can be seen", what_is_left_out),
        SENTENCE("without a history there are no charts, and the page says why", without_history),
        SENTENCE("a monitor of which nothing is known yet is shown so", nothing_is_known_yet),
        SENTENCE("the page says that emailmon does not run, and since when", stale_state),
        SENTENCE("samples outside of the window are not drawn", only_the_window),
        SENTENCE("a sample speaks until the next, but not for a pause", pauses),
        SENTENCE("shares are never rounded up, and times have three digits", words),
        SENTENCE("an axis has a few round moments, however long it is", round_moments),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
