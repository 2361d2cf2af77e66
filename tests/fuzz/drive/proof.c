#include "proof.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"

static const char salt[] = "em1 salt";

int PKCS5_PBKDF2_HMAC(const char *password, int password_bytes, const unsigned char *seasoning, int n, int count,
                      const EVP_MD *digest, int key_bytes, unsigned char *key)
{
    uint8_t all[EVP_MAX_MD_SIZE];
    (void)count;
    if (HMAC(digest, password, password_bytes, seasoning, (size_t)n, all, NULL) == NULL)
        return 0;
    memcpy(key, all, (size_t)key_bytes);
    return 1;
}

static bool begins(const char *message, size_t n, const char *with)
{
    return n >= strlen(with) && memcmp(message, with, strlen(with)) == 0;
}

static void keep(char to[PROOF_MESSAGE_MAX], const char *bytes, size_t n)
{
    (void)snprintf(to, PROOF_MESSAGE_MAX, "%.*s", (int)n, bytes);
}

void proof_hear(struct proof *p, const char *message, size_t n)
{
    static const char no_binding[] = "n,,", binding[] = "c=biws,", end[] = ",p=";
    const char *stop = memmem(message, n, end, sizeof end - 1);
    if (begins(message, n, no_binding))
        keep(p->bare, message + strlen(no_binding), n - strlen(no_binding));
    else if (begins(message, n, binding) && stop != NULL)
        keep(p->answer, message, (size_t)(stop - message));
}

const char *proof_first(struct proof *p)
{
    char text[2 * sizeof salt];
    const char *nonce = strstr(p->bare, ",r=");
    if (nonce == NULL || !base64_write(salt, sizeof salt - 1, text, sizeof text))
        return "";
    (void)snprintf(p->first, sizeof p->first, "%.900s-server,s=%s,i=4096", nonce + 1, text);
    return p->first;
}

static size_t mac(const struct proof *p, const void *key, size_t key_bytes, const char *text, uint8_t *out)
{
    unsigned n = 0;
    (void)HMAC(p->sha256 ? EVP_sha256() : EVP_sha1(), key, (int)key_bytes, (const uint8_t *)text, strlen(text), out,
               &n);
    return n;
}

void proof_final(const struct proof *p, const char *password, char out[PROOF_MESSAGE_MAX])
{
    uint8_t salted[EVP_MAX_MD_SIZE], key[EVP_MAX_MD_SIZE], signature[EVP_MAX_MD_SIZE];
    char all[3 * PROOF_MESSAGE_MAX];
    (void)snprintf(all, sizeof all, "%s,%s,%s", p->bare, p->first, p->answer);
    size_t n = mac(p, password, strlen(password), salt, salted);
    n = mac(p, salted, n, "Server Key", key);
    n = mac(p, key, n, all, signature);
    (void)strcpy(out, "v=");
    (void)base64_write(signature, n, out + 2, PROOF_MESSAGE_MAX - 2);
}
