/* All monitors, a line each. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "phrases.h"
#include "status_view.h"

enum { CELL_MAX = 512, GAP = 2, NAME_LEAST = 16, NAME_SHARE = 3, WHY_LEAST = 24 };

struct table {
    const struct view *view;
    const struct terminal *t;
    size_t shown; /* rows, from the first on */
};

struct table_column {
    const char *head;
    void (*cell)(char *dst, size_t size, const struct table *table, const struct view_row *row);
    unsigned leaves; /* which is the first to be left out where the line is too short; 0: none */
};

static void cell_name(char *dst, size_t size, const struct table *table, const struct view_row *row)
{
    (void)table;
    (void)snprintf(dst, size, "%s", row->name);
}

static void cell_verdict(char *dst, size_t size, const struct table *table, const struct view_row *row)
{
    (void)table;
    (void)snprintf(dst, size, "%s", verdict_word((enum verdict)row->status.verdict));
}

static void cell_proof(char *dst, size_t size, const struct table *table, const struct view_row *row)
{
    (void)table;
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

static void cell_since(char *dst, size_t size, const struct table *table, const struct view_row *row)
{
    span_since(dst, size, row->status.last_change, table->view->now_ms);
}

static void cell_last_poll(char *dst, size_t size, const struct table *table, const struct view_row *row)
{
    char span[32];
    span_since(span, sizeof span, row->status.last_poll, table->view->now_ms);
    (void)snprintf(dst, size, "%s%s", span, row->status.last_poll == 0 ? "" : " ago");
}

static void cell_delivered(char *dst, size_t size, const struct table *table, const struct view_row *row)
{
    (void)table;
    (void)snprintf(dst, size, "%" PRIu32 "/%" PRIu32, row->status.delivered, row->status.sent);
}

/* In a pipe the text is what traps and the MIB say, so that it can be searched for. */
static void cell_why(char *dst, size_t size, const struct table *table, const struct view_row *row)
{
    const struct status *s = &row->status;
    const char *text = text_bytes(s->failure_text);
    if (table->t->columns == 0)
        (void)snprintf(dst, size, "%s", text);
    else if (*text == '\0' && s->verdict != VERDICT_DISABLED && s->last_poll == 0)
        (void)snprintf(dst, size, "not polled yet");
    else if (*text == '\0' && s->proof == PROOF_SEND_ONLY)
        (void)snprintf(dst, size, "accepted, and not looked for yet");
    else
        view_why(dst, size, (enum leg)s->failure_leg, (enum stage)s->failure_stage, (enum cause)s->failure_cause, text);
}

static const struct table_column columns[] = {
    {"MONITOR", cell_name, 0}, {"IS", cell_verdict, 0},          {"PROOF", cell_proof, 3},
    {"SINCE", cell_since, 4},  {"LAST POLL", cell_last_poll, 2}, {"DELIVERED", cell_delivered, 1},
    {"WHY", cell_why, 0},
};
enum { NAME = 0, COLUMN_COUNT = sizeof columns / sizeof columns[0], WHY = COLUMN_COUNT - 1 };

/* --- how wide the columns are --- */

static void measure(const struct table *table, size_t widths[COLUMN_COUNT])
{
    char cell[CELL_MAX];
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        widths[c] = strlen(columns[c].head);
    for (size_t i = 0; i < table->shown; i++) {
        for (size_t c = 0; c < COLUMN_COUNT; c++) {
            columns[c].cell(cell, sizeof cell, table, &table->view->rows[i]);
            size_t width = terminal_columns(cell);
            if (width > widths[c])
                widths[c] = width;
        }
    }
}

/* What a line of ${line} columns has left behind those before the last one. */
static size_t room_for_why(const size_t widths[COLUMN_COUNT], size_t line)
{
    size_t used = 0;
    for (size_t c = 0; c < WHY; c++)
        used += widths[c] == 0 ? 0 : widths[c] + GAP;
    return used < line ? line - used : 0;
}

/* A column that is left out has the width 0.  Names are cut before anything is left out, and why a monitor is down
 * comes before how often it was up. */
static void fit(size_t widths[COLUMN_COUNT], size_t line)
{
    size_t wished = line * 2 / 5 > WHY_LEAST ? line * 2 / 5 : WHY_LEAST;
    size_t name_most = line / NAME_SHARE > NAME_LEAST ? line / NAME_SHARE : NAME_LEAST;
    if (wished > widths[WHY])
        wished = widths[WHY];
    if (room_for_why(widths, line) < widths[WHY] && widths[NAME] > name_most)
        widths[NAME] = name_most;
    for (unsigned turn = 1; turn <= COLUMN_COUNT && room_for_why(widths, line) < wished; turn++) {
        for (size_t c = 0; c < COLUMN_COUNT; c++) {
            if (columns[c].leaves == turn)
                widths[c] = 0;
        }
    }
    size_t room = room_for_why(widths, line);
    if (widths[WHY] > room)
        widths[WHY] = room;
}

/* --- printing --- */

/* A line under way: blanks are printed only in front of a text, so that no line ends with them. */
struct line {
    const struct table *table;
    const size_t *widths;
    size_t column; /* where the cell begins ... */
    size_t at;     /* ... and what was printed so far ends */
};

static void print_cell(struct line *l, size_t c, const char *text, enum colour colour)
{
    size_t width = l->widths[c], own = terminal_columns(text);
    if (width == 0)
        return;
    if (own > 0) {
        (void)fprintf(l->table->t->out, "%*s", (int)(l->column - l->at), "");
        terminal_put(l->table->t, text, colour, own > width ? width : 0);
        l->at = l->column + (own > width ? width : own);
    }
    l->column += width + GAP;
}

static void print_head(const struct table *table, const size_t widths[COLUMN_COUNT])
{
    struct line l = {.table = table, .widths = widths};
    for (size_t c = 0; c < COLUMN_COUNT; c++)
        print_cell(&l, c, columns[c].head, COLOUR_BOLD);
    (void)fputc('\n', table->t->out);
}

static void print_row(const struct table *table, const struct view_row *row, const size_t widths[COLUMN_COUNT])
{
    char cell[CELL_MAX];
    struct line l = {.table = table, .widths = widths};
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        columns[c].cell(cell, sizeof cell, table, row);
        bool coloured = columns[c].cell == cell_verdict;
        print_cell(&l, c, cell, coloured ? phrase_colour((enum verdict)row->status.verdict) : COLOUR_NONE);
    }
    (void)fputc('\n', table->t->out);
}

/* One line, or two where one is too long. */
static void print_counts(const struct table *table)
{
    const struct view *view = table->view;
    size_t tally[VERDICT_DISABLED + 1] = {0}, line = table->t->columns;
    char counts[160], as_of[96];
    for (size_t i = 0; i < view->count; i++)
        tally[view->rows[i].status.verdict]++;
    view_as_of(as_of, sizeof as_of, view);
    (void)snprintf(counts, sizeof counts, "%zu monitor%s: %zu up, %zu down, %zu unknown, %zu disabled", view->count,
                   view->count == 1 ? "" : "s", tally[VERDICT_UP], tally[VERDICT_DOWN], tally[VERDICT_UNKNOWN],
                   tally[VERDICT_DISABLED]);
    bool fits = line == 0 || strlen(counts) + strlen("; ") + strlen(as_of) <= line;
    (void)fputc('\n', table->t->out);
    terminal_fit(table->t, counts, COLOUR_NONE, 0);
    (void)fputs(fits ? "; " : "\n", table->t->out);
    terminal_fit(table->t, as_of, view->state.running ? COLOUR_NONE : COLOUR_DOUBT, fits ? strlen(counts) + 2 : 0);
    (void)fputc('\n', table->t->out);
}

void view_table(const struct view *view, const struct terminal *t, size_t most)
{
    size_t widths[COLUMN_COUNT];
    struct table table = {.view = view, .t = t, .shown = most > 0 && most < view->count ? most : view->count};
    measure(&table, widths);
    if (t->columns > 0)
        fit(widths, t->columns);
    print_head(&table, widths);
    for (size_t i = 0; i < table.shown; i++)
        print_row(&table, &view->rows[i], widths);
    if (table.shown < view->count)
        (void)fprintf(t->out, "%s and %zu more\n", t->utf8 ? "…" : "...", view->count - table.shown);
    print_counts(&table);
}
