/*
 * The value of one MIB variable, before Net-SNMP makes it a varbind: what tables, scalars and notifications share.
 */
#ifndef EMAILMON_CELL_H
#define EMAILMON_CELL_H

#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum cell_kind {
    CELL_INTEGER,   /* Integer32, and every enumeration */
    CELL_UNSIGNED,  /* Unsigned32 and Gauge32: one tag on the wire */
    CELL_COUNTER,   /* Counter32 */
    CELL_COUNTER64, /* Counter64 */
    CELL_OCTETS     /* SnmpAdminString, DateAndTime, BITS */
};

enum { CELL_ROOM = 11 }; /* the longest value that is made and not kept: DateAndTime */

struct cell {
    enum cell_kind kind;
    int64_t integer;    /* of CELL_INTEGER */
    uint64_t number;    /* of CELL_UNSIGNED, CELL_COUNTER, CELL_COUNTER64 */
    const void *octets; /* of CELL_OCTETS: in the row that was read, or ${room}; never NULL */
    size_t length;
    unsigned char room[CELL_ROOM];
};

/** Fill ${c}; a cell must not be copied (octets may point into it), and lives no
 * longer than the row it was read from. */
void cell_integer(struct cell *c, int64_t value);
void cell_unsigned(struct cell *c, uint64_t value); /* more than 32 bits: 4294967295 */
void cell_counter(struct cell *c, uint32_t value);
void cell_counter64(struct cell *c, uint64_t value);
void cell_string(struct cell *c, const char *text);
void cell_text(struct cell *c, const struct text *text); /* NULL: "" */

/** cell_time(c, wall_ms): DateAndTime of RFC 2579: 11 octets, UTC; eight zero octets for 0 (never). */
void cell_time(struct cell *c, int64_t wall_ms);

/** cell_bits(c, mask): BITS of at most eight names in one octet: bit 0 of ${mask} is the first name, the octet's
 *  highest bit (RFC 3417 s. 8). */
void cell_bits(struct cell *c, uint32_t mask);

#endif
