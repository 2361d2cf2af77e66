/* A TLS server of one connection: a peer whose play is a handshake and then a talk. */
#ifndef EMAILMON_TEST_TLS_PEER_H
#define EMAILMON_TEST_TLS_PEER_H

#include <openssl/ssl.h>

#include "certificates.h"
#include "peer.h"

struct tls_script {
    const struct certificate *own;
    const struct certificate *chain[3]; /* shown besides */
    unsigned repeat;                    /* how often the first of them is shown; 0: once */
    int version;                        /* the only one it speaks; 0: any */
    const char *ciphers;                /* of TLS 1.2; NULL: any */
    size_t piece;                       /* what it sends leaves in pieces of so many bytes; 0: whole */
    size_t flip;        /* of the byte that leaves as this one, counted from 1, a bit is changed; 0: none */
    const char *before; /* said in clear first, and then a line is awaited; NULL: nothing */
    void (*talk)(struct peer *p, SSL *ssl); /* after the handshake; NULL: nothing */
};

/** tls_play(p, fd): for peer.play with a tls_script; leaves the name that the client asked for in p->heard, unless talk
 *  wrote there.  When the handshake fails it waits until the client closes, and sets p->left to -1. */
void tls_play(struct peer *p, int fd);

#endif
