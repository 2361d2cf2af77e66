/*
 * One exchange of one mechanism: what the client answers to which challenge, as octets.  login.c wraps them in base64
 * and chooses.  Failures come with stage auth (or local), without leg.  Private to src/mail.
 */
#ifndef EMAILMON_EXCHANGE_H
#define EMAILMON_EXCHANGE_H

#include "failure.h"
#include "sasl.h"

/** Octets that may be secret: malloc'ed, NUL-terminated beyond ${n}; wiped and freed by response_free(). */
struct response {
    char *bytes;
    size_t n;
};

/** response_set(r, bytes, n): false when memory is short.  response_free(r): wipes; leaves it empty. */
bool response_set(struct response *r, const void *bytes, size_t n);
void response_free(struct response *r);

struct exchange {
    enum mechanism mechanism;
    const char *username;     /* as configured */
    struct response password; /* prepared by SASLprep (RFC 4013) */
    struct sasl_cache *cache; /* or NULL */
    struct response first;    /* the client's first words, when it begins */
    unsigned challenges;      /* answered so far */
    bool complete;            /* the mechanism has nothing left to say */
    bool proved;              /* SCRAM: the server proved that it knows the password */
    void *library, *session;  /* libgsasl's */
};

/** mechanism_is_challenge(m): It proves the password without showing it. */
bool mechanism_is_challenge(enum mechanism m);

/** mechanism_is_available(m): This machine can do it: a libcrypto in FIPS mode has no MD5. */
bool mechanism_is_available(enum mechanism m);

/** mechanism_proves_server(m): At its end the server has proved that it knows the password: SCRAM. */
bool mechanism_proves_server(enum mechanism m);

/**
 * exchange_begin(x, m, username, password, cache, why): Start one; x->first is set when the client begins (and may be
 * empty of octets, but is not NULL then).  False: nothing to free.
 * exchange_answer(x, challenge, n, answer, why): The answer to one challenge.
 * exchange_end(x): Wipe and free; safe on a zeroed one.
 */
bool exchange_begin(struct exchange *x, enum mechanism m, const char *username, const char *password,
                    struct sasl_cache *cache, struct failure *why);
bool exchange_answer(struct exchange *x, const char *challenge, size_t n, struct response *answer, struct failure *why);
void exchange_end(struct exchange *x);

/** exchange_fail(why, cause, detail): Set ${why} at stage auth (resources: local); returns false. */
bool exchange_fail(struct failure *why, enum cause cause, const char *detail);

#endif
