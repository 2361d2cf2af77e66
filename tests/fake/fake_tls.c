#include "fake_tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum { DAYS = 90 };

struct fake_tls {
    SSL_CTX *context;
    X509 *certificate;
};

struct fake_secure {
    SSL *ssl;
};

static bool add_names(X509 *x)
{
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost,DNS:mail.test,IP:127.0.0.1");
    bool added = names != NULL && X509_add_ext(x, names, -1) == 1;
    X509_EXTENSION_free(names);
    return added;
}

static X509 *self_sign(EVP_PKEY *key)
{
    X509 *x = X509_new();
    if (x == NULL)
        return NULL;
    X509_NAME *name = X509_get_subject_name(x);
    (void)X509_set_version(x, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), DAYS * 86400L);
    if (X509_set_pubkey(x, key) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"fake.test", -1, -1, 0) == 1 &&
        X509_set_issuer_name(x, name) == 1 && add_names(x) && X509_sign(x, key, EVP_sha256()) > 0)
        return x;
    X509_free(x);
    return NULL;
}

struct fake_tls *fake_tls_new(void)
{
    struct fake_tls *t = calloc(1, sizeof *t);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (t == NULL || key == NULL)
        goto fail;
    t->context = SSL_CTX_new(TLS_server_method());
    t->certificate = self_sign(key);
    if (t->context == NULL || t->certificate == NULL || SSL_CTX_use_certificate(t->context, t->certificate) != 1 ||
        SSL_CTX_use_PrivateKey(t->context, key) != 1)
        goto fail;
    (void)SSL_CTX_set_mode(t->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                           SSL_MODE_RELEASE_BUFFERS);
    EVP_PKEY_free(key);
    return t;

fail:
    EVP_PKEY_free(key);
    fake_tls_free(t);
    return NULL;
}

void fake_tls_free(struct fake_tls *t)
{
    if (t == NULL)
        return;
    SSL_CTX_free(t->context);
    X509_free(t->certificate);
    free(t);
}

bool fake_tls_write(const struct fake_tls *t, const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    bool written = PEM_write_X509(file, t->certificate) == 1;
    return fclose(file) == 0 && written;
}

struct fake_secure *fake_secure_new(struct fake_tls *t, int fd)
{
    struct fake_secure *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->ssl = SSL_new(t->context);
    if (s->ssl != NULL && SSL_set_fd(s->ssl, fd) == 1)
        return s;
    fake_secure_free(s);
    return NULL;
}

void fake_secure_free(struct fake_secure *s)
{
    if (s == NULL)
        return;
    SSL_free(s->ssl);
    free(s);
}

static bool is_later(const struct fake_secure *s, int result)
{
    int why = SSL_get_error(s->ssl, result);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

int fake_secure_shake(struct fake_secure *s)
{
    ERR_clear_error();
    int result = SSL_accept(s->ssl);
    return result == 1 ? 1 : is_later(s, result) ? 0 : -1;
}

static ssize_t result_of(const struct fake_secure *s, int result)
{
    if (result > 0)
        return result;
    bool later = is_later(s, result);
    errno = later ? EAGAIN : ECONNRESET;
    return later ? -1 : 0;
}

ssize_t fake_secure_recv(struct fake_secure *s, char *bytes, size_t n)
{
    ERR_clear_error();
    return result_of(s, SSL_read(s->ssl, bytes, n < INT_MAX ? (int)n : INT_MAX));
}

ssize_t fake_secure_send(struct fake_secure *s, const char *bytes, size_t n)
{
    ERR_clear_error();
    return result_of(s, SSL_write(s->ssl, bytes, n < INT_MAX ? (int)n : INT_MAX));
}
