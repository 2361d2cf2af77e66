/*
 * The probe: the mail that emailmon sends.  Pure 7-bit ASCII, CRLF line ends, unfolded header lines, about 1 kB (RFC
 * 5322; Auto-Submitted: RFC 3834).
 */
#ifndef EMAILMON_PROBE_H
#define EMAILMON_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "token.h"

enum { PROBE_MAX_BYTES = 4096 };

/** What a probe is made of.  from and to are checked addresses (RFC 5321 s. 4.1.2); the
 * domain of from names the Message-ID. */
struct probe_parts {
    const struct token *token;
    const char *from, *to;
    int64_t wall_ms;
};

/** probe_write(parts, out, size): The whole message, not dot-stuffed.  Return its length, 0 when it does not fit or
 *  a part holds CR, LF or NUL. */
size_t probe_write(const struct probe_parts *parts, char *out, size_t size);

#endif
