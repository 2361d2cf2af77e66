/* What leaves: at once if the socket takes it, else in order behind what waits. */
#include <stdlib.h>
#include <string.h>

#include "stream_parts.h"

struct chunk {
    uv_write_t write;
    struct stream *stream;
    size_t n;
    char bytes[];
};

/*
 * A server that says why it closes, and closes, may have done so before we write: what it said waits in the socket and
 * tells more than our failure.  So reading goes on; it ends by itself, as the connection is gone.
 */
static void note_broken(struct stream *s, int error)
{
    if (s->freed || s->broken_errno != 0)
        return;
    s->broken_errno = error;
    bool reads = s->connected && !s->paused && !s->ended;
    if (reads && (error == EPIPE || error == ECONNRESET))
        return;
    struct failure why = failure_make(LEG_NONE, stream_tls_is_shaking(s) ? STAGE_TLS : STAGE_NONE, CAUSE_CLOSED, error);
    if (error == ENOMEM || error == ENOBUFS) {
        why.leg = LEG_LOCAL;
        why.cause = CAUSE_RESOURCES;
    }
    failure_detail(&why, "%s", uv_strerror(-error));
    stream_fail_late(s, &why);
}

static void free_chunk(struct chunk *c)
{
    explicit_bzero(c->bytes, c->n); /* without TLS it may be a password */
    free(c);
}

static void on_written(uv_write_t *write, int status)
{
    struct chunk *c = write->data;
    struct stream *s = c->stream;
    free_chunk(c);
    if (status != 0 && status != UV_ECANCELED)
        note_broken(s, -status);
}

static bool send_later(struct stream *s, const char *bytes, size_t n)
{
    struct chunk *c = malloc(sizeof *c + n);
    if (c == NULL)
        return false;
    c->stream = s;
    c->n = n;
    c->write.data = c;
    memcpy(c->bytes, bytes, n);
    uv_buf_t buffer = uv_buf_init(c->bytes, (unsigned)n);
    int error = uv_write(&c->write, (uv_stream_t *)&s->tcp, &buffer, 1, on_written);
    if (error == 0)
        return true;
    free_chunk(c);
    note_broken(s, -error);
    return true;
}

bool stream_send(struct stream *s, const void *bytes, size_t n)
{
    union {
        const void *shown;
        char *taken; /* uv_buf_init() takes no const; nothing is written through it */
    } both = {.shown = bytes};
    if (s->broken_errno != 0 || n == 0)
        return true;
    uv_buf_t buffer = uv_buf_init(both.taken, (unsigned)n);
    int sent = uv_try_write((uv_stream_t *)&s->tcp, &buffer, 1); /* UV_EAGAIN too while others wait in front */
    if (sent < 0 && sent != UV_EAGAIN) {
        note_broken(s, -sent);
        return true;
    }
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (done == n || s->freed) /* closing: as far as the socket takes it */
        return true;
    return send_later(s, both.taken + done, n - done);
}

bool stream_write(struct stream *s, const void *bytes, size_t n)
{
    size_t waiting = uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp);
    if (stream_is_over(s))
        return true;
    if (waiting > STREAM_WAITING_MAX || n > STREAM_WAITING_MAX - waiting)
        return false;
    return s->tls != NULL ? stream_tls_write(s, bytes, n) : stream_send(s, bytes, n);
}
