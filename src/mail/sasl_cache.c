#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "scram.h"

/* 4,096 entries of 80 octets, four to a place; in each place the one used least lately goes first. */
enum { PLACES = 1024, WAYS = 4 };

struct entry {
    uint8_t id[SASL_CACHE_ID_BYTES];
    uint8_t key[SCRAM_KEY_MAX];
    uint64_t used; /* 0: free */
    uint8_t bytes;
};

struct sasl_cache {
    uint8_t secret[32]; /* of the ids: the cache must not help to guess passwords */
    uint64_t turn;
    struct entry entries[PLACES][WAYS];
};

struct sasl_cache *sasl_cache_new(void)
{
    struct sasl_cache *c = calloc(1, sizeof *c);
    if (c != NULL && RAND_bytes(c->secret, sizeof c->secret) != 1) {
        free(c);
        return NULL;
    }
    return c;
}

void sasl_cache_free(struct sasl_cache *c)
{
    if (c == NULL)
        return;
    explicit_bzero(c, sizeof *c);
    free(c);
}

bool sasl_cache_id(const struct sasl_cache *c, const struct exchange *x, const struct scram_first *f,
                   uint8_t id[SASL_CACHE_ID_BYTES])
{
    unsigned length = 0;
    size_t user = strlen(x->username) + 1, password = x->password.n + 1;
    size_t n = 1 + user + password + sizeof f->count + f->salt_bytes;
    uint8_t *all = malloc(n), *at = all;
    if (all == NULL)
        return false;
    *at++ = (uint8_t)x->mechanism;
    memcpy(at, x->username, user);
    memcpy(at += user, x->password.bytes, password);
    memcpy(at += password, &f->count, sizeof f->count);
    memcpy(at + sizeof f->count, f->salt, f->salt_bytes);
    bool well = HMAC(EVP_sha256(), c->secret, sizeof c->secret, all, n, id, &length) != NULL;
    explicit_bzero(all, n);
    free(all);
    return well && length == SASL_CACHE_ID_BYTES;
}

static struct entry *place(struct sasl_cache *c, const uint8_t id[SASL_CACHE_ID_BYTES])
{
    return c->entries[((size_t)id[0] << 8 | id[1]) % PLACES];
}

bool sasl_cache_find(struct sasl_cache *c, const uint8_t id[SASL_CACHE_ID_BYTES], uint8_t *key, size_t n)
{
    struct entry *e = place(c, id);
    for (size_t i = 0; i < WAYS; i++) {
        if (e[i].used == 0 || e[i].bytes != n || memcmp(e[i].id, id, SASL_CACHE_ID_BYTES) != 0)
            continue;
        memcpy(key, e[i].key, n);
        e[i].used = ++c->turn;
        return true;
    }
    return false;
}

void sasl_cache_keep(struct sasl_cache *c, const uint8_t id[SASL_CACHE_ID_BYTES], const uint8_t *key, size_t n)
{
    struct entry *e = place(c, id), *oldest = e;
    for (size_t i = 1; i < WAYS; i++)
        if (e[i].used < oldest->used)
            oldest = &e[i];
    explicit_bzero(oldest, sizeof *oldest);
    memcpy(oldest->id, id, SASL_CACHE_ID_BYTES);
    memcpy(oldest->key, key, n);
    oldest->bytes = (uint8_t)n;
    oldest->used = ++c->turn;
}
