/*
 * The server's side of SCRAM (RFC 5802 s. 3): hears what the client says, and has the two messages that an honest
 * server answers, so that a fuzzer, which can guess no proof, gets beyond them.
 *
 * Linking it makes salting passwords cheap: its own PKCS5_PBKDF2_HMAC() stands before libcrypto's, and does one round
 * whatever the count.
 */
#ifndef EMAILMON_FUZZ_PROOF_H
#define EMAILMON_FUZZ_PROOF_H

#include <stdbool.h>
#include <stddef.h>

enum { PROOF_MESSAGE_MAX = 1024 };

struct proof {
    bool sha256;                    /* the hash of the mechanism; else SHA-1 */
    char bare[PROOF_MESSAGE_MAX];   /* client-first-message-bare */
    char first[PROOF_MESSAGE_MAX];  /* server-first-message, as proof_first() made it last */
    char answer[PROOF_MESSAGE_MAX]; /* client-final-message-without-proof */
};

/** proof_hear(p, message, n): A message of the client, as octets; what is none of SCRAM's is ignored. */
void proof_hear(struct proof *p, const char *message, size_t n);

/** proof_first(p): r=...,s=...,i=4096; "" before the client spoke. */
const char *proof_first(struct proof *p);

/** proof_final(p, password, out): v=..., for a client that knows ${password}. */
void proof_final(const struct proof *p, const char *password, char out[PROOF_MESSAGE_MAX]);

#endif
