/* Certificates for tests, made while they run. */
#ifndef EMAILMON_TEST_CERTIFICATES_H
#define EMAILMON_TEST_CERTIFICATES_H

#include <openssl/x509.h>
#include <stdbool.h>

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

struct certificate_wish {
    const char *subject;              /* its CN */
    const char *names;                /* as OpenSSL writes them: "DNS:mail.test,IP:127.0.0.1"; NULL: none */
    int from_day, to_day;             /* valid between, counted from now */
    bool authority;                   /* may issue others */
    const struct certificate *issuer; /* NULL: itself */
    const char *usage;                /* "clientAuth"; NULL: none said */
    unsigned rsa_bits;                /* 0: a P-256 key */
};

/** certificate_make(wish): abort()s when it cannot.  certificate_drop(c): free. */
struct certificate certificate_make(const struct certificate_wish *wish);
void certificate_drop(struct certificate *c);

/** certificate_write(c, path, size): Write it to a new temporary file, whose name is put to ${path}. */
void certificate_write(const struct certificate *c, char *path, size_t size);

#endif
