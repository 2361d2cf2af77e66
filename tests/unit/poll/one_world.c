#include "one_world.h"

struct world w;

int begin(void **state)
{
    (void)state;
    world_begin(&w, NULL);
    return 0;
}

int end(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

void up(enum proof proof)
{
    world_is(&w, VERDICT_UP, proof, CAUSE_NONE);
}

void down(enum cause cause)
{
    world_is(&w, VERDICT_DOWN, PROOF_NONE, cause);
}
