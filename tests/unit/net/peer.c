#include "peer.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "loop.h"

enum { LIMIT_S = 10 };

/* A helper thread cannot fail a test: it ends the program, loudly. */
static void must(int yes)
{
    if (!yes)
        abort();
}

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof own;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof own) == 0 && listen(fd, 4) == 0);
    must(getsockname(fd, (struct sockaddr *)&own, &n) == 0);
    *port = ntohs(own.sin_port);
    return fd;
}

static void *serve(void *argument)
{
    struct peer *p = argument;
    struct timeval limit = {.tv_sec = LIMIT_S};
    (void)setsockopt(p->listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int fd = accept(p->listener, NULL, NULL);
    if (fd < 0)
        return NULL;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    p->play(p, fd);
    close(fd);
    return NULL;
}

void peer_start(struct peer *p)
{
    p->address = (struct address){.family = 4, .bytes = {127, 0, 0, 1}};
    p->listener = listen_somewhere(&p->port);
    must(pthread_create(&p->thread, NULL, serve, p) == 0);
}

void peer_join(struct peer *p)
{
    must(pthread_join(p->thread, NULL) == 0);
    close(p->listener);
}

void peer_abandon(struct peer *p)
{
    (void)shutdown(p->listener, SHUT_RD); /* accept() returns */
    peer_join(p);
}

void peer_send(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        n -= (size_t)sent;
    }
}

void peer_reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
}

void peer_echo(int fd, size_t n)
{
    char bytes[4096];
    while (n > 0) {
        ssize_t got = recv(fd, bytes, n < sizeof bytes ? n : sizeof bytes, 0);
        if (got <= 0)
            return;
        peer_send(fd, bytes, (size_t)got);
        n -= (size_t)got;
    }
}

uint16_t peer_closed_port(void)
{
    uint16_t port;
    close(listen_somewhere(&port));
    return port;
}
