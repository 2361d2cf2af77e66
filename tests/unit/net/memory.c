/*
 * Memory that ends at the Nth allocation, for each N until all goes well: ours, OpenSSL's, libuv's and c-ares'.  No
 * crash, no leak (the sanitizer counts), and never the server's fault.
 */
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns_peer.h"
#include "resolver.h"
#include "short_memory.h"
#include "stream_bench.h"
#include "tls_peer.h"

/* --- a TLS connection --- */

static struct certificate self;
static struct tls *tls;

static void greet(struct peer *p, SSL *ssl)
{
    char byte;
    (void)SSL_write(ssl, "+OK\r\n", 5);
    p->left = SSL_read(ssl, &byte, 1);
}

struct attempt {
    struct loop *loop;
    struct stream *stream;
    bool well, over;
    struct failure why;
};

static void give_up(struct attempt *a)
{
    memory_spare(true);
    a->over = true;
    loop_stop(a->loop);
}

static void connected(void *owner)
{
    struct attempt *a = owner;
    if (!stream_secure(a->stream, tls, "mail.test", true))
        give_up(a);
}

static void secured(void *owner)
{
    struct attempt *a = owner;
    if (!stream_write(a->stream, "USER x\r\n", 8))
        give_up(a);
}

static void bytes(void *owner, const void *from, size_t n)
{
    struct attempt *a = owner;
    assert_int_equal(n, 5);
    assert_memory_equal(from, "+OK\r\n", 5);
    a->well = true;
    give_up(a);
}

static void ended(void *owner)
{
    give_up(owner);
}

static void was_failed(void *owner, const struct failure *why)
{
    struct attempt *a = owner;
    memory_spare(true);
    a->why = failure_copy(why);
    give_up(a);
}

static const struct stream_events events = {
    .connected = connected, .secured = secured, .bytes = bytes, .ended = ended, .failed = was_failed};

static void too_late(void *owner)
{
    (void)owner;
    memory_spare(true);
    fail_msg("neither well nor failed");
}

/* Return whether all went well, with n allocations at most. */
static bool connect_with(unsigned n)
{
    struct tls_script script = {.own = &self, .talk = greet};
    struct peer p = {.play = tls_play, .script = &script};
    struct attempt a = {.loop = loop_new(), .why = failure_none};
    peer_start(&p);
    struct deadline *guard = deadline_new(a.loop, too_late, &a);
    deadline_set(guard, 10000);
    memory_fails_at(n);
    a.stream = stream_connect(a.loop, &p.address, p.port, &events, &a);
    if (a.stream != NULL)
        loop_run(a.loop);
    memory_spare(true);
    stream_free(a.stream);
    deadline_free(guard);
    loop_free(a.loop);
    if (a.stream == NULL) /* somebody has to connect, or the peer waits */
        assert_false(a.well);
    /* OpenSSL does not always say that it was memory: then the answer seems malformed, but never anything else. */
    if (failure_is(&a.why) && a.why.leg != LEG_LOCAL && a.why.cause != CAUSE_MALFORMED) {
        char text[FAILURE_TEXT_MAX + 1];
        (void)failure_print(&a.why, text, sizeof text);
        fail_msg("with %u allocations: %s", n, text);
    }
    failure_clear(&a.why);
    if (a.stream != NULL)
        peer_join(&p);
    else
        peer_abandon(&p);
    return a.well && !memory_has_failed();
}

static void a_tls_connection_survives_the_end_of_memory_at_any_point(void **state)
{
    unsigned n = 1;
    (void)state;
    while (!connect_with(n))
        n += 1 + n / 40; /* each of the first ones, then samples: OpenSSL makes thousands */
    print_message("             well with %u\n", n);
    assert_true(n > 100);
}

/* --- a look-up --- */

struct lookups {
    struct loop *loop;
    unsigned missing;
    bool well;
};

static void looked_up(void *owner, const struct resolved *result)
{
    struct lookups *l = owner;
    l->missing--;
    if (result->count == 0) {
        l->well = false;
        assert_int_equal(result->failure.leg, LEG_LOCAL);
    }
    if (l->missing == 0) {
        memory_spare(true);
        loop_stop(l->loop);
    }
}

static bool look_up_with(struct dns_peer *dns, unsigned n)
{
    struct lookups l = {.loop = loop_new(), .missing = 2, .well = true};
    struct failure why = failure_none;
    struct deadline *guard = deadline_new(l.loop, too_late, &l);
    memory_fails_at(n);
    struct resolver *r = resolver_new(l.loop, dns->servers, &why);
    if (r != NULL) {
        (void)resolver_lookup(r, "both.test", looked_up, &l);
        (void)resolver_lookup(r, "both.test", looked_up, &l);
        deadline_set(guard, 10000);
        if (l.missing > 0)
            loop_run(l.loop);
        assert_int_equal(l.missing, 0);
    } else {
        assert_int_equal(why.leg, LEG_LOCAL);
    }
    memory_spare(true);
    resolver_free(r);
    failure_clear(&why);
    deadline_free(guard);
    loop_free(l.loop);
    return r != NULL && l.well && !memory_has_failed();
}

static void a_look_up_survives_the_end_of_memory_at_any_point(void **state)
{
    struct dns_peer dns;
    unsigned n = 1;
    (void)state;
    dns_peer_start(&dns);
    while (!look_up_with(&dns, n))
        n++;
    print_message("             well with %u\n", n);
    assert_true(n > 10);
    dns_peer_stop(&dns);
}

static int set_up(void **state)
{
    const struct certificate_wish wish = {
        .subject = "self", .names = "DNS:mail.test", .from_day = -1, .to_day = 9, .authority = true};
    struct failure why;
    char path[64];
    (void)state;
    self = certificate_make(&wish);
    certificate_write(&self, path, sizeof path);
    tls = tls_new(path, &why);
    (void)remove(path);
    return tls == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    certificate_drop(&self);
    tls_free(tls);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tls_connection_survives_the_end_of_memory_at_any_point),
        cmocka_unit_test(a_look_up_survives_the_end_of_memory_at_any_point),
    };
    return cmocka_run_group_tests_name("net: memory", tests, set_up, tear_down);
}
