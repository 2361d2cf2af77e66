/*
 * The inside of TLS, for the files of this folder alone: tls.c (policies), tls_verify.c (what a certificate is worth),
 * tls_failure.c (why it failed), and stream_tls.c, which uses them.
 */
#ifndef EMAILMON_TLS_PARTS_H
#define EMAILMON_TLS_PARTS_H

#include <openssl/ssl.h>

#include "tls.h"

enum {
    TLS_CHAIN_DEPTH_MAX = 10,
    TLS_CHAIN_BYTES_MAX = 100 * 1024,
    TLS_SUBJECT_MAX = 128 /* shown of a certificate's name */
};

struct tls {
    SSL_CTX *proving;   /* the server must prove who it is */
    SSL_CTX *believing; /* it need not */
    BIO_METHOD *pipe;
    char *ca_file;        /* "": the system's */
    bool has_authorities; /* they are read into ${proving} */
    uint64_t tried_ms;    /* ... or it was tried last at this time */
    struct failure no_authorities;
};

/* What verification saw of one server.  The SSL's application data. */
struct tls_seen {
    struct tls_facts facts;
    bool verify;
    int depth;                     /* of the certificate that was refused: 0 is the server's own */
    char subject[TLS_SUBJECT_MAX]; /* that certificate's name; of a wrong name: the names that it shows */
    unsigned char first[48];       /* the server's first bytes, for those who are not TLS at all */
    size_t first_bytes;
};

/** tls_verify_chain(store, argument): for SSL_CTX_set_cert_verify_callback(): fill the connection's tls_seen, and
 * verify if it must be. */
int tls_verify_chain(X509_STORE_CTX *store, void *argument);

/** tls_verify_name(ssl, name): What the certificate has to show, a name or an address; before the handshake. */
bool tls_verify_name(SSL *ssl, const char *name);

/** tls_verify_failure(error, seen, wall_s): A certificate was refused with ${error} (X509_V_ERR_...) when this
 * machine's clock showed ${wall_s}. */
struct failure tls_verify_failure(long error, const struct tls_seen *seen, int64_t wall_s);

/** tls_failure(ssl, seen): Why the last call on ${ssl} failed, from OpenSSL's queue of
 * errors, which is empty afterwards. */
struct failure tls_failure(const SSL *ssl, const struct tls_seen *seen);

/** tls_policy_failure(text): A limit of emailmon's own was crossed.  tls_memory_failure(): Memory is short here. */
struct failure tls_policy_failure(const char *text);
struct failure tls_memory_failure(void);

#endif
