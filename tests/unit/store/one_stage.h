/* One stage for each test of a program, begun anew for every one. */
#ifndef EMAILMON_STORE_ONE_STAGE_H
#define EMAILMON_STORE_ONE_STAGE_H

#include "stage.h"

extern struct test_store stage;

/** Setup and teardown of cmocka: the store runs; begin_closed(): there is no store yet. */
int begin(void **state);
int begin_closed(void **state);
int end(void **state);

/** post(entry): stage_post() this. */
void post(struct journal_entry entry);

#endif
