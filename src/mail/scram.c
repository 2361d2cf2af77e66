#include "scram.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "gsasl_step.h"

/* --- the server's first message: r=NONCE,s=SALT,i=COUNT[,extensions] --- */

/* Takes "${name}=value" up to the comma; false when the message goes on otherwise. */
static bool take_attribute(const char **at, const char *end, char name, const char **value, size_t *n)
{
    if (end - *at < 2 || (*at)[0] != name || (*at)[1] != '=')
        return false;
    *value = *at + 2;
    const char *comma = memchr(*value, ',', (size_t)(end - *value));
    const char *stop = comma == NULL ? end : comma;
    *n = (size_t)(stop - *value);
    *at = comma == NULL ? end : comma + 1;
    return true;
}

static bool is_nonce(const char *value, size_t n, const char *nonce, size_t nonce_bytes)
{
    if (n <= nonce_bytes || n > SCRAM_NONCE_MAX || memcmp(value, nonce, nonce_bytes) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (value[i] < 0x21 || value[i] > 0x7E)
            return false;
    return true;
}

/* A count that is no number is malformed; one that only is too great need not fit in anything. */
static bool read_count(const char *value, size_t n, unsigned *count)
{
    *count = 0;
    if (n == 0 || (n > 1 && value[0] == '0'))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        if (*count <= SCRAM_COUNT_MAX)
            *count = *count * 10 + (unsigned)(value[i] - '0');
    }
    return true;
}

/* Extensions are to be ignored (RFC 5802 s. 5.1), but a mandatory one or an attribute that stood already is not. */
static bool are_extensions(const char *at, const char *end)
{
    while (at < end) {
        const char *value;
        size_t n;
        if (strchr("rsimvecpna", at[0]) != NULL || !take_attribute(&at, end, at[0], &value, &n))
            return false;
    }
    return true;
}

bool scram_read_first(const char *text, size_t n, const char *nonce, size_t nonce_bytes, struct scram_first *f,
                      struct failure *why)
{
    const char *at = text, *end = text + n, *value;
    size_t length;
    if (memchr(text, '\0', n) != NULL)
        return exchange_fail(why, CAUSE_MALFORMED, "SCRAM: a NUL in the server's message");
    if (!take_attribute(&at, end, 'r', &value, &length) || !is_nonce(value, length, nonce, nonce_bytes))
        return exchange_fail(why, CAUSE_MALFORMED, "SCRAM: the nonce does not continue ours");
    if (!take_attribute(&at, end, 's', &value, &length) ||
        !base64_read(value, length, f->salt, sizeof f->salt, &f->salt_bytes) || f->salt_bytes == 0)
        return exchange_fail(why, CAUSE_MALFORMED, "SCRAM: the salt is missing or no base64");
    if (!take_attribute(&at, end, 'i', &value, &length) || !read_count(value, length, &f->count) || end[-1] == ',' ||
        !are_extensions(at, end))
        return exchange_fail(why, CAUSE_MALFORMED,
                             "SCRAM: the iteration count is missing, or more than we know follows");
    if (f->count < SCRAM_COUNT_MIN || f->count > SCRAM_COUNT_MAX)
        return exchange_fail(why, CAUSE_POLICY, "SCRAM: an iteration count outside 4096 to 200000");
    return true;
}

/* --- the exchange --- */

bool scram_begin(struct exchange *x, struct failure *why)
{
    bool done;
    return gsasl_open(x, why) && gsasl_advance(x, NULL, 0, &x->first, &done, why);
}

/* The library has no bound on the work, and does it slowly: it is handed the result. */
static bool salt_password(struct exchange *x, const struct scram_first *f, uint8_t *key, size_t n)
{
    uint8_t id[SASL_CACHE_ID_BYTES];
    bool cached = x->cache != NULL && sasl_cache_id(x->cache, x, f, id);
    if (cached && sasl_cache_find(x->cache, id, key, n))
        return true;
    const EVP_MD *digest = x->mechanism == MECHANISM_SCRAM_SHA_256 ? EVP_sha256() : EVP_sha1();
    if (PKCS5_PBKDF2_HMAC(x->password.bytes, (int)x->password.n, f->salt, (int)f->salt_bytes, (int)f->count, digest,
                          (int)n, key) != 1)
        return false;
    if (cached)
        sasl_cache_keep(x->cache, id, key, n);
    return true;
}

static bool give_salted(struct exchange *x, const struct scram_first *f)
{
    uint8_t key[SCRAM_KEY_MAX];
    char hex[2 * SCRAM_KEY_MAX + 1];
    size_t n = x->mechanism == MECHANISM_SCRAM_SHA_256 ? 32 : 20;
    bool well = salt_password(x, f, key, n);
    for (size_t i = 0; i < n; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", key[i]);
    well = well && gsasl_give_salted(x, hex);
    explicit_bzero(key, sizeof key);
    explicit_bzero(hex, sizeof hex);
    return well;
}

static bool answer_first(struct exchange *x, const char *challenge, size_t n, struct response *answer,
                         struct failure *why)
{
    static const char nonce_mark[] = ",r=";
    struct scram_first f = {0};
    bool done;
    const char *nonce = memmem(x->first.bytes, x->first.n, nonce_mark, sizeof nonce_mark - 1);
    if (nonce == NULL)
        return exchange_fail(why, CAUSE_MALFORMED, NULL);
    nonce += sizeof nonce_mark - 1;
    size_t nonce_bytes = x->first.n - (size_t)(nonce - x->first.bytes);
    if (!scram_read_first(challenge, n, nonce, nonce_bytes, &f, why))
        return false;
    if (!give_salted(x, &f))
        return exchange_fail(why, CAUSE_RESOURCES, NULL);
    return gsasl_advance(x, challenge, n, answer, &done, why);
}

/* v=SIGNATURE, or e=ERROR: all but the right signature is a server that does not know the password. */
static bool answer_final(struct exchange *x, const char *challenge, size_t n, struct response *answer,
                         struct failure *why)
{
    bool done = false;
    bool well = n >= 2 && memcmp(challenge, "v=", 2) == 0 && gsasl_advance(x, challenge, n, answer, &done, why) &&
                done && answer->n == 0;
    x->complete = x->proved = well;
    if (well || why->leg == LEG_LOCAL)
        return well;
    return exchange_fail(why, CAUSE_BAD_SERVER_PROOF, "SCRAM: the server signature is missing or wrong");
}

bool scram_answer(struct exchange *x, const char *challenge, size_t n, struct response *answer, struct failure *why)
{
    if (x->challenges == 0)
        return answer_first(x, challenge, n, answer, why);
    if (x->challenges == 1)
        return answer_final(x, challenge, n, answer, why);
    return exchange_fail(why, CAUSE_MALFORMED, "one challenge too many");
}
