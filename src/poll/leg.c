#include "leg.h"

#include <errno.h>

void leg_outcome_init(struct leg_outcome *o)
{
    *o = (struct leg_outcome){.failure = failure_none};
}

void leg_outcome_clear(struct leg_outcome *o)
{
    failure_clear(&o->failure);
    leg_outcome_init(o);
}

bool leg_lacks(const struct failure *why)
{
    static const int no_way[] = {EACCES, EPERM, EAFNOSUPPORT, ENETUNREACH, EHOSTUNREACH, ENETDOWN, EINVAL};
    if (why->leg != LEG_LOCAL || why->cause != CAUSE_RESOURCES)
        return false;
    for (size_t i = 0; i < sizeof no_way / sizeof no_way[0]; i++)
        if (why->code == no_way[i])
            return false;
    return true;
}

bool leg_lacks_secret(const struct leg_settings *leg, struct failure *why)
{
    if (!leg->auth || leg->secret == SECRET_READY)
        return false;
    *why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_SECRET, 0);
    failure_detail(why, "%s: %s", leg->leg == LEG_SMTP ? "smtp.password" : "incoming.password",
                   leg->secret_why[0] != '\0' ? leg->secret_why : "it was never set");
    return true;
}
