/*
 * TLS policies and what a handshake showed.  Contexts are shared by policy, never made a connection: one costs 1.3
 * MB with the system's certificates.
 *
 * The policy: TLS 1.2 at least; security level, ciphers and groups are those of the system's OpenSSL.  No resumption
 * and no tickets (a resumed handshake shows no certificate), no renegotiation, no compression.  Proving: the chain
 * leads to an authority of ${ca_file} or of the system's store, and the certificate shows the configured name in a
 * subjectAltName (RFC 9525); revocation is not asked for.  Believing (tls_verify: false): any certificate, or none.
 * Limits: TLS_CHAIN_DEPTH_MAX, TLS_CHAIN_BYTES_MAX, and those of stream_tls.c.
 */
#ifndef EMAILMON_TLS_H
#define EMAILMON_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

struct tls; /* the contexts of one loop */

/** tls_new(ca_file, why): ${ca_file} NULL or "": the system's certificates; copied.  NULL fills ${why} (leg local,
 * cause state): memory, or OpenSSL's configuration.  tls_free(t): after the streams that use it; NULL is fine. */
struct tls *tls_new(const char *ca_file, struct failure *why);
void tls_free(struct tls *t);

/**
 * tls_ready(t, now_ms, why): Whether certificates can be verified.  While ${ca_file} cannot be read this is false, and
 * fills ${why} (leg local, cause state); it is tried again when so asked, but no sooner than after TLS_RETRY_MS.
 */
enum { TLS_RETRY_MS = 5000 };
bool tls_ready(struct tls *t, uint64_t now_ms, struct failure *why);

/** What a handshake showed; also of one that failed after the certificate came. */
struct tls_facts {
    char version[12]; /* "TLSv1.3"; "" when none was agreed on */
    bool has_certificate;
    bool verified;      /* chain and name proven */
    int64_t expires_s;  /* wall clock: the earliest end in the chain that was shown; 0: it cannot be read */
    uint8_t sha256[32]; /* of the server's own certificate */
};

/** tls_days_left(expires_s, wall_s): whole days, rounded down, negative when expired. */
int32_t tls_days_left(int64_t expires_s, int64_t wall_s);

#endif
