/*
 * Guarded credentials: a row's stored password must not leave for a server that its owner never named.
 */
#ifndef EMAILMON_GUARD_H
#define EMAILMON_GUARD_H

#include "draft.h"

/**
 * guard_holds(before, after, put, why): Whether a row that nobody but its owner could read may become ${after}.  ${put}
 * [SETTING_COUNT]: what whoever asks has given.  Not when a leg has a stored password that he did not give, and its
 * effective server, port, protocol, security or user name, or how the server is verified, is another than before;
 * unless the row was never active and each such setting is given for the first time.  False: ${why} says which one.
 */
bool guard_holds(const struct definition *before, const struct definition *after, const bool put[],
                 struct mistake *why);

#endif
