/* One world for each test of a program, begun anew for every one. */
#ifndef EMAILMON_TEST_ONE_WORLD_H
#define EMAILMON_TEST_ONE_WORLD_H

#include "world.h"

extern struct world w;

/** Setup and teardown of cmocka: a world with the settings that are required alone. */
int begin(void **state);
int end(void **state);

/** up(proof), down(cause): world_is() this. */
void up(enum proof proof);
void down(enum cause cause);

#endif
