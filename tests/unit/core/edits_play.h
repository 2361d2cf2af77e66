/* A set of monitors for each test, and what edits tell of it, in one line each. */
#ifndef EMAILMON_TEST_EDITS_PLAY_H
#define EMAILMON_TEST_EDITS_PLAY_H

#include "edit.h"

/** The set, what was wrong last, and how many serials were given. */
extern struct monitors *set;
extern struct mistake why;
extern uint64_t serials;

/** Setup and teardown of cmocka: an empty set. */
int begin(void **state);
int end(void **state);

/** What happened: "+1 a" new, "~1 a" changed, "-1 a" removed; note(): for edit_publish() and the like.  What the last
 *  file() was warned of. */
extern char told[1024], warned[1024];
void note(void *owner, const struct change *change);

/** rows(): The set as "1 a, 2 b".  Static. */
const char *rows(void);

/** put(d, key, written): It must be right.  fill(d, name, storage): All that is required. */
void put(struct draft *d, const char *key, const char *written);
void fill(struct draft *d, const char *name, enum storage storage);

/** file(monitors): A file of "a b@7 c+" (index 7 wanted; +: with another interval) is read; false: ${why}.
 *  by_set(index, name): A row is made by SET. */
bool file(const char *monitors);
void by_set(int32_t index, const char *name);

#endif
