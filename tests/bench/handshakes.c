/*
 * What TLS alone costs: a blocking client that makes full handshakes in pairs, as a poll needs them, and nothing else,
 * with emailmon's policy.
 *
 *     bench_handshakes PORT PORT AUTHORITY PAIRS PAIRS-A-SECOND
 */
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pace.h"

enum { SOME = 20 }; /* that are not measured: what is made once is made then */

static SSL_CTX *new_context(const char *authority)
{
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    if (c == NULL || SSL_CTX_load_verify_file(c, authority) != 1)
        errx(1, "%s", authority);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    return c;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
        connect(fd, (struct sockaddr *)&there, sizeof there) != 0)
        err(1, "connect");
    return fd;
}

static void shake(SSL_CTX *context, uint16_t port)
{
    int fd = connect_to(port);
    SSL *ssl = SSL_new(context);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), "127.0.0.1") != 1 || SSL_connect(ssl) != 1 ||
        SSL_get_verify_result(ssl) != X509_V_OK || SSL_session_reused(ssl))
        errx(1, "no handshake, or no full one");
    (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    (void)close(fd);
}

static void shake_twice(SSL_CTX *context, char **ports)
{
    for (int leg = 0; leg < 2; leg++)
        shake(context, (uint16_t)atoi(ports[leg]));
}

int main(int argc, char **argv)
{
    if (argc != 6)
        errx(2, "PORT PORT AUTHORITY PAIRS PAIRS-A-SECOND");
    SSL_CTX *context = new_context(argv[3]);
    uint64_t pairs = strtoul(argv[4], NULL, 10);
    for (unsigned i = 0; i < SOME; i++)
        shake_twice(context, argv + 1);
    struct pace pace = pace_begin((unsigned)atoi(argv[5]));
    for (uint64_t begun = 0; begun < pairs; shake_twice(context, argv + 1), begun++)
        (void)poll(NULL, 0, pace_wait_ms(&pace, begun));
    pace_say(&pace, pairs);
    SSL_CTX_free(context);
    return 0;
}
