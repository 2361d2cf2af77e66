/*
 * A SET as a line of text: "Name.7=sabc Interval.7=u60 RowStatus.7=i4": objects without emailMon, an index, types i
 * u s x (octets in hexadecimal) t (another type), and the value.  A column that has no name is its number; an index may
 * be left out.
 */
#ifndef EMAILMON_SET_LINE_H
#define EMAILMON_SET_LINE_H

#include "set.h"

/** set_line_read(line, v, most, count): Cut ${line}, which is changed and into which the values point, into at most
 * ${most} variables.  False: a word of it is none; it is left out. */
bool set_line_read(char *line, struct set_variable *v, size_t most, size_t *count);

#endif
