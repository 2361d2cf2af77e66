/* The clock: what the kernel says of it, and what the mail servers' clocks said when they put probes into mailboxes. */
#include <stdio.h>
#include <sys/timex.h>

#include "doctor.h"
#include "doctor_clock.h"
#include "doctor_remedy.h"

static bool is_synchronised(void)
{
    struct timex now = {.modes = 0};
    const int state = adjtimex(&now);
    return state != -1 && state != TIME_ERROR && (now.status & STA_UNSYNC) == 0;
}

int64_t clock_apart_ms(const struct trial_result *result)
{
    if (result->arrived_wall_ms < result->sent_wall_ms)
        return result->arrived_wall_ms - result->sent_wall_ms;
    if (result->arrived_wall_ms > result->seen_wall_ms)
        return result->arrived_wall_ms - result->seen_wall_ms;
    return 0;
}

static const char *mend(bool synchronised)
{
    return synchronised
               ? "this machine's clock is kept by the network: set the mail server's (timedatectl set-ntp true)"
               : "nobody keeps this machine's clock: timedatectl set-ntp true; if it is right, set the server's";
}

static void say_apart(struct doctor *d, const struct tried_path *path, int64_t apart_ms, bool synchronised)
{
    char span[32];
    terminal_span(span, sizeof span, apart_ms < 0 ? -apart_ms : apart_ms);
    doctor_say(d, MARK_WRONG, "this machine's clock is %s %s that of %s", span, apart_ms < 0 ? "ahead of" : "behind",
               path->legs[LEG_INCOMING - LEG_SMTP].to.server);
    doctor_mend(d, "%s", mend(synchronised));
}

/* A time before this program was built: certificates cannot be judged. */
static bool is_impossible(const struct doctor *d)
{
    for (size_t i = 0; i < 2 * d->paths.count; i++) {
        const struct tried_leg *leg = &d->paths.list[i / 2].legs[i % 2];
        if (leg->talked && leg->outcome.failure.cause == CAUSE_CLOCK)
            return true;
    }
    return false;
}

void doctor_clock(struct doctor *d)
{
    const bool synchronised = is_synchronised();
    const char *kept = synchronised ? "; the network keeps it" : "";
    const struct tried_path *compared = NULL;
    for (size_t i = 0; i < d->paths.count && d->paths.tried; i++) {
        const struct tried_path *path = &d->paths.list[i];
        if (path->result.arrived_wall_ms == INT64_MIN)
            continue;
        compared = path;
        const int64_t apart_ms = clock_apart_ms(&path->result);
        if (apart_ms < -CLOCK_APART_MS || apart_ms > CLOCK_APART_MS)
            say_apart(d, path, apart_ms, synchronised);
    }
    if (d->said > 0)
        return;
    if (is_impossible(d)) {
        doctor_say(d, MARK_WRONG, "this machine's clock shows a time before emailmon was built");
        doctor_mend(d, "timedatectl set-ntp true");
    } else if (compared != NULL) {
        doctor_say(d, MARK_OK, "agrees with that of %s%s", compared->legs[LEG_INCOMING - LEG_SMTP].to.server, kept);
    } else if (synchronised) {
        doctor_say(d, MARK_OK, "the network keeps it");
    } else {
        doctor_say(d, MARK_UNCLEAR, "no probe arrived to compare it with, and the kernel knows of nobody who keeps it");
    }
}
