#include "tls_peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct wire {
    int fd;
    size_t piece, flip, sent;
};

static int wire_read(BIO *bio, char *dst, size_t size, size_t *taken)
{
    const struct wire *w = BIO_get_data(bio);
    ssize_t n = recv(w->fd, dst, size, 0);
    *taken = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* OpenSSL's own buffer is not ours to change. */
static void send_flipped(struct wire *w, const char *bytes, size_t n)
{
    char byte;
    size_t at = w->flip - w->sent - 1;
    memcpy(&byte, bytes + at, 1);
    byte = (char)(byte ^ 1 << w->flip % 8);
    peer_send(w->fd, bytes, at);
    peer_send(w->fd, &byte, 1);
    peer_send(w->fd, bytes + at + 1, n - at - 1);
}

static int wire_write(BIO *bio, const char *bytes, size_t n, size_t *written)
{
    struct wire *w = BIO_get_data(bio);
    const size_t piece = w->piece > 0 ? w->piece : n;
    if (w->flip > w->sent && w->flip <= w->sent + n)
        send_flipped(w, bytes, n);
    else
        for (size_t at = 0; at < n; at += piece)
            peer_send(w->fd, bytes + at, n - at < piece ? n - at : piece);
    w->sent += n;
    *written = n;
    return 1;
}

static long wire_ctrl(BIO *bio, int what, long number, void *argument)
{
    (void)bio;
    (void)number;
    (void)argument;
    return what == BIO_CTRL_FLUSH;
}

static void must(bool yes)
{
    if (!yes)
        abort();
}

static SSL_CTX *new_context(const struct tls_script *script)
{
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    must(c != NULL);
    SSL_CTX_set_security_level(c, 0);
    must(SSL_CTX_set_min_proto_version(c, script->version) && SSL_CTX_set_max_proto_version(c, script->version));
    must(script->ciphers == NULL || SSL_CTX_set_cipher_list(c, script->ciphers));
    (void)SSL_CTX_set_dh_auto(c, 1);
    if (script->own != NULL)
        must(SSL_CTX_use_certificate(c, script->own->x509) && SSL_CTX_use_PrivateKey(c, script->own->key));
    for (size_t i = 0; i < 3 && script->chain[i] != NULL; i++)
        for (unsigned n = 0; n < (i == 0 && script->repeat > 0 ? script->repeat : 1); n++)
            must(SSL_CTX_add1_chain_cert(c, script->chain[i]->x509));
    return c;
}

static void say_before(const struct tls_script *script, int fd)
{
    char byte = '\0';
    if (script->before == NULL)
        return;
    peer_send(fd, script->before, strlen(script->before));
    while (byte != '\n' && recv(fd, &byte, 1, 0) == 1)
        continue;
    peer_send(fd, "+OK go\r\n", 8);
}

static void shake_and_talk(struct peer *p, SSL *ssl)
{
    const struct tls_script *script = p->script;
    char byte;
    size_t n;
    if (SSL_accept(ssl) != 1) {
        p->left = -1;
        while (SSL_get_rbio(ssl) != NULL && BIO_read_ex(SSL_get_rbio(ssl), &byte, 1, &n))
            continue;
        return;
    }
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)snprintf(p->heard, sizeof p->heard, "%s", name != NULL ? name : "");
    if (script->talk != NULL)
        script->talk(p, ssl);
}

void tls_play(struct peer *p, int fd)
{
    const struct tls_script *script = p->script;
    struct wire wire = {.fd = fd, .piece = script->piece, .flip = script->flip};
    int yes = 1;
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire");
    must(method != NULL && BIO_meth_set_read_ex(method, wire_read) && BIO_meth_set_write_ex(method, wire_write));
    must(BIO_meth_set_ctrl(method, wire_ctrl));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    say_before(script, fd);
    SSL_CTX *context = new_context(script);
    SSL *ssl = SSL_new(context);
    BIO *bio = BIO_new(method);
    must(ssl != NULL && bio != NULL);
    BIO_set_data(bio, &wire);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    shake_and_talk(p, ssl);
    SSL_free(ssl);
    SSL_CTX_free(context);
    BIO_meth_free(method);
}
