#include "stream_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GUARD_MS = 10000 };

static void happen(struct bench *b, enum happening what)
{
    b->happened |= what;
    for (unsigned i = 0; i < sizeof b->times / sizeof b->times[0]; i++)
        b->times[i] += (unsigned)what >> i & 1;
    assert_true(b->returned);
    assert_non_null(b->stream);
    if (b->react != NULL)
        b->react(b, what);
    if ((b->free_at & what) != 0) {
        stream_free(b->stream);
        b->stream = NULL;
    }
    if ((b->stop_at & what) != 0)
        loop_stop(b->loop);
}

static void connected(void *owner)
{
    happen(owner, CONNECTED);
}

static void secured(void *owner)
{
    happen(owner, SECURED);
}

static void bytes(void *owner, const void *from, size_t n)
{
    struct bench *b = owner;
    assert_true(n > 0 && n <= 16384);
    b->bytes = realloc(b->bytes, b->bytes_count + n + 1);
    assert_non_null(b->bytes);
    memcpy(b->bytes + b->bytes_count, from, n);
    b->bytes_count += n;
    b->bytes[b->bytes_count] = '\0';
    happen(b, BYTES);
    if (b->stop_bytes > 0 && b->bytes_count >= b->stop_bytes)
        loop_stop(b->loop);
}

static void ended(void *owner)
{
    happen(owner, ENDED);
}

static void failed(void *owner, const struct failure *why)
{
    struct bench *b = owner;
    b->failure = failure_copy(why);
    happen(b, FAILED);
}

static const struct stream_events events = {
    .connected = connected, .secured = secured, .bytes = bytes, .ended = ended, .failed = failed};

static void too_late(void *owner)
{
    (void)owner;
    fail_msg("nothing happened for %d ms", GUARD_MS);
}

void bench_open(struct bench *b)
{
    b->loop = loop_new();
    assert_non_null(b->loop);
    b->guard = deadline_new(b->loop, too_late, b);
    b->failure = failure_none;
}

void bench_connect(struct bench *b, const struct address *to, uint16_t port)
{
    b->returned = false;
    b->stream = stream_connect(b->loop, to, port, &events, b);
    b->returned = true;
    assert_non_null(b->stream);
}

void bench_run(struct bench *b)
{
    deadline_set(b->guard, GUARD_MS);
    loop_run(b->loop);
    deadline_clear(b->guard);
}

void bench_close(struct bench *b)
{
    stream_free(b->stream);
    deadline_free(b->guard);
    failure_clear(&b->failure);
    free(b->bytes);
    loop_free(b->loop);
}

void bench_failed(const struct bench *b, enum leg leg, enum stage stage, enum cause cause)
{
    char text[FAILURE_TEXT_MAX + 1];
    (void)failure_print(&b->failure, text, sizeof text);
    if (b->failure.leg != leg || b->failure.stage != stage || b->failure.cause != cause)
        fail_msg("failed otherwise: %s, %s, %s: \"%s\"", leg_word(b->failure.leg), stage_word(b->failure.stage),
                 cause_word(b->failure.cause), text);
    assert_int_equal(b->times[4], 1);
}
