/* The status as a program reads it: one object, its keys those of status.def (RFC 8259). */
#include <inttypes.h>
#include <stdio.h>

#include "status_view.h"

/* UTF-8 stays as it is; texts hold no control characters, but a name in the file might have come from elsewhere. */
static void print_string(const char *text)
{
    (void)putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            (void)printf("\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            (void)printf("\\u%04x", (unsigned)(unsigned char)*text);
        else
            (void)putchar(*text);
    }
    (void)putchar('"');
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

static void print_value(const struct view *view, const struct view_row *row, const struct status_column *column)
{
    char word[VIEW_WORD_MAX];
    view_word(word, sizeof word, &row->status, column, view->now_ms);
    if (word[0] == '\0' && column->kind != STATUS_TEXT)
        (void)fputs("null", stdout);
    else if (is_number(column->kind))
        (void)fputs(word, stdout);
    else
        print_string(word);
}

static void print_row(const struct view *view, const struct view_row *row)
{
    if (row->index == 0)
        (void)fputs("{\"index\": null", stdout);
    else
        (void)printf("{\"index\": %" PRId32, row->index);
    (void)fputs(", \"name\": ", stdout);
    print_string(row->name);
    for (size_t i = 0; i < status_column_count; i++) {
        const char *key = status_columns[i].kind == STATUS_AGE ? "proof_age_s" : status_columns[i].member;
        (void)printf(", \"%s\": ", key);
        print_value(view, row, &status_columns[i]);
    }
    (void)putchar('}');
}

void view_json(const struct view *view, const struct view_row *row)
{
    char written[sizeof "2026-11-24T03:11:55Z"];
    time_print_utc(written, sizeof written, view->state.written_ms);
    (void)printf("{\"running\": %s, \"written\": \"%s\", \"monitors\": [", view->state.running ? "true" : "false",
                 written);
    for (size_t i = 0; i < view->count; i++) {
        if (row != NULL && row != &view->rows[i])
            continue;
        (void)fputs(i == 0 || row != NULL ? "\n  " : ",\n  ", stdout);
        print_row(view, &view->rows[i]);
    }
    (void)puts("\n]}");
}
