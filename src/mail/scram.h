/* SCRAM (RFC 5802, 7677): what is checked before libgsasl sees it.  Private to src/mail. */
#ifndef EMAILMON_SCRAM_H
#define EMAILMON_SCRAM_H

#include "exchange.h"

/* RFC 7677 s. 4 asks for 4,096 rounds at least; more than the greatest would be work that a server makes us do. */
enum {
    SCRAM_COUNT_MIN = 4096,
    SCRAM_COUNT_MAX = 200000,
    SCRAM_NONCE_MAX = 1024,
    SCRAM_SALT_MAX = 1024,
    SCRAM_KEY_MAX = 32
};

/** What a server-first-message says. */
struct scram_first {
    uint8_t salt[SCRAM_SALT_MAX];
    size_t salt_bytes;
    unsigned count;
};

/** scram_read_first(text, n, nonce, nonce_bytes, f, why): Parse it; ${nonce} is the client's.  False: malformed, or
 *  policy when the count is out of bounds. */
bool scram_read_first(const char *text, size_t n, const char *nonce, size_t nonce_bytes, struct scram_first *f,
                      struct failure *why);

/** scram_begin(x, why), scram_answer(x, challenge, n, answer, why): as exchange_begin(), exchange_answer(). */
bool scram_begin(struct exchange *x, struct failure *why);
bool scram_answer(struct exchange *x, const char *challenge, size_t n, struct response *answer, struct failure *why);

/** What names a salted password in the cache: a keyed hash of all that it is made from. */
enum { SASL_CACHE_ID_BYTES = 32 };

/**
 * sasl_cache_id(c, x, f, id): False: no memory; then do without the cache.
 * sasl_cache_find(c, id, key, n): the ${n} octets that were kept.  sasl_cache_keep(c, id, key, n): ${n} at most
 * SCRAM_KEY_MAX.
 */
bool sasl_cache_id(const struct sasl_cache *c, const struct exchange *x, const struct scram_first *f,
                   uint8_t id[SASL_CACHE_ID_BYTES]);
bool sasl_cache_find(struct sasl_cache *c, const uint8_t id[SASL_CACHE_ID_BYTES], uint8_t *key, size_t n);
void sasl_cache_keep(struct sasl_cache *c, const uint8_t id[SASL_CACHE_ID_BYTES], const uint8_t *key, size_t n);

#endif
