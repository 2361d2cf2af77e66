#include "tls_parts.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "tls_pipe.h"

enum { SECONDS_A_DAY = 86400 };

/*
 * No Diffie-Hellman over finite fields (RFC 9325 s. 4.1): in TLS 1.2 the server makes up the group, and with one of
 * 10,000 bits a handshake takes a second of the loop, in which all other rows wait.
 */
static const char ciphers[] = "DEFAULT:!kDHE";
static char groups[] = "X25519:P-256:X448:P-521:P-384"; /* only read, but OpenSSL's macro casts a const away */

/*
 * Resumption is off: a monitor has to see today's certificate each time, and a resumed handshake shows none.  A TCP
 * connection that ends without close_notify must be noticed, so SSL_OP_IGNORE_UNEXPECTED_EOF stays off.
 */
static SSL_CTX *new_context(int verify_mode)
{
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    if (c == NULL)
        return NULL;
    SSL_CTX_set_verify(c, verify_mode, NULL);
    SSL_CTX_set_verify_depth(c, TLS_CHAIN_DEPTH_MAX);
    SSL_CTX_set_cert_verify_callback(c, tls_verify_chain, NULL);
    SSL_CTX_set_max_cert_list(c, TLS_CHAIN_BYTES_MAX);
    (void)SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(c, ciphers) == 1 &&
        SSL_CTX_set1_groups_list(c, groups) == 1)
        return c;
    SSL_CTX_free(c);
    return NULL;
}

static void explain(struct tls *t)
{
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);
    failure_clear(&t->no_authorities);
    t->no_authorities = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_STATE, 0);
    failure_detail(&t->no_authorities, "%s: %s", t->ca_file[0] == '\0' ? "the system's certificates" : t->ca_file,
                   ERR_SYSTEM_ERROR(error) ? "cannot be read"
                   : reason != NULL        ? reason
                                           : "no certificate in it");
}

static void load_authorities(struct tls *t)
{
    ERR_clear_error();
    t->has_authorities = (t->ca_file[0] == '\0' ? SSL_CTX_set_default_verify_paths(t->proving)
                                                : SSL_CTX_load_verify_file(t->proving, t->ca_file)) == 1;
    if (!t->has_authorities)
        explain(t);
    ERR_clear_error();
}

struct tls *tls_new(const char *ca_file, struct failure *why)
{
    struct tls *t = calloc(1, sizeof *t);
    if (t != NULL) {
        t->proving = new_context(SSL_VERIFY_PEER);
        t->believing = new_context(SSL_VERIFY_NONE);
        t->pipe = tls_pipe_method();
        t->ca_file = strdup(ca_file != NULL ? ca_file : "");
        t->no_authorities = failure_none;
    }
    if (t == NULL || t->proving == NULL || t->believing == NULL || t->pipe == NULL || t->ca_file == NULL) {
        *why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_STATE, 0);
        failure_detail(why, "TLS cannot be set up: out of memory, or OpenSSL's configuration forbids TLS 1.2");
        tls_free(t);
        return NULL;
    }
    load_authorities(t);
    return t;
}

bool tls_ready(struct tls *t, uint64_t now_ms, struct failure *why)
{
    if (!t->has_authorities && now_ms - t->tried_ms >= TLS_RETRY_MS) {
        t->tried_ms = now_ms;
        load_authorities(t);
    }
    if (!t->has_authorities)
        *why = failure_copy(&t->no_authorities);
    return t->has_authorities;
}

void tls_free(struct tls *t)
{
    if (t == NULL)
        return;
    SSL_CTX_free(t->proving);
    SSL_CTX_free(t->believing);
    BIO_meth_free(t->pipe);
    failure_clear(&t->no_authorities);
    free(t->ca_file);
    free(t);
}

int32_t tls_days_left(int64_t expires_s, int64_t wall_s)
{
    int64_t left_s;
    if (__builtin_sub_overflow(expires_s, wall_s, &left_s))
        return expires_s > wall_s ? INT32_MAX : INT32_MIN;
    int64_t days = left_s / SECONDS_A_DAY - (left_s % SECONDS_A_DAY < 0 ? 1 : 0);
    return days > INT32_MAX ? INT32_MAX : days < INT32_MIN ? INT32_MIN : (int32_t)days;
}
