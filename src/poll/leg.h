/* What one leg of a poll came to: the outcome of one conversation, whichever protocol. */
#ifndef EMAILMON_LEG_H
#define EMAILMON_LEG_H

#include "definition.h"
#include "failure.h"
#include "tls.h"

struct leg_outcome {
    struct failure failure; /* failure_none: the leg did all it was to do; leg is LEG_SMTP, LEG_INCOMING or LEG_LOCAL */
    uint32_t stage_ms[STAGE_END]; /* time spent in each stage, 0: not reached; waiting for locks and slots is in none */
    uint32_t whole_ms;            /* from the first look-up or connection to the settled result, waits left out */
    struct tls_facts tls;
    char mechanism[16]; /* how it logged in; "" when it did not */
    int64_t settled_ms; /* wall clock at which the result stood */
};

/** leg_outcome_init(o): nothing happened.  leg_outcome_clear(o): let texts go, then init. */
void leg_outcome_init(struct leg_outcome *o);
void leg_outcome_clear(struct leg_outcome *o);

/** leg_lacks(why): this machine ran out of what any connection needs.  Not: it has no way to that one server, which is
 *  leg local, cause resources too. */
bool leg_lacks(const struct failure *why);

/** leg_lacks_secret(leg, why): Whether ${leg} needs a password that it has not; then ${why} is leg local, cause
 * secret. */
bool leg_lacks_secret(const struct leg_settings *leg, struct failure *why);

#endif
