/* TLS over a stream: received bytes go through OpenSSL, what it has to say goes out at once. */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "stream_parts.h"
#include "tls_parts.h"
#include "tls_pipe.h"

enum {
    HANDSHAKE_BYTES_MAX = 256 * 1024,
    NAME_MAX_BYTES = 256,         /* with the NUL: a server's setting has 255 */
    RECORDS_WITHOUT_DATA_MAX = 64 /* tickets, key updates, empty records: a few are normal */
};

struct stream_tls {
    SSL *ssl;
    struct tls_pipe pipe;
    struct tls_seen seen;
    bool secured;
    bool broken; /* OpenSSL gave up: nothing may be asked of it any more */
    size_t handshake_bytes;
    unsigned records; /* since the last data */
    unsigned char *held;
    size_t held_bytes; /* written before the handshake was done; malloc'ed */
};

/* --- its beginning and end --- */

static bool send_record(void *owner, const void *bytes, size_t n)
{
    return stream_send(owner, bytes, n);
}

/* Each record's header passes here; a flood of records must not keep the loop, so the pipe is shut in its middle. */
static void count_record(int sent, int version, int type, const void *bytes, size_t n, SSL *ssl, void *argument)
{
    struct stream_tls *t = argument;
    (void)version;
    (void)bytes;
    (void)n;
    (void)ssl;
    if (sent == 0 && type == SSL3_RT_HEADER && t->secured && ++t->records > RECORDS_WITHOUT_DATA_MAX)
        t->pipe.shut = true;
}

static void free_tls(struct stream_tls *t)
{
    SSL_free(t->ssl);
    if (t->held != NULL)
        explicit_bzero(t->held, t->held_bytes);
    free(t->held);
    free(t);
}

void stream_tls_close(struct stream *s)
{
    if (s->tls == NULL)
        return;
    if (s->tls->secured && !s->tls->broken) {
        ERR_clear_error();
        (void)SSL_shutdown(s->tls->ssl); /* sends close_notify; the peer's is not awaited */
    }
    ERR_clear_error();
    free_tls(s->tls);
    s->tls = NULL;
}

static struct stream_tls *new_tls(struct stream *s, struct tls *tls, bool verify)
{
    struct stream_tls *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->pipe.send = send_record;
    t->pipe.owner = s;
    t->seen.verify = verify;
    t->ssl = SSL_new(verify ? tls->proving : tls->believing);
    BIO *bio = t->ssl != NULL && SSL_set_app_data(t->ssl, &t->seen) == 1 ? tls_pipe_bio(tls->pipe, &t->pipe) : NULL;
    if (bio == NULL) {
        free_tls(t);
        return NULL;
    }
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_connect_state(t->ssl);
    SSL_set_msg_callback(t->ssl, count_record);
    SSL_set_msg_callback_arg(t->ssl, t);
    return t;
}

/* As it is sent and verified: no brackets, no dot at the end (RFC 6066 s. 3). */
static bool bare_name(const char *name, char out[NAME_MAX_BYTES])
{
    size_t n = strlen(name);
    if (n > 2 && name[0] == '[' && name[n - 1] == ']') {
        name++;
        n -= 2;
    } else if (n > 1 && name[n - 1] == '.') {
        n--;
    }
    if (n >= NAME_MAX_BYTES)
        return false;
    memcpy(out, name, n);
    out[n] = '\0';
    return true;
}

/* False: memory. */
static bool set_name(struct stream_tls *t, char *bare)
{
    struct address address;
    if (bare[0] != '\0' && !address_parse(bare, &address) && SSL_set_tlsext_host_name(t->ssl, bare) != 1)
        return false;
    return !t->seen.verify || tls_verify_name(t->ssl, bare);
}

/* --- what goes wrong --- */

static struct failure why_not(const struct stream_tls *t)
{
    struct failure why = tls_failure(t->ssl, &t->seen); /* in any case: the queue must be empty for the next one */
    if (!t->pipe.unsent && !t->pipe.shut)
        return why;
    failure_clear(&why);
    return t->pipe.unsent ? tls_memory_failure()
                          : tls_policy_failure("the server sends records without data, and no end of them");
}

static void note_version(struct stream_tls *t)
{
    if (t->secured || t->seen.facts.has_certificate)
        (void)text_copy(t->seen.facts.version, sizeof t->seen.facts.version, SSL_get_version(t->ssl));
}

static void give_up(struct stream *s, struct failure *why)
{
    s->tls->broken = true;
    note_version(s->tls);
    stream_fail(s, why);
}

/* --- the handshake --- */

bool stream_tls_is_shaking(const struct stream *s)
{
    return s->tls != NULL && !s->tls->secured;
}

static bool is_proven(const struct stream_tls *t)
{
    return SSL_get_verify_result(t->ssl) == X509_V_OK && SSL_get0_peer_certificate(t->ssl) != NULL;
}

static void send_held(struct stream *s)
{
    struct stream_tls *t = s->tls;
    unsigned char *held = t->held;
    size_t n = t->held_bytes;
    t->held = NULL;
    t->held_bytes = 0;
    if (n > 0 && !stream_tls_write(s, held, n)) {
        struct failure why = failure_make(LEG_LOCAL, STAGE_NONE, CAUSE_RESOURCES, 0);
        stream_fail_late(s, &why);
    }
    if (held != NULL)
        explicit_bzero(held, n);
    free(held);
}

static void finish(struct stream *s)
{
    struct stream_tls *t = s->tls;
    if (t->seen.verify && !is_proven(t)) {
        struct failure why = failure_make(LEG_NONE, STAGE_TLS, CAUSE_CERT_UNTRUSTED, 0);
        failure_detail(&why, "the server showed no certificate");
        give_up(s, &why);
        return;
    }
    t->secured = true;
    t->seen.facts.verified = t->seen.verify;
    note_version(t);
    send_held(s);
    if (!stream_is_over(s))
        s->events->secured(s->owner);
}

/* Return whether it is done. */
static bool shake(struct stream *s)
{
    struct stream_tls *t = s->tls;
    struct failure why;
    ERR_clear_error();
    int result = SSL_do_handshake(t->ssl);
    if (result == 1) {
        finish(s);
        return true;
    }
    if (SSL_get_error(t->ssl, result) != SSL_ERROR_WANT_READ)
        why = why_not(t);
    else if (t->handshake_bytes > HANDSHAKE_BYTES_MAX)
        why = tls_policy_failure("the server's handshake is longer than any honest one");
    else
        return false;
    give_up(s, &why);
    return false;
}

static void begin(struct stream *s)
{
    struct stream_tls *t = s->tls;
    ERR_clear_error();
    int result = SSL_do_handshake(t->ssl);
    if (result == 1 || SSL_get_error(t->ssl, result) == SSL_ERROR_WANT_READ)
        return;
    struct failure why = why_not(t);
    t->broken = true;
    stream_fail_late(s, &why);
}

bool stream_secure(struct stream *s, struct tls *tls, const char *name, bool verify)
{
    if (s->tls != NULL || stream_is_over(s))
        return true; /* it is already, or its failure is on the way */
    char bare[NAME_MAX_BYTES];
    bool has_name = bare_name(name, bare) && (bare[0] != '\0' || !verify);
    s->tls = new_tls(s, tls, verify);
    if (s->tls == NULL)
        return false;
    if (!has_name) {
        struct failure why = tls_policy_failure("there is no name that the certificate could be compared with");
        s->tls->broken = true;
        stream_fail_late(s, &why);
    } else if (set_name(s->tls, bare)) {
        begin(s);
    } else {
        stream_tls_close(s);
        return false;
    }
    return true;
}

/* --- bytes --- */

static void read_clear(struct stream *s)
{
    struct stream_tls *t = s->tls;
    struct failure why;
    size_t n;
    for (;;) {
        ERR_clear_error();
        int result = SSL_read_ex(t->ssl, s->loop->clear, sizeof s->loop->clear, &n);
        if (result != 1) {
            switch (SSL_get_error(t->ssl, result)) {
            case SSL_ERROR_WANT_READ:
                return;
            case SSL_ERROR_ZERO_RETURN:
                stream_end(s);
                return;
            default:
                why = why_not(t);
                give_up(s, &why);
                return;
            }
        }
        t->records = 0;
        s->events->bytes(s->owner, s->loop->clear, n);
        if (stream_is_over(s))
            return;
    }
}

static void note_first(struct tls_seen *seen, const unsigned char *bytes, size_t n)
{
    size_t room = sizeof seen->first - seen->first_bytes;
    size_t taken = n < room ? n : room;
    memcpy(seen->first + seen->first_bytes, bytes, taken);
    seen->first_bytes += taken;
}

void stream_tls_feed(struct stream *s, const unsigned char *bytes, size_t n)
{
    struct stream_tls *t = s->tls;
    t->pipe.in = bytes;
    t->pipe.in_bytes = n;
    if (!t->secured) {
        note_first(&t->seen, bytes, n);
        t->handshake_bytes += n;
        if (!shake(s) || stream_is_over(s))
            return;
    }
    read_clear(s);
}

static bool hold(struct stream_tls *t, const void *bytes, size_t n)
{
    if (n > STREAM_WAITING_MAX - t->held_bytes)
        return false;
    unsigned char *more = malloc(t->held_bytes + n);
    if (more == NULL)
        return false;
    if (t->held != NULL) {
        memcpy(more, t->held, t->held_bytes);
        explicit_bzero(t->held, t->held_bytes);
    }
    memcpy(more + t->held_bytes, bytes, n);
    free(t->held);
    t->held = more;
    t->held_bytes += n;
    return true;
}

bool stream_tls_write(struct stream *s, const void *bytes, size_t n)
{
    struct stream_tls *t = s->tls;
    size_t written;
    if (n == 0 || t->broken)
        return true;
    if (!t->secured)
        return hold(t, bytes, n);
    ERR_clear_error();
    if (SSL_write_ex(t->ssl, bytes, n, &written) == 1)
        return true;
    struct failure why = why_not(t);
    t->broken = true;
    if (why.cause == CAUSE_RESOURCES) {
        failure_clear(&why);
        return false;
    }
    stream_fail_late(s, &why);
    return true;
}

const struct tls_facts *stream_facts(const struct stream *s)
{
    static const struct tls_facts none = {.version = ""};
    return s->tls != NULL ? &s->tls->seen.facts : &none;
}
