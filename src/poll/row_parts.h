/* What the files of a row share: its entries in the journal, and how its texts are set.  Of nobody else's concern. */
#ifndef EMAILMON_ROW_PARTS_H
#define EMAILMON_ROW_PARTS_H

#include "row.h"

enum { WHOLE_LEGS = 2 }; /* LEG_SMTP and LEG_INCOMING */

/** row_journal_probe(r, o, state, ticket, journal): The probe ${o} got this state.
 * row_journal_probes(r, journal): The states of outstanding ones that are on record nowhere.  What became of the newest
 * one since it was sent is part of each status.  row_journal_newest(r, journal): That one's too: before there is a
 * newer one, or when no status follows.
 * row_journal_forget(r, journal): All are forgotten. */
void row_journal_probe(const struct row *r, const struct outstanding *o, enum probe_state state, uint64_t ticket,
                       const struct journal *journal);
void row_journal_probes(struct row *r, const struct journal *journal);
void row_journal_newest(struct row *r, const struct journal *journal);
void row_journal_forget(const struct row *r, const struct journal *journal);

/** row_journal_status(r, event, sampled, journal): The status as it is now, with an event (taken over) and with what
 * was sampled, or NULL for either. */
void row_journal_status(const struct row *r, struct event *event, const struct sampled *sampled,
                        const struct journal *journal);

/** row_event(r, kind, old, now, out): An event of the row as it is now, its failure none; with its name, device, days
 * and what `notify` says of it. */
void row_event(const struct row *r, enum event_kind kind, enum verdict old, const struct moment *now,
               struct event *out);

/** row_count_outstanding(r): bring the status' number up to date. */
void row_count_outstanding(struct row *r);

/** row_expire(r, now, journal): Give up what was not found within seven days. */
void row_expire(struct row *r, const struct moment *now, const struct journal *journal);

/** row_change_path(r, journal): Its definition leads another way.  row_turn(r, now, journal): Its definition turns it
 *  on or off. */
void row_change_path(struct row *r, const struct journal *journal);
void row_turn(struct row *r, const struct moment *now, const struct journal *journal);

/** row_leg_forget(r, leg): Another server: what was seen of the one before is of no interest any more. */
void row_leg_forget(struct row *r, enum leg leg);

/** row_words(slot, words): Set a text of the status; the same words keep the text that is there. */
void row_words(const struct text **slot, const char *words);

/** row_lacks_secret(r, leg, why): Whether that leg needs a password and has none, and the failure that this is. */
bool row_lacks_secret(const struct row *r, enum leg leg, struct failure *why);

/**
 * row_certificate(r, leg, outcome, now): What this leg's handshake showed, and the days of the status.
 * row_certificate_event(r, leg, outcome, now, event): Whether that is to be warned of; then ${event} is filled, and
 * remembered as made.
 */
void row_certificate(struct row *r, enum leg leg, const struct leg_outcome *outcome, const struct moment *now);
bool row_certificate_event(struct row *r, enum leg leg, const struct leg_outcome *outcome, const struct moment *now,
                           struct event *event);
void row_certificate_forget(struct row *r, enum leg leg);

/** row_sample(r, facts, failed, found, now): The poll that the status shows becomes part of the samples; what that
 *  means for those on record. */
struct sampled row_sample(struct row *r, const struct poll_facts *facts, bool failed, bool found,
                          const struct moment *now);

/** row_keep_memory(r, memory): What its next verdict rests on. */
void row_keep_memory(const struct row *r, struct row_memory *memory);

/** row_certificates_keep(r, memory): What is to be kept of them.  row_certificates_restore(r, memory): The reverse;
 *  false: memory. */
void row_certificates_keep(const struct row *r, struct row_memory *memory);
bool row_certificates_restore(struct row *r, const struct row_memory *memory);

#endif
