/*
 * A stream: one TCP connection to one address, plain or under TLS, with TLS from the first byte or later.  Bytes in,
 * bytes out; it knows no mail protocol and no clock (the owner closes it when time is up).
 */
#ifndef EMAILMON_STREAM_H
#define EMAILMON_STREAM_H

#include "address.h"
#include "failure.h"
#include "loop.h"
#include "tls.h"

struct stream;

/**
 * What happens.  After failed() no other call comes; the owner still calls stream_free().  A stream may be freed
 * inside any of them.  Failures: stage connect (refused, unreachable, timedOut; with leg local: resources, or
 * unreachable where this machine has no route, so that another address may still do), tls
 * (certExpired, certName, certUntrusted, tlsVersion, tlsAlert, malformed, closed, policy), or stage NONE with cause
 * closed when an open connection broke; leg NONE unless it is this machine's own fault (LEG_LOCAL).
 */
struct stream_events {
    void (*connected)(void *owner); /* TCP stands */
    void (*secured)(void *owner);   /* the handshake is done, the peer is proven if it had to be */
    void (*bytes)(void *owner, const void *bytes, size_t n); /* at most 16 KiB a call */
    void (*ended)(void *owner);                              /* the peer closed in order: no more bytes come */
    void (*failed)(void *owner, const struct failure *why);
};

/** stream_connect(loop, to, port, events, owner): Begin to connect.  Return NULL only when memory is short; every
 *  other failure comes by failed(), never before this returns.  The last STREAM_SPARED descriptors that this process
 *  may have count as none: they are for the master agent, the files, name servers and commands. */
enum { STREAM_SPARED = 32 };
struct stream *stream_connect(struct loop *loop, const struct address *to, uint16_t port,
                              const struct stream_events *events, void *owner);

/**
 * stream_secure(s, tls, name, verify): Begin the handshake; ${name} is sent as SNI (unless it is an address) and,
 * with ${verify}, must be what the certificate shows.  False: memory (then failed() does not come).
 */
bool stream_secure(struct stream *s, struct tls *tls, const char *name, bool verify);

/** stream_write(s, bytes, n): Copies and sends in order; false when memory is short or the peer does not read (more
 * than 256 KiB wait). */
bool stream_write(struct stream *s, const void *bytes, size_t n);

/** stream_pause(s, yes): Stop or go on reading (what is read already is delivered). */
void stream_pause(struct stream *s, bool yes);

/** stream_local(s, text): The own address of the connection, "" before connected().  stream_facts(s): what TLS
 * showed; zeros without TLS. */
void stream_local(const struct stream *s, char text[ADDRESS_TEXT_MAX + 18]);
const struct tls_facts *stream_facts(const struct stream *s);

/** stream_free(s): Send what waits as far as the socket takes it at once (close_notify too), close, free; no call
 * comes any more.  NULL is fine. */
void stream_free(struct stream *s);

#endif
