/*
 * What a person sees: tables whose columns fit, colours where the terminal has them, times in words.
 */
#ifndef EMAILMON_TERMINAL_H
#define EMAILMON_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_BAD, COLOUR_DOUBT, COLOUR_DIM, COLOUR_BOLD };

/** terminal_is(): standard output is one.  terminal_width(): its columns; 0: no terminal, nothing needs to be cut.
 *  terminal_has_colours(): it is one that knows them, and NO_COLOR is not set. */
bool terminal_is(void);
unsigned terminal_width(void);
bool terminal_has_colours(void);

/** terminal_columns(text): How many columns ${text} (UTF-8) takes. */
size_t terminal_columns(const char *text);

/** terminal_put(text, colour, columns): Print ${text} in ${colour}, filled up with spaces to ${columns} or cut to it
 *  with an ellipsis; 0: as it is. */
void terminal_put(const char *text, enum colour colour, size_t columns);

/** terminal_span(dst, size, ms): A span of time as a person says it: "350 ms", "12 s", "5 min", "3 h", "8 d". */
void terminal_span(char *dst, size_t size, int64_t ms);

#endif
