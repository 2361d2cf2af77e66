#include "terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { TERMINAL_WIDTH = 80 }; /* of one that does not say */

bool terminal_is(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

unsigned terminal_width(void)
{
    struct winsize size;
    if (!terminal_is())
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return TERMINAL_WIDTH;
    return size.ws_col;
}

bool terminal_has_colours(void)
{
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
    return terminal_is() && term != NULL && strcmp(term, "dumb") != 0 && (no == NULL || *no == '\0');
}

/* The length of the character at ${text} and the columns it takes; in a locale without UTF-8 each octet is one. */
static size_t take_character(const char *text, size_t *columns)
{
    wchar_t c;
    mbstate_t state;
    memset(&state, 0, sizeof state);
    size_t n = mbrtowc(&c, text, strlen(text), &state);
    *columns = 1;
    if (n == 0 || n > strlen(text))
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

static void print_cut(const char *text, size_t columns)
{
    size_t used = 0, one;
    while (*text != '\0') {
        size_t n = take_character(text, &one);
        if (used + one > columns - 1)
            break;
        (void)fwrite(text, 1, n, stdout);
        text += n;
        used += one;
    }
    (void)fputs("…", stdout);
    for (used++; used < columns; used++)
        (void)putchar(' ');
}

void terminal_put(const char *text, enum colour colour, size_t columns)
{
    static const char *const codes[] = {
        [COLOUR_GOOD] = "32", [COLOUR_BAD] = "1;31", [COLOUR_DOUBT] = "33", [COLOUR_DIM] = "2", [COLOUR_BOLD] = "1"};
    bool coloured = colour != COLOUR_NONE && terminal_has_colours();
    if (coloured)
        (void)printf("\x1B[%sm", codes[colour]);
    size_t own = terminal_columns(text);
    if (columns > 0 && own > columns)
        print_cut(text, columns);
    else
        (void)fputs(text, stdout);
    if (coloured)
        (void)fputs("\x1B[0m", stdout);
    for (; own < columns; own++)
        (void)putchar(' ');
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
