/*
 * Logging in: which mechanism, and the exchange of each (RFC 4422; PLAIN 4616, LOGIN, CRAM-MD5 2195, SCRAM 5802 and
 * 7677).  The three protocols differ only in how they wrap the base64 lines.
 */
#ifndef EMAILMON_SASL_H
#define EMAILMON_SASL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "definition.h"

/** In the order of strength: the first that both sides have, and that the rules allow, is taken. */
enum mechanism {
    MECHANISM_SCRAM_SHA_256,
    MECHANISM_SCRAM_SHA_1,
    MECHANISM_CRAM_MD5,
    MECHANISM_PLAIN,
    MECHANISM_LOGIN,
    MECHANISM_COUNT,
    MECHANISM_NONE = MECHANISM_COUNT
};

/** mechanism_name(m): "SCRAM-SHA-256".  mechanism_named(bytes, n): from a server's list, any case; NONE when not ours.
 *  mechanism_bit(m): for sets. */
const char *mechanism_name(enum mechanism m);
enum mechanism mechanism_named(const char *bytes, size_t n);
unsigned mechanism_bit(enum mechanism m);

/** What logged in last time, kept by the owner of the credentials: start with it
 * while the server's list is the same. */
struct login_memory {
    uint8_t worked;   /* enum mechanism; MECHANISM_NONE: nothing yet */
    uint32_t offered; /* the set that the server offered then */
    bool refused;     /* the last poll's login was refused: one attempt only in this one */
};

/** Salted passwords of SCRAM, by user, mechanism, salt and count, so that their 4,096 rounds are not done at each poll.
 *  One thread.  Wiped when freed; holds at most a fixed number, the oldest go first. */
struct sasl_cache;
struct sasl_cache *sasl_cache_new(void);
void sasl_cache_free(struct sasl_cache *c);

/**
 * One login with its rules: picks mechanisms, runs exchanges, falls back once where that is allowed.
 * login_begin(leg, memory, cache): NULL when memory is short.  All three are the caller's and outlive it; ${memory} and
 * ${cache} may be NULL.
 * login_pick(l, offered, secured): The mechanism to try next from the server's set ${offered}; ${secured}: the
 * connection is under TLS.  NONE: ${why} gets stage auth and cause unsupported or plaintextRefused (whose text names
 * the setting), or the earlier refusal when a second attempt is not allowed.
 * login_refused(l, why, mechanism_itself): The attempt failed with ${why}; ${mechanism_itself}: the server refused the
 * mechanism rather than the credentials (SMTP 504, 534).  Return whether login_pick() may be asked once more; never
 * after a cause temporary or inUse, which is no refusal of the credentials and is not remembered.
 * login_accepted(l, why): The server said yes; false when SCRAM's server signature was not verified (cause
 * badServerProof).
 */
struct login;
struct login *login_begin(const struct leg_settings *leg, struct login_memory *memory, struct sasl_cache *cache);
enum mechanism login_pick(struct login *l, unsigned offered, bool secured, struct failure *why);
bool login_refused(struct login *l, const struct failure *why, bool mechanism_itself);
bool login_accepted(struct login *l, struct failure *why);
void login_free(struct login *l);

/**
 * login_first(l, line): Whether the picked mechanism begins with the client, and then its first response as base64 in
 * ${line} ("=" when empty); may be asked again, when it has to go by itself.
 * login_answer(l, challenge, n, line, why): The response to a base64 challenge; false: ${why} (malformed, policy,
 * badServerProof); send "*" then.
 * Lines are at most SASL_LINE_MAX octets, NUL-terminated, "" when there is none, and wiped by the caller
 * (login_wipe_line()).
 */
enum { SASL_LINE_MAX = 12288 };
bool login_first(struct login *l, char line[SASL_LINE_MAX + 1]);
bool login_answer(struct login *l, const char *challenge, size_t n, char line[SASL_LINE_MAX + 1], struct failure *why);
void login_wipe_line(char line[SASL_LINE_MAX + 1]);

/** login_mask(l, bytes, n, dst, size): A server's words made printable, with the password, its base64 (with or without
 *  "=") and every base64 line sent so far shown as ****. */
size_t login_mask(const struct login *l, const void *bytes, size_t n, char *dst, size_t size);

#endif
