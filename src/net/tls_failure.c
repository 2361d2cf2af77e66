#include <openssl/err.h>
#include <openssl/evperr.h>
#include <openssl/sslerr.h>

#include "tls_parts.h"

enum { ALERT_MAX = 255 }; /* RFC 8446 s. 6: one octet */

/* Reasons of OpenSSL that say more than "this is not TLS as it should be". */
static const struct {
    int reason;
    enum cause cause;
} reasons[] = {
    {SSL_R_UNSUPPORTED_PROTOCOL, CAUSE_TLS_VERSION},
    {SSL_R_UNSUPPORTED_SSL_VERSION, CAUSE_TLS_VERSION},
    {SSL_R_WRONG_SSL_VERSION, CAUSE_TLS_VERSION},
    {SSL_R_VERSION_TOO_LOW, CAUSE_TLS_VERSION},
    {SSL_R_INAPPROPRIATE_FALLBACK, CAUSE_TLS_VERSION},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE, CAUSE_POLICY},
    {SSL_R_TOO_MANY_WARN_ALERTS, CAUSE_POLICY},
    {SSL_R_TOO_MANY_KEY_UPDATES, CAUSE_POLICY},
    {SSL_R_RECORD_TOO_SMALL, CAUSE_POLICY},
    {SSL_R_NO_RENEGOTIATION, CAUSE_POLICY},
    {SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, CAUSE_POLICY},
    {SSL_R_DH_KEY_TOO_SMALL, CAUSE_POLICY},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, CAUSE_CLOSED},
};

static enum cause cause_of_reason(int reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].reason == reason)
            return reasons[i].cause;
    return CAUSE_MALFORMED;
}

/* RFC 8446 s. 5.1: a record begins with its type, 20 to 24; a greeting of any mail protocol with what can be read. */
static bool is_plain_text(const struct tls_seen *seen)
{
    return seen->first_bytes > 0 && seen->first[0] >= 0x20 && seen->first[0] <= 0x7E;
}

static struct failure not_tls(const struct tls_seen *seen)
{
    char shown[4 * sizeof seen->first + 1];
    size_t n = 0;
    while (n < seen->first_bytes && seen->first[n] != '\r' && seen->first[n] != '\n')
        n++;
    (void)text_printable(shown, sizeof shown, seen->first, n);
    struct failure why = failure_make(LEG_NONE, STAGE_TLS, CAUSE_MALFORMED, 0);
    failure_reply(&why, seen->first, n);
    failure_detail(&why, "the server speaks plain text on this port, not TLS: \"%s\"", shown);
    return why;
}

static struct failure alert_failure(int alert)
{
    enum cause cause = alert == SSL_AD_PROTOCOL_VERSION ? CAUSE_TLS_VERSION : CAUSE_TLS_ALERT;
    struct failure why = failure_make(LEG_NONE, STAGE_TLS, cause, alert);
    failure_detail(&why, "the server sent the alert \"%s\"", SSL_alert_desc_string_long(alert));
    return why;
}

static bool is_alert(unsigned long error)
{
    int alert = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
    return ERR_GET_LIB(error) == ERR_LIB_SSL && alert > 0 && alert <= ALERT_MAX;
}

/* What OpenSSL itself could not do, whatever the server sent. */
static bool is_own_fault(unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    return ERR_FATAL_ERROR(error) != 0 || (ERR_GET_LIB(error) == ERR_LIB_EVP && (reason == EVP_R_INITIALIZATION_ERROR ||
                                                                                 reason == EVP_R_NOT_ABLE_TO_COPY_CTX));
}

static struct failure from_queue(unsigned long error, const struct tls_seen *seen)
{
    bool of_ssl = ERR_GET_LIB(error) == ERR_LIB_SSL, own = is_own_fault(error);
    if (is_alert(error))
        return alert_failure(ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET);
    enum cause cause = own ? CAUSE_RESOURCES : of_ssl ? cause_of_reason(ERR_GET_REASON(error)) : CAUSE_MALFORMED;
    if (cause == CAUSE_MALFORMED && is_plain_text(seen))
        return not_tls(seen);
    struct failure why = failure_make(own ? LEG_LOCAL : LEG_NONE, STAGE_TLS, cause, 0);
    const char *words = ERR_reason_error_string(error);
    failure_detail(&why, "%s", words != NULL ? words : "the handshake failed");
    return why;
}

/* Empty the queue; its first entry is what went wrong, unless memory was short anywhere on the way. */
static unsigned long take_errors(bool *lacked_memory)
{
    unsigned long first = ERR_get_error();
    *lacked_memory = false;
    for (unsigned long error = first; error != 0; error = ERR_get_error())
        *lacked_memory = *lacked_memory || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    return first;
}

struct failure tls_memory_failure(void)
{
    struct failure why = failure_make(LEG_LOCAL, STAGE_TLS, CAUSE_RESOURCES, 0);
    failure_detail(&why, "out of memory");
    return why;
}

/* Whether the certificates were read and refused: an entry before that says that they could not be read, or that memory
 * was short.  A wrong signature alone leaves entries of its own. */
static bool is_verdict(unsigned long error, long verified)
{
    if (verified == X509_V_ERR_CERT_SIGNATURE_FAILURE)
        return true;
    return verified != X509_V_OK && ERR_GET_LIB(error) == ERR_LIB_SSL &&
           ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

struct failure tls_failure(const SSL *ssl, const struct tls_seen *seen)
{
    bool lacked_memory;
    unsigned long error = take_errors(&lacked_memory);
    long verified = SSL_get_verify_result(ssl);
    if (lacked_memory)
        return tls_memory_failure();
    if (seen->verify && is_verdict(error, verified))
        return tls_verify_failure(verified, seen, wall_now_ms() / 1000);
    return from_queue(error, seen);
}

struct failure tls_policy_failure(const char *text)
{
    struct failure why = failure_make(LEG_NONE, STAGE_TLS, CAUSE_POLICY, 0);
    failure_detail(&why, "%s", text);
    return why;
}
