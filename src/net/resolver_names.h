/*
 * What is known of names: their last good addresses, and whether asking for them failed a moment ago.  Bounded; the
 * name that was not asked for the longest time is forgotten first.
 */
#ifndef EMAILMON_RESOLVER_NAMES_H
#define EMAILMON_RESOLVER_NAMES_H

#include "resolver.h"

enum { KNOWN_NAMES_MAX = 131072 };

struct question;

struct known {
    struct resolver *resolver;
    struct known *in_bucket;
    struct known *newer, *older;

    struct address *addresses; /* the last good ones; malloc'ed */
    size_t count;
    uint64_t good_ms, good_until_ms; /* loop's clock: when they came, how long they are fresh */

    enum cause failed; /* CAUSE_NONE, CAUSE_NO_SUCH_NAME, CAUSE_NAME_SERVER: the last answer */
    const char *text;  /* why; static */
    uint64_t failed_until_ms;

    struct question *question; /* under way */
    struct lookup *waiting;    /* for its answer */
    unsigned held;             /* in use: not to be forgotten */
    char name[];
};

struct known_names {
    struct known **buckets;
    size_t bucket_count, count;
    struct known *newest, *oldest;
};

/** known_get(t, name): what is known of ${name} (lower case), made when it is not there; it is the newest now.  NULL:
 *  memory.  known_set(k, addresses, count): the last good ones; false: memory, and nothing changed. */
struct known *known_get(struct known_names *t, const char *name);
bool known_set(struct known *k, const struct address *addresses, size_t count);

/** known_forget(t, k): It goes; nobody may wait for it. */
void known_forget(struct known_names *t, struct known *k);

/** known_prune(t, before_ms): Forget, of the oldest ones, a few whose addresses came before ${before_ms}. */
void known_prune(struct known_names *t, uint64_t before_ms);

/** known_clear(t): all of them. */
void known_clear(struct known_names *t);

#endif
