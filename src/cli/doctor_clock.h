/* How far two clocks are apart, as far as one mail tells. */
#ifndef EMAILMON_DOCTOR_CLOCK_H
#define EMAILMON_DOCTOR_CLOCK_H

#include "trial.h"

enum {
    CLOCK_APART_MS = 30000
}; /* more than that is wrong: no delivery explains it, and times that people read mislead */

/** clock_apart_ms(result): By how much the time at which the mailbox's server put the probe there lies outside of the
 *  span, by our clock, in which it must have done so: negative, our clock is ahead.  0: inside.  Of a probe whose
 *  arrival is known. */
int64_t clock_apart_ms(const struct trial_result *result);

#endif
