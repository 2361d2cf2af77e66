/* A draft for each test, into which settings are put as people write them. */
#ifndef EMAILMON_TEST_DRAFT_PLAY_H
#define EMAILMON_TEST_DRAFT_PLAY_H

#include "draft.h"

/** The draft, and what the last put() that failed said. */
extern struct draft draft;
extern struct mistake why;

/** Setup and teardown of cmocka: an empty draft. */
int begin(void **state);
int end(void **state);

/** put(key, written): False: ${why} says why.  must_put(key, written): Fails the test then.
 * whole_monitor(): All that is required. */
bool put(const char *key, const char *written);
void must_put(const char *key, const char *written);
void whole_monitor(void);

#endif
