#include "certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECONDS_A_DAY = 86400 };

static void must(int yes)
{
    if (!yes)
        abort();
}

static void extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    if (value == NULL)
        return;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(e != NULL && X509_add_ext(x509, e, -1) == 1);
    X509_EXTENSION_free(e);
}

struct certificate certificate_make(const struct certificate_wish *wish)
{
    static long serial = 1000;
    struct certificate c = {.x509 = X509_new(),
                            .key = wish->rsa_bits > 0 ? EVP_RSA_gen(wish->rsa_bits) : EVP_EC_gen("P-256")};
    must(c.x509 != NULL && c.key != NULL);
    const struct certificate *issuer = wish->issuer != NULL ? wish->issuer : &c;
    X509_NAME *name = X509_get_subject_name(c.x509);
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)wish->subject, -1, -1, 0));
    must(X509_set_version(c.x509, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial++));
    must(X509_set_issuer_name(c.x509, X509_get_subject_name(issuer->x509)) && X509_set_pubkey(c.x509, c.key));
    must(X509_gmtime_adj(X509_getm_notBefore(c.x509), (long)wish->from_day * SECONDS_A_DAY) != NULL);
    must(X509_gmtime_adj(X509_getm_notAfter(c.x509), (long)wish->to_day * SECONDS_A_DAY) != NULL);
    extend(c.x509, issuer->x509, NID_basic_constraints, wish->authority ? "critical,CA:TRUE" : "CA:FALSE");
    extend(c.x509, issuer->x509, NID_subject_alt_name, wish->names);
    extend(c.x509, issuer->x509, NID_ext_key_usage, wish->usage);
    must(X509_sign(c.x509, issuer->key, EVP_sha256()) > 0);
    return c;
}

void certificate_drop(struct certificate *c)
{
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    *c = (struct certificate){0};
}

void certificate_write(const struct certificate *c, char *path, size_t size)
{
    (void)snprintf(path, size, "/tmp/emailmon-root-XXXXXX");
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    must(f != NULL && PEM_write_X509(f, c->x509) == 1 && fclose(f) == 0);
}
