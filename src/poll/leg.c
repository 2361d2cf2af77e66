#include "leg.h"

void leg_outcome_init(struct leg_outcome *o)
{
    *o = (struct leg_outcome){.failure = failure_none};
}

void leg_outcome_clear(struct leg_outcome *o)
{
    failure_clear(&o->failure);
    leg_outcome_init(o);
}
