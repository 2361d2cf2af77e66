/* One monitor's own page: how it is and why, its counters and events; its legs are in page_legs.c. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "page_parts.h"
#include "phrases.h"

/* --- lines --- */

void page_label(const struct page *p, const char *label)
{
    (void)fputs("  ", p->t->out);
    terminal_put(p->t, label, COLOUR_DIM, PAGE_LABEL - 2);
}

void page_field(const struct page *p, const char *label, const char *text, enum colour colour)
{
    page_label(p, label);
    terminal_wrap(p->t, text, colour, PAGE_LABEL);
}

void page_add(char *text, const char *between, const char *format, ...)
{
    size_t n = strlen(text);
    va_list arguments;
    if (n > 0)
        n += (size_t)snprintf(text + n, PAGE_TEXT_MAX - n, "%s", between);
    if (n >= PAGE_TEXT_MAX)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text + n, PAGE_TEXT_MAX - n, format, arguments);
    va_end(arguments);
}

/* --- how it is --- */

static void print_title(const struct page *p)
{
    const struct view_details *d = p->details;
    enum verdict verdict = (enum verdict)p->status->verdict;
    terminal_put(p->t, p->row->name, COLOUR_BOLD, 0);
    (void)fputs("  ", p->t->out);
    terminal_put(p->t, verdict_word(verdict), phrase_colour(verdict), 0);
    (void)fputc('\n', p->t->out);
    if (d->definition != NULL && definition_has(d->definition, SETTING_description))
        terminal_wrap(p->t, definition_text(d->definition, SETTING_description), COLOUR_NONE, 0);
    (void)fputc('\n', p->t->out);
}

static void print_proof(const struct page *p)
{
    char text[PAGE_TEXT_MAX] = "", span[32];
    page_add(text, "", "%s", proof_word((enum proof)p->status->proof));
    if (p->status->proven_at != 0) {
        terminal_span(span, sizeof span, p->view->now_ms - p->status->proven_at);
        page_add(text, ", ", "the last probe was found %s ago", span);
    }
    page_field(p, "proof", text, COLOUR_NONE);
}

static void print_since(const struct page *p)
{
    char text[PAGE_TEXT_MAX] = "", span[32], time[sizeof "2026-11-24T03:11:55Z"];
    if (p->status->last_change == 0)
        return;
    terminal_span(span, sizeof span, p->view->now_ms - p->status->last_change);
    time_print_utc(time, sizeof time, p->status->last_change);
    page_add(text, "", "%s, %s", span, time);
    page_field(p, "since", text, COLOUR_NONE);
}

static void print_why(const struct page *p)
{
    const char *why = text_bytes(p->status->failure_text), *reply = text_bytes(p->status->server_reply);
    if (*why != '\0')
        page_field(p, "why", why, COLOUR_NONE);
    if (*reply != '\0' && strstr(why, reply) == NULL)
        page_field(p, "reply", reply, COLOUR_NONE);
}

static void print_polls(const struct page *p)
{
    char text[PAGE_TEXT_MAX] = "", span[32];
    const struct status *s = p->status;
    terminal_span(span, sizeof span, p->view->now_ms - s->last_poll);
    if (s->last_poll == 0)
        page_add(text, "", "not yet");
    else
        page_add(text, "", "%s ago, in %" PRIu32 " ms", span, s->poll_ms);
    if (p->view->state.running && s->next_poll > p->view->now_ms) {
        terminal_span(span, sizeof span, s->next_poll - p->view->now_ms);
        page_add(text, "; ", "next in %s", span);
    }
    page_field(p, "last poll", text, COLOUR_NONE);
}

static void print_settings(const struct page *p)
{
    char text[PAGE_TEXT_MAX] = "";
    const struct definition *d = p->details->definition;
    if (p->row->index != 0)
        page_add(text, "", "row %" PRId32, p->row->index);
    if (d == NULL) {
        page_add(text, ", ", "not in the file any more");
    } else {
        uint32_t failures = definition_number(d, SETTING_failures_before_down);
        page_add(text, ", ", "polled every %" PRIu32 " s", definition_number(d, SETTING_interval_s));
        if (failures > 1)
            page_add(text, ", ", "down after %" PRIu32 " failed polls in a row", failures);
    }
    page_field(p, "monitor", text, COLOUR_NONE);
}

/* --- counters --- */

struct count {
    const char *one, *many;
    uint32_t count;
    bool always; /* also when it is 0 */
};

static void print_count_line(const struct page *p, const char *label, const struct count *counts, size_t n)
{
    char text[PAGE_TEXT_MAX] = "";
    for (size_t i = 0; i < n; i++) {
        if (counts[i].count > 0 || counts[i].always)
            page_add(text, ", ", "%" PRIu32 " %s", counts[i].count,
                     counts[i].count == 1 ? counts[i].one : counts[i].many);
    }
    page_field(p, label, text, COLOUR_NONE);
}

static void print_counters(const struct page *p)
{
    const struct status *s = p->status;
    const struct count polls[] = {{"poll", "polls", s->polls, true},
                                  {"failed", "failed", s->polls_failed, true},
                                  {"of them just now", "of them in a row until now", s->consecutive_failures, false},
                                  {"start missed", "starts missed", s->skipped, false},
                                  {"event", "events", s->transitions, false}};
    const struct count probes[] = {{"probe accepted", "probes accepted", s->sent, true},
                                   {"found", "found", s->delivered, true},
                                   {"outstanding", "outstanding", s->outstanding, false},
                                   {"late", "late", s->late, false},
                                   {"in the junk folder", "in the junk folder", s->in_junk, false},
                                   {"given up", "given up", s->lost, false},
                                   {"bounced", "bounced", s->bounced, false},
                                   {"duplicate", "duplicates", s->duplicates, false},
                                   {"stray", "strays", s->strays, false},
                                   {"forged", "forged", s->forged, false}};
    (void)fputc('\n', p->t->out);
    print_count_line(p, "counted", polls, sizeof polls / sizeof polls[0]);
    print_count_line(p, "", probes, sizeof probes / sizeof probes[0]);
}

/* --- events --- */

static enum colour colour_of_event(const struct event *e)
{
    return e->kind == EVENT_CERTIFICATE ? COLOUR_DOUBT : phrase_colour((enum verdict)e->new);
}

static void print_event(const struct page *p, const char *label, const struct event *e)
{
    enum { KIND = 11 };
    char time[sizeof "2026-11-24T03:11:55Z"], why[PAGE_TEXT_MAX] = "", text[PAGE_TEXT_MAX] = "";
    size_t used = PAGE_LABEL + sizeof time - 1 + 2 + KIND + 2;
    time_print_utc(time, sizeof time, e->time_ms);
    view_why(why, sizeof why, (enum leg)e->leg, (enum stage)e->stage, (enum cause)e->cause, text_bytes(e->text));
    if (strcmp(text_bytes(e->name), p->row->name) != 0) /* its index was another monitor's, or it was renamed */
        page_add(text, "", "as %s", text_bytes(e->name));
    if (why[0] != '\0')
        page_add(text, ": ", "%s", why);
    page_label(p, label);
    (void)fprintf(p->t->out, "%s  ", time);
    terminal_put(p->t, event_kind_word((enum event_kind)e->kind), colour_of_event(e), text[0] == '\0' ? 0 : KIND);
    if (text[0] != '\0') {
        (void)fputs("  ", p->t->out);
        terminal_fit(p->t, text, COLOUR_NONE, used);
    }
    (void)fputc('\n', p->t->out);
}

static void print_events(const struct page *p)
{
    if (p->details->event_count > 0)
        (void)fputc('\n', p->t->out);
    for (size_t i = 0; i < p->details->event_count; i++)
        print_event(p, i == 0 ? "events" : "", &p->details->events[i]);
}

void view_page(const struct view *view, const struct view_row *row, const struct view_details *details,
               const struct terminal *t)
{
    const struct page p = {.t = t, .view = view, .row = row, .status = &row->status, .details = details};
    char as_of[96];
    print_title(&p);
    print_proof(&p);
    print_since(&p);
    print_why(&p);
    print_polls(&p);
    print_settings(&p);
    page_legs(&p);
    print_counters(&p);
    print_events(&p);
    view_as_of(as_of, sizeof as_of, view);
    (void)fputc('\n', t->out);
    terminal_put(t, as_of, view->state.running ? COLOUR_DIM : COLOUR_DOUBT, 0);
    (void)fputc('\n', t->out);
}
