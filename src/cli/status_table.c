/* The status as a person reads it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "status_view.h"
#include "terminal.h"

enum { CELL_MAX = 512, GAP = 2, WHY_LEAST = 24 };

struct table_column {
    const char *head;
    void (*cell)(char *dst, size_t size, const struct view *view, const struct view_row *row);
    bool last; /* takes what is left of the line */
};

static void cell_name(char *dst, size_t size, const struct view *view, const struct view_row *row)
{
    (void)view;
    (void)snprintf(dst, size, "%s", row->name);
}

static void cell_verdict(char *dst, size_t size, const struct view *view, const struct view_row *row)
{
    (void)view;
    (void)snprintf(dst, size, "%s", verdict_word((enum verdict)row->status.verdict));
}

static void cell_proof(char *dst, size_t size, const struct view *view, const struct view_row *row)
{
    (void)view;
    bool any = row->status.proof != PROOF_NONE;
    (void)snprintf(dst, size, "%s", any ? proof_word((enum proof)row->status.proof) : "-");
}

static void span_since(char *dst, size_t size, int64_t then_ms, int64_t now_ms)
{
    if (then_ms == 0)
        (void)snprintf(dst, size, "-");
    else
        terminal_span(dst, size, now_ms - then_ms);
}

static void cell_since(char *dst, size_t size, const struct view *view, const struct view_row *row)
{
    span_since(dst, size, row->status.last_change, view->now_ms);
}

static void cell_last_poll(char *dst, size_t size, const struct view *view, const struct view_row *row)
{
    char span[32];
    span_since(span, sizeof span, row->status.last_poll, view->now_ms);
    (void)snprintf(dst, size, "%s%s", span, row->status.last_poll == 0 ? "" : " ago");
}

static void cell_delivered(char *dst, size_t size, const struct view *view, const struct view_row *row)
{
    (void)view;
    (void)snprintf(dst, size, "%" PRIu32 "/%" PRIu32, row->status.delivered, row->status.sent);
}

static void cell_why(char *dst, size_t size, const struct view *view, const struct view_row *row)
{
    (void)view;
    (void)snprintf(dst, size, "%s", text_bytes(row->status.failure_text));
}

static const struct table_column columns[] = {
    {"MONITOR", cell_name, false}, {"IS", cell_verdict, false},          {"PROOF", cell_proof, false},
    {"SINCE", cell_since, false},  {"LAST POLL", cell_last_poll, false}, {"DELIVERED", cell_delivered, false},
    {"WHY", cell_why, true},
};
enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

static enum colour colour_of(const struct status *status)
{
    switch ((enum verdict)status->verdict) {
    case VERDICT_UP:
        return COLOUR_GOOD;
    case VERDICT_DOWN:
        return COLOUR_BAD;
    case VERDICT_UNKNOWN:
        return COLOUR_DOUBT;
    case VERDICT_DISABLED:
        break;
    }
    return COLOUR_DIM;
}

static void measure(const struct view *view, size_t widths[COLUMN_COUNT])
{
    char cell[CELL_MAX];
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        widths[c] = strlen(columns[c].head);
        for (size_t i = 0; i < view->count; i++) {
            columns[c].cell(cell, sizeof cell, view, &view->rows[i]);
            size_t width = terminal_columns(cell);
            if (width > widths[c])
                widths[c] = width;
        }
    }
    /* On a terminal the last column ends where the line does. */
    size_t used = 0, line = terminal_width();
    for (size_t c = 0; c + 1 < COLUMN_COUNT; c++)
        used += widths[c] + GAP;
    if (line > 0 && used + widths[COLUMN_COUNT - 1] > line)
        widths[COLUMN_COUNT - 1] = line > used + WHY_LEAST ? line - used : WHY_LEAST;
}

static void print_cell(const char *text, enum colour colour, size_t c, const size_t widths[COLUMN_COUNT])
{
    if (c > 0)
        (void)printf("%*s", GAP, "");
    bool fits = columns[c].last && terminal_columns(text) <= widths[c];
    terminal_put(text, colour, fits ? 0 : widths[c]);
}

static void print_counts(const struct view *view)
{
    size_t tally[VERDICT_DISABLED + 1] = {0};
    char span[32];
    for (size_t i = 0; i < view->count; i++)
        tally[view->rows[i].status.verdict]++;
    terminal_span(span, sizeof span, view->now_ms - view->state.written_ms);
    (void)printf("\n%zu monitor%s: %zu up, %zu down, %zu unknown, %zu disabled; ", view->count,
                 view->count == 1 ? "" : "s", tally[VERDICT_UP], tally[VERDICT_DOWN], tally[VERDICT_UNKNOWN],
                 tally[VERDICT_DISABLED]);
    if (view->state.running)
        (void)printf("as of %s ago\n", span);
    else
        (void)printf("emailmon is not running: this was so %s ago\n", span);
}

void view_table(const struct view *view)
{
    size_t widths[COLUMN_COUNT];
    char cell[CELL_MAX];
    measure(view, widths);
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        print_cell(columns[c].head, COLOUR_BOLD, c, widths);
    (void)putchar('\n');
    for (size_t i = 0; i < view->count; i++) {
        const struct view_row *row = &view->rows[i];
        for (size_t c = 0; c < COLUMN_COUNT; c++) {
            columns[c].cell(cell, sizeof cell, view, row);
            bool coloured = columns[c].cell == cell_verdict;
            print_cell(cell, coloured ? colour_of(&row->status) : COLOUR_NONE, c, widths);
        }
        (void)putchar('\n');
    }
    print_counts(view);
}

void view_row(const struct view *view, const struct view_row *row)
{
    char word[VIEW_WORD_MAX];
    size_t width = 0;
    for (size_t i = 0; i < status_column_count; i++) {
        size_t own = terminal_columns(status_columns[i].text);
        width = own > width ? own : width;
    }
    terminal_put(row->name, COLOUR_BOLD, 0);
    if (row->index != 0)
        (void)printf("  (index %" PRId32 ")", row->index);
    (void)putchar('\n');
    for (size_t i = 0; i < status_column_count; i++) {
        const struct status_column *column = &status_columns[i];
        view_word(word, sizeof word, &row->status, column, view->now_ms);
        (void)fputs("  ", stdout);
        terminal_put(column->text, COLOUR_DIM, width + GAP);
        terminal_put(word[0] == '\0' ? "-" : word,
                     column->kind == STATUS_VERDICT ? colour_of(&row->status) : COLOUR_NONE, 0);
        (void)putchar('\n');
    }
    if (!view->state.running)
        (void)puts("\nemailmon is not running: this was so when it ended");
}
