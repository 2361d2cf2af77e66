/*
 * Signals that are read from a descriptor instead of interrupting whatever runs.
 */
#ifndef EMAILMON_SIGNALS_H
#define EMAILMON_SIGNALS_H

#include <stddef.h>

/** signals_catch(numbers, count): From now on these come by the descriptor alone (struct signalfd_siginfo; reading does
 *  not wait), in every thread that starts later too.  -1: errno.  The descriptor is the caller's. */
int signals_catch(const int *numbers, size_t count);

#endif
