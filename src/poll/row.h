/*
 * One monitor as the worker knows it: definition, probes, history, status.  Here a poll's outcomes become a verdict,
 * a status and events.  No socket, no clock: times are arguments; what must be kept leaves through the journal sink.
 */
#ifndef EMAILMON_ROW_H
#define EMAILMON_ROW_H

#include "leg.h"
#include "look.h"
#include "probes.h"
#include "records.h"
#include "restored.h"
#include "sasl.h"
#include "smtp.h"
#include "verdict.h"

/** Where journal entries go; the callee takes the entry over (texts included). */
struct journal {
    void (*write)(void *owner, struct journal_entry *entry);
    void *owner;
};

/** What a row knows of one leg's certificates. */
struct certificate_memory {
    int64_t expires_s;                  /* wall clock, of the last one seen; 0: none was */
    struct certificates_warned *warned; /* NULL: none, as with most rows */
};

struct row {
    int32_t index;
    uint64_t serial;
    uint8_t handle[TOKEN_HANDLE_BYTES];
    const struct definition *definition; /* one reference */
    struct status status;
    struct history history;
    struct probes probes;
    bool first_poll;                           /* the next poll only sends */
    struct certificate_memory certificates[2]; /* by leg - LEG_SMTP */
    struct login_memory logins[1];             /* of sending; that of looking is the group's */
    struct sampling sampling;
};

/** The moment: monotonic for ages, wall clock for what people read. */
struct moment {
    uint64_t mono_ms;
    int64_t wall_ms;
};

/** row_init(r, index, serial, definition, sealer): A new row (first_poll).  False: no
 * memory, no hash.  row_clear(r): release. */
bool row_init(struct row *r, int32_t index, uint64_t serial, const struct definition *definition,
              struct token_sealer *sealer);
void row_clear(struct row *r);

/**
 * row_define(r, definition, now, journal): The row's definition changed.  A changed path forgets what is outstanding
 * and what was found (first_poll again; the verdict stays until that poll, but no rule keeps it); off: probes become
 * optional, verdict disabled, no event; on again: like a new row, first_poll, verdict unknown.
 * Return whether a poll under way must be given up.
 */
bool row_define(struct row *r, const struct definition *definition, const struct moment *now,
                const struct journal *journal);

/**
 * row_restore(r, from, now, journal): ${r} was just made by row_init(): it goes on where ${from}, the same row, was
 * when emailmon ended.  What its definition says differently by now counts as changed by row_define().  Probes whose
 * sending had not ended are of uncertain fate; of a row that was not polled for RESTORE_TRUST_INTERVALS of its
 * intervals, an hour at least, all are optional, because people clean mailboxes.  False: memory; ${r} is as
 * row_init() left it.
 * row_keep(r, out): The reverse, for a row that goes on somewhere else; ${out} is all zero before, and owns what it
 * holds.  False: memory; what it holds is still to be let go.
 * row_restored_wait_ms(r, wall_ms): In how many ms the next point of its old grid is; -1: nothing was polled for an
 * interval, or ever.
 */
enum { RESTORE_TRUST_INTERVALS = 3, RESTORE_TRUST_S = 3600 };
bool row_restore(struct row *r, const struct restored_row *from, const struct moment *now,
                 const struct journal *journal);
bool row_keep(const struct row *r, struct restored_row *out);
int64_t row_restored_wait_ms(const struct row *r, int64_t wall_ms);

/** row_grace_ms(r): half its interval.  row_forged(r): A mail that imitates its probes was seen.  row_skipped(r): A
 * start was missed. */
uint64_t row_grace_ms(const struct row *r);
void row_forged(struct row *r);
void row_skipped(struct row *r);

/** row_sight(r, token, mail, now, journal): A mail with this verified token of the row was seen, by whatever
 *  session: count it, journal *found* before the delete command may leave.  Return what it was. */
enum sighting row_sight(struct row *r, const struct token *t, const struct mail_facts *mail, const struct moment *now,
                        const struct journal *journal);

/** row_misses(r, look_began_mono_ms): whether, as of now, its look would be missing a probe. */
bool row_misses(const struct row *r, uint64_t look_began_mono_ms);

/**
 * row_look_ended(r, leg, report, look_began_mono_ms, out): What a session that this row had joined came to, for this
 * row; ${out} is overwritten, then look_outcome_clear() it.  ${report} NULL: no session was made (own fault).  Takes
 * what was found since its last look; a look that failed before it read the mailbox leaves that to the next one.
 * look_outcome_none(out): none was made.
 */
void row_look_ended(struct row *r, const struct leg_outcome *leg, const struct look_report *report,
                    uint64_t look_began_mono_ms, struct look_outcome *out);
void look_outcome_none(struct look_outcome *out);
void look_outcome_clear(struct look_outcome *out);

/** row_may_send_data(r, look): false when PROBES_MAX are outstanding and looking fails: test SMTP without DATA then. */
bool row_may_send_data(const struct row *r, const struct look_outcome *look);

/**
 * row_send_begins(r, token, now, ticket, journal): The probe is recorded as sending.  False: memory.
 * row_send_ended(r, token, fate, leg, now, journal, out): What became of it; ${token} NULL with SMTP_ENOUGH; a token
 * that never began is fine.  ${out} is overwritten, then send_outcome_clear() it.  That it was not accepted is
 * journaled; that it was, or may have been, is part of the status by row_poll_ended().
 * row_send_untold(r, journal): No row_poll_ended() follows: journal that too.
 * send_outcome_skipped(out): It was not tried.
 */
bool row_send_begins(struct row *r, const struct token *t, const struct moment *now, uint64_t ticket,
                     const struct journal *journal);
void row_send_ended(struct row *r, const struct token *t, enum smtp_fate fate, const struct leg_outcome *leg,
                    const struct moment *now, const struct journal *journal, struct send_outcome *out);
void row_send_untold(struct row *r, const struct journal *journal);
void send_outcome_skipped(struct send_outcome *out);
void send_outcome_clear(struct send_outcome *out);

/** A whole poll, for row_poll_ended(). */
struct poll_facts {
    uint32_t whole_ms;
    struct look_outcome look;
    struct send_outcome send;
    const struct leg_outcome *incoming; /* NULL: no look was made */
    const struct leg_outcome *smtp;     /* NULL: not sent */
    uint32_t history_s;                 /* what samples are to cover; 0: none are kept */
};

/**
 * row_poll_ended(r, facts, now, journal): Judge, bring the status up to date (counters, texts, times, certificates),
 * sample it, and journal it with its event when the verdict changed, and with one event a certificate that nears its
 * end.  No first poll any more.  A look that was not made because its password is not at hand counts as this machine's
 * own fault, so that such a row is unknown and not up.  status.next_poll is the caller's.
 */
void row_poll_ended(struct row *r, const struct poll_facts *facts, const struct moment *now,
                    const struct journal *journal);

#endif
