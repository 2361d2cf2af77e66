/*
 * What OpenSSL reads from and writes to instead of a socket: it reads the bytes that were received
 * last, in place, and what it writes goes to the stream at once.  Unlike a memory BIO it holds no
 * byte, so a connection at rest has no buffers.
 */
#ifndef EMAILMON_TLS_PIPE_H
#define EMAILMON_TLS_PIPE_H

#include <openssl/bio.h>
#include <stdbool.h>
#include <stddef.h>

struct tls_pipe {
    const unsigned char *in; /* received, not read yet */
    size_t in_bytes;
    bool shut; /* nothing more is to be read, whatever is there */
    bool (*send)(void *owner, const void *bytes, size_t n);
    void *owner;
    bool unsent; /* send() failed: memory */
};

/** tls_pipe_method(): how such a BIO works; NULL: memory.  BIO_meth_free() after the last BIO. */
BIO_METHOD *tls_pipe_method(void);

/** tls_pipe_bio(method, pipe): a BIO on ${pipe}, which outlives it; NULL: memory. */
BIO *tls_pipe_bio(const BIO_METHOD *method, struct tls_pipe *pipe);

#endif
