/*
 * How a state is opened: whose it is, whether it is whole, what it holds.
 */
#ifndef EMAILMON_OPENING_H
#define EMAILMON_OPENING_H

#include "database.h"
#include "log.h"
#include "restored.h"
#include "seal.h"

/**
 * opening_lock(path, why, size): Take the lock that says that an emailmon has the state ${path}; the descriptor,
 * held as long as that lives, or -1.  opening_is_locked(path): whether somebody holds it.
 */
int opening_lock(const char *path, char *why, size_t size);
bool opening_is_locked(const char *path);

struct opening {
    const char *path;
    const struct sealer *sealer;
    struct log *log;
    bool behind; /* it could not be written when the last emailmon ended: what it says of probes is no evidence */
};

/**
 * opening_state(o, restored, why, size): Open the state, after it was locked.  One that is damaged is set aside and
 * logged; ${*restored} says so then.  NULL: one line in ${why}.
 */
sqlite3 *opening_state(const struct opening *o, struct restored **restored, char *why, size_t size);

#endif
