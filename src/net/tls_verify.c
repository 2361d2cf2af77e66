#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "address.h"
#include "tls_parts.h"

enum { IPV4_BYTES = 4, IPV6_BYTES = 16 };

/* --- what the server showed --- */

static int64_t end_of(const X509 *certificate)
{
    struct tm utc;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc) != 1)
        return 0;
    return (int64_t)timegm(&utc);
}

static void note_facts(X509_STORE_CTX *store, struct tls_facts *facts)
{
    X509 *own = X509_STORE_CTX_get0_cert(store);
    STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(store);
    unsigned length = sizeof facts->sha256;
    if (own == NULL)
        return;
    facts->has_certificate = X509_digest(own, EVP_sha256(), facts->sha256, &length) == 1;
    facts->expires_s = end_of(own);
    for (int i = 0; i < sk_X509_num(shown); i++) {
        int64_t end_s = end_of(sk_X509_value(shown, i));
        if (end_s < facts->expires_s)
            facts->expires_s = end_s;
    }
}

/* Empty: neither a name nor an address.  Digits among the names prove no address, and look like one. */
static void show_name(const GENERAL_NAME *name, char *dst, size_t size)
{
    const ASN1_STRING *s = name->type == GEN_DNS ? name->d.dNSName : name->type == GEN_IPADD ? name->d.iPAddress : NULL;
    size_t length = s != NULL ? (size_t)ASN1_STRING_length(s) : 0;
    struct address address;
    dst[0] = '\0';
    if (length == 0)
        return;
    if (name->type == GEN_DNS) {
        size_t n = text_printable(dst, size, ASN1_STRING_get0_data(s), length);
        if (address_parse(dst, &address))
            (void)text_copy(dst + n, size - n, " as a name");
    } else if (length == IPV4_BYTES || length == IPV6_BYTES) { /* OpenSSL lets any length through */
        (void)inet_ntop(length == IPV4_BYTES ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), dst, (socklen_t)size);
    }
}

/* The names that it is for, as many as fit; those of a mail server's certificate are few. */
static void note_names(X509 *certificate, char *dst, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    dst[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && used < size - 1; i++) {
        char shown[TLS_SUBJECT_MAX];
        show_name(sk_GENERAL_NAME_value(names, i), shown, sizeof shown);
        if (shown[0] == '\0' || used + strlen(shown) + 2 >= size)
            continue;
        used += (size_t)snprintf(dst + used, size - used, "%s%s", used > 0 ? ", " : "", shown);
    }
    GENERAL_NAMES_free(names);
}

static void note_subject(const X509 *certificate, char *dst, size_t size)
{
    unsigned char *utf8 = NULL;
    X509_NAME *subject = X509_get_subject_name(certificate);
    int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    dst[0] = '\0';
    if (place < 0)
        return;
    int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
    if (n > 0)
        (void)text_printable(dst, size, utf8, (size_t)n);
    OPENSSL_free(utf8);
}

/* --- whether it is worth anything --- */

static bool is_about_names(int error)
{
    return error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH;
}

int tls_verify_chain(X509_STORE_CTX *store, void *argument)
{
    (void)argument;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_seen *seen = SSL_get_app_data(ssl);
    note_facts(store, &seen->facts);
    if (!seen->verify) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    if (X509_verify_cert(store) == 1 && X509_STORE_CTX_get_error(store) == X509_V_OK)
        return 1;
    int error = X509_STORE_CTX_get_error(store);
    if (error == X509_V_OK)
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
    X509 *refused = X509_STORE_CTX_get_current_cert(store);
    seen->depth = X509_STORE_CTX_get_error_depth(store);
    if (is_about_names(error))
        note_names(X509_STORE_CTX_get0_cert(store), seen->subject, sizeof seen->subject);
    else if (refused != NULL)
        note_subject(refused, seen->subject, sizeof seen->subject);
    return 0;
}

/* RFC 9525: the name that was configured, never one that was found on the way; the subject's CN is no name. */
bool tls_verify_name(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    struct address address;
    if (name[0] == '\0')
        return false; /* OpenSSL would take it for "any name" */
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (address_parse(name, &address))
        return X509_VERIFY_PARAM_set1_ip(param, address.bytes, address.family == 4 ? 4 : sizeof address.bytes) == 1;
    return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;
}

/* --- why not --- */

static enum cause cause_of(long error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return CAUSE_CERT_EXPIRED;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return CAUSE_CERT_NAME;
    case X509_V_ERR_OUT_OF_MEM:
        return CAUSE_RESOURCES;
    default:
        return CAUSE_CERT_UNTRUSTED;
    }
}

struct failure tls_verify_failure(long error, const struct tls_seen *seen, int64_t wall_s)
{
    enum cause cause = cause_of(error);
    enum leg leg = cause == CAUSE_RESOURCES ? LEG_LOCAL : LEG_NONE;
    /* A clock that shows a time before this program was built proves nothing against a certificate. */
    bool clock_is_wrong = cause == CAUSE_CERT_EXPIRED && wall_s < EMAILMON_BUILT_S;
    if (clock_is_wrong) {
        leg = LEG_LOCAL;
        cause = CAUSE_CLOCK;
    }
    struct failure why = failure_make(leg, STAGE_TLS, cause, 0);
    char which[40] = "";
    if (seen->depth > 0)
        (void)snprintf(which, sizeof which, "issuer %d of it, ", seen->depth);
    const char *words = X509_verify_cert_error_string(error);
    if (seen->subject[0] == '\0')
        failure_detail(&why, "%s", words);
    else if (cause == CAUSE_CERT_NAME)
        failure_detail(&why, "%s: it is for %s", words, seen->subject);
    else
        failure_detail(&why, "%s: %s\"%s\"", words, which, seen->subject);
    return why;
}
