/*
 * Each fault of a server, played against the real worker: the table of tests/faults, with a server of its own for each
 * cell.  All are played side by side, before the tests: each of these then looks at what became of its row.
 */
#include "faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "fake_dns.h"
#include "scene.h"

enum {
    DAY_S = 86400,
    PLAYS_MAX = 2 * FAULTS_MAX,
    PATIENT_S = 20,       /* for a server that answers: longer than a busy machine may take */
    HASTY_S = 1,          /* for one that does not, or that would be asked again as long as there is time */
    NAME_FRESH_MS = 1200, /* longer than the fake name server's answers are */
    AT_ONCE = 32,
    SETTLE_MS = 500 /* until all that was journaled is here */
};

/* What a row showed after its broken polls. */
struct shown {
    struct status status; /* numbers alone, no texts */
    unsigned probes[PROBE_LOST + 1];
};

struct play {
    struct fault fault;
    bool bare; /* the server offers no PIPELINING */
    char name[FAULT_NAME_MAX + 16];
    struct fake_mail *fake;
    struct shown before, first, last;
};

static struct fault faults[FAULTS_MAX];
static struct play plays[PLAYS_MAX];
static size_t play_count;
static struct scene scene;
static struct fake_dns *dns;

/* --- the rows --- */

static void add(const struct fault *f, bool bare)
{
    struct play *p = &plays[play_count++];
    p->fault = *f;
    p->bare = bare;
    fault_name(f, p->name);
    if (bare)
        (void)strcat(p->name, ", one by one");
}

/* Where commands go in groups, they are also played one by one. */
static void add_all(void)
{
    size_t n = faults_all(faults);
    for (size_t i = 0; i < n; i++) {
        const struct fault *f = &faults[i];
        add(f, false);
        bool grouped = f->row->phase > PHASE_LOGIN && f->row->phase < PHASE_QUIT && f->protocol != FAKE_IMAP;
        if (grouped)
            add(f, true);
    }
}

static int32_t index_of(const struct play *p)
{
    return (int32_t)(p - plays) + 1;
}

/* What takes as long as the row's timeout, or the resolver's. */
static bool is_slow(const struct play *p)
{
    const bool no_answer = p->fault.row->phase == PHASE_RESOLVE && p->fault.act == ACT_MALFORMED;
    return p->fault.act == ACT_SILENCE || p->fault.act == ACT_DRIP || p->fault.act == ACT_IN_USE || no_answer;
}

/* Both legs speak TLS where one does, for the server does so on every port. */
static const struct {
    const char *words; /* of the row */
    unsigned tls;      /* FAULT_TLS of its server */
    bool no_uidplus;
} ways[] = {
    [WAY_CLEAR] = {.words = ""},
    [WAY_LOGIN] = {.words = "smtp.auth=true smtp.username=u smtp.password=p"},
    [WAY_TLS] = {.words = "smtp.security=tls incoming.security=tls", .tls = 1},
    [WAY_STARTTLS] = {.words = "smtp.security=starttls incoming.security=starttls", .tls = 2},
    [WAY_NO_UIDPLUS] = {.words = "", .no_uidplus = true},
    [WAY_NO_ROUTE] = {.words = "incoming.server=fe80::1"}, /* of the link, without the link's name */
};

/* The name of the broken leg's server, where it is to be looked up; else its address. */
static void server_of(const struct play *p, char server[32])
{
    (void)snprintf(server, 32, p->fault.row->phase == PHASE_RESOLVE ? "f%d.test" : "127.0.0.1", index_of(p));
}

/* An interval of its own lets each begin at once: newcomers of one interval begin one after the other. */
static void start_row(struct play *p)
{
    const struct fault_row *row = p->fault.row;
    const bool imap = p->fault.protocol == FAKE_IMAP;
    const int32_t i = index_of(p);
    const int timeout_s = is_slow(p) ? HASTY_S : PATIENT_S;
    char words[1024], server[32];
    server_of(p, server);
    (void)snprintf(words, sizeof words,
                   "name=f%d interval=%d smtp.to=f%d@test incoming.username=f%d smtp.timeout=%d incoming.timeout=%d "
                   "smtp.port=%u incoming.type=%s incoming.port=%u smtp.tls_verify=false incoming.tls_verify=false "
                   "%s.server=%s %s",
                   i, DAY_S - i, i, i, timeout_s, timeout_s, (unsigned)fake_port(p->fake, FAKE_SMTP),
                   imap ? "imap" : "pop3", (unsigned)fake_port(p->fake, imap ? FAKE_IMAP : FAKE_POP3),
                   row->leg == LEG_SMTP ? "smtp" : "incoming", server, ways[row->way].words);
    scene_put(&scene, i, words);
}

static void put_foreign(struct play *p)
{
    char user[16];
    (void)snprintf(user, sizeof user, "f%d", index_of(p));
    assert_true(fake_put(p->fake, user, "Subject: a letter\r\n\r\nDear all\r\n"));
}

static void prepare(struct play *p)
{
    static const uint16_t any[FAKE_PROTOCOLS] = {0};
    p->fake = fake_start(any);
    assert_non_null(p->fake);
    fake_set(p->fake, FAULT_BARE, p->bare);
    fake_set(p->fake, FAULT_NO_UIDPLUS, ways[p->fault.row->way].no_uidplus);
    fake_set(p->fake, FAULT_TLS, ways[p->fault.row->way].tls);
    put_foreign(p);
    start_row(p);
}

static void break_it(struct play *p)
{
    const struct fault_row *row = p->fault.row;
    char name[32];
    put_foreign(p);
    server_of(p, name);
    if (row->phase == PHASE_RESOLVE) {
        assert_true(fake_dns_break(dns, name, p->fault.act));
        return;
    }
    struct fake_break b = {.phase = row->phase, .act = p->fault.act, .nth = row->nth};
    fake_break(p->fake, p->fault.protocol, &b);
}

/* --- all at once --- */

static void show(const struct play *p, struct shown *out)
{
    const struct seen *row = &scene.rows[index_of(p)];
    out->status = row->status;
    memcpy(out->probes, row->probes, sizeof out->probes);
}

typedef bool chosen(const struct play *p);

/* These need that what a server says behind its go-ahead comes before the message leaves. */
static bool is_held(const struct play *p)
{
    return p->fault.row->phase == PHASE_MESSAGE && !is_slow(p);
}

static bool is_fast(const struct play *p)
{
    return !is_slow(p) && !is_held(p);
}

/* Polled four times; but not where each waits for the resolver: one of the name server's acts shows that at once. */
static bool goes_on(const struct play *p)
{
    return fault_keeps(p->fault.row->course) && !(p->fault.row->phase == PHASE_RESOLVE && is_slow(p));
}

static void await(chosen *is_chosen, size_t from, size_t to, uint32_t polls)
{
    for (size_t i = from; i < to; i++)
        if (is_chosen(&plays[i]))
            scene_polled(&scene, index_of(&plays[i]), polls);
}

/* The nth broken poll of each, so many at once: a worker kept busy for a second by them would excuse its servers. */
static void poll_those(chosen *is_chosen, uint32_t nth, size_t at_once)
{
    size_t begun = 0, from = 0;
    for (size_t i = 0; i < play_count; i++) {
        if (!is_chosen(&plays[i]))
            continue;
        scene_poll(&scene, index_of(&plays[i]));
        if (++begun % at_once == 0) {
            await(is_chosen, from, i + 1, nth + 1);
            from = i + 1;
        }
    }
    await(is_chosen, from, play_count, nth + 1);
}

static bool any(const struct play *p)
{
    (void)p;
    return true;
}

static void begin_all(void)
{
    for (size_t i = 0; i < play_count; i++) {
        prepare(&plays[i]);
        if ((i + 1) % AT_ONCE == 0)
            await(any, i + 1 - AT_ONCE, i + 1, 1);
    }
    await(any, 0, play_count, 1);
    scene_rest(&scene, NAME_FRESH_MS);
    for (size_t i = 0; i < play_count; i++) {
        show(&plays[i], &plays[i].before);
        break_it(&plays[i]);
    }
}

static void break_all(void)
{
    scene.no_receipts = true; /* a slow disk holds every message up */
    poll_those(is_held, 1, AT_ONCE);
    scene.no_receipts = false;
    poll_those(is_fast, 1, AT_ONCE);
    poll_those(is_slow, 1, play_count);
    scene_rest(&scene, SETTLE_MS);
    for (size_t i = 0; i < play_count; i++)
        show(&plays[i], &plays[i].first);
    for (uint32_t nth = 2; nth <= FAULT_POLLS; nth++)
        poll_those(goes_on, nth, play_count);
    for (size_t i = 0; i < play_count; i++)
        show(&plays[i], &plays[i].last);
}

/* A server for each cell takes more descriptors than a login shell allows. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int play_all(void **state)
{
    static char servers[32];
    (void)state;
    allow_descriptors();
    dns = fake_dns_start(servers);
    assert_non_null(dns);
    scene.dns = servers;
    scene_open(&scene);
    begin_all();
    break_all();
    return 0;
}

static int end_all(void **state)
{
    (void)state;
    scene_close(&scene);
    for (size_t i = 0; i < play_count; i++)
        fake_stop(plays[i].fake);
    fake_dns_stop(dns);
    return 0;
}

/* --- what became of each --- */

static void has_verdict(const struct play *p, const struct shown *s, unsigned polls)
{
    enum verdict expected = fault_verdict(p->fault.row->course, polls);
    if (s->status.verdict != expected)
        fail_msg("poll %u: %s and not %s (smtp %s %s, incoming %s %s)", polls, verdict_word(s->status.verdict),
                 verdict_word(expected), stage_word(s->status.smtp_stage), cause_word(s->status.smtp_cause),
                 stage_word(s->status.in_stage), cause_word(s->status.in_cause));
}

static void has_failure(const struct play *p, const struct shown *s)
{
    const struct failure expected = fault_failure(p->fault.row);
    if (s->status.failure_leg != expected.leg || s->status.failure_stage != expected.stage ||
        s->status.failure_cause != expected.cause)
        fail_msg("%s %s %s and not %s %s %s", leg_word(s->status.failure_leg), stage_word(s->status.failure_stage),
                 cause_word(s->status.failure_cause), leg_word(expected.leg), stage_word(expected.stage),
                 cause_word(expected.cause));
}

/* Each leg by itself: the broken one shows it, the other one nothing. */
static void has_legs(const struct play *p, const struct shown *s)
{
    const struct fault_row *row = p->fault.row;
    const bool smtp = row->leg == LEG_SMTP;
    const uint8_t stage = smtp ? s->status.smtp_stage : s->status.in_stage;
    const uint8_t cause = smtp ? s->status.smtp_cause : s->status.in_cause;
    if (stage != row->stage || cause != row->cause)
        fail_msg("the leg: %s %s and not %s %s", stage_word(stage), cause_word(cause), stage_word(row->stage),
                 cause_word(row->cause));
    assert_int_equal(smtp ? s->status.in_stage : s->status.smtp_stage, STAGE_NONE);
}

/* How many more entries of the journal say so since it was broken. */
static unsigned journaled(const struct play *p, const struct shown *s, enum probe_state state)
{
    return s->probes[state] - p->before.probes[state];
}

/* The probe of the poll before is found but for what is wrong with looking; the next is sent likewise. */
static void has_probes(const struct play *p, const struct shown *s)
{
    const struct fault_row *row = p->fault.row;
    const bool smtp = row->leg == LEG_SMTP;
    const unsigned sent = smtp ? row->probe : PROBE_OUT, looked_for = smtp ? PROBE_CONSUMED : row->probe;
    const bool stays = sent == PROBE_OUT || sent == PROBE_MAYBE;
    assert_int_equal(journaled(p, s, PROBE_CONSUMED), looked_for == PROBE_CONSUMED);
    assert_int_equal(journaled(p, s, PROBE_SENDING), 1); /* on record with what was found */
    assert_int_equal(journaled(p, s, PROBE_OUT), sent == PROBE_OUT);
    assert_int_equal(journaled(p, s, PROBE_MAYBE), sent == PROBE_MAYBE);
    assert_int_equal(journaled(p, s, PROBE_REMOVED), sent == PROBE_REMOVED || sent == PROBE_NOT_SENT);
    assert_int_equal(s->status.outstanding, stays + (looked_for == PROBE_OUT));
}

static void comes_to(void **state)
{
    const struct play *p = *state;
    assert_int_equal(p->before.status.verdict, VERDICT_UP);
    assert_int_equal(p->before.status.outstanding, 1);
    has_verdict(p, &p->first, 1);
    has_failure(p, &p->first);
    has_legs(p, &p->first);
    has_probes(p, &p->first);
    if (!goes_on(p))
        return;
    has_verdict(p, &p->last, FAULT_POLLS);
    has_failure(p, &p->last);
}

int main(void)
{
    static struct CMUnitTest tests[PLAYS_MAX];
    add_all();
    for (size_t i = 0; i < play_count; i++)
        tests[i] = (struct CMUnitTest){.name = plays[i].name, .test_func = comes_to, .initial_state = &plays[i]};
    return _cmocka_run_group_tests("faults and the worker", tests, play_count, play_all, end_all);
}
