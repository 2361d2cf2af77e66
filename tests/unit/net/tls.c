/* TLS over a stream: servers that are none, or that misbehave, and bytes both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "stream_bench.h"
#include "text.h"
#include "tls_peer.h"

enum { MEBIBYTE = 1 << 20, PIECE = 100000 };

static struct certificate self, rsa;
static struct tls *tls;

static int set_up(void **state)
{
    const struct certificate_wish wish = {.subject = "self", .names = "DNS:mail.test", .from_day = -1, .to_day = 9};
    const struct certificate_wish rsa_wish = {.subject = "rsa", .to_day = 9, .rsa_bits = 2048};
    struct failure why;
    (void)state;
    self = certificate_make(&wish);
    rsa = certificate_make(&rsa_wish);
    tls = tls_new("", &why);
    return tls == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    certificate_drop(&self);
    certificate_drop(&rsa);
    tls_free(tls);
    return 0;
}

static void secure(struct bench *b, enum happening what)
{
    if (what == CONNECTED)
        assert_true(stream_secure(b->stream, tls, "mail.test", b->verify));
}

static void run_against(struct peer *p, struct bench *b)
{
    peer_start(p);
    bench_open(b);
    bench_connect(b, &p->address, p->port);
    bench_run(b);
}

static void end_of(struct peer *p, struct bench *b)
{
    bench_close(b);
    peer_join(p);
}

/* --- what is no TLS --- */

struct raw {
    const char *title;
    const char *bytes;
    size_t n;
    bool reset;
    enum cause cause;
    int32_t code;
    const char *text;
};

/* The client's first message is read before anything is said, so that a close is no reset by accident. */
static void play_raw(struct peer *p, int fd)
{
    const struct raw *r = p->script;
    char hello[4096];
    (void)!recv(fd, hello, sizeof hello, 0);
    peer_send(fd, r->bytes, r->n);
    if (r->reset)
        peer_reset(fd);
}

static void servers_that_do_not_speak_tls_fail_each_for_its_own_cause(void **state)
{
#define RAW(text) (text), sizeof(text) - 1
    static const struct raw rows[] = {
        {"a greeting", RAW("220 mail.test ESMTP\r\n"), false, CAUSE_MALFORMED, 0,
         "plain text on this port, not TLS: \"220 mail.test ESMTP\""},
        {"POP3", RAW("+OK\r\n"), false, CAUSE_MALFORMED, 0, "\"+OK\""},
        {"HTTP", RAW("HTTP/1.1 400 Bad Request\r\n\r\n"), false, CAUSE_MALFORMED, 0, "HTTP/1.1 400"},
        {"nothing", RAW(""), false, CAUSE_CLOSED, 0, "handshake"},
        {"a reset", RAW(""), true, CAUSE_CLOSED, 104, NULL},
        {"half a record", RAW("\x16\x03\x03"), false, CAUSE_CLOSED, 0, "handshake"},
        {"a record of nonsense", RAW("\x16\x03\x03\0\x08zzzzzzzz"), false, CAUSE_MALFORMED, 0, NULL},
        {"a binary protocol", RAW("\x00\x01\x02\x03\x04\x05\x06\x07"), false, CAUSE_MALFORMED, 0, NULL},
        {"the alert handshake_failure", RAW("\x15\x03\x03\0\x02\x02\x28"), false, CAUSE_TLS_ALERT, 40,
         "handshake failure"},
        {"the alert protocol_version", RAW("\x15\x03\x01\0\x02\x02\x46"), false, CAUSE_TLS_VERSION, 70,
         "protocol version"},
        {"the alert unrecognized_name", RAW("\x15\x03\x03\0\x02\x02\x70"), false, CAUSE_TLS_ALERT, 112, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct peer p = {.play = play_raw, .script = &rows[i]};
        struct bench b = {.stop_at = SECURED | FAILED | ENDED, .react = secure, .verify = true};
        print_message("             %s\n", rows[i].title);
        run_against(&p, &b);
        bench_failed(&b, LEG_NONE, STAGE_TLS, rows[i].cause);
        assert_int_equal(b.failure.code, rows[i].code);
        if (rows[i].text != NULL && strstr(text_bytes(b.failure.detail), rows[i].text) == NULL)
            fail_msg("it says: %s", text_bytes(b.failure.detail));
        assert_int_equal(b.times[3], 0);
        end_of(&p, &b);
    }
}

/* --- what emailmon does not want --- */

static void servers_below_the_policy_are_refused(void **state)
{
    const struct {
        const char *title;
        struct tls_script script;
        enum cause cause;
    } rows[] = {
        {"TLS 1.1 at most", {.own = &self, .version = TLS1_1_VERSION}, CAUSE_TLS_VERSION},
        {"TLS 1.0 at most", {.own = &self, .version = TLS1_VERSION}, CAUSE_TLS_VERSION},
        {"Diffie-Hellman over a finite field alone",
         {.own = &rsa, .version = TLS1_2_VERSION, .ciphers = "DHE"},
         CAUSE_TLS_ALERT},
        {"no certificate at all", {.version = TLS1_2_VERSION, .ciphers = "aNULL"}, CAUSE_TLS_ALERT},
        {"a chain of 100 KiB and more", {.own = &self, .chain = {&self}, .repeat = 400}, CAUSE_POLICY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct peer p = {.play = tls_play, .script = &rows[i].script};
        struct bench b = {.stop_at = SECURED | FAILED | ENDED, .react = secure};
        print_message("             %s\n", rows[i].title);
        run_against(&p, &b);
        bench_failed(&b, LEG_NONE, STAGE_TLS, rows[i].cause);
        end_of(&p, &b);
        assert_int_equal(p.left, -1);
    }
}

/* HelloRequest (RFC 5246 s. 7.4.1.1): a client skips it, and waits on. */
static void never_begin(struct peer *p, int fd)
{
    static const char request[] = "\x16\x03\x03\0\x04\0\0\0";
    char many[8192];
    (void)p;
    (void)!recv(fd, many, sizeof many, 0); /* the client's hello: left unread, the close would be a reset */
    for (size_t i = 0; i + sizeof request <= sizeof many; i += sizeof request)
        memcpy(many + i, request, sizeof request);
    for (unsigned i = 0; i < 100; i++)
        peer_send(fd, many, sizeof many / sizeof request * sizeof request);
}

static void a_handshake_without_end_is_broken_off(void **state)
{
    struct peer p = {.play = never_begin};
    struct bench b = {.stop_at = SECURED | FAILED | ENDED, .react = secure};
    (void)state;
    run_against(&p, &b);
    bench_failed(&b, LEG_NONE, STAGE_TLS, CAUSE_POLICY);
    end_of(&p, &b);
}

static void send_tickets(struct peer *p, SSL *ssl)
{
    (void)p;
    for (unsigned i = 0; i < 200; i++)
        if (SSL_new_session_ticket(ssl) != 1 || SSL_do_handshake(ssl) != 1)
            return;
}

static void send_key_updates(struct peer *p, SSL *ssl)
{
    (void)p;
    for (unsigned i = 0; i < 200; i++)
        if (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(ssl) != 1)
            return;
}

static void a_few_tickets(struct peer *p, SSL *ssl)
{
    for (unsigned i = 0; i < 10; i++)
        if (SSL_new_session_ticket(ssl) != 1 || SSL_do_handshake(ssl) != 1)
            return;
    p->left = SSL_write(ssl, "+OK\r\n", 5);
    (void)SSL_shutdown(ssl);
}

static void a_flood_of_records_without_data_is_broken_off_and_a_few_are_not(void **state)
{
    const struct {
        void (*talk)(struct peer *p, SSL *ssl);
        bool is_flood;
    } rows[] = {{send_tickets, true}, {send_key_updates, true}, {a_few_tickets, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_script script = {.own = &self, .talk = rows[i].talk};
        struct peer p = {.play = tls_play, .script = &script};
        struct bench b = {.stop_at = FAILED | ENDED, .react = secure};
        run_against(&p, &b);
        assert_int_equal(b.happened & FAILED, rows[i].is_flood ? FAILED : 0);
        if (rows[i].is_flood)
            bench_failed(&b, LEG_NONE, STAGE_TLS, CAUSE_POLICY);
        else
            assert_string_equal((const char *)b.bytes, "+OK\r\n");
        end_of(&p, &b);
    }
}

static void corrupt(struct peer *p, SSL *ssl)
{
    static const char record[] = "\x17\x03\x03\0\x20................................";
    size_t n;
    (void)p;
    (void)BIO_write_ex(SSL_get_wbio(ssl), record, sizeof record - 1, &n);
}

static void a_record_that_was_changed_on_the_way_is_malformed(void **state)
{
    struct tls_script script = {.own = &self, .talk = corrupt};
    struct peer p = {.play = tls_play, .script = &script};
    struct bench b = {.stop_at = FAILED | ENDED, .react = secure};
    (void)state;
    run_against(&p, &b);
    bench_failed(&b, LEG_NONE, STAGE_TLS, CAUSE_MALFORMED);
    end_of(&p, &b);
}

static void just_greet(struct peer *p, SSL *ssl)
{
    char byte;
    (void)SSL_write(ssl, "+OK\r\n", 5);
    p->left = SSL_read(ssl, &byte, 1);
}

static void waits_for_more(void *owner)
{
    struct bench *b = owner;
    loop_stop(b->loop);
}

/* Some changes make a record longer, and both sides wait: then the owner's clock ends it. */
static void a_bit_changed_anywhere_in_what_the_server_sends_is_noticed(void **state)
{
    enum { STEP = 7, END = 1500, WAIT_MS = 100 };
    unsigned failures = 0;
    (void)state;
    for (size_t flip = 1; flip < END; flip += STEP) {
        struct tls_script script = {.own = &self, .talk = just_greet, .flip = flip};
        struct peer p = {.play = tls_play, .script = &script};
        struct bench b = {.stop_at = FAILED | ENDED, .stop_bytes = 5, .react = secure};
        peer_start(&p);
        bench_open(&b);
        struct deadline *clock = deadline_new(b.loop, waits_for_more, &b);
        deadline_set(clock, WAIT_MS);
        bench_connect(&b, &p.address, p.port);
        bench_run(&b);
        if (b.bytes_count > 0)
            assert_string_equal((const char *)b.bytes, "+OK\r\n");
        if ((b.happened & FAILED) != 0) {
            assert_int_equal(b.failure.stage, STAGE_TLS);
            assert_int_equal(b.failure.leg, LEG_NONE);
            failures++;
        }
        deadline_free(clock);
        end_of(&p, &b);
    }
    assert_true(failures > 50);
}

/* --- bytes --- */

static void echo(struct peer *p, SSL *ssl)
{
    static _Thread_local char bytes[16384];
    int n;
    while ((n = SSL_read(ssl, bytes, sizeof bytes)) > 0) {
        p->left += n;
        if (SSL_write(ssl, bytes, n) != n)
            return;
    }
}

static void write_on(struct bench *b, enum happening what)
{
    static unsigned char piece[PIECE];
    secure(b, what);
    if (what != SECURED && what != BYTES)
        return;
    if (b->bytes_count < b->written || b->written == MEBIBYTE)
        return;
    size_t n = MEBIBYTE - b->written < PIECE ? MEBIBYTE - b->written : PIECE;
    for (size_t i = 0; i < n; i++)
        piece[i] = (unsigned char)((b->written + i) * 7 >> 3);
    assert_true(stream_write(b->stream, piece, n));
    b->written += n;
}

static void a_mebibyte_goes_both_ways_unchanged_under_each_version(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    (void)state;
    for (size_t v = 0; v < sizeof versions / sizeof versions[0]; v++) {
        struct tls_script script = {.own = &self, .talk = echo, .version = versions[v]};
        struct peer p = {.play = tls_play, .script = &script};
        struct bench b = {.stop_bytes = MEBIBYTE, .react = write_on};
        run_against(&p, &b);
        assert_int_equal(b.bytes_count, MEBIBYTE);
        for (size_t i = 0; i < MEBIBYTE; i++)
            if (b.bytes[i] != (unsigned char)(i * 7 >> 3))
                fail_msg("byte %zu differs", i);
        end_of(&p, &b);
    }
}

static void talk_a_little(struct bench *b, enum happening what)
{
    secure(b, what);
    if (what == SECURED)
        assert_true(stream_write(b->stream, "a001 NOOP\r\n", 11));
}

static void records_may_come_in_any_pieces(void **state)
{
    static const size_t pieces[] = {1, 2, 5, 6, 7, 100, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct tls_script script = {.own = &self, .talk = echo, .piece = pieces[i]};
        struct peer p = {.play = tls_play, .script = &script};
        struct bench b = {.stop_bytes = 11, .stop_at = FAILED | ENDED, .react = talk_a_little};
        run_against(&p, &b);
        assert_string_equal((const char *)b.bytes, "a001 NOOP\r\n");
        end_of(&p, &b);
    }
}

static void write_early(struct bench *b, enum happening what)
{
    secure(b, what);
    if (what == CONNECTED) {
        assert_true(stream_write(b->stream, "a001 ", 5));
        assert_true(stream_write(b->stream, "NOOP\r\n", 6));
    }
}

static void what_is_written_during_the_handshake_leaves_after_the_proof_alone(void **state)
{
    (void)state;
    for (unsigned verify = 0; verify < 2; verify++) {
        struct tls_script script = {.own = &self, .talk = echo};
        struct peer p = {.play = tls_play, .script = &script};
        struct bench b = {.stop_bytes = 11, .stop_at = FAILED | ENDED, .react = write_early, .verify = verify == 1};
        run_against(&p, &b);
        if (verify == 1)
            bench_failed(&b, LEG_NONE, STAGE_TLS, CAUSE_CERT_UNTRUSTED);
        else
            assert_string_equal((const char *)b.bytes, "a001 NOOP\r\n");
        end_of(&p, &b);
        assert_int_equal(p.left, verify == 1 ? -1 : 11);
    }
}

static void start_tls(struct bench *b, enum happening what)
{
    if (what == BYTES && strcmp((const char *)b->bytes, "+OK ready\r\n") == 0) {
        assert_true(stream_write(b->stream, "STLS\r\n", 6));
    } else if (what == BYTES && strcmp((const char *)b->bytes, "+OK ready\r\n+OK go\r\n") == 0) {
        assert_true(stream_secure(b->stream, tls, "mail.test", false));
    } else if (what == SECURED) {
        assert_true(stream_write(b->stream, "CAPA\r\n", 6));
    }
}

static void tls_may_begin_in_the_middle_of_a_conversation(void **state)
{
    struct tls_script script = {.own = &self, .talk = echo, .before = "+OK ready\r\n"};
    struct peer p = {.play = tls_play, .script = &script};
    struct bench b = {.stop_bytes = 25, .stop_at = FAILED | ENDED, .react = start_tls};
    (void)state;
    run_against(&p, &b);
    assert_string_equal((const char *)b.bytes, "+OK ready\r\n+OK go\r\nCAPA\r\n");
    end_of(&p, &b);
}

/* --- the end --- */

static void wait_for_end(struct peer *p, SSL *ssl)
{
    char byte;
    int n = SSL_read(ssl, &byte, 1);
    p->left = SSL_get_error(ssl, n);
}

static void freeing_says_goodbye(void **state)
{
    struct tls_script script = {.own = &self, .talk = wait_for_end};
    struct peer p = {.play = tls_play, .script = &script};
    struct bench b = {.stop_at = SECURED, .free_at = SECURED, .react = secure};
    (void)state;
    run_against(&p, &b);
    end_of(&p, &b);
    assert_int_equal(p.left, SSL_ERROR_ZERO_RETURN);
}

static void say_goodbye(struct peer *p, SSL *ssl)
{
    (void)SSL_shutdown(ssl);
    char byte;
    p->left = SSL_read(ssl, &byte, 1);
}

static void just_close(struct peer *p, SSL *ssl)
{
    p->left = SSL_write(ssl, "* BYE\r\n", 7);
}

static void the_peers_end_is_told_once_with_or_without_a_goodbye(void **state)
{
    void (*const talks[])(struct peer *, SSL *) = {say_goodbye, just_close};
    (void)state;
    for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++) {
        struct tls_script script = {.own = &self, .talk = talks[i]};
        struct peer p = {.play = tls_play, .script = &script};
        struct bench b = {.stop_at = ENDED | FAILED, .react = secure};
        run_against(&p, &b);
        assert_int_equal(b.times[3], 1);
        assert_int_equal(b.times[4], 0);
        end_of(&p, &b);
    }
}

static void a_stream_under_tls_may_be_freed_inside_each_event(void **state)
{
    static const enum happening rows[] = {CONNECTED, SECURED, BYTES, ENDED, FAILED};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_script script = {.own = &self, .talk = just_close};
        struct peer p = {.play = tls_play, .script = &script};
        struct bench b = {.stop_at = rows[i], .free_at = rows[i], .react = secure, .verify = rows[i] == FAILED};
        run_against(&p, &b);
        assert_null(b.stream);
        end_of(&p, &b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_that_do_not_speak_tls_fail_each_for_its_own_cause),
        cmocka_unit_test(servers_below_the_policy_are_refused),
        cmocka_unit_test(a_handshake_without_end_is_broken_off),
        cmocka_unit_test(a_flood_of_records_without_data_is_broken_off_and_a_few_are_not),
        cmocka_unit_test(a_record_that_was_changed_on_the_way_is_malformed),
        cmocka_unit_test(a_bit_changed_anywhere_in_what_the_server_sends_is_noticed),
        cmocka_unit_test(a_mebibyte_goes_both_ways_unchanged_under_each_version),
        cmocka_unit_test(records_may_come_in_any_pieces),
        cmocka_unit_test(what_is_written_during_the_handshake_leaves_after_the_proof_alone),
        cmocka_unit_test(tls_may_begin_in_the_middle_of_a_conversation),
        cmocka_unit_test(freeing_says_goodbye),
        cmocka_unit_test(the_peers_end_is_told_once_with_or_without_a_goodbye),
        cmocka_unit_test(a_stream_under_tls_may_be_freed_inside_each_event),
    };
    return cmocka_run_group_tests_name("net: tls", tests, set_up, tear_down);
}
