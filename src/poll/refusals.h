/*
 * Credentials that a server has refused: for a minute nobody sends them there again, whatever row has them, because
 * servers slow down every login from an address after refused ones, and lock accounts.  A refusal is known by (address,
 * port, user, secret); of the secret only a keyed mix is kept.  All workers of a process share them: any thread
 * may call any function.
 */
#ifndef EMAILMON_REFUSALS_H
#define EMAILMON_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "failure.h"

enum { REFUSAL_LASTS_MS = 60000, REFUSALS_MAX = 10000 };

struct refusals;

/** Whose login, and where. */
struct credentials {
    const struct address *address;
    uint16_t port;
    const char *user, *secret;
};

/** refusals_new(): NULL: memory, no randomness.  refusals_free(r): NULL is fine. */
struct refusals *refusals_new(void);
void refusals_free(struct refusals *r);

/**
 * refusals_note(r, who, why, mono_ms, wall_ms): They were refused now, with ${why} (copied).
 * When memory is short it is just not known.
 * refusals_forget(r, who): They were accepted.
 * refusals_find(r, who, mono_ms, why, wall_ms): Whether there was a refusal in the last REFUSAL_LASTS_MS: its failure
 * in ${why}, the caller's to clear, and its wall clock in ${wall_ms}.
 */
void refusals_note(struct refusals *r, const struct credentials *who, const struct failure *why, uint64_t mono_ms,
                   int64_t wall_ms);
void refusals_forget(struct refusals *r, const struct credentials *who);
bool refusals_find(struct refusals *r, const struct credentials *who, uint64_t mono_ms, struct failure *why,
                   int64_t *wall_ms);

#endif
