#include "seal.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

enum { SERIAL_BYTES = 8, COLUMN_BYTES = 4, BOUND_BYTES = INSTANCE_BYTES + SERIAL_BYTES + COLUMN_BYTES };

bool sealer_init(struct sealer *s, const struct keys *keys)
{
    memcpy(s->instance, keys->instance, sizeof s->instance);
    return keys_derive(keys, "seal", s->key);
}

void sealer_wipe(struct sealer *s)
{
    explicit_bzero(s, sizeof *s);
}

/* What the text belongs to: installation, row, setting; integers with the greatest octet first. */
static void print_bound(const struct sealer *s, uint64_t serial, unsigned column, uint8_t bound[BOUND_BYTES])
{
    memcpy(bound, s->instance, INSTANCE_BYTES);
    for (unsigned i = 0; i < SERIAL_BYTES; i++)
        bound[INSTANCE_BYTES + i] = (uint8_t)(serial >> (8 * (SERIAL_BYTES - 1 - i)));
    for (unsigned i = 0; i < COLUMN_BYTES; i++)
        bound[INSTANCE_BYTES + SERIAL_BYTES + i] = (uint8_t)(column >> (8 * (COLUMN_BYTES - 1 - i)));
}

bool seal(const struct sealer *s, uint64_t serial, unsigned column, const void *text, size_t n, uint8_t *out)
{
    uint8_t bound[BOUND_BYTES], *nonce = out, *sealed = out + SEAL_NONCE_BYTES, *tag = sealed + n;
    int length = 0;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    print_bound(s, serial, column, bound);
    bool ok = c != NULL && RAND_bytes(nonce, SEAL_NONCE_BYTES) == 1 &&
              EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, s->key, nonce) == 1 &&
              EVP_EncryptUpdate(c, NULL, &length, bound, sizeof bound) == 1 &&
              EVP_EncryptUpdate(c, sealed, &length, text, (int)n) == 1 &&
              EVP_EncryptFinal_ex(c, sealed + length, &length) == 1 &&
              EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_BYTES, tag) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok;
}

bool unseal(const struct sealer *s, uint64_t serial, unsigned column, const uint8_t *sealed, size_t n, char *out)
{
    uint8_t bound[BOUND_BYTES], tag[SEAL_TAG_BYTES];
    int length = 0;
    errno = 0; /* which libcrypto leaves alone unless memory fails */
    if (n < SEAL_MORE_BYTES)
        return false;
    size_t text_bytes = n - SEAL_MORE_BYTES;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    print_bound(s, serial, column, bound);
    memcpy(tag, sealed + SEAL_NONCE_BYTES + text_bytes, sizeof tag);
    bool ok = c != NULL && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, s->key, sealed) == 1 &&
              EVP_DecryptUpdate(c, NULL, &length, bound, sizeof bound) == 1 &&
              EVP_DecryptUpdate(c, (unsigned char *)out, &length, sealed + SEAL_NONCE_BYTES, (int)text_bytes) == 1 &&
              EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_BYTES, tag) == 1 &&
              EVP_DecryptFinal_ex(c, (unsigned char *)out + length, &length) == 1;
    EVP_CIPHER_CTX_free(c);
    if (!ok)
        explicit_bzero(out, text_bytes);
    return ok;
}
