/* One stream on one loop, and all that happened to it. */
#ifndef EMAILMON_TEST_STREAM_BENCH_H
#define EMAILMON_TEST_STREAM_BENCH_H

#include "stream.h"

enum happening { CONNECTED = 1 << 0, SECURED = 1 << 1, BYTES = 1 << 2, ENDED = 1 << 3, FAILED = 1 << 4 };

struct bench {
    struct loop *loop;
    struct stream *stream;
    struct deadline *guard;
    unsigned happened, times[5]; /* bits of enum happening; how often each */
    struct failure failure;
    unsigned char *bytes;
    size_t bytes_count;
    bool returned; /* stream_connect() did */

    unsigned free_at;                                    /* free the stream in these */
    unsigned stop_at;                                    /* leave the loop after these */
    size_t stop_bytes;                                   /* and when so many bytes are there */
    void (*react)(struct bench *b, enum happening what); /* NULL: nothing more to do */
    struct tls *tls;                                     /* for react() */
    const char *name;                                    /* for react() */
    bool verify;                                         /* for react() */
    size_t written;                                      /* for react() */
};

/** bench_open(b): Make the loop.  bench_connect(b, to, port): begin.  bench_run(b): Until one of stop_at, or 10 s:
 *  that fails the test.  bench_close(b): free all. */
void bench_open(struct bench *b);
void bench_connect(struct bench *b, const struct address *to, uint16_t port);
void bench_run(struct bench *b);
void bench_close(struct bench *b);

/** bench_failed(b, leg, stage, cause): Fail the test unless that is how it failed. */
void bench_failed(const struct bench *b, enum leg leg, enum stage stage, enum cause cause);

#endif
