/* A server of one connection, in a thread of its own: what it does is a function. */
#ifndef EMAILMON_TEST_PEER_H
#define EMAILMON_TEST_PEER_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct peer {
    void (*play)(struct peer *p, int fd); /* closes nothing; blocking, with a limit of 10 s for each read and write */
    const void *script;                   /* of play's */
    int listener;
    uint16_t port;
    struct address address;
    pthread_t thread;
    char heard[64]; /* for play to leave what the test asks for after peer_join() */
    int left;
};

/** peer_start(p): Listen on 127.0.0.1, accept one connection, play, close.  peer_join(p): Wait until it is over.
 *  peer_abandon(p): The same where nobody connected. */
void peer_start(struct peer *p);
void peer_join(struct peer *p);
void peer_abandon(struct peer *p);

/** peer_send(fd, bytes, n): all of them.  peer_reset(fd): the closing of ${fd} will be an RST.
 *  peer_echo(fd, n): Send back ${n} bytes. */
void peer_send(int fd, const void *bytes, size_t n);
void peer_reset(int fd);
void peer_echo(int fd, size_t n);

/** peer_closed_port(): a port of 127.0.0.1 on which nobody listens. */
uint16_t peer_closed_port(void);

#endif
