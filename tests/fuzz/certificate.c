/*
 * A certificate with anything in it, in DER: believed or refused, and what is shown of it can be shown.  It is in the
 * store itself, so that verification goes on to its names.  The first octet: 1: verify; 2: for an address.
 */
#include <openssl/x509v3.h>
#include <string.h>

#include "must.h"
#include "text.h"
#include "tls_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static SSL *the_ssl(void)
{
    static SSL_CTX *context;
    static SSL *ssl;
    if (ssl == NULL) {
        context = SSL_CTX_new(TLS_client_method());
        ssl = context != NULL ? SSL_new(context) : NULL;
    }
    must(ssl != NULL);
    return ssl;
}

static void verify(X509 *certificate, uint8_t flags)
{
    SSL *ssl = the_ssl();
    struct tls_seen seen = {.verify = (flags & 1) != 0};
    X509_STORE *trusted = X509_STORE_new();
    X509_STORE_CTX *store = X509_STORE_CTX_new();
    must(trusted != NULL && store != NULL && X509_STORE_add_cert(trusted, certificate) == 1);
    must(X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) == 1);
    must(X509_STORE_CTX_init(store, trusted, certificate, NULL) == 1);
    must(X509_STORE_CTX_set_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx(), ssl) == 1);
    must(SSL_set_app_data(ssl, &seen) == 1 && tls_verify_name(ssl, (flags & 2) != 0 ? "192.0.2.1" : "mail.test"));
    must(X509_VERIFY_PARAM_inherit(X509_STORE_CTX_get0_param(store), SSL_get0_param(ssl)) == 1);
    bool believed = tls_verify_chain(store, NULL) == 1;
    long error = X509_STORE_CTX_get_error(store);
    must(believed == (error == X509_V_OK) && (believed || seen.verify));
    must(strlen(seen.subject) < sizeof seen.subject && text_is_clean(seen.subject, strlen(seen.subject)));
    if (!believed) {
        struct failure why = tls_verify_failure(error, &seen, 2000000000);
        must(failure_is(&why) && text_is_clean(text_bytes(why.detail), text_length(why.detail)));
        failure_clear(&why);
    }
    X509_STORE_CTX_free(store);
    X509_STORE_free(trusted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const uint8_t *at = bytes + 1;
    X509 *certificate = n > 1 ? d2i_X509(NULL, &at, (long)n - 1) : NULL;
    if (certificate != NULL)
        verify(certificate, bytes[0]);
    X509_free(certificate);
    return 0;
}
