#include "token.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    TIME_BYTES = 5,
    SERIAL_BYTES = 8,
    PACKED_BYTES = TOKEN_HANDLE_BYTES + TIME_BYTES + TOKEN_NONCE_BYTES + TOKEN_MAC_BYTES
};
enum { DIGEST_BYTES = 32 };

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char handle_label[] = "handle";
static const char probe_label[] = "emailmon/probe/1"; /* its NUL is part of what is sealed */

static uint8_t *put(uint8_t *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

static uint8_t *put_number(uint8_t *at, uint64_t number, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(number >> 8 * (n - 1 - i));
    return at + n;
}

/* --- sealing --- */

struct token_sealer {
    EVP_MAC_CTX *mac; /* HMAC-SHA-256 with the key in it */
    uint8_t instance[16];
};

static EVP_MAC_CTX *mac_with(const uint8_t *key, size_t n)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac);
    if (mac != NULL && EVP_MAC_init(mac, key, n, params) == 1)
        return mac;
    EVP_MAC_CTX_free(mac);
    return NULL;
}

struct token_sealer *token_sealer_new(const struct token_key *key)
{
    struct token_sealer *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    memcpy(s->instance, key->instance, sizeof s->instance);
    s->mac = mac_with(key->key, sizeof key->key);
    if (s->mac != NULL)
        return s;
    free(s);
    return NULL;
}

void token_sealer_free(struct token_sealer *s)
{
    if (s == NULL)
        return;
    EVP_MAC_CTX_free(s->mac);
    free(s);
}

static bool seal(struct token_sealer *s, const uint8_t *bytes, size_t n, uint8_t digest[DIGEST_BYTES])
{
    size_t length = 0;
    return EVP_MAC_init(s->mac, NULL, 0, NULL) == 1 && EVP_MAC_update(s->mac, bytes, n) == 1 &&
           EVP_MAC_final(s->mac, digest, &length, DIGEST_BYTES) == 1 && length == DIGEST_BYTES;
}

bool token_handle(struct token_sealer *s, uint64_t serial, uint8_t handle[TOKEN_HANDLE_BYTES])
{
    uint8_t sealed[sizeof handle_label - 1 + SERIAL_BYTES], digest[DIGEST_BYTES];
    uint8_t *at = put(sealed, handle_label, sizeof handle_label - 1);
    (void)put_number(at, serial, SERIAL_BYTES);
    if (!seal(s, sealed, sizeof sealed, digest))
        return false;
    memcpy(handle, digest, TOKEN_HANDLE_BYTES);
    return true;
}

static bool token_mac(struct token_sealer *s, uint64_t serial, const struct token *t, uint8_t mac[TOKEN_MAC_BYTES])
{
    uint8_t sealed[sizeof probe_label + 1 + sizeof s->instance + SERIAL_BYTES + TOKEN_HANDLE_BYTES + TIME_BYTES +
                   TOKEN_NONCE_BYTES];
    uint8_t digest[DIGEST_BYTES];
    uint8_t *at = put(sealed, probe_label, sizeof probe_label);
    at = put_number(at, sizeof s->instance, 1);
    at = put(at, s->instance, sizeof s->instance);
    at = put_number(at, serial, SERIAL_BYTES);
    at = put(at, t->handle, TOKEN_HANDLE_BYTES);
    at = put_number(at, t->time_s, TIME_BYTES);
    (void)put(at, t->nonce, TOKEN_NONCE_BYTES);
    if (!seal(s, sealed, sizeof sealed, digest))
        return false;
    memcpy(mac, digest, TOKEN_MAC_BYTES);
    return true;
}

bool token_make(struct token_sealer *s, uint64_t serial, const uint8_t handle[TOKEN_HANDLE_BYTES], uint64_t time_s,
                struct token *t)
{
    *t = (struct token){.time_s = time_s & ((UINT64_C(1) << 8 * TIME_BYTES) - 1)};
    memcpy(t->handle, handle, TOKEN_HANDLE_BYTES);
    return getrandom(t->nonce, TOKEN_NONCE_BYTES, 0) == TOKEN_NONCE_BYTES && token_mac(s, serial, t, t->mac);
}

enum token_proof token_verify(struct token_sealer *s, uint64_t serial, const struct token *t)
{
    uint8_t mac[TOKEN_MAC_BYTES]; /* the handle is sealed by it, and only token_make() seals */
    if (!token_mac(s, serial, t, mac))
        return TOKEN_UNTOLD;
    return CRYPTO_memcmp(mac, t->mac, sizeof mac) == 0 ? TOKEN_TRUE : TOKEN_FALSE;
}

void token_write(const struct token *t, char out[TOKEN_CHARS + 1])
{
    uint8_t packed[PACKED_BYTES + 1] = {0}; /* the last: zero bits to fill up the last character */
    uint8_t *at = put(packed, t->handle, TOKEN_HANDLE_BYTES);
    at = put_number(at, t->time_s, TIME_BYTES);
    at = put(at, t->nonce, TOKEN_NONCE_BYTES);
    (void)put(at, t->mac, TOKEN_MAC_BYTES);
    for (size_t i = 0; i < TOKEN_CHARS; i++) {
        size_t bit = 5 * i;
        unsigned pair = (unsigned)packed[bit / 8] << 8 | packed[bit / 8 + 1];
        out[i] = alphabet[pair >> (11 - bit % 8) & 31];
    }
    out[TOKEN_CHARS] = '\0';
}

static int digit(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool token_read(const char *bytes, size_t n, struct token *t)
{
    uint8_t packed[PACKED_BYTES + 1] = {0};
    if (n != TOKEN_CHARS)
        return false;
    for (size_t i = 0; i < TOKEN_CHARS; i++) {
        size_t bit = 5 * i;
        int value = digit(bytes[i]);
        if (value < 0)
            return false;
        unsigned pair = (unsigned)value << (11 - bit % 8);
        packed[bit / 8] |= (uint8_t)(pair >> 8);
        packed[bit / 8 + 1] |= (uint8_t)pair;
    }
    if (packed[PACKED_BYTES] != 0) /* one token has one spelling, apart from case */
        return false;
    const uint8_t *at = packed;
    memcpy(t->handle, at, TOKEN_HANDLE_BYTES);
    at += TOKEN_HANDLE_BYTES;
    t->time_s = 0;
    for (size_t i = 0; i < TIME_BYTES; i++)
        t->time_s = t->time_s << 8 | *at++;
    memcpy(t->nonce, at, TOKEN_NONCE_BYTES);
    memcpy(t->mac, at + TOKEN_NONCE_BYTES, TOKEN_MAC_BYTES);
    return true;
}

bool token_same(const struct token *a, const struct token *b)
{
    return memcmp(a->handle, b->handle, sizeof a->handle) == 0 && a->time_s == b->time_s &&
           memcmp(a->nonce, b->nonce, sizeof a->nonce) == 0 && memcmp(a->mac, b->mac, sizeof a->mac) == 0;
}
