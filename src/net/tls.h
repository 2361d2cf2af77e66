/*
 * TLS policies and what a handshake showed.  Contexts are shared by policy, never made a connection: one costs 1.3
 * MB with the system's certificates.
 */
#ifndef EMAILMON_TLS_H
#define EMAILMON_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

struct tls; /* the contexts of one loop */

/** tls_new(ca_file, why): ${ca_file} NULL or "": the system's certificates.  NULL fills ${why} (leg local, cause
 * state).  tls_free(t): after the streams that use it; NULL is fine. */
struct tls *tls_new(const char *ca_file, struct failure *why);
void tls_free(struct tls *t);

/** What a handshake showed; also of one that failed after the certificate came. */
struct tls_facts {
    char version[12]; /* "TLSv1.3"; "" when none was agreed on */
    bool has_certificate;
    bool verified;      /* chain and name proven */
    int64_t expires_s;  /* wall clock: the earliest end in the chain that was shown */
    uint8_t sha256[32]; /* of the server's own certificate */
};

/** tls_days_left(expires_s, wall_s): whole days, rounded down, negative when expired. */
int32_t tls_days_left(int64_t expires_s, int64_t wall_s);

#endif
