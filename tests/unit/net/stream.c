/* Plain streams: connecting, reading, writing, ending, failing. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "peer.h"
#include "stream_bench.h"

enum { MEBIBYTE = 1 << 20, PIECE = 100000 };

/* --- connecting --- */

static void a_closed_port_refuses(void **state)
{
    struct bench b = {.stop_at = FAILED};
    struct address there = {.family = 4, .bytes = {127, 0, 0, 1}};
    (void)state;
    bench_open(&b);
    bench_connect(&b, &there, peer_closed_port());
    bench_run(&b);
    bench_failed(&b, LEG_NONE, STAGE_CONNECT, CAUSE_REFUSED);
    assert_int_equal(b.failure.code, ECONNREFUSED);
    bench_close(&b);
}

static void addresses_that_cannot_be_a_server_are_told_apart_from_faults_of_this_machine(void **state)
{
    static const struct {
        const char *address;
        enum leg leg;
        enum cause cause;
    } rows[] = {
        {"224.0.0.1", LEG_NONE, CAUSE_UNREACHABLE}, {"255.255.255.255", LEG_NONE, CAUSE_UNREACHABLE},
        {"0.0.0.0", LEG_NONE, CAUSE_UNREACHABLE},   {"::", LEG_NONE, CAUSE_UNREACHABLE},
        {"ff02::1", LEG_NONE, CAUSE_UNREACHABLE},   {"fe80::1", LEG_LOCAL, CAUSE_UNREACHABLE}, /* no zone */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b = {.stop_at = FAILED};
        struct address there;
        assert_true(address_parse(rows[i].address, &there));
        bench_open(&b);
        bench_connect(&b, &there, 25);
        bench_run(&b);
        bench_failed(&b, rows[i].leg, STAGE_CONNECT, rows[i].cause);
        bench_close(&b);
    }
}

static void a_lack_of_descriptors_is_this_machines_own_fault(void **state)
{
    struct bench b = {.stop_at = FAILED};
    struct address there = {.family = 4, .bytes = {127, 0, 0, 1}};
    struct rlimit before, none;
    (void)state;
    bench_open(&b);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bench_connect(&b, &there, 25);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    bench_run(&b);
    bench_failed(&b, LEG_LOCAL, STAGE_CONNECT, CAUSE_RESOURCES);
    bench_close(&b);
}

/* The failure of a connection to a closed port while about so many descriptors are free. */
static void connect_with_free(rlim_t descriptors, enum leg leg, enum cause cause)
{
    struct bench b = {.stop_at = FAILED};
    struct address there = {.family = 4, .bytes = {127, 0, 0, 1}};
    struct rlimit before, few;
    uint16_t port = peer_closed_port();
    bench_open(&b);
    int next = dup(STDIN_FILENO);
    (void)close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)next + descriptors;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    bench_connect(&b, &there, port);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    bench_run(&b);
    bench_failed(&b, leg, STAGE_CONNECT, cause);
    bench_close(&b);
}

static void the_last_descriptors_are_for_others(void **state)
{
    (void)state;
    connect_with_free(STREAM_SPARED / 2, LEG_LOCAL, CAUSE_RESOURCES);
    connect_with_free(STREAM_SPARED * 2, LEG_NONE, CAUSE_REFUSED);
}

static void say_nothing(struct peer *p, int fd)
{
    char byte;
    p->left = recv(fd, &byte, 1, 0) == 0;
}

static void the_own_address_is_known_once_connected(void **state)
{
    struct peer p = {.play = say_nothing};
    struct bench b = {.stop_at = CONNECTED};
    char text[ADDRESS_TEXT_MAX + 18];
    (void)state;
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    stream_local(b.stream, text);
    assert_string_equal(text, "");
    bench_run(&b);
    stream_local(b.stream, text);
    assert_string_equal(text, "127.0.0.1");
    assert_false(stream_facts(b.stream)->has_certificate);
    bench_close(&b);
    peer_join(&p);
    assert_true(p.left);
}

/* The kernel alone accepts: nobody has to. */
static void an_ipv6_stream_knows_its_own_address_too(void **state)
{
    struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t n = sizeof own;
    struct bench b = {.stop_at = CONNECTED};
    struct address there;
    char text[ADDRESS_TEXT_MAX + 18];
    (void)state;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0)
        skip(); /* a machine without IPv6 */
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &n), 0);
    assert_true(address_parse("::1", &there));
    bench_open(&b);
    bench_connect(&b, &there, ntohs(own.sin6_port));
    bench_run(&b);
    stream_local(b.stream, text);
    assert_string_equal(text, "::1");
    bench_close(&b);
    close(fd);
}

/* --- bytes --- */

static void drip(struct peer *p, int fd)
{
    for (const char *at = p->script; *at != '\0'; at++)
        peer_send(fd, at, 1);
}

static void bytes_come_in_order_and_then_the_end(void **state)
{
    struct peer p = {.play = drip, .script = "+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n"};
    struct bench b = {.stop_at = ENDED};
    (void)state;
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    bench_run(&b);
    assert_string_equal((const char *)b.bytes, p.script);
    assert_int_equal(b.times[3], 1);
    bench_close(&b);
    peer_join(&p);
}

static void echo_mebibyte(struct peer *p, int fd)
{
    (void)p;
    peer_echo(fd, MEBIBYTE);
}

/* The next piece when the last one is back. */
static void write_on(struct bench *b, enum happening what)
{
    static unsigned char piece[PIECE];
    if (what != CONNECTED && what != BYTES)
        return;
    if (b->bytes_count < b->written || b->written == MEBIBYTE)
        return;
    size_t n = MEBIBYTE - b->written < PIECE ? MEBIBYTE - b->written : PIECE;
    for (size_t i = 0; i < n; i++)
        piece[i] = (unsigned char)((b->written + i) * 7 >> 3);
    assert_true(stream_write(b->stream, piece, n));
    memset(piece, 0, sizeof piece); /* it was copied */
    b->written += n;
}

static void a_mebibyte_goes_both_ways_unchanged(void **state)
{
    struct peer p = {.play = echo_mebibyte};
    struct bench b = {.stop_at = ENDED, .react = write_on};
    (void)state;
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    bench_run(&b);
    assert_int_equal(b.bytes_count, MEBIBYTE);
    for (size_t i = 0; i < MEBIBYTE; i++)
        if (b.bytes[i] != (unsigned char)(i * 7 >> 3))
            fail_msg("byte %zu differs", i);
    bench_close(&b);
    peer_join(&p);
}

static void wait_for_close(struct peer *p, int fd)
{
    char bytes[65536];
    const int *go = p->script;
    assert_int_equal(read(*go, bytes, 1), 1);
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        p->left++;
}

static void a_peer_that_does_not_read_makes_writing_fail_instead_of_filling_memory(void **state)
{
    static unsigned char piece[PIECE];
    int go[2];
    (void)state;
    assert_int_equal(pipe(go), 0);
    struct peer p = {.play = wait_for_close, .script = &go[0]};
    struct bench b = {.stop_at = CONNECTED};
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    bench_run(&b);
    unsigned pieces = 0;
    while (stream_write(b.stream, piece, sizeof piece))
        assert_true(++pieces < 1000); /* the kernel's buffers take a few MiB, the stream 256 KiB */
    assert_false(stream_write(b.stream, piece, 300 * 1024));
    assert_int_equal(write(go[1], "g", 1), 1);
    bench_close(&b);
    peer_join(&p);
    close(go[0]);
    close(go[1]);
}

static void pause_then_write(struct bench *b, enum happening what)
{
    if (what == CONNECTED) {
        stream_pause(b->stream, true);
        assert_true(stream_write(b->stream, "x", 1));
    }
}

static void resume(void *owner)
{
    struct bench *b = owner;
    assert_int_equal(b->bytes_count, 0);
    stream_pause(b->stream, false);
}

static void echo_one(struct peer *p, int fd)
{
    (void)p;
    peer_echo(fd, 1);
}

static void a_paused_stream_delivers_nothing_until_it_goes_on(void **state)
{
    struct peer p = {.play = echo_one};
    struct bench b = {.stop_at = ENDED, .react = pause_then_write};
    (void)state;
    peer_start(&p);
    bench_open(&b);
    struct deadline *later = deadline_new(b.loop, resume, &b);
    bench_connect(&b, &p.address, p.port);
    deadline_set(later, 100);
    bench_run(&b);
    assert_int_equal(b.bytes_count, 1);
    deadline_free(later);
    bench_close(&b);
    peer_join(&p);
}

/* --- the end --- */

static void half_close(struct peer *p, int fd)
{
    (void)shutdown(fd, SHUT_WR);
    ssize_t n = recv(fd, p->heard, sizeof p->heard - 1, 0);
    p->left = (int)n;
}

static void say_goodbye(struct bench *b, enum happening what)
{
    if (what == ENDED)
        assert_true(stream_write(b->stream, "QUIT\r\n", 6));
}

static void after_the_peers_end_can_still_be_written(void **state)
{
    struct peer p = {.play = half_close};
    struct bench b = {.stop_at = ENDED, .react = say_goodbye};
    (void)state;
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    bench_run(&b);
    bench_close(&b);
    peer_join(&p);
    assert_string_equal(p.heard, "QUIT\r\n");
}

static void reset_at_once(struct peer *p, int fd)
{
    (void)p;
    char byte;
    (void)!recv(fd, &byte, 1, 0);
    peer_reset(fd);
}

static void write_at_once(struct bench *b, enum happening what)
{
    if (what == CONNECTED)
        assert_true(stream_write(b->stream, "EHLO x\r\n", 8));
}

static void a_reset_is_a_closed_connection_without_a_stage(void **state)
{
    struct peer p = {.play = reset_at_once};
    struct bench b = {.stop_at = FAILED, .react = write_at_once};
    (void)state;
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    bench_run(&b);
    bench_failed(&b, LEG_NONE, STAGE_NONE, CAUSE_CLOSED);
    assert_int_equal(b.failure.code, ECONNRESET);
    bench_close(&b);
    peer_join(&p);
}

static void explain_and_reset(struct peer *p, int fd)
{
    peer_send(fd, p->script, strlen(p->script));
    struct timespec time_to_arrive = {.tv_nsec = 20000000};
    (void)nanosleep(&time_to_arrive, NULL);
}

/* The server is gone before the first byte is written; what it said waits in the socket. */
static void write_to_the_dead(struct bench *b, enum happening what)
{
    if (what != CONNECTED)
        return;
    for (unsigned i = 0; i < 10; i++) {
        struct timespec while_it_closes = {.tv_nsec = 20000000};
        (void)nanosleep(&while_it_closes, NULL);
        assert_true(stream_write(b->stream, "EHLO x\r\n", 8));
    }
}

static void what_the_server_said_before_it_closed_is_heard_although_writing_failed(void **state)
{
    struct peer p = {.play = explain_and_reset, .script = "421 too many connections\r\n"};
    struct bench b = {.stop_at = ENDED | FAILED, .react = write_to_the_dead};
    (void)state;
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    bench_run(&b);
    assert_string_equal((const char *)b.bytes, p.script);
    if ((b.happened & FAILED) != 0)
        bench_failed(&b, LEG_NONE, STAGE_NONE, CAUSE_CLOSED);
    bench_close(&b);
    peer_join(&p);
}

static void pause_and_write(struct bench *b, enum happening what)
{
    if (what != CONNECTED)
        return;
    stream_pause(b->stream, true);
    write_to_the_dead(b, what);
}

static void reset_unasked(struct peer *p, int fd)
{
    (void)p;
    peer_reset(fd);
}

static void a_connection_that_is_reset_at_once_was_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        struct peer p = {.play = reset_unasked};
        struct bench b = {.stop_at = FAILED};
        peer_start(&p);
        bench_open(&b);
        bench_connect(&b, &p.address, p.port);
        peer_join(&p);
        bench_run(&b);
        assert_int_equal(b.happened, CONNECTED | FAILED);
        bench_failed(&b, LEG_NONE, STAGE_NONE, CAUSE_CLOSED);
        bench_close(&b);
    }
}

static void a_paused_stream_whose_peer_is_gone_fails_by_its_writing(void **state)
{
    struct peer p = {.play = reset_unasked};
    struct bench b = {.stop_at = FAILED, .react = pause_and_write};
    (void)state;
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    bench_run(&b);
    assert_int_equal(b.times[0], 1); /* also where the reset came before the loop saw the connection stand */
    bench_failed(&b, LEG_NONE, STAGE_NONE, CAUSE_CLOSED);
    bench_close(&b);
    peer_join(&p);
}

static void greet_and_close(struct peer *p, int fd)
{
    peer_send(fd, p->script, strlen(p->script));
}

static void a_stream_may_be_freed_inside_each_event(void **state)
{
    static const enum happening rows[] = {CONNECTED, BYTES, ENDED};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct peer p = {.play = greet_and_close, .script = "* OK\r\n"};
        struct bench b = {.free_at = rows[i], .stop_at = rows[i]};
        peer_start(&p);
        bench_open(&b);
        bench_connect(&b, &p.address, p.port);
        bench_run(&b);
        assert_null(b.stream);
        bench_close(&b);
        peer_join(&p);
    }
    struct bench b = {.free_at = FAILED, .stop_at = FAILED};
    struct address there = {.family = 4, .bytes = {127, 0, 0, 1}};
    bench_open(&b);
    bench_connect(&b, &there, peer_closed_port());
    bench_run(&b);
    assert_null(b.stream);
    bench_close(&b);
}

static void a_stream_may_be_freed_while_it_connects(void **state)
{
    struct bench b = {0};
    struct address there = {.family = 4, .bytes = {127, 0, 0, 1}};
    (void)state;
    bench_open(&b);
    bench_connect(&b, &there, peer_closed_port());
    stream_free(b.stream);
    b.stream = NULL;
    loop_run(b.loop);
    assert_int_equal(b.happened, 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_port_refuses),
        cmocka_unit_test(addresses_that_cannot_be_a_server_are_told_apart_from_faults_of_this_machine),
        cmocka_unit_test(a_lack_of_descriptors_is_this_machines_own_fault),
        cmocka_unit_test(the_last_descriptors_are_for_others),
        cmocka_unit_test(the_own_address_is_known_once_connected),
        cmocka_unit_test(an_ipv6_stream_knows_its_own_address_too),
        cmocka_unit_test(bytes_come_in_order_and_then_the_end),
        cmocka_unit_test(a_mebibyte_goes_both_ways_unchanged),
        cmocka_unit_test(a_peer_that_does_not_read_makes_writing_fail_instead_of_filling_memory),
        cmocka_unit_test(a_paused_stream_delivers_nothing_until_it_goes_on),
        cmocka_unit_test(after_the_peers_end_can_still_be_written),
        cmocka_unit_test(a_reset_is_a_closed_connection_without_a_stage),
        cmocka_unit_test(what_the_server_said_before_it_closed_is_heard_although_writing_failed),
        cmocka_unit_test(a_connection_that_is_reset_at_once_was_one),
        cmocka_unit_test(a_paused_stream_whose_peer_is_gone_fails_by_its_writing),
        cmocka_unit_test(a_stream_may_be_freed_inside_each_event),
        cmocka_unit_test(a_stream_may_be_freed_while_it_connects),
    };
    return cmocka_run_group_tests_name("net: stream", tests, NULL, NULL);
}
