/*
 * A status: what emailmon found out about one monitor.  A plain value: copy it with
 * status_copy(), which counts its texts.
 */
#ifndef EMAILMON_STATUS_H
#define EMAILMON_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

enum verdict { VERDICT_UP = 1, VERDICT_DOWN = 2, VERDICT_UNKNOWN = 3, VERDICT_DISABLED = 4 };
enum proof { PROOF_NONE = 1, PROOF_SEND_ONLY = 2, PROOF_ROUND_TRIP = 3 };

enum { CERT_DAYS_NONE = INT32_MAX }; /* no certificate seen */

enum status_kind {
    STATUS_VERDICT,
    STATUS_PROOF,
    STATUS_LEG,
    STATUS_STAGE,
    STATUS_CAUSE, /* enumerations */
    STATUS_GAUGE,
    STATUS_COUNTER,
    STATUS_DAYS,
    STATUS_TIME,
    STATUS_AGE,
    STATUS_TEXT
};

struct status {
#define STATUS_MEMBER_VERDICT                      uint8_t
#define STATUS_MEMBER_PROOF                        uint8_t
#define STATUS_MEMBER_LEG                          uint8_t
#define STATUS_MEMBER_STAGE                        uint8_t
#define STATUS_MEMBER_CAUSE                        uint8_t
#define STATUS_MEMBER_GAUGE                        uint32_t
#define STATUS_MEMBER_COUNTER                      uint32_t
#define STATUS_MEMBER_DAYS                         int32_t
#define STATUS_MEMBER_TIME                         int64_t
#define STATUS_MEMBER_AGE                          int64_t
#define STATUS_MEMBER_TEXT                         const struct text *
#define STATUS(member, object, column, kind, text) STATUS_MEMBER_##kind member;
#include "status.def"
};

/** One column: for all that walks the table (GET, command line, store, tests). */
struct status_column {
    const char *object; /* "emailMonOperStatus" */
    const char *member; /* "verdict": the key in JSON */
    unsigned column;
    enum status_kind kind;
    size_t offset; /* in struct status */
    const char *text;
};
extern const struct status_column status_columns[];
extern const size_t status_column_count;

/** status_init(s): VERDICT_UNKNOWN, nothing measured, nothing counted.
 * status_clear(s): let texts go, then status_init. */
void status_init(struct status *s);
void status_clear(struct status *s);

/** status_copy(to, from): ${to} is cleared first and then holds references of its own.  ${to} must be initialised. */
void status_copy(struct status *to, const struct status *from);

/** status_set_text(slot, text): ${slot} takes over ${text} (one reference); what it had is let go. */
void status_set_text(const struct text **slot, const struct text *text);

/** status_integer(s, column, wall_ms): a column that is no TEXT, as it is served (AGE in seconds at ${wall_ms}). */
int64_t status_integer(const struct status *s, const struct status_column *column, int64_t wall_ms);
/** status_text(s, column): a TEXT column, or NULL for "". */
const struct text *status_text(const struct status *s, const struct status_column *column);

/**
 * For those who keep a status: status_moment(s, column): of an AGE, the moment itself.  status_put_integer(s, column,
 * value): the reverse of it and of status_integer(); false, and ${s} as before, when ${value} is none that the
 * column can have.  status_put_text(s, column, text): a TEXT takes over ${text}.
 */
int64_t status_moment(const struct status *s, const struct status_column *column);
bool status_put_integer(struct status *s, const struct status_column *column, int64_t value);
void status_put_text(struct status *s, const struct status_column *column, const struct text *text);

/** Words of the enumerations ("up", "roundTrip"); "?" for a number that is none. */
const char *verdict_word(enum verdict v);
const char *proof_word(enum proof p);

#endif
