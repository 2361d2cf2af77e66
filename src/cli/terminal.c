#include "terminal.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { TERMINAL_COLUMNS = 80, TERMINAL_LINES = 24 }; /* of one that does not say */

static bool can_move(void)
{
    const char *term = getenv("TERM");
    return term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

struct terminal terminal_of(FILE *out)
{
    const char *no_colour = getenv("NO_COLOR");
    struct terminal t = {.out = out, .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
    struct winsize size = {0};
    if (isatty(fileno(out)) != 1)
        return t;
    (void)ioctl(fileno(out), TIOCGWINSZ, &size);
    t.columns = size.ws_col == 0 ? TERMINAL_COLUMNS : size.ws_col;
    t.lines = size.ws_row == 0 ? TERMINAL_LINES : size.ws_row;
    t.moves = can_move();
    t.colours = t.moves && (no_colour == NULL || *no_colour == '\0');
    return t;
}

/* --- text --- */

/* The length of the character at ${text} and the columns it takes; in a locale without UTF-8 each octet is one. */
static size_t take_character(const char *text, size_t *columns)
{
    wchar_t c;
    mbstate_t state;
    *columns = 1;
    if ((unsigned char)*text < 0x80)
        return 1;
    memset(&state, 0, sizeof state);
    size_t left = strlen(text), n = mbrtowc(&c, text, left, &state);
    if (n == 0 || n > left)
        return 1;
    int width = wcwidth(c);
    if (width >= 0)
        *columns = (size_t)width;
    return n;
}

size_t terminal_columns(const char *text)
{
    size_t sum = 0, columns;
    while (*text != '\0') {
        text += take_character(text, &columns);
        sum += columns;
    }
    return sum;
}

/* The octets of ${text} that fit into ${columns}, and the columns that they take. */
static size_t fitting(const char *text, size_t columns, size_t *used)
{
    size_t n = 0, one;
    *used = 0;
    while (text[n] != '\0') {
        size_t bytes = take_character(text + n, &one);
        if (*used + one > columns)
            break;
        n += bytes;
        *used += one;
    }
    return n;
}

static void fill(const struct terminal *t, size_t used, size_t columns)
{
    if (used < columns)
        (void)fprintf(t->out, "%*s", (int)(columns - used), "");
}

/* Returns the columns that were used. */
static size_t put_cut(const struct terminal *t, const char *text, size_t columns)
{
    const char *ellipsis = t->utf8 ? "…" : "...";
    size_t own = t->utf8 ? 1 : strlen(ellipsis), used;
    bool marked = columns >= own;
    size_t n = fitting(text, marked ? columns - own : columns, &used);
    (void)fwrite(text, 1, n, t->out);
    (void)fputs(marked ? ellipsis : "", t->out);
    return used + (marked ? own : 0);
}

static void begin_colour(const struct terminal *t, enum colour colour)
{
    static const char *const codes[] = {
        [COLOUR_GOOD] = "32", [COLOUR_BAD] = "1;31", [COLOUR_DOUBT] = "33", [COLOUR_DIM] = "2", [COLOUR_BOLD] = "1"};
    if (colour != COLOUR_NONE && t->colours)
        (void)fprintf(t->out, "\x1B[%sm", codes[colour]);
}

static void end_colour(const struct terminal *t, enum colour colour)
{
    if (colour != COLOUR_NONE && t->colours)
        (void)fputs("\x1B[0m", t->out);
}

void terminal_put(const struct terminal *t, const char *text, enum colour colour, size_t columns)
{
    size_t used = columns > 0 ? terminal_columns(text) : 0;
    begin_colour(t, colour);
    if (used > columns)
        used = put_cut(t, text, columns);
    else
        (void)fputs(text, t->out);
    end_colour(t, colour);
    fill(t, used, columns);
}

static size_t room_behind(const struct terminal *t, size_t indent)
{
    if (t->columns == 0)
        return SIZE_MAX;
    return t->columns > indent ? t->columns - indent : 1;
}

void terminal_fit(const struct terminal *t, const char *text, enum colour colour, size_t indent)
{
    size_t room = room_behind(t, indent);
    terminal_put(t, text, colour, terminal_columns(text) > room ? room : 0);
}

/* How much of ${text} is the next line: up to a blank where there is one, never nothing. */
static size_t line_of(const char *text, size_t columns)
{
    size_t used, n = fitting(text, columns, &used);
    if (text[n] == '\0')
        return n;
    for (size_t blank = n; blank > 0; blank--) {
        if (text[blank] == ' ')
            return blank;
    }
    return n > 0 ? n : take_character(text, &used);
}

void terminal_wrap(const struct terminal *t, const char *text, enum colour colour, size_t indent)
{
    size_t room = room_behind(t, indent);
    for (;;) {
        size_t n = line_of(text, room);
        begin_colour(t, colour);
        (void)fwrite(text, 1, n, t->out);
        end_colour(t, colour);
        (void)fputc('\n', t->out);
        text += n + strspn(text + n, " ");
        if (*text == '\0')
            return;
        fill(t, 0, indent);
    }
}

/* --- bars and times --- */

void terminal_bar(const struct terminal *t, uint32_t value, uint32_t whole, size_t columns)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    uint64_t steps = t->utf8 ? 8 : 1, length = 0;
    if (value > whole)
        length = (columns - 1) * steps;
    else if (value > 0)
        length = columns * steps * value / whole;
    if (length == 0 && value > 0)
        length = 1;
    for (uint64_t i = 0; i < length / steps; i++)
        (void)fputs(t->utf8 ? "█" : "#", t->out);
    (void)fputs(eighths[length % steps], t->out);
    if (value > whole)
        (void)fputs(t->utf8 ? "…" : ">", t->out);
}

void terminal_span(char *dst, size_t size, int64_t ms)
{
    static const struct {
        int64_t unit_ms;
        int64_t until_ms; /* from here on the next unit */
        const char *name;
    } units[] = {{1, 1000, "ms"},
                 {1000, 120 * 1000, "s"},
                 {60 * 1000, 120 * 60 * 1000, "min"},
                 {3600 * 1000, 48LL * 3600 * 1000, "h"},
                 {86400LL * 1000, INT64_MAX, "d"}};
    size_t i = 0;
    if (ms < 0)
        ms = 0;
    while (ms >= units[i].until_ms)
        i++;
    (void)snprintf(dst, size, "%" PRId64 " %s", ms / units[i].unit_ms, units[i].name);
}
