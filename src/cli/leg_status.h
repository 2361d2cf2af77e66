/*
 * What a status has of each of its two legs, side by side.
 */
#ifndef EMAILMON_LEG_STATUS_H
#define EMAILMON_LEG_STATUS_H

#include "status.h"

struct phase {
    const char *word;
    uint32_t ms; /* 0: the last poll did not come so far, or there is no such phase */
};

enum { PHASES_MAX = 6, LEG_STATUSES = 2 };

struct leg_status {
    const char *label;
    enum leg leg;
    enum stage stage; /* where it failed */
    enum cause cause;
    const struct text *reply, *tls_version, *mechanism; /* the status' own */
    int32_t cert_days;
    struct phase phases[PHASES_MAX]; /* one after the other, and the whole as the last */
};

/** leg_status_of(s, legs): SMTP first. */
void leg_status_of(const struct status *s, struct leg_status legs[LEG_STATUSES]);

#endif
