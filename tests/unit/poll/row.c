/* What a row shows and tells: columns, events, certificates, passwords, probes on record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draft.h"
#include "one_world.h"

/* Begins the world anew, with other settings. */
static void anew(const char *const *written)
{
    world_end(&w);
    world_begin(&w, written);
}

static void times_of_the_last_poll(void **state)
{
    (void)state;
    const struct status *s = &w.row.status;
    world_poll(&w);
    assert_int_equal(s->poll_ms, 55);
    assert_int_equal(s->send_ms, 30);
    assert_int_equal(s->look_ms, 0);
    assert_int_equal(s->smtp_data_ms, 13);
    world_poll(&w);
    assert_int_equal(s->look_ms, 20);
    assert_int_equal(s->in_connect_ms, 1);
    assert_int_equal(s->in_search_ms, 9);
    assert_int_equal(s->in_delete_ms, 5);
    assert_string_equal(text_bytes(s->in_mechanism), "LOGIN");
    assert_int_equal(s->last_poll, w.now.wall_ms - INTERVAL_MS);
    assert_int_equal(s->polls, 2);
}

static void arrival_before_acceptance(void **state)
{
    (void)state;
    w.underway_ms = -900;
    world_poll(&w);
    world_poll(&w);
    assert_int_equal(w.row.status.delivery_ms, 0);
    w.underway_ms = 1500;
    world_poll(&w);
    world_poll(&w);
    assert_int_equal(w.row.status.delivery_ms, 1500);
    w.mails = 0;
    world_poll(&w);
    assert_int_equal(w.row.status.delivery_ms, 0);
}

static void proof_age(void **state)
{
    (void)state;
    world_poll(&w);
    assert_int_equal(w.row.status.proven_at, 0);
    world_poll(&w);
    int64_t proven = w.row.status.proven_at;
    assert_int_equal(proven, w.now.wall_ms - INTERVAL_MS);
    w.box = BOX_CLOSED;
    world_poll(&w);
    assert_int_equal(w.row.status.proven_at, proven);
}

static void last_change(void **state)
{
    (void)state;
    world_poll(&w);
    int64_t changed = w.row.status.last_change;
    world_poll(&w);
    world_poll(&w);
    assert_int_equal(w.row.status.last_change, changed);
    w.box = BOX_CLOSED;
    world_poll(&w);
    assert_int_equal(w.row.status.last_change, w.now.wall_ms - INTERVAL_MS);
}

static void failures_before_down(void **state)
{
    (void)state;
    static const char *const three[] = {"failures_before_down=3", NULL};
    anew(three);
    world_poll(&w);
    w.smtp = SMTP_REFUSES;
    for (uint32_t i = 1; i < 3; i++) {
        world_poll(&w);
        assert_int_equal(w.row.status.verdict, VERDICT_UP);
        assert_int_equal(w.row.status.failure_cause, CAUSE_PERMANENT);
        assert_int_equal(w.row.status.consecutive_failures, i);
        assert_int_equal(w.row.status.polls_failed, i);
    }
    world_poll(&w);
    world_is(&w, VERDICT_DOWN, PROOF_NONE, CAUSE_PERMANENT);
    assert_int_equal(world_events(&w, EVENT_DOWN), 1);
}

/* --- events --- */

static void down_from_the_start(void **state)
{
    (void)state;
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    const struct event *e = world_last_event(&w);
    assert_non_null(e);
    assert_int_equal(e->kind, EVENT_DOWN);
    assert_int_equal(e->old, VERDICT_UNKNOWN);
    assert_int_equal(e->new, VERDICT_DOWN);
    assert_int_equal(e->proof, PROOF_NONE);
    assert_int_equal(e->leg, LEG_SMTP);
    assert_int_equal(e->stage, STAGE_RCPT_TO);
    assert_int_equal(e->cause, CAUSE_PERMANENT);
    assert_int_equal(e->row, 3);
    assert_int_equal(e->seq, 0);
    assert_true(e->notify);
    assert_string_equal(text_bytes(e->name), "office");
    assert_string_equal(text_bytes(e->device), "192.0.2.10");
    assert_non_null(strstr(text_bytes(e->text), "550 no such user"));
    assert_true(text_equal(e->text, w.row.status.failure_text));
}

static void unknown_from_the_start(void **state)
{
    (void)state;
    w.smtp = SMTP_LACKS_MEMORY;
    for (int i = 0; i < 6; i++)
        world_poll(&w);
    world_is(&w, VERDICT_UNKNOWN, PROOF_NONE, CAUSE_RESOURCES);
    assert_null(world_last_event(&w));
    w.smtp = SMTP_FINE;
    world_poll(&w);
    assert_int_equal(w.row.status.verdict, VERDICT_UP);
    assert_null(world_last_event(&w));
    assert_int_equal(w.row.status.transitions, 0);
}

static void notify_forbids(void **state)
{
    (void)state;
    static const char *const only_up[] = {"notify=up", NULL};
    anew(only_up);
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    assert_int_equal(world_last_event(&w)->kind, EVENT_DOWN);
    assert_false(world_last_event(&w)->notify);
    w.smtp = SMTP_FINE;
    world_poll(&w);
    world_poll(&w);
    assert_int_equal(world_last_event(&w)->kind, EVENT_UP);
    assert_true(world_last_event(&w)->notify);
    assert_int_equal(w.row.status.transitions, 2);
}

static void down_while_off_and_on(void **state)
{
    (void)state;
    static const char *const off[] = {"enabled=false", NULL};
    const struct definition *disabled = world_definition(off), *enabled = world_definition(NULL);
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    (void)row_define(&w.row, disabled, &w.now, &w.journal);
    (void)row_define(&w.row, enabled, &w.now, &w.journal);
    world_poll(&w);
    assert_int_equal(world_events(&w, EVENT_DOWN), 2);
    assert_int_equal(world_last_event(&w)->old, VERDICT_UNKNOWN);
    definition_unref(disabled);
    definition_unref(enabled);
}

static void made_off(void **state)
{
    (void)state;
    static const char *const off[] = {"enabled=false", NULL};
    anew(off);
    assert_int_equal(w.row.status.verdict, VERDICT_DISABLED);
}

/* --- probes on record --- */

static void on_record(void **state)
{
    (void)state;
    world_poll(&w);
    assert_int_equal(w.entries[0].kind, JOURNAL_PROBE);
    assert_int_equal(w.entries[0].probe.state, PROBE_SENDING);
    assert_int_equal(w.entries[0].ticket, 1);
    assert_int_equal(w.entries[0].index, 3);
    assert_int_equal(w.entries[0].serial, 77);
    assert_memory_equal(w.entries[0].probe.nonce, w.sent.nonce, TOKEN_NONCE_BYTES);
    assert_int_equal(w.entries[1].kind, JOURNAL_STATUS);
    assert_string_equal(text_bytes(w.entries[1].name), "office");
    assert_int_equal(w.entries[1].ticket, 0);
    assert_true(probe_record_is_of(&w.entries[1].memory.sent, &w.entries[0].probe));
    assert_int_equal(w.entries[1].memory.sent.state, PROBE_OUT);
    assert_int_equal(w.entries[1].memory.sent.accepted_ms, w.now.wall_ms - INTERVAL_MS);
    assert_int_equal(w.entry_count, 2);
    w.mails = 0;
    world_poll(&w);
    assert_int_equal(world_count(&w, PROBE_OPTIONAL), 1); /* missed: once on record */
    world_poll(&w);
    assert_int_equal(world_count(&w, PROBE_OPTIONAL), 1);
}

/* The state of the probe that the journal's entry ${i} tells of. */
static enum probe_state told(size_t i, const struct token *t)
{
    assert_true(i < w.entry_count);
    assert_int_equal(w.entries[i].kind, JOURNAL_PROBE);
    assert_memory_equal(w.entries[i].probe.nonce, t->nonce, TOKEN_NONCE_BYTES);
    return w.entries[i].probe.state;
}

static void before_a_newer_one(void **state)
{
    (void)state;
    w.box = BOX_CLOSED; /* what is sent stays outstanding */
    world_poll(&w);
    const struct token first = w.sent;
    world_poll(&w);
    assert_int_equal(told(2, &first), PROBE_OUT);
    assert_int_equal(told(3, &w.sent), PROBE_SENDING);
    assert_true(w.entries[4].kind == JOURNAL_STATUS && w.entries[4].memory.sent.state == PROBE_OUT);
    world_poll(&w);
    assert_int_equal(w.entry_count, 8); /* of the first one nothing more */
}

static void without_a_status(void **state)
{
    (void)state;
    struct leg_outcome leg;
    struct send_outcome out;
    struct token t;
    leg_outcome_init(&leg);
    assert_true(token_make(w.sealer, w.row.serial, w.row.handle, (uint64_t)(w.now.wall_ms / 1000), &t));
    assert_true(row_send_begins(&w.row, &t, &w.now, 1, &w.journal));
    row_send_ended(&w.row, &t, SMTP_ACCEPTED, &leg, &w.now, &w.journal, &out);
    assert_int_equal(w.entry_count, 1);
    row_send_untold(&w.row, &w.journal);
    assert_int_equal(told(1, &t), PROBE_OUT);
    row_send_untold(&w.row, &w.journal);
    assert_int_equal(w.entry_count, 2);
}

static void refused_on_record(void **state)
{
    (void)state;
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    assert_int_equal(world_count(&w, PROBE_SENDING), 1);
    assert_int_equal(world_count(&w, PROBE_REMOVED), 1);
    assert_int_equal(w.row.status.sent, 0);
    w.smtp = SMTP_LACKS_MEMORY; /* never came as far as its probe */
    world_poll(&w);
    assert_int_equal(world_count(&w, PROBE_SENDING), 1);
    assert_int_equal(world_count(&w, PROBE_REMOVED), 1);
}

static void lost_on_record(void **state)
{
    (void)state;
    w.delivers = false;
    for (int i = 0; i <= PROBES_MAX; i++) {
        world_poll(&w);
    }
    assert_int_equal(w.row.status.lost, 1);
    assert_int_equal(w.row.status.outstanding, PROBES_MAX);
    assert_int_equal(world_count(&w, PROBE_LOST), 1);
    w.now.wall_ms += 8 * INT64_C(86400000);
    world_poll(&w);
    assert_int_equal(w.row.status.lost, 2); /* by their number alone: the clock was set */
    w.now.mono_ms += 8 * UINT64_C(86400000);
    world_poll(&w);
    assert_int_equal(w.row.status.lost, PROBES_MAX + 2);
    assert_int_equal(w.row.status.outstanding, 1);
}

static void forgotten_on_record(void **state)
{
    (void)state;
    static const char *const other[] = {"smtp.from=other@example.com", NULL};
    const struct definition *d = world_definition(other);
    world_poll(&w);
    (void)row_define(&w.row, d, &w.now, &w.journal);
    definition_unref(d);
    assert_int_equal(w.entries[w.entry_count - 2].kind, JOURNAL_FORGET);
    assert_int_equal(w.entries[w.entry_count - 1].kind, JOURNAL_STATUS);
    assert_int_equal(world_count(&w, PROBE_LOST), 0);
}

/* --- passwords --- */

static const struct definition *lacking(enum leg leg, const char *why)
{
    struct draft draft;
    const struct definition *whole = world_definition(NULL);
    assert_true(draft_from(&draft, whole));
    draft.secret[leg - LEG_SMTP] = SECRET_FAILED;
    (void)text_copy(draft.secret_why, sizeof draft.secret_why, why);
    const struct definition *d = draft_freeze(&draft);
    draft_end(&draft);
    definition_unref(whole);
    assert_non_null(d);
    return d;
}

static void no_password_no_up(void **state)
{
    (void)state;
    const struct definition *d = lacking(LEG_INCOMING, "/etc/emailmon/probe.secret: Permission denied");
    (void)row_define(&w.row, d, &w.now, &w.journal);
    definition_unref(d);
    world_poll(&w);
    world_is(&w, VERDICT_UNKNOWN, PROOF_NONE, CAUSE_SECRET);
    assert_int_equal(w.row.status.failure_leg, LEG_LOCAL);
    assert_int_equal(w.row.status.in_stage, STAGE_LOCAL);
    assert_int_equal(w.row.status.in_cause, CAUSE_SECRET);
    assert_int_equal(w.row.status.smtp_cause, CAUSE_NONE);
    assert_int_equal(w.row.status.sent, 1); /* the other leg was tried */
    assert_non_null(strstr(text_bytes(w.row.status.failure_text), "Permission denied"));
    assert_null(world_last_event(&w));
}

static void full_without_a_look(void **state)
{
    (void)state;
    struct look_outcome none;
    const struct definition *d = lacking(LEG_INCOMING, "");
    look_outcome_none(&none);
    for (unsigned i = 0; i < PROBES_MAX; i++) {
        struct token t = {.time_s = i};
        struct outstanding lost;
        bool was_lost;
        assert_true(row_may_send_data(&w.row, &none));
        assert_true(probes_sending(&w.row.probes, &t, &lost, &was_lost));
    }
    assert_true(row_may_send_data(&w.row, &none)); /* nothing says that the mailbox is not emptied */
    (void)row_define(&w.row, d, &w.now, &w.journal);
    definition_unref(d);
    assert_false(row_may_send_data(&w.row, &none));
}

/* --- certificates --- */

static void certificate(int64_t days, uint8_t mark)
{
    w.tls = (struct tls_facts){
        .version = "TLSv1.3", .has_certificate = true, .expires_s = w.now.wall_ms / 1000 + days * 86400 + 3600};
    memset(w.tls.sha256, mark, sizeof w.tls.sha256);
}

static void fourteen_days(void **state)
{
    (void)state;
    certificate(14, 1);
    world_poll(&w);
    assert_int_equal(w.row.status.smtp_cert_days, 14);
    assert_int_equal(w.row.status.in_cert_days, CERT_DAYS_NONE);
    assert_null(world_last_event(&w));
    certificate(13, 1);
    world_poll(&w);
    assert_int_equal(world_events(&w, EVENT_CERTIFICATE), 2); /* one a leg */
    const struct event *e = world_last_event(&w);
    assert_int_equal(e->leg, LEG_INCOMING);
    assert_int_equal(e->stage, STAGE_TLS);
    assert_int_equal(e->cause, CAUSE_NONE);
    assert_int_equal(e->old, VERDICT_UP);
    assert_int_equal(e->new, VERDICT_UP);
    assert_int_equal(e->in_cert_days, 13);
    assert_non_null(strstr(text_bytes(e->text), "13"));
    world_poll(&w);
    assert_int_equal(world_events(&w, EVENT_CERTIFICATE), 2);
    assert_int_equal(w.row.status.transitions, 0);
    assert_string_equal(text_bytes(w.row.status.smtp_tls_version), "TLSv1.3");
}

static void expired(void **state)
{
    (void)state;
    certificate(0, 1);
    world_poll(&w);
    certificate(-1, 1);
    world_poll(&w);
    world_poll(&w);
    /* Sending: soon, then expired.  Incoming: seen first when expired. */
    assert_int_equal(world_events(&w, EVENT_CERTIFICATE), 3);
    assert_int_equal(world_last_event(&w)->cause, CAUSE_CERT_EXPIRED);
    assert_int_equal(w.row.status.in_cert_days, -1);
}

static void two_certificates(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 6; i++) {
        certificate(3, 1 + i % 2);
        world_poll(&w);
    }
    assert_int_equal(world_events(&w, EVENT_CERTIFICATE), 4);
    certificate(3, 9);
    world_poll(&w);
    assert_int_equal(world_events(&w, EVENT_CERTIFICATE), 6);
}

static void after_the_verdict(void **state)
{
    (void)state;
    certificate(2, 1);
    w.smtp = SMTP_REFUSES;
    world_poll(&w);
    assert_int_equal(world_last_event(&w)->kind, EVENT_CERTIFICATE);
    assert_int_equal(w.entries[w.entry_count - 2].event.kind, EVENT_DOWN);
    assert_int_equal(world_last_event(&w)->old, VERDICT_DOWN);
}

static void days_go_on(void **state)
{
    (void)state;
    static const char *const other[] = {"smtp.port=2525", NULL};
    certificate(20, 1);
    world_poll(&w);
    w.tls = (struct tls_facts){0};
    w.now.wall_ms += 5 * INT64_C(86400000);
    world_poll(&w);
    assert_int_equal(w.row.status.smtp_cert_days, 15);
    const struct definition *d = world_definition(other);
    (void)row_define(&w.row, d, &w.now, &w.journal);
    definition_unref(d);
    assert_int_equal(w.row.status.smtp_cert_days, CERT_DAYS_NONE);
    assert_int_equal(text_length(w.row.status.smtp_tls_version), 0);
}

static void another_servers_words(void **state)
{
    (void)state;
    static const char *const other[] = {"incoming.security=starttls", NULL};
    certificate(20, 1);
    world_poll(&w);
    world_poll(&w);
    assert_string_equal(text_bytes(w.row.status.in_tls_version), "TLSv1.3");
    const struct definition *d = world_definition(other);
    assert_false(row_define(&w.row, d, &w.now, &w.journal));
    definition_unref(d);
    assert_int_equal(text_length(w.row.status.in_tls_version), 0);
    assert_int_equal(text_length(w.row.status.in_mechanism), 0);
    assert_string_equal(text_bytes(w.row.status.smtp_tls_version), "TLSv1.3");
}

static void counted(void **state)
{
    (void)state;
    row_skipped(&w.row);
    row_forged(&w.row);
    row_forged(&w.row);
    assert_int_equal(w.row.status.skipped, 1);
    assert_int_equal(w.row.status.forged, 2);
}

static void misses(void **state)
{
    (void)state;
    world_poll(&w);
    assert_true(row_misses(&w.row, w.now.mono_ms));
    assert_false(row_misses(&w.row, w.now.mono_ms - INTERVAL_MS));
    struct mail_facts mail = {.arrived_ms = INT64_MIN};
    (void)row_sight(&w.row, &w.sent, &mail, &w.now, &w.journal);
    assert_false(row_misses(&w.row, w.now.mono_ms));
}

#define ROW(sentence, test)                                                                                            \
    {                                                                                                                  \
        sentence, test, begin, end, NULL                                                                               \
    }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ROW("the times are those of the last poll", times_of_the_last_poll),
        ROW("an arrival before the acceptance took no time", arrival_before_acceptance),
        ROW("the proof's age begins with the last probe found", proof_age),
        ROW("the last change is when the verdict became another", last_change),
        ROW("failures_before_down holds the verdict and shows the failure", failures_before_down),
        ROW("a row that is down from the start makes an event, old unknown, with all its values", down_from_the_start),
        ROW("a row that was never up or down makes no event of unknown and of its first up", unknown_from_the_start),
        ROW("`notify` decides about the notification, not about the event", notify_forbids),
        ROW("a row still down after off and on says so again, old unknown", down_while_off_and_on),
        ROW("a row made off is disabled", made_off),
        ROW("a probe is on record as sending, then as out, and as optional once", on_record),
        ROW("what became of a probe has a record of its own before there is a newer one", before_a_newer_one),
        ROW("and when no status follows", without_a_status),
        ROW("a refused probe is removed from the record, one that never began was never there", refused_on_record),
        ROW("the 33rd outstanding probe pushes the oldest out, seven days the rest; both are lost", lost_on_record),
        ROW("another path is on record, and nothing is lost", forgotten_on_record),
        ROW("a row without a verdict that lacks its incoming password is unknown, and still sends", no_password_no_up),
        ROW("a row that cannot look for lack of its password does not fill the mailbox", full_without_a_look),
        ROW("a certificate with fewer than 14 whole days makes one event a leg", fourteen_days),
        ROW("a certificate makes one more event when it has expired; seen first then, that alone", expired),
        ROW("each of several certificates behind one name is warned of once", two_certificates),
        ROW("the certificate's event comes after the verdict's", after_the_verdict),
        ROW("the days of a certificate go on while its server is away, and end with another server", days_go_on),
        ROW("a leg that is spoken to in another way shows nothing of the way before", another_servers_words),
        ROW("missed starts and imitations are counted", counted),
        ROW("a probe is missed when it is old enough and none was found", misses),
    };
    return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
