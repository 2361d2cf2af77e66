/*
 * The inside of a stream, for the files that it is made of: stream.c (its life, and what it reads), stream_connect.c
 * (how it begins), stream_send.c (what leaves), stream_tls.c (TLS over it).
 */
#ifndef EMAILMON_STREAM_PARTS_H
#define EMAILMON_STREAM_PARTS_H

#include "loop_uv.h"
#include "stream.h"

enum { STREAM_WAITING_MAX = 256 * 1024 /* bytes that the peer does not read */ };

struct stream_tls;

struct stream {
    uv_tcp_t tcp;
    uv_connect_t connect;
    struct loop *loop;
    const struct stream_events *events;
    void *owner;
    struct stream_tls *tls; /* NULL: plain */

    bool connected;
    bool paused;
    bool ended;       /* the peer sends no more */
    bool failed;      /* failed() was called, or is about to be */
    bool freed;       /* only libuv still has it */
    int broken_errno; /* writing failed; what was received before still counts */

    struct deadline *late;   /* a failure that is told in the next turn */
    struct failure late_why; /* which */
};

/** stream_fail(s, why): Tell ${why} (moved) now; nothing else comes after it.  ${s} may be freed inside.
 *  stream_fail_late(s, why): the same in the next turn, for what is found out while the owner is calling. */
void stream_fail(struct stream *s, struct failure *why);
void stream_fail_late(struct stream *s, struct failure *why);

/** stream_lost(s, error): Tell that the open connection broke, with an errno, or 0 for an end that came too early. */
void stream_lost(struct stream *s, int error);

/** stream_is_over(s): Freed or failed: an event's caller must go no further. */
bool stream_is_over(const struct stream *s);

/** stream_read(s): Begin or go on reading, unless paused or ended.  stream_end(s): The peer sends no more: tell it. */
void stream_read(struct stream *s);
void stream_end(struct stream *s);

/** stream_send(s, bytes, n): To the socket, as they are; what it does not take waits.  False: memory. */
bool stream_send(struct stream *s, const void *bytes, size_t n);

/** stream_open(s, to, port): Begin to connect. */
void stream_open(struct stream *s, const struct address *to, uint16_t port);

/**
 * stream_tls_feed(s, bytes, n): What the socket gave.  stream_tls_write(s, bytes, n): for stream_write().
 * stream_tls_is_shaking(s): The handshake is under way.
 * stream_tls_close(s): Send close_notify if there is anything to close, and free; NULL s->tls is fine.
 */
void stream_tls_feed(struct stream *s, const unsigned char *bytes, size_t n);
bool stream_tls_write(struct stream *s, const void *bytes, size_t n);
bool stream_tls_is_shaking(const struct stream *s);
void stream_tls_close(struct stream *s);

#endif
