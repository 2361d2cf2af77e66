#include "stream.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "stream_parts.h"

/* --- its end --- */

bool stream_is_over(const struct stream *s)
{
    return s->freed || s->failed;
}

void stream_fail(struct stream *s, struct failure *why)
{
    struct failure told = failure_none;
    failure_move(&told, why);
    if (!stream_is_over(s)) {
        s->failed = true;
        (void)uv_read_stop((uv_stream_t *)&s->tcp);
        s->events->failed(s->owner, &told);
    }
    failure_clear(&told);
}

void stream_fail_late(struct stream *s, struct failure *why)
{
    if (stream_is_over(s)) {
        failure_clear(why);
        return;
    }
    s->failed = true;
    (void)uv_read_stop((uv_stream_t *)&s->tcp);
    failure_move(&s->late_why, why);
    deadline_set(s->late, 0);
}

static void late_due(void *owner)
{
    struct stream *s = owner;
    s->failed = false;
    stream_fail(s, &s->late_why);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void stream_free(struct stream *s)
{
    if (s == NULL || s->freed)
        return;
    s->freed = true;
    (void)uv_read_stop((uv_stream_t *)&s->tcp);
    stream_tls_close(s);
    deadline_free(s->late);
    failure_clear(&s->late_why);
    uv_close((uv_handle_t *)&s->tcp, on_closed); /* whatever libuv still had to tell comes before, and is ignored */
}

/* --- what it reads --- */

/* All streams of a loop read through one buffer, one after the other. */
static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct stream *s = handle->data;
    (void)suggested;
    *buffer = uv_buf_init((char *)s->loop->input, sizeof s->loop->input);
}

void stream_lost(struct stream *s, int error)
{
    bool shaking = stream_tls_is_shaking(s);
    struct failure why = failure_make(LEG_NONE, shaking ? STAGE_TLS : STAGE_NONE, CAUSE_CLOSED, error);
    if (error == ENOMEM || error == ENOBUFS) {
        why.leg = LEG_LOCAL;
        why.cause = CAUSE_RESOURCES;
    }
    if (error != 0)
        failure_detail(&why, "%s", uv_strerror(-error));
    else if (shaking)
        failure_detail(&why, "in the middle of the handshake");
    stream_fail(s, &why);
}

void stream_end(struct stream *s)
{
    if (s->ended || stream_is_over(s))
        return;
    s->ended = true;
    (void)uv_read_stop((uv_stream_t *)&s->tcp);
    if (s->broken_errno != 0 || stream_tls_is_shaking(s))
        stream_lost(s, s->broken_errno);
    else
        s->events->ended(s->owner);
}

static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buffer)
{
    struct stream *s = tcp->data;
    if (stream_is_over(s) || n == 0)
        return;
    if (n == UV_EOF)
        stream_end(s);
    else if (n < 0)
        stream_lost(s, (int)-n);
    else if (s->tls != NULL)
        stream_tls_feed(s, (const unsigned char *)buffer->base, (size_t)n);
    else
        s->events->bytes(s->owner, buffer->base, (size_t)n);
}

void stream_read(struct stream *s)
{
    if (!s->connected || s->paused || s->ended || stream_is_over(s))
        return;
    int error = uv_read_start((uv_stream_t *)&s->tcp, give_buffer, on_read);
    if (error == 0 || error == UV_EALREADY)
        return;
    struct failure why = failure_make(LEG_NONE, STAGE_NONE, CAUSE_CLOSED, -error);
    stream_fail_late(s, &why);
}

void stream_pause(struct stream *s, bool yes)
{
    s->paused = yes;
    if (yes && !s->freed)
        (void)uv_read_stop((uv_stream_t *)&s->tcp);
    stream_read(s);
}

/* --- its beginning --- */

struct stream *stream_connect(struct loop *loop, const struct address *to, uint16_t port,
                              const struct stream_events *events, void *owner)
{
    struct stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->late = deadline_new(loop, late_due, s);
    if (s->late == NULL) {
        free(s);
        return NULL;
    }
    s->loop = loop;
    s->events = events;
    s->owner = owner;
    s->late_why = failure_none;
    (void)uv_tcp_init(&loop->uv, &s->tcp); /* cannot fail: the socket is made by stream_open() */
    s->tcp.data = s->connect.data = s;
    stream_open(s, to, port);
    return s;
}

void stream_local(const struct stream *s, char text[ADDRESS_TEXT_MAX + 18])
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } own;
    struct address address = {0};
    int length = sizeof own;
    text[0] = '\0';
    if (!s->connected || s->freed || uv_tcp_getsockname(&s->tcp, &own.any, &length) != 0)
        return;
    if (own.any.sa_family == AF_INET) {
        address.family = 4;
        memcpy(address.bytes, &own.v4.sin_addr, sizeof own.v4.sin_addr);
    } else {
        address.family = 6;
        address.scope = own.v6.sin6_scope_id;
        memcpy(address.bytes, &own.v6.sin6_addr, sizeof own.v6.sin6_addr);
    }
    address_print(&address, text);
}
