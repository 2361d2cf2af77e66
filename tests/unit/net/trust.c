/* Which certificates are believed, what is said of those that are not, and what is known of them all the same. */
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream_bench.h"
#include "text.h"
#include "tls_parts.h"
#include "tls_peer.h"

enum which {
    ROOT,
    INNER,
    GOOD,
    ADDRESS,
    EXPIRED,
    FUTURE,
    WILD,
    PARTIAL_WILD,
    CN_ONLY,
    CLIENT_ONLY,
    SELF,
    OTHER_ROOT,
    FOREIGN,
    OF_LEAF,
    CONTROL,
    WEAK,
    DIGITS,
    ODD_ADDRESS,
    IMPOSTOR,
    FORGED,
    CERTIFICATES
};

static struct certificate made[CERTIFICATES];
static char root_file[64];

/* Made in this order; 0 (ROOT) as the issuer of ROOT is itself. */
static const struct {
    enum which issuer;
    struct certificate_wish wish;
} wishes[CERTIFICATES] = {
    [ROOT] = {ROOT, {.subject = "root", .from_day = -9, .to_day = 900, .authority = true}},
    [INNER] = {ROOT, {.subject = "inner", .from_day = -9, .to_day = 20, .authority = true}},
    [GOOD] = {INNER, {.subject = "leaf", .names = "DNS:mail.test,DNS:imap.test", .from_day = -9, .to_day = 90}},
    [ADDRESS] = {INNER, {.subject = "leaf", .names = "IP:127.0.0.1,IP:::1", .from_day = -9, .to_day = 90}},
    [EXPIRED] = {INNER, {.subject = "leaf", .names = "DNS:mail.test", .from_day = -9, .to_day = -2}},
    [FUTURE] = {INNER, {.subject = "leaf", .names = "DNS:mail.test", .from_day = 2, .to_day = 90}},
    [WILD] = {INNER, {.subject = "leaf", .names = "DNS:*.mail.test", .from_day = -9, .to_day = 90}},
    [PARTIAL_WILD] = {INNER, {.subject = "leaf", .names = "DNS:m*l.mail.test", .from_day = -9, .to_day = 90}},
    [CN_ONLY] = {INNER, {.subject = "mail.test", .from_day = -9, .to_day = 90}},
    [CLIENT_ONLY] =
        {INNER, {.subject = "leaf", .names = "DNS:mail.test", .from_day = -9, .to_day = 90, .usage = "clientAuth"}},
    [SELF] = {SELF, {.subject = "self", .names = "DNS:mail.test", .from_day = -9, .to_day = 90}},
    [OTHER_ROOT] = {OTHER_ROOT, {.subject = "other root", .from_day = -9, .to_day = 900, .authority = true}},
    [FOREIGN] = {OTHER_ROOT, {.subject = "leaf", .names = "DNS:mail.test", .from_day = -9, .to_day = 90}},
    [OF_LEAF] = {GOOD, {.subject = "leaf of leaf", .names = "DNS:mail.test", .from_day = -9, .to_day = 90}},
    [WEAK] = {INNER, {.subject = "leaf", .names = "DNS:mail.test", .from_day = -9, .to_day = 90, .rsa_bits = 1024}},
    [DIGITS] = {INNER, {.subject = "leaf", .names = "DNS:127.0.0.1", .from_day = -9, .to_day = 90}},
    [ODD_ADDRESS] =
        {INNER, /* iPAddress of 3 and of 5 octets, and a name */
         {.subject = "leaf", .names = "DER:3012870301020387050102030405820478792E7A", .from_day = -9, .to_day = 90}},
    [IMPOSTOR] = {IMPOSTOR, {.subject = "root", .from_day = -9, .to_day = 900, .authority = true}},
    [FORGED] = {IMPOSTOR, {.subject = "leaf", .names = "DNS:mail.test", .from_day = -9, .to_day = 90}},
    [CONTROL] = {OTHER_ROOT,
                 {.subject = "evil\r\n\033[2J\u202Ename", .names = "DNS:x.test", .from_day = -9, .to_day = 90}},
};

static int make_all(void **state)
{
    (void)state;
    for (enum which i = 0; i < CERTIFICATES; i++) {
        struct certificate_wish wish = wishes[i].wish;
        wish.issuer = wishes[i].issuer == i ? NULL : &made[wishes[i].issuer];
        made[i] = certificate_make(&wish);
    }
    certificate_write(&made[ROOT], root_file, sizeof root_file);
    return 0;
}

static int drop_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < CERTIFICATES; i++)
        certificate_drop(&made[i]);
    return unlink(root_file);
}

static struct tls *new_tls(void)
{
    struct failure why = failure_none;
    struct tls *t = tls_new(root_file, &why);
    assert_non_null(t);
    return t;
}

static void secure(struct bench *b, enum happening what)
{
    if (what == CONNECTED)
        assert_true(stream_secure(b->stream, b->tls, b->name, b->verify));
}

struct row {
    const char *title;
    enum which own, chain[2]; /* ROOT: nothing more; it is never shown */
    const char *name;
    bool believe;     /* without verifying */
    enum cause cause; /* 0: it is believed */
    const char *text; /* part of what is said */
};

static const struct row rows[] = {
    {"a good chain", GOOD, {INNER}, "mail.test", false, 0, NULL},
    {"its other name, in capitals and with a dot", GOOD, {INNER}, "IMAP.test.", false, 0, NULL},
    {"an address", ADDRESS, {INNER}, "127.0.0.1", false, 0, NULL},
    {"an IPv6 address in brackets", ADDRESS, {INNER}, "[::1]", false, 0, NULL},
    {"a wildcard", WILD, {INNER}, "a.mail.test", false, 0, NULL},
    {"another name", GOOD, {INNER}, "pop.test", false, CAUSE_CERT_NAME, "mail.test, imap.test"},
    {"another address", ADDRESS, {INNER}, "127.0.0.2", false, CAUSE_CERT_NAME, "127.0.0.1"},
    {"an address where names are shown", GOOD, {INNER}, "127.0.0.1", false, CAUSE_CERT_NAME, "mail.test"},
    {"an address as a name", DIGITS, {INNER}, "127.0.0.1", false, CAUSE_CERT_NAME, "127.0.0.1 as a name"},
    {"addresses of lengths that no address has", ODD_ADDRESS, {INNER}, "127.0.0.1", false, CAUSE_CERT_NAME, "for xy.z"},
    {"a wildcard for two labels", WILD, {INNER}, "a.b.mail.test", false, CAUSE_CERT_NAME, NULL},
    {"a wildcard inside a label", PARTIAL_WILD, {INNER}, "mail.mail.test", false, CAUSE_CERT_NAME, NULL},
    {"a name in the subject alone", CN_ONLY, {INNER}, "mail.test", false, CAUSE_CERT_NAME, NULL},
    {"expired", EXPIRED, {INNER}, "mail.test", false, CAUSE_CERT_EXPIRED, "expired"},
    {"not yet valid", FUTURE, {INNER}, "mail.test", false, CAUSE_CERT_EXPIRED, "not yet valid"},
    {"self-signed", SELF, {0}, "mail.test", false, CAUSE_CERT_UNTRUSTED, "self-signed"},
    {"of an unknown authority", FOREIGN, {0}, "mail.test", false, CAUSE_CERT_UNTRUSTED, "local issuer"},
    {"without the certificate between", GOOD, {0}, "mail.test", false, CAUSE_CERT_UNTRUSTED, "local issuer"},
    {"forged in a trusted name", FORGED, {0}, "mail.test", false, CAUSE_CERT_UNTRUSTED, "signature"},
    {"for clients alone", CLIENT_ONLY, {INNER}, "mail.test", false, CAUSE_CERT_UNTRUSTED, "purpose"},
    {"issued by one that may not", OF_LEAF, {GOOD, INNER}, "mail.test", false, CAUSE_CERT_UNTRUSTED, NULL},
    {"control characters in a name",
     CONTROL,
     {0},
     "mail.test",
     false,
     CAUSE_CERT_UNTRUSTED,
     "evil\\x0D\\x0A\\x1B[2J\\xE2\\x80\\xAEname"},
    {"a key of 1024 bits", WEAK, {INNER}, "mail.test", false, CAUSE_CERT_UNTRUSTED, "too weak"},
    {"believed: a key of 1024 bits", WEAK, {INNER}, "mail.test", true, 0, NULL},
    {"believed: expired", EXPIRED, {INNER}, "mail.test", true, 0, NULL},
    {"believed: self-signed, another name", SELF, {0}, "other.test", true, 0, NULL},
    {"believed: no name at all", SELF, {0}, "", true, 0, NULL},
};

static void check_facts(const struct row *row, const struct tls_facts *facts)
{
    unsigned char sha256[SHA256_DIGEST_LENGTH];
    unsigned length = sizeof sha256;
    int least = wishes[row->own].wish.to_day;
    assert_int_equal(X509_digest(made[row->own].x509, EVP_sha256(), sha256, &length), 1);
    for (size_t i = 0; i < 2 && row->chain[i] != ROOT; i++)
        if (wishes[row->chain[i]].wish.to_day < least)
            least = wishes[row->chain[i]].wish.to_day;
    assert_true(facts->has_certificate);
    assert_memory_equal(facts->sha256, sha256, sizeof sha256);
    assert_string_equal(facts->version, "TLSv1.3");
    assert_true(llabs(facts->expires_s - (time(NULL) + (int64_t)least * 86400)) < 120);
    assert_int_equal(facts->verified, row->cause == 0 && !row->believe);
}

static void check_row(const struct row *row, struct tls *tls)
{
    struct tls_script script = {.own = &made[row->own]};
    struct peer p = {.play = tls_play, .script = &script};
    struct bench b = {
        .stop_at = SECURED | FAILED, .react = secure, .tls = tls, .name = row->name, .verify = !row->believe};
    for (size_t i = 0; i < 2 && row->chain[i] != ROOT; i++)
        script.chain[i] = &made[row->chain[i]];
    print_message("             %s\n", row->title);
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    bench_run(&b);
    if (row->cause == 0) {
        char text[FAILURE_TEXT_MAX + 1];
        (void)failure_print(&b.failure, text, sizeof text);
        assert_string_equal(text, "");
        assert_int_equal(b.happened, CONNECTED | SECURED);
    } else {
        bench_failed(&b, LEG_NONE, STAGE_TLS, row->cause);
        if (row->text != NULL && strstr(text_bytes(b.failure.detail), row->text) == NULL)
            fail_msg("it says: %s", text_bytes(b.failure.detail));
    }
    check_facts(row, stream_facts(b.stream));
    bench_close(&b);
    peer_join(&p);
}

/* One policy for all of them: what one leaves in OpenSSL's queue of errors must not spoil the next. */
static void each_certificate_is_believed_or_refused_for_its_own_cause(void **state)
{
    (void)state;
    struct tls *tls = new_tls();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row(&rows[i], tls);
        check_row(&rows[0], tls);
    }
    tls_free(tls);
}

static void a_name_is_asked_for_but_never_an_address(void **state)
{
    static const struct {
        const char *name, *asked;
    } cases[] = {{"mail.test", "mail.test"}, {"mail.test.", "mail.test"}, {"127.0.0.1", ""}, {"[::1]", ""}};
    (void)state;
    struct tls *tls = new_tls();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_script script = {.own = &made[GOOD], .chain = {&made[INNER]}};
        struct peer p = {.play = tls_play, .script = &script};
        struct bench b = {.stop_at = SECURED, .react = secure, .tls = tls, .name = cases[i].name};
        peer_start(&p);
        bench_open(&b);
        bench_connect(&b, &p.address, p.port);
        bench_run(&b);
        bench_close(&b);
        peer_join(&p);
        assert_string_equal(p.heard, cases[i].asked);
    }
    tls_free(tls);
}

static void say_nothing(struct peer *p, int fd)
{
    char bytes[512];
    while (read(fd, bytes, sizeof bytes) > 0)
        p->left++;
}

static void without_a_name_nothing_can_be_proven_and_nothing_is_sent(void **state)
{
    (void)state;
    struct tls *tls = new_tls();
    struct peer p = {.play = say_nothing};
    struct bench b = {.stop_at = FAILED, .react = secure, .tls = tls, .name = "", .verify = true};
    peer_start(&p);
    bench_open(&b);
    bench_connect(&b, &p.address, p.port);
    bench_run(&b);
    bench_failed(&b, LEG_NONE, STAGE_TLS, CAUSE_POLICY);
    bench_close(&b);
    peer_join(&p);
    assert_int_equal(p.left, 0);
    tls_free(tls);
}

static void a_clock_before_this_program_was_built_is_blamed_instead_of_the_certificate(void **state)
{
    const struct tls_seen seen = {.verify = true, .subject = "leaf"};
    static const struct {
        long error;
        int64_t wall_s;
        enum leg leg;
        enum cause cause;
    } cases[] = {
        {X509_V_ERR_CERT_NOT_YET_VALID, 0, LEG_LOCAL, CAUSE_CLOCK},
        {X509_V_ERR_CERT_HAS_EXPIRED, 1000000000, LEG_LOCAL, CAUSE_CLOCK},
        {X509_V_ERR_CERT_HAS_EXPIRED, INT64_C(4000000000), LEG_NONE, CAUSE_CERT_EXPIRED},
        {X509_V_ERR_HOSTNAME_MISMATCH, 0, LEG_NONE, CAUSE_CERT_NAME},
        {X509_V_ERR_OUT_OF_MEM, 0, LEG_LOCAL, CAUSE_RESOURCES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct failure f = tls_verify_failure(cases[i].error, &seen, cases[i].wall_s);
        assert_int_equal(f.leg, cases[i].leg);
        assert_int_equal(f.stage, STAGE_TLS);
        assert_int_equal(f.cause, cases[i].cause);
        failure_clear(&f);
    }
}

static void days_are_whole_and_rounded_down(void **state)
{
    static const struct {
        int64_t expires_s, wall_s;
        int32_t days;
    } cases[] = {{86400, 0, 1},
                 {86399, 0, 0},
                 {0, 0, 0},
                 {0, 1, -1},
                 {0, 86400, -1},
                 {0, 86401, -2},
                 {INT64_MAX, -1, INT32_MAX},
                 {INT64_MIN, 1, INT32_MIN},
                 {INT64_C(86400) << 40, 0, INT32_MAX}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(tls_days_left(cases[i].expires_s, cases[i].wall_s), cases[i].days);
}

static void nothing_is_verified_without_authorities_and_the_file_is_named(void **state)
{
    static const char *const files[] = {"/nonexistent/ca.pem", "/dev/null", "/etc/passwd"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct failure why = failure_none;
        struct tls *t = tls_new(files[i], &why);
        assert_non_null(t);
        assert_false(tls_ready(t, 0, &why));
        assert_int_equal(why.leg, LEG_LOCAL);
        assert_int_equal(why.cause, CAUSE_STATE);
        assert_non_null(strstr(text_bytes(why.detail), files[i]));
        failure_clear(&why);
        tls_free(t);
    }
    struct failure why = failure_none;
    struct tls *of_system = tls_new("", &why);
    assert_non_null(of_system);
    assert_true(tls_ready(of_system, 0, &why));
    tls_free(of_system);
}

static void authorities_that_can_be_read_later_are_read_after_a_while(void **state)
{
    char path[] = "/tmp/emailmon-authorities-XXXXXX";
    struct failure why = failure_none;
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    struct tls *t = tls_new(path, &why);
    assert_non_null(t);
    assert_int_equal(rename(root_file, path), 0);
    assert_false(tls_ready(t, TLS_RETRY_MS - 1, &why));
    failure_clear(&why);
    assert_true(tls_ready(t, TLS_RETRY_MS, &why));
    assert_true(tls_ready(t, 0, &why));
    assert_int_equal(rename(path, root_file), 0);
    tls_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_certificate_is_believed_or_refused_for_its_own_cause),
        cmocka_unit_test(a_name_is_asked_for_but_never_an_address),
        cmocka_unit_test(without_a_name_nothing_can_be_proven_and_nothing_is_sent),
        cmocka_unit_test(a_clock_before_this_program_was_built_is_blamed_instead_of_the_certificate),
        cmocka_unit_test(days_are_whole_and_rounded_down),
        cmocka_unit_test(nothing_is_verified_without_authorities_and_the_file_is_named),
        cmocka_unit_test(authorities_that_can_be_read_later_are_read_after_a_while),
    };
    return cmocka_run_group_tests_name("net: trust", tests, make_all, drop_all);
}
