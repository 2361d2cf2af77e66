#include "screen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ECMA-48 and xterm: 1049 the other screen, 25 the cursor, 7 lines that go on below. */
static const char enter[] = "\x1B[?1049h\x1B[?25l\x1B[?7l", leave[] = "\x1B[?7h\x1B[?25h\x1B[?1049l";
static const char home[] = "\x1B[H", erase_line[] = "\x1B[K", erase_below[] = "\x1B[J";

/* Around stdio, which writes line by line. */
static void write_all(const struct terminal *t, const char *bytes, size_t n)
{
    (void)fflush(t->out);
    while (n > 0) {
        ssize_t written = write(fileno(t->out), bytes, n);
        if (written < 0 && errno != EINTR)
            return; /* whoever waits for its end hears of it */
        bytes += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
}

void screen_enter(const struct terminal *t)
{
    write_all(t, enter, sizeof enter - 1);
}

void screen_leave(const struct terminal *t)
{
    write_all(t, leave, sizeof leave - 1);
}

/* The last line has no end, which would move all of them up. */
static void print_lines(FILE *out, const char *text, unsigned lines)
{
    for (unsigned line = 0; line < lines && *text != '\0'; line++) {
        size_t n = strcspn(text, "\n");
        (void)fprintf(out, "%s%.*s%s", line == 0 ? "" : "\r\n", (int)n, text, erase_line);
        text += n + (text[n] == '\n');
    }
}

void screen_draw(const struct terminal *t, const char *text)
{
    char *page = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&page, &bytes);
    if (out == NULL)
        return; /* the last page stays */
    (void)fputs(home, out);
    print_lines(out, text, t->lines);
    (void)fputs(erase_below, out);
    if (fclose(out) == 0)
        write_all(t, page, bytes);
    free(page);
}
