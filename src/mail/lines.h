/*
 * Cuts what a server says into lines.  A line ends with CRLF, or with a bare LF, which some servers send; a CR
 * elsewhere or a NUL is malformed: never a line end, never dropped.  Private to src/mail.
 */
#ifndef EMAILMON_LINES_H
#define EMAILMON_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    char *bytes; /* of the line so far */
    size_t n, size;
    size_t max; /* octets of a line without its end; may be changed between lines */
    bool cr;    /* the last octet was a CR, which must be followed by LF */
    bool bare;  /* the line that is ready ended with LF alone */
};

enum lines_result { LINES_MORE, LINES_READY, LINES_MALFORMED, LINES_OVERSIZE, LINES_NO_MEMORY };

/**
 * lines_take(l, bytes, n, used): Take octets up to the end of the first line, ${used} of them.
 * LINES_READY: l->bytes, l->n are a line without its end; lines_next() before the next call.  LINES_MORE: all were
 * taken, no line is complete.  After the others ${l} is of no more use.
 * lines_next(l): Forget the line.  lines_empty(l): nothing of a line was taken.
 * lines_free(l): Wipe and free; leaves it empty.
 */
enum lines_result lines_take(struct lines *l, const char *bytes, size_t n, size_t *used);
void lines_next(struct lines *l);
bool lines_empty(const struct lines *l);
void lines_free(struct lines *l);

#endif
