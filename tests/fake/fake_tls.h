/* TLS of the fake mail server: one self-signed certificate, made when it is first
 * needed, for localhost and 127.0.0.1. */
#ifndef EMAILMON_FAKE_TLS_H
#define EMAILMON_FAKE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct fake_tls; /* shared by the connections of one server */
struct fake_secure;

/** fake_tls_new(): NULL: it cannot.  fake_tls_free(t).  fake_tls_write(t, path): the
 * certificate, as PEM; false: it cannot. */
struct fake_tls *fake_tls_new(void);
void fake_tls_free(struct fake_tls *t);
bool fake_tls_write(const struct fake_tls *t, const char *path);

/** fake_secure_new(t, fd): The server's side of a handshake begins.  fake_secure_free(s): NULL is fine. */
struct fake_secure *fake_secure_new(struct fake_tls *t, int fd);
void fake_secure_free(struct fake_secure *s);

/** fake_secure_shake(s): 1: the handshake is done; 0: go on when the socket is ready; -1: it failed. */
int fake_secure_shake(struct fake_secure *s);

/** fake_secure_recv, fake_secure_send: as recv and send on a socket that does not
 * block: -1 with errno EAGAIN: later. */
ssize_t fake_secure_recv(struct fake_secure *s, char *bytes, size_t n);
ssize_t fake_secure_send(struct fake_secure *s, const char *bytes, size_t n);

#endif
