/*
 * The probes of one row: which are outstanding, which were found.  The life of a token: sending, then out, maybe or
 * removed; out becomes optional when a finished look did not find it; found ones are consumed and remembered for
 * seven days (the last 64), given up ones are lost.  Pure bookkeeping: times come in as arguments.
 */
#ifndef EMAILMON_PROBES_H
#define EMAILMON_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "records.h"
#include "token.h"

enum { PROBES_MAX = 32, CONSUMED_MAX = 64, PROBES_FORGET_S = 7 * 86400 };

/** One outstanding probe. */
struct outstanding {
    uint8_t nonce[TOKEN_NONCE_BYTES];
    uint32_t time_s;          /* of the token, wall clock */
    int64_t accepted_mono_ms; /* monotonic time of the acceptance (of the send's end, when uncertain); negative: before
                                  this machine started */
    int64_t accepted_wall_ms;
    uint8_t state; /* PROBE_SENDING, PROBE_OUT, PROBE_MAYBE, PROBE_OPTIONAL */
    uint8_t noted; /* the state in its own record; the row's, 0 at first */
    bool missed;   /* an earlier finished look, made when it was old enough, did not find it */
};

/** A consumed one.  Rows are many and each remembers 64: enough to know a mail whose token has verified again.  One
 * that is mistaken for another is counted as a duplicate instead of a stray. */
struct consumed {
    uint8_t nonce_start[3];
    uint8_t day; /* of the monotonic clock, when it was consumed; the low eight bits */
};

/** probes_consumed(nonce, mono_ms): One that is consumed now. */
struct consumed probes_consumed(const uint8_t nonce[TOKEN_NONCE_BYTES], uint64_t mono_ms);

struct probes {
    struct outstanding *outstanding; /* in the order of sending */
    struct consumed *consumed;       /* oldest first */
    uint8_t outstanding_count, outstanding_room;
    uint8_t consumed_count, consumed_room;
    uint8_t found; /* found since the row's last look was judged, by whatever session */
};

void probes_init(struct probes *p);
void probes_clear(struct probes *p);

/** probes_sending(p, token, lost): A probe is about to leave.  When PROBES_MAX are outstanding the oldest is given
 *  up first (${lost} filled, true in ${*was_lost}).  False: memory; nothing changed. */
bool probes_sending(struct probes *p, const struct token *t, struct outstanding *lost, bool *was_lost);

/** probes_fate(p, token, state, mono_ms, wall_ms): PROBE_OUT, PROBE_MAYBE or PROBE_REMOVED for the one that is
 *  PROBE_SENDING.  False: it is not there (never began, found meanwhile, or forgotten); nothing changed. */
bool probes_fate(struct probes *p, const struct token *t, enum probe_state state, uint64_t mono_ms, int64_t wall_ms);

/** probes_restore(p, records, n, now_mono_ms, now_wall_ms, trusted): ${p}, an empty one, gets what is on record; not
 *  ${trusted}: outstanding ones become optional.  False: memory; ${p} is empty. */
bool probes_restore(struct probes *p, const struct probe_record *records, size_t n, uint64_t now_mono_ms,
                    int64_t now_wall_ms, bool trusted);

/** probes_newest(p): The outstanding one that was sent last; NULL: there is none.
 *  probes_record(o): An outstanding one as it is to be on record. */
struct outstanding *probes_newest(const struct probes *p);
struct probe_record probes_record(const struct outstanding *o);

/** probes_keep(p, records): The reverse: there is room for all outstanding ones and all that were found.  Of these only
 *  what a row knows of them, which is enough for probes_restore(). */
void probes_keep(const struct probes *p, struct probe_record *records);

/** probes_describe(token, o): The token as an outstanding probe without a state. */
void probes_describe(const struct token *t, struct outstanding *o);

enum sighting {
    SIGHTING_FOUND,     /* it was outstanding; consumed now */
    SIGHTING_LATE,      /* the same, and an earlier look had missed it */
    SIGHTING_DUPLICATE, /* consumed within seven days, or nearly eight */
    SIGHTING_STRAY      /* valid, and nothing waited for it */
};

/** probes_sight(p, token, mono_ms, probe): A mail with a verified token of this row was seen.  FOUND
 * and LATE fill ${probe} (may be NULL) and count in p->found.  Never fails: when memory is short
 * the consumed one is just not remembered. */
enum sighting probes_sight(struct probes *p, const struct token *t, uint64_t mono_ms, struct outstanding *probe);

/**
 * probes_expected(p, look_began_mono_ms, grace_ms): how many PROBE_OUT not missed yet were accepted at least
 * ${grace_ms} before.
 * probes_waiting(p): how many PROBE_OUT not missed yet there are, whatever their age.
 * probes_look_ended(p, look_began_mono_ms, grace_ms): A finished look did not find them: all that old are missed, and
 * late when they are found; PROBE_OUT becomes PROBE_OPTIONAL, so that each absence is evidence once.
 */
unsigned probes_expected(const struct probes *p, uint64_t look_began_mono_ms, uint64_t grace_ms);
unsigned probes_waiting(const struct probes *p);
void probes_look_ended(struct probes *p, uint64_t look_began_mono_ms, uint64_t grace_ms);

/**
 * probes_expire(p, mono_ms, lost): Give up the oldest one of those older than seven days, into ${lost}; false: there is
 * none.
 * probes_optional(p): None is evidence of loss any more (disabled).
 * probes_forget(p): Drop all outstanding, and what was found (path changed); consumed ones are kept.
 */
bool probes_expire(struct probes *p, uint64_t mono_ms, struct outstanding *lost);
void probes_optional(struct probes *p);
void probes_forget(struct probes *p);

#endif
