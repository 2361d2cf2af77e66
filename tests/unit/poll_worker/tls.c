/* TLS on both legs, from the first byte and later: conversations that begin anew in the middle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"
#include "side_by_side.h"

enum { DAYS_LEAST = 88, DAYS_MOST = 90 };

/* A worker that trusts the fake server's certificate, or only the system's. */
static struct scene *open_trusting(const char *type, bool trusting)
{
    struct scene *s = calloc(1, sizeof *s);
    char path[] = "/tmp/unit_poll_worker_XXXXXX";
    assert_non_null(s);
    s->type = type;
    scene_fake(s);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_true(fake_write_certificate(s->fake, path));
    if (trusting)
        s->ca_file = path;
    scene_open(s);
    (void)unlink(path);
    s->ca_file = NULL;
    return s;
}

static void close_it(struct scene *s)
{
    scene_close(s);
    free(s);
}

static void round_trip(const char *type, const char *security)
{
    struct scene *s = open_trusting(type, true);
    char words[256];
    fake_set(s->fake, FAULT_TLS, strcmp(security, "tls") == 0 ? 1 : 2);
    (void)snprintf(words, sizeof words,
                   "smtp.security=%s incoming.security=%s smtp.plaintext_auth=false incoming.plaintext_auth=false "
                   "smtp.auth=true smtp.username=u smtp.password=p",
                   security, security);
    scene_put(s, 1, words);
    scene_polled(s, 1, 1);
    scene_poll_once(s, 1);
    const struct status *st = &s->rows[1].status;
    scene_is(s, 1, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    assert_int_equal(st->proof, PROOF_ROUND_TRIP);
    assert_string_equal(text_bytes(st->smtp_tls_version), "TLSv1.3");
    assert_string_equal(text_bytes(st->in_tls_version), "TLSv1.3");
    assert_in_range(st->smtp_cert_days, DAYS_LEAST, DAYS_MOST);
    assert_in_range(st->in_cert_days, DAYS_LEAST, DAYS_MOST);
    assert_true(st->smtp_tls_ms > 0 && st->in_tls_ms > 0);
    close_it(s);
}

static void pop3_tls(void **state)
{
    (void)state;
    round_trip("pop3", "tls");
}

static void pop3_starttls(void **state)
{
    (void)state;
    round_trip("pop3", "starttls");
}

static void imap_tls(void **state)
{
    (void)state;
    round_trip("imap", "tls");
}

static void imap_starttls(void **state)
{
    (void)state;
    round_trip("imap", "starttls");
}

/* One row of it: what the settings make of a server that offers STARTTLS. */
static void meets(bool trusting, unsigned offers, const char *words, enum leg leg, enum stage stage, enum cause cause)
{
    struct scene *s = open_trusting("imap", trusting);
    fake_set(s->fake, FAULT_TLS, offers);
    scene_put(s, 1, words);
    scene_polled(s, 1, 1);
    scene_poll_once(s, 1);
    scene_is(s, 1, leg == LEG_NONE ? VERDICT_UP : VERDICT_DOWN, leg, stage, cause);
    assert_int_equal(fake_counted(s->fake, COUNT_LOGINS_REFUSED), 0);
    close_it(s);
}

static void untrusted_smtp(void **state)
{
    (void)state;
    meets(false, 2, "smtp.security=starttls", LEG_SMTP, STAGE_TLS, CAUSE_CERT_UNTRUSTED);
}

static void untrusted_incoming(void **state)
{
    (void)state;
    meets(false, 2, "incoming.security=starttls", LEG_INCOMING, STAGE_TLS, CAUSE_CERT_UNTRUSTED);
}

static void another_name(void **state)
{
    (void)state;
    meets(true, 2, "incoming.security=starttls incoming.tls_name=other.test", LEG_INCOMING, STAGE_TLS, CAUSE_CERT_NAME);
}

static void unverified(void **state)
{
    (void)state;
    meets(false, 2, "smtp.security=starttls smtp.tls_verify=false incoming.security=starttls incoming.tls_verify=false",
          LEG_NONE, STAGE_NONE, CAUSE_NONE);
}

static void not_offered(void **state)
{
    (void)state;
    meets(true, 0, "incoming.security=starttls", LEG_INCOMING, STAGE_START_TLS, CAUSE_UNSUPPORTED);
}

static void plain_speech(void **state)
{
    (void)state;
    meets(true, 0, "incoming.security=tls", LEG_INCOMING, STAGE_TLS, CAUSE_MALFORMED);
}

int main(void)
{
#define TRY(name, function)                                                                                            \
    {                                                                                                                  \
        name, function, NULL, NULL, NULL                                                                               \
    }
    const struct CMUnitTest tests[] = {
        TRY("round trip: POP3, TLS from the first byte", pop3_tls),
        TRY("round trip: POP3, STLS", pop3_starttls),
        TRY("round trip: IMAP, TLS from the first byte", imap_tls),
        TRY("round trip: IMAP, STARTTLS", imap_starttls),
        TRY("an SMTP server that nobody vouches for is down", untrusted_smtp),
        TRY("an incoming server that nobody vouches for is down", untrusted_incoming),
        TRY("a certificate of another name is down", another_name),
        TRY("without tls_verify it is up", unverified),
        TRY("STARTTLS that is not offered is down, and nothing is sent in clear", not_offered),
        TRY("a server that speaks in clear where TLS was to be is down", plain_speech),
    };
    return side_by_side("TLS", tests, sizeof tests / sizeof tests[0]);
}
