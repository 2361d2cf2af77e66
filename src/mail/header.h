/*
 * Reads the header of a mail as it streams by, and keeps what emailmon wants of it: tokens in Message-ID and
 * X-Emailmon-Probe, and the date of the topmost Received (RFC 5322).  Any bytes are fine; no mail is a failure.
 */
#ifndef EMAILMON_HEADER_H
#define EMAILMON_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "look.h"

/** Caps: of a header that is scanned; of one field's value; of the occurrences of one field that count. */
enum { HEADER_SCAN_MAX = 256 * 1024, HEADER_VALUE_MAX = 2048, HEADER_FIELD_MAX = 8 };

struct header {
    struct mail_facts facts; /* token_count, tokens, arrived_ms; size_bytes is the caller's */
    bool ended;              /* the blank line was seen, or the cap reached: the rest is dropped */
    bool capped;
    bool received; /* the topmost Received was met */
    size_t scanned;
    unsigned occurrences[2]; /* of Message-ID, X-Emailmon-Probe */
    unsigned field;          /* which field the scanner is in */
    size_t value_bytes;
    char value[HEADER_VALUE_MAX];
    size_t name_bytes;
    char name[24];
    uint8_t state;
};

/** header_begin(h): a new mail.  header_feed(h, bytes, n): its next bytes, any split.  header_end(h): no more come. */
void header_begin(struct header *h);
void header_feed(struct header *h, const void *bytes, size_t n);
void header_end(struct header *h);

/** header_date(bytes, n, wall_ms): an RFC 5322 s. 3.3 date (obsolete zones too); false when it is none. */
bool header_date(const char *bytes, size_t n, int64_t *wall_ms);

#endif
