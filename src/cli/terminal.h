/*
 * What a person sees: columns that fit, colours and bars where the terminal has them, times in words.
 */
#ifndef EMAILMON_TERMINAL_H
#define EMAILMON_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_BAD, COLOUR_DOUBT, COLOUR_DIM, COLOUR_BOLD };

/** Where a person reads, and what can be shown there. */
struct terminal {
    FILE *out;               /* all that is printed goes there */
    unsigned columns, lines; /* 0: it is none (a pipe, a file): nothing needs to be cut */
    bool moves;              /* what stands there can be written over; not: a pipe, TERM=dumb */
    bool colours;            /* moves, and NO_COLOR is not set */
    bool utf8;               /* of the locale; else what we draw ourselves is ASCII */
};

/** terminal_of(out): What is behind ${out}, by the locale that is set. */
struct terminal terminal_of(FILE *out);

/** terminal_columns(text): How many columns ${text} (UTF-8) takes. */
size_t terminal_columns(const char *text);

/** terminal_put(t, text, colour, columns): Print ${text} in ${colour}, filled up with spaces to ${columns} or cut to it
 *  with an ellipsis; 0: as it is. */
void terminal_put(const struct terminal *t, const char *text, enum colour colour, size_t columns);

/** terminal_fit(t, text, colour, indent): The same of a text that begins at column ${indent} and may go on to the end
 *  of the line: cut there, not filled up. */
void terminal_fit(const struct terminal *t, const char *text, enum colour colour, size_t indent);

/** terminal_wrap(t, text, colour, indent): Print ${text}, the first line of which begins at column ${indent}, as do the
 *  others, broken between words where ${t} ends; and the end of the last line. */
void terminal_wrap(const struct terminal *t, const char *text, enum colour colour, size_t indent);

/** terminal_bar(t, value, whole, columns): A bar, ${columns} long when ${value} is ${whole} or more; one that is not 0
 *  can be seen, and one that is more ends with a mark. */
void terminal_bar(const struct terminal *t, uint32_t value, uint32_t whole, size_t columns);

/** terminal_span(dst, size, ms): A span of time as a person says it: "350 ms", "12 s", "5 min", "3 h", "8 d". */
void terminal_span(char *dst, size_t size, int64_t ms);

#endif
