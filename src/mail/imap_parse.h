/*
 * Cuts what an IMAP server says into tokens (RFC 9051 s. 9): any split of the input, no recursion, no buffer for
 * literals.  Literal octets are counted and handed on as they come; none of them is ever looked at as protocol, for a
 * mail may hold a line that reads like our tagged OK.  Private to src/mail.
 */
#ifndef EMAILMON_IMAP_PARSE_H
#define EMAILMON_IMAP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

enum imap_kind {
    IMAP_MORE,        /* all input is taken; no token is complete */
    IMAP_ATOM,        /* an atom, flag or number; a section in brackets belongs to it: BODY[HEADER.FIELDS (A B)] */
    IMAP_QUOTED,      /* a quoted string, its escapes undone */
    IMAP_LITERAL,     /* a literal begins; ${left} octets follow as IMAP_DATA */
    IMAP_DATA,        /* a piece of a literal, at least one octet */
    IMAP_LITERAL_END, /* it is whole */
    IMAP_OPEN,        /* ( */
    IMAP_CLOSE,       /* ) */
    IMAP_TEXT,        /* after imap_parse_text(): the rest of the line, may be empty; it ends the response */
    IMAP_END,         /* the end of any other response */
    IMAP_BAD          /* broken: ${cause} malformed, oversize or resources; of no more use */
};

struct imap_parse {
    /* of the token returned last; valid until the next call */
    const char *bytes;
    size_t n;
    uint64_t left; /* octets of the literal that did not come yet */
    enum cause cause;

    /* set by the caller between tokens */
    size_t line_max;      /* octets of a response without its literals */
    uint64_t literal_max; /* greatest literal that is begun at all */

    /* its own */
    uint8_t state;
    uint8_t depth;
    bool escaped, quoted_section;
    unsigned sections;
    size_t line_bytes;
    char *value;
    size_t value_bytes, value_size;
};

/** imap_parse_begin(p): Ready for the first response.  imap_parse_free(p): Wipe and free; NULL-safe inside. */
void imap_parse_begin(struct imap_parse *p);
void imap_parse_free(struct imap_parse *p);

/** imap_parse_take(p, bytes, n, used): Take octets, ${used} of them, up to the end of the next token. */
enum imap_kind imap_parse_take(struct imap_parse *p, const char *bytes, size_t n, size_t *used);

/** imap_parse_text(p): What follows on this line, after one space, is text for people: no literal, no parentheses. */
void imap_parse_text(struct imap_parse *p);

/** imap_parse_depth(p): parentheses that are open. */
unsigned imap_parse_depth(const struct imap_parse *p);

/** imap_is(bytes, n, word): the same, whatever the case.  imap_number(bytes, n, max, value): Decimal digits alone, up
 *  to ${max}; false leaves ${value} alone. */
bool imap_is(const char *bytes, size_t n, const char *word);
bool imap_number(const char *bytes, size_t n, uint64_t max, uint64_t *value);

#endif
