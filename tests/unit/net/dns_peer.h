/* A name server of a few names on 127.0.0.1, in a thread of its own. */
#ifndef EMAILMON_TEST_DNS_PEER_H
#define EMAILMON_TEST_DNS_PEER_H

#include <pthread.h>
#include <stdint.h>

struct dns_peer {
    int fd;
    int stop[2];
    pthread_t thread;
    char servers[32];   /* for resolver_new() */
    unsigned questions; /* atomic: heard so far */
    unsigned failing;   /* atomic: SERVFAIL to everything */
};

/**
 * dns_peer_start(p): Answers by the first label of the name:
 *   both        192.0.2.1, 2001:db8::1, for 300 s      brief      192.0.2.1, for 0 s
 *   many        20 IPv4 and 10 IPv6 addresses          alias      an alias of both
 *   nx          no such name                           nodata     a name without addresses
 *   servfail, refused                                  loop       an alias of itself
 *   silent      nothing                                empty      a datagram of 0 bytes
 *   garbage     a datagram that is no answer           otherid    the answer to another question
 *   only4       192.0.2.4, and nothing for IPv6        half4      192.0.2.4, and SERVFAIL for IPv6
 * dns_peer_stop(p): end it.
 */
void dns_peer_start(struct dns_peer *p);
void dns_peer_stop(struct dns_peer *p);

#endif
