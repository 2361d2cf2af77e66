/*
 * Names to addresses, without blocking (c-ares).  Answers are kept for their time to live, look-ups of one name at
 * one time are one look-up, and when the name servers fail the last good addresses serve for up to 24 hours.
 */
#ifndef EMAILMON_RESOLVER_H
#define EMAILMON_RESOLVER_H

#include "address.h"
#include "failure.h"
#include "loop.h"

enum { RESOLVED_MAX = 8, RESOLVE_TOTAL_MS = 5000, RESOLVE_TRIES = 2, RESOLVED_STALE_S = 86400 };

struct resolver;
struct lookup;

struct resolved {
    size_t count;                           /* 0: failed */
    struct address addresses[RESOLVED_MAX]; /* IPv6 and IPv4 in turns */
    bool stale;                             /* the name servers fail; these are the last good ones */
    /* Stage resolve, cause noSuchName (leg left NONE: the caller's); or leg local, cause nameServer, resources. */
    struct failure failure;
};

/** resolver_new(loop, servers, why): ${servers} "127.0.0.1:5353" or several with commas; NULL or "": the system's
 *  (resolv.conf, read again when it changes, and hosts).  NULL fills ${why}.
 *  resolver_free(r): Look-ups under way are freed without a call; may be called inside one.  NULL is fine. */
struct resolver *resolver_new(struct loop *loop, const char *servers, struct failure *why);
void resolver_free(struct resolver *r);

/**
 * resolver_lookup(r, name, done, owner): ${done} is called exactly once, possibly before this returns (a literal, an
 * answer at hand), unless cancelled; its argument lives for the call.  Return the look-up under way, or NULL when
 * ${done} was called already.
 * lookup_cancel(l): ${done} will not be called.
 */
struct lookup *resolver_lookup(struct resolver *r, const char *name,
                               void (*done)(void *owner, const struct resolved *result), void *owner);
void lookup_cancel(struct lookup *l);

/** resolver_alarm(r): More than half of at least 20 look-ups in the last 60 s failed for lack of an answer. */
bool resolver_alarm(const struct resolver *r);

#endif
