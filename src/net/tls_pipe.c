#include "tls_pipe.h"

#include <string.h>

static int pipe_read(BIO *bio, char *dst, size_t size, size_t *taken)
{
    struct tls_pipe *p = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *taken = 0;
    if (p->shut)
        return 0;
    if (p->in_bytes == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *taken = size < p->in_bytes ? size : p->in_bytes;
    memcpy(dst, p->in, *taken);
    p->in += *taken;
    p->in_bytes -= *taken;
    return 1;
}

static int pipe_write(BIO *bio, const char *bytes, size_t n, size_t *written)
{
    struct tls_pipe *p = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *written = 0;
    if (!p->send(p->owner, bytes, n)) {
        p->unsent = true;
        return 0;
    }
    *written = n;
    return 1;
}

static long pipe_ctrl(BIO *bio, int what, long number, void *argument)
{
    (void)bio;
    (void)number;
    (void)argument;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *tls_pipe_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "emailmon");
    if (m == NULL)
        return NULL;
    if (BIO_meth_set_read_ex(m, pipe_read) == 1 && BIO_meth_set_write_ex(m, pipe_write) == 1 &&
        BIO_meth_set_ctrl(m, pipe_ctrl) == 1)
        return m;
    BIO_meth_free(m);
    return NULL;
}

BIO *tls_pipe_bio(const BIO_METHOD *method, struct tls_pipe *pipe)
{
    BIO *bio = BIO_new(method);
    if (bio == NULL)
        return NULL;
    BIO_set_data(bio, pipe);
    BIO_set_init(bio, 1);
    return bio;
}
