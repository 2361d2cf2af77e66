#include "token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

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

static bool seal(const struct token_key *key, const uint8_t *bytes, size_t n, uint8_t digest[DIGEST_BYTES])
{
    unsigned length = 0;
    return HMAC(EVP_sha256(), key->key, sizeof key->key, bytes, n, digest, &length) != NULL && length == DIGEST_BYTES;
}

bool token_handle(const struct token_key *key, uint64_t serial, uint8_t handle[TOKEN_HANDLE_BYTES])
{
    uint8_t sealed[sizeof handle_label - 1 + SERIAL_BYTES], digest[DIGEST_BYTES];
    uint8_t *at = put(sealed, handle_label, sizeof handle_label - 1);
    (void)put_number(at, serial, SERIAL_BYTES);
    if (!seal(key, sealed, sizeof sealed, digest))
        return false;
    memcpy(handle, digest, TOKEN_HANDLE_BYTES);
    return true;
}

static bool token_mac(const struct token_key *key, uint64_t serial, const struct token *t, uint8_t mac[TOKEN_MAC_BYTES])
{
    uint8_t sealed[sizeof probe_label + 1 + sizeof key->instance + SERIAL_BYTES + TOKEN_HANDLE_BYTES + TIME_BYTES +
                   TOKEN_NONCE_BYTES];
    uint8_t digest[DIGEST_BYTES];
    uint8_t *at = put(sealed, probe_label, sizeof probe_label);
    at = put_number(at, sizeof key->instance, 1);
    at = put(at, key->instance, sizeof key->instance);
    at = put_number(at, serial, SERIAL_BYTES);
    at = put(at, t->handle, TOKEN_HANDLE_BYTES);
    at = put_number(at, t->time_s, TIME_BYTES);
    (void)put(at, t->nonce, TOKEN_NONCE_BYTES);
    if (!seal(key, sealed, sizeof sealed, digest))
        return false;
    memcpy(mac, digest, TOKEN_MAC_BYTES);
    return true;
}

bool token_make(const struct token_key *key, uint64_t serial, uint64_t time_s, struct token *t)
{
    *t = (struct token){.time_s = time_s & ((UINT64_C(1) << 8 * TIME_BYTES) - 1)};
    return RAND_bytes(t->nonce, TOKEN_NONCE_BYTES) == 1 && token_handle(key, serial, t->handle) &&
           token_mac(key, serial, t, t->mac);
}

enum token_proof token_verify(const struct token_key *key, uint64_t serial, const struct token *t)
{
    uint8_t mac[TOKEN_MAC_BYTES]; /* the handle is sealed by it, and only token_make() seals */
    if (!token_mac(key, serial, t, mac))
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
