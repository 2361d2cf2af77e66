/*
 * A failure is a value: leg x stage x cause, with the server's words.  MIB, log, command line and tests print this one
 * value, so that they cannot disagree.
 */
#ifndef EMAILMON_FAILURE_H
#define EMAILMON_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum leg { LEG_NONE = 1, LEG_SMTP = 2, LEG_INCOMING = 3, LEG_DELIVERY = 4, LEG_LOCAL = 5 };

enum stage {
#define STAGE(enumerator, number, ...) STAGE_##enumerator = (number),
#include "stage.def"
    STAGE_END /* one behind the last: for arrays by stage */
};

enum cause {
#define CAUSE(enumerator, number, ...) CAUSE_##enumerator = (number),
#include "cause.def"
    CAUSE_END
};

/* Longest text of a failure or reply that anybody sees, in octets (SnmpAdminString), without the final NUL. */
enum { FAILURE_TEXT_MAX = 255 };

struct failure {
    enum leg leg;              /* LEG_NONE: nothing failed (and then all else is NONE, 0, NULL) */
    enum stage stage;          /* where */
    enum cause cause;          /* why */
    int32_t code;              /* reply code (550), errno or TLS alert; 0: none */
    const struct text *reply;  /* the server's words, printable ASCII, secrets masked; counted; NULL: none */
    const struct text *detail; /* what emailmon knows beyond the words of the cause, one line; counted; NULL: none */
};

/** The value for "nothing failed". */
extern const struct failure failure_none;

/** failure_is(f): Return whether ${f} is a failure at all. */
bool failure_is(const struct failure *f);

/**
 * failure_make(leg, stage, cause, code): Return a failure without texts.
 * failure_detail(f, format, ...): Give ${f} a line of its own, escaped and cut to FAILURE_TEXT_MAX; what it had is let
 * go.  When memory is short ${f} just keeps none.
 * failure_reply(f, bytes, n): The same for the server's words (any bytes; printed escaped).
 */
struct failure failure_make(enum leg leg, enum stage stage, enum cause cause, int32_t code);
void failure_detail(struct failure *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void failure_reply(struct failure *f, const void *bytes, size_t n);

/**
 * failure_copy(f): Return a copy that holds its own references to the texts.
 * failure_clear(f): Let the texts go and make ${f} failure_none.  Safe on failure_none.
 * failure_move(to, from): Clear ${to}, then give it ${from}'s value; ${from} becomes failure_none.
 */
struct failure failure_copy(const struct failure *f);
void failure_clear(struct failure *f);
void failure_move(struct failure *to, struct failure *from);

/** failure_same(a, b): Return whether leg, stage and cause are equal (texts and code do not count). */
bool failure_same(const struct failure *a, const struct failure *b);

/**
 * failure_print(f, dst, size): Write one line for a person to ${dst}, at most ${size} - 1 octets and
 * FAILURE_TEXT_MAX: what was done, why it failed, the code, the detail or else the reply; e.g.
 * "incoming: logging in: user name or password is wrong (NO): [AUTHENTICATIONFAILED] Authentication failed."
 * "" for failure_none.  Return the length.  Cut at a character's edge.
 */
size_t failure_print(const struct failure *f, char *dst, size_t size);

/** Words and sentences of the tables ("badCredentials"); of a number that is none: "?" . */
const char *leg_word(enum leg leg);
const char *stage_word(enum stage stage);
const char *stage_sentence(enum stage stage);
const char *cause_word(enum cause cause);
const char *cause_sentence(enum cause cause);

#endif
