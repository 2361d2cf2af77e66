/* How a stream begins, and what it means when it does not. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream_parts.h"

/*
 * What the kernel says is the server's fault unless it is known to be this machine's.  With a cause other than
 * RESOURCES another address of the same name may still be reached: IPv6 without a route, above all.
 */
static const struct fault {
    int error;
    bool at_once; /* only when connect() itself said so: later it is a router or the server that speaks */
    enum leg leg;
    enum cause cause;
    const char *detail;
} faults[] = {
    {ECONNREFUSED, false, LEG_NONE, CAUSE_REFUSED, NULL},
    {ETIMEDOUT, false, LEG_NONE, CAUSE_TIMED_OUT, NULL},
    {EMFILE, false, LEG_LOCAL, CAUSE_RESOURCES, "no descriptor is left to this process"},
    {ENFILE, false, LEG_LOCAL, CAUSE_RESOURCES, "no descriptor is left on this machine"},
    {ENOBUFS, false, LEG_LOCAL, CAUSE_RESOURCES, "no network buffers are left"},
    {ENOMEM, false, LEG_LOCAL, CAUSE_RESOURCES, "out of memory"},
    {EADDRNOTAVAIL, false, LEG_LOCAL, CAUSE_RESOURCES, "no local address or port is left"},
    {EACCES, false, LEG_LOCAL, CAUSE_UNREACHABLE, "this machine's own rules forbid it"},
    {EPERM, false, LEG_LOCAL, CAUSE_UNREACHABLE, "this machine's own rules forbid it"},
    {EAFNOSUPPORT, false, LEG_LOCAL, CAUSE_UNREACHABLE, "this machine does not speak this kind of address"},
    {ENETUNREACH, true, LEG_LOCAL, CAUSE_UNREACHABLE, "this machine has no route to it"},
    {EHOSTUNREACH, true, LEG_LOCAL, CAUSE_UNREACHABLE, "this machine has no route to it"},
    {ENETDOWN, false, LEG_LOCAL, CAUSE_UNREACHABLE, "this machine's network is down"},
    {EINVAL, true, LEG_LOCAL, CAUSE_UNREACHABLE, "this machine cannot reach such an address (a zone may be missing)"},
};

static void explain(struct failure *why, int error, const char *detail)
{
    *why = failure_make(LEG_NONE, STAGE_CONNECT, CAUSE_UNREACHABLE, error);
    if (detail != NULL || error != ECONNREFUSED) /* which the cause says already */
        failure_detail(why, "%s", detail != NULL ? detail : uv_strerror(-error));
}

static struct failure why_not(int error, bool at_once, bool ipv6)
{
    struct failure why;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const struct fault *f = &faults[i];
        if (f->error != error || (f->at_once && !at_once))
            continue;
        explain(&why, error, f->detail);
        why.leg = f->leg;
        why.cause = f->cause;
        /* Without an IPv6 address of its own the kernel says so to any IPv6 destination. */
        if (error == EADDRNOTAVAIL && ipv6)
            why.cause = CAUSE_UNREACHABLE;
        return why;
    }
    explain(&why, error, NULL);
    if (at_once)
        why.leg = LEG_LOCAL;
    return why;
}

/*
 * Multicast, broadcast (RFC 1112 s. 4, RFC 919) and "this host" (RFC 1122 s. 3.2.1.3): the kernel would call the first
 * two a fault of this machine, and take the last for this machine itself, which is not whom a name server meant.
 */
static bool is_no_server(const struct address *a)
{
    static const unsigned char nothing[16], first_multicast = 224;
    if (a->family == 4)
        return a->bytes[0] >= first_multicast || a->bytes[0] == 0;
    return a->bytes[0] == 0xFF || memcmp(a->bytes, nothing, sizeof nothing) == 0;
}

static void on_connect(uv_connect_t *connect, int status)
{
    struct stream *s = connect->data;
    if (stream_is_over(s))
        return;
    if (status == UV_ECONNRESET) {
        /* A SYN is answered by RST as "refused"; so it stood, and the server broke it before this loop came to see. */
        s->connected = true;
        s->events->connected(s->owner);
        if (!stream_is_over(s))
            stream_lost(s, ECONNRESET);
        return;
    }
    if (status != 0) {
        struct failure why = why_not(-status, false, false);
        stream_fail(s, &why);
        return;
    }
    s->connected = true;
    stream_read(s);
    if (!stream_is_over(s))
        s->events->connected(s->owner);
}

/* The kernel gives the lowest number that is free, so a high one says how many are in use. */
static bool is_spared(int fd)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)fd + STREAM_SPARED >= limit.rlim_cur;
}

/* 0, or an errno. */
static int open_socket(struct stream *s, int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = is_spared(fd) ? EMFILE : -uv_tcp_open(&s->tcp, fd);
    if (error != 0)
        (void)close(fd);
    return error;
}

void stream_open(struct stream *s, const struct address *to, uint16_t port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } there;
    struct failure why;
    memset(&there, 0, sizeof there);
    if (is_no_server(to)) {
        why = failure_make(LEG_NONE, STAGE_CONNECT, CAUSE_UNREACHABLE, 0);
        failure_detail(&why, "no server can have this address");
        stream_fail_late(s, &why);
        return;
    }
    if (to->family == 4) {
        there.v4.sin_family = AF_INET;
        there.v4.sin_port = htons(port);
        memcpy(&there.v4.sin_addr, to->bytes, sizeof there.v4.sin_addr);
    } else {
        there.v6.sin6_family = AF_INET6;
        there.v6.sin6_port = htons(port);
        there.v6.sin6_scope_id = to->scope;
        memcpy(&there.v6.sin6_addr, to->bytes, sizeof there.v6.sin6_addr);
    }
    int error = open_socket(s, there.any.sa_family);
    if (error == 0) {
        (void)uv_tcp_nodelay(&s->tcp, 1); /* commands are written whole: nothing is gained by waiting for more */
        error = -uv_tcp_connect(&s->connect, &s->tcp, &there.any, on_connect);
    }
    if (error == 0)
        return;
    why = why_not(error, true, to->family == 6);
    stream_fail_late(s, &why);
}
