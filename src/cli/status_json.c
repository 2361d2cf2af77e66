/* The status as a program reads it (RFC 8259).  docs/status-json.md describes each field, and a test compares. */
#include <inttypes.h>
#include <stdio.h>

#include "status_view.h"

/* UTF-8 stays as it is; texts hold no control characters, but a name in the file might have come from elsewhere. */
static void print_string(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            (void)fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            (void)fprintf(out, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void print_time(FILE *out, int64_t wall_ms)
{
    char time[sizeof "2026-11-24T03:11:55Z"];
    time_print_utc(time, sizeof time, wall_ms);
    print_string(out, time);
}

/* Whether what view_word() says is a number. */
static bool is_number(enum status_kind kind)
{
    switch (kind) {
    case STATUS_GAUGE:
    case STATUS_COUNTER:
    case STATUS_DAYS:
    case STATUS_AGE:
        return true;
    case STATUS_VERDICT:
    case STATUS_PROOF:
    case STATUS_LEG:
    case STATUS_STAGE:
    case STATUS_CAUSE:
    case STATUS_TIME:
    case STATUS_TEXT:
        break;
    }
    return false;
}

static void print_value(const struct view *view, const struct view_row *row, const struct status_column *column,
                        FILE *out)
{
    char word[VIEW_WORD_MAX];
    view_word(word, sizeof word, &row->status, column, view->now_ms);
    if (word[0] == '\0' && column->kind != STATUS_TEXT)
        (void)fputs("null", out);
    else if (is_number(column->kind))
        (void)fputs(word, out);
    else
        print_string(out, word);
}

static void print_event(const struct event *e, FILE *out)
{
    const struct {
        const char *key, *word;
    } words[] = {
        {"kind", event_kind_word((enum event_kind)e->kind)},
        {"old", verdict_word((enum verdict)e->old)},
        {"new", verdict_word((enum verdict)e->new)},
        {"proof", proof_word((enum proof)e->proof)},
        {"leg", leg_word((enum leg)e->leg)},
        {"stage", stage_word((enum stage)e->stage)},
        {"cause", cause_word((enum cause)e->cause)},
        {"text", text_bytes(e->text)},
        {"name", text_bytes(e->name)},
    };
    (void)fprintf(out, "{\"seq\": %" PRIu32 ", \"time\": ", e->seq);
    print_time(out, e->time_ms);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        (void)fprintf(out, ", \"%s\": ", words[i].key);
        print_string(out, words[i].word);
    }
    (void)fputc('}', out);
}

static void print_events(const struct view_details *details, FILE *out)
{
    (void)fputs(", \"events\": [", out);
    for (size_t i = 0; i < details->event_count; i++) {
        (void)fputs(i == 0 ? "" : ", ", out);
        print_event(&details->events[i], out);
    }
    (void)fputc(']', out);
}

static void print_row(const struct view *view, const struct view_row *row, const struct view_details *details,
                      FILE *out)
{
    if (row->index == 0)
        (void)fputs("{\"index\": null", out);
    else
        (void)fprintf(out, "{\"index\": %" PRId32, row->index);
    (void)fputs(", \"name\": ", out);
    print_string(out, row->name);
    for (size_t i = 0; i < status_column_count; i++) {
        const char *key = status_columns[i].kind == STATUS_AGE ? "proof_age_s" : status_columns[i].member;
        (void)fprintf(out, ", \"%s\": ", key);
        print_value(view, row, &status_columns[i], out);
    }
    if (details != NULL)
        print_events(details, out);
    (void)fputc('}', out);
}

void view_json(const struct view *view, const struct view_details *details, FILE *out, const char *line_end)
{
    (void)fprintf(out, "{\"schema\": %d, \"running\": %s, \"written\": ", VIEW_JSON_SCHEMA,
                  view->state.running ? "true" : "false");
    print_time(out, view->state.written_ms);
    (void)fputs(", \"monitors\": [", out);
    for (size_t i = 0; i < view->count; i++) {
        (void)fprintf(out, "%s%s", i == 0 ? "" : ",", line_end);
        print_row(view, &view->rows[i], details, out);
    }
    (void)fprintf(out, "%s]}\n", line_end);
}
