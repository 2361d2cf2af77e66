/* What doctor says: a line a check, its mark in front, and below what is not ok its mend. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "text.h"

enum { MARK_COLUMNS = 9, WORD_COLUMNS = 15, LINE_MAX_BYTES = 1024 };

static const struct {
    const char *word;
    enum colour colour;
} marks[MARK_COUNT] = {
    [MARK_OK] = {"ok", COLOUR_GOOD},
    [MARK_UNCLEAR] = {"-", COLOUR_DIM},
    [MARK_WARNING] = {"warning", COLOUR_DOUBT},
    [MARK_WRONG] = {"wrong", COLOUR_BAD},
};

/* Behind ${head}.  What was read somewhere, as snmpd's file, moves no cursor. */
__attribute__((format(printf, 3, 0))) static void print(struct doctor *d, const char *head, const char *format,
                                                        va_list arguments)
{
    char line[LINE_MAX_BYTES], shown[2 * LINE_MAX_BYTES];
    const size_t n = (size_t)snprintf(line, sizeof line, "%s", head);
    (void)vsnprintf(line + n, sizeof line - n, format, arguments);
    (void)text_readable(shown, sizeof shown, line, strlen(line));
    terminal_wrap(&d->terminal, shown, COLOUR_NONE, MARK_COLUMNS + WORD_COLUMNS);
    (void)fflush(d->terminal.out);
}

void doctor_begin(struct doctor *d, const char *word)
{
    d->check = word;
    d->said = d->left_out = 0;
    d->worst = MARK_OK;
}

void doctor_say(struct doctor *d, enum mark mark, const char *format, ...)
{
    va_list arguments;
    if (mark > d->worst)
        d->worst = mark;
    if (mark != MARK_OK && d->said++ >= DOCTOR_SAID_MAX) {
        d->left_out++;
        return;
    }
    terminal_put(&d->terminal, marks[mark].word, marks[mark].colour, MARK_COLUMNS);
    terminal_put(&d->terminal, d->check, COLOUR_NONE, WORD_COLUMNS);
    d->check = "";
    va_start(arguments, format);
    print(d, "", format, arguments);
    va_end(arguments);
}

void doctor_mend(struct doctor *d, const char *format, ...)
{
    va_list arguments;
    if (d->left_out > 0)
        return;
    (void)fprintf(d->terminal.out, "%*s", MARK_COLUMNS + WORD_COLUMNS, "");
    va_start(arguments, format);
    print(d, "mend: ", format, arguments);
    va_end(arguments);
}

void doctor_split(struct doctor *d, enum mark mark, const char *line)
{
    const char *semicolon = NULL;
    for (const char *next = line; (next = strstr(next, "; ")) != NULL; next++)
        semicolon = next;
    doctor_say(d, mark, "%.*s", (int)(semicolon != NULL ? semicolon - line : (ptrdiff_t)strlen(line)), line);
    if (semicolon != NULL)
        doctor_mend(d, "%s", semicolon + 2);
}

void doctor_end(struct doctor *d)
{
    if (d->left_out > 0)
        (void)fprintf(d->terminal.out, "%*sand %zu more\n", MARK_COLUMNS + WORD_COLUMNS, "", d->left_out);
    d->marks[d->worst]++;
}

/* --- the end --- */

static void say_next(struct doctor *d)
{
    const char *file = d->file;
    FILE *out = d->terminal.out;
    if (d->marks[MARK_WRONG] > 0)
        (void)fprintf(out, "The first mistake first: others may go with it.  Then: emailmon doctor -c %s\n", file);
    else if (d->paths.count == 0)
        (void)fprintf(out, "Next: a monitor in %s, then doctor once more: it tries its mail path.\n", file);
    else if (!d->running)
        (void)fprintf(out,
                      "Next: systemctl enable --now emailmon (or: emailmon run -c %s), then doctor once more, to see "
                      "the table through snmpd.\n",
                      file);
    else
        (void)fprintf(out, "What it finds out: emailmon status -c %s\n", file);
    if (d->peer[0] != '\0' && d->marks[MARK_WRONG] == 0)
        (void)fprintf(out,
                      "The same at a console: snmpbulkwalk -v2c -c COMMUNITY %s "
                      "EMAIL-MONITOR-MIB::emailMonOperStatus\n",
                      d->peer);
}

void doctor_sum(struct doctor *d)
{
    FILE *out = d->terminal.out;
    const size_t wrong = d->marks[MARK_WRONG], warnings = d->marks[MARK_WARNING], unclear = d->marks[MARK_UNCLEAR];
    (void)fputc('\n', out);
    if (wrong > 0)
        (void)fprintf(out, "%zu check%s wrong", wrong, wrong == 1 ? " is" : "s are");
    else
        (void)fputs(warnings + unclear > 0 ? "Nothing is wrong" : "All is well", out);
    if (warnings > 0)
        (void)fprintf(out, ", %zu warning%s", warnings, warnings == 1 ? "" : "s");
    if (unclear > 0)
        (void)fprintf(out, ", %zu could not be judged", unclear);
    (void)fputs(".\n", out);
    say_next(d);
}
