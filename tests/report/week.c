/*
 * Makes a week of monitoring within seconds: a state with its key and its file, through the store's own door, so that a
 * report has something to show.
 *
 *      report_week FOLDER [MONITORS]      then: emailmon report -c FOLDER/emailmon.yaml -o page.html
 *
 * The picture in docs/pictures is made of it; with many monitors it shows what a report of them costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "stage.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY, FAULTS_MAX = 6, MANY = 1000 };

/* --- what goes wrong --- */

struct fault {
    uint32_t begin_s, lasts_s; /* so long before now; 0: it has not ended */
    enum verdict verdict;
    enum leg leg;
    enum stage stage;
    enum cause cause;
    const char *text, *reply;
};

#define REFUSED                                                                                                        \
    VERDICT_DOWN, LEG_INCOMING, STAGE_CONNECT, CAUSE_REFUSED,                                                          \
        "incoming: connecting: the connection was refused (errno 111): imap.lyon.example.net port 993", ""
#define MISSING                                                                                                        \
    VERDICT_DOWN, LEG_DELIVERY, STAGE_DELIVERY, CAUSE_NOT_DELIVERED,                                                   \
        "between acceptance and the mailbox: the probe did not arrive: 1 accepted by the SMTP server, none in the "    \
        "mailbox",                                                                                                     \
        ""
#define BUSY                                                                                                           \
    VERDICT_UP, LEG_SMTP, STAGE_RCPT_TO, CAUSE_TEMPORARY, "smtp: recipient: try again later: 451 4.3.2 Busy",          \
        "451 4.3.2 Busy"
#define FULL                                                                                                           \
    VERDICT_DOWN, LEG_SMTP, STAGE_AFTER_DOT, CAUSE_PERMANENT, "smtp: acceptance: refused: 552 5.2.2 Mailbox full",     \
        "552 5.2.2 Mailbox full"
#define NO_SECRET                                                                                                      \
    VERDICT_UNKNOWN, LEG_LOCAL, STAGE_LOCAL, CAUSE_SECRET,                                                             \
        "this machine: no password: /etc/emailmon/archive.secret: Permission denied", ""

/* --- what is watched --- */

static const struct monitor_kind {
    const char *name;
    uint32_t interval_s, lived_s;
    uint32_t send_ms, look_ms, delivery_ms; /* on a quiet day */
    uint32_t busy;                          /* percent more in office hours */
    int32_t certificate_days;
    bool disabled;
    struct fault faults[FAULTS_MAX];
} kinds[] = {
    {"office", MINUTE, WEEK, 120, 65, 900, 90, 61, false, {{0}}},
    {"branch-lyon",
     MINUTE,
     WEEK,
     180,
     95,
     1400,
     60,
     44,
     false,
     {{3 * DAY + 5 * HOUR, 20 * MINUTE, REFUSED}, {40 * MINUTE, 0, REFUSED}}},
    {"branch-oslo", MINUTE, WEEK, 240, 130, 1900, 40, 44, false, {{2 * DAY + 9 * HOUR, 3 * HOUR, FULL}}},
    {"gateway-inbound",
     MINUTE,
     WEEK,
     85,
     40,
     4200,
     160,
     201,
     false,
     {{5 * DAY + 2 * HOUR, 70 * MINUTE, MISSING}, {11 * HOUR, 25 * MINUTE, MISSING}}},
    {"newsletter",
     MINUTE,
     WEEK,
     310,
     70,
     2500,
     20,
     88,
     false,
     {{4 * DAY + 6 * HOUR, 9 * MINUTE, BUSY},
      {3 * DAY + 6 * HOUR, 12 * MINUTE, BUSY},
      {2 * DAY + 6 * HOUR, 7 * MINUTE, BUSY},
      {DAY + 6 * HOUR, 14 * MINUTE, BUSY}}},
    {"archive", 5 * MINUTE, WEEK, 60, 55, 700, 10, CERT_DAYS_NONE, false, {{5 * HOUR, 0, NO_SECRET}}},
    {"helpdesk", MINUTE, WEEK, 140, 90, 3100, 120, 61, false, {{0}}},
    {"partner-feed", 5 * MINUTE, WEEK, 420, 210, 6100, 15, 9, false, {{6 * DAY, 2 * HOUR, REFUSED}}},
    {"hosted-mail", MINUTE, WEEK, 95, 150, 1200, 70, 77, false, {{2 * MINUTE, 0, MISSING}}},
    {"new-tenant", MINUTE, 9 * HOUR, 110, 60, 800, 50, 89, false, {{0}}},
    {"nightly-batch", HOUR, WEEK, 130, 75, 1100, 0, 120, false, {{0}}},
    {"old-pop3", MINUTE, 2 * DAY, 100, 50, 900, 0, CERT_DAYS_NONE, true, {{0}}},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* --- a poll --- */

struct life {
    const struct monitor_kind *kind;
    struct journal_entry last; /* the row as it is */
    int64_t now_ms;
    uint32_t random;
};

static uint32_t any_percent(struct life *l)
{
    l->random = l->random * 1664525 + 1013904223;
    return (l->random >> 16) % 100;
}

/* Twice as slow by day as by night, some better and some worse, now and then much worse. */
static uint32_t about(struct life *l, uint32_t usual_ms, int64_t at_ms)
{
    const uint32_t hour = (uint32_t)(at_ms / 1000 / HOUR % 24), dice = any_percent(l);
    const uint32_t office = hour >= 7 && hour < 18 ? l->kind->busy * (hour < 12 ? hour - 6 : 18 - hour) / 6 : 0;
    uint64_t ms = (uint64_t)usual_ms * (100 + office) / 100 * (70 + any_percent(l) * 6 / 10) / 100;
    if (dice == 99 && any_percent(l) < 5)
        ms *= 2 + any_percent(l) / 10;
    return (uint32_t)ms;
}

static const struct fault *fault_at(const struct life *l, int64_t at_ms)
{
    for (size_t i = 0; i < FAULTS_MAX && l->kind->faults[i].text != NULL; i++) {
        const struct fault *f = &l->kind->faults[i];
        const int64_t begin_ms = l->now_ms - INT64_C(1000) * f->begin_s;
        if (at_ms >= begin_ms && (f->lasts_s == 0 || at_ms < begin_ms + INT64_C(1000) * f->lasts_s))
            return f;
    }
    return NULL;
}

static void take_failure(struct status *s, const struct fault *f)
{
    static const struct fault none = {
        .leg = LEG_NONE, .stage = STAGE_NONE, .cause = CAUSE_NONE, .text = "", .reply = ""};
    f = f == NULL ? &none : f;
    s->failure_leg = (uint8_t)f->leg;
    s->failure_stage = (uint8_t)f->stage;
    s->failure_cause = (uint8_t)f->cause;
    status_set_text(&s->failure_text, text_new(f->text, strlen(f->text)));
    status_set_text(&s->server_reply, text_new(f->reply, strlen(f->reply)));
}

static void take_times(struct life *l, struct status *s, const struct fault *f, int64_t at_ms)
{
    s->send_ms = f == NULL || f->leg != LEG_LOCAL ? about(l, l->kind->send_ms, at_ms) : 0;
    s->look_ms = f == NULL || f->leg != LEG_LOCAL ? about(l, l->kind->look_ms, at_ms) : 0;
    s->delivery_ms = f == NULL ? about(l, l->kind->delivery_ms, at_ms) : 0;
    s->poll_ms = s->send_ms + s->look_ms;
    s->smtp_connect_ms = s->send_ms * 12 / 100;
    s->smtp_tls_ms = s->send_ms * 22 / 100;
    s->smtp_auth_ms = s->send_ms * 15 / 100;
    s->smtp_data_ms = s->send_ms * 40 / 100;
    s->in_connect_ms = s->look_ms * 14 / 100;
    s->in_tls_ms = s->look_ms * 25 / 100;
    s->in_login_ms = s->look_ms * 18 / 100;
    s->in_search_ms = s->look_ms * 24 / 100;
    s->in_delete_ms = s->look_ms * 15 / 100;
}

static struct sample sample_of(const struct status *s, const struct fault *f, int64_t at_ms)
{
    struct sample sample;
    sample_of_poll(&sample, at_ms, (enum verdict)s->verdict, f != NULL && f->leg != LEG_LOCAL);
    if (f == NULL || (f->leg != LEG_SMTP && f->leg != LEG_LOCAL))
        sample_measure(&sample, SAMPLE_SEND, s->send_ms);
    if (f == NULL || (f->leg != LEG_INCOMING && f->leg != LEG_LOCAL))
        sample_measure(&sample, SAMPLE_LOOK, s->look_ms);
    if (f == NULL)
        sample_measure(&sample, SAMPLE_DELIVERY, s->delivery_ms);
    return sample;
}

static void take_event(struct journal_entry *row, enum verdict old, int64_t at_ms)
{
    const struct status *s = &row->status;
    row->has_event = true;
    row->event = (struct event){.time_ms = at_ms,
                                .row = row->index,
                                .kind = (uint8_t)event_of_verdict((enum verdict)s->verdict),
                                .old = (uint8_t)old,
                                .new = s->verdict,
                                .proof = s->proof,
                                .leg = s->failure_leg,
                                .stage = s->failure_stage,
                                .cause = s->failure_cause,
                                .name = text_ref(row->name),
                                .text = text_ref(s->failure_text)};
}

/* A copy goes: what the entry holds is counted. */
static void post(struct test_store *stage, struct journal_entry *row)
{
    struct journal_entry entry = *row;
    entry.name = text_ref(row->name);
    status_init(&entry.status);
    status_copy(&entry.status, &row->status);
    stage_post(stage, &entry);
    for (struct news news; queue_take(stage->news, &news);)
        news_drop(&news);
    row->has_event = false;
    row->sampled.kind = SAMPLED_NOTHING;
}

static void poll_at(struct test_store *stage, struct life *l, int64_t at_ms)
{
    struct journal_entry *row = &l->last;
    struct status *s = &row->status;
    const struct fault *f = fault_at(l, at_ms);
    const enum verdict old = (enum verdict)s->verdict;
    s->verdict = (uint8_t)(f == NULL ? VERDICT_UP : f->verdict);
    s->proof = s->verdict == VERDICT_UP ? PROOF_ROUND_TRIP : PROOF_NONE;
    s->polls++;
    s->polls_failed += f != NULL;
    s->sent += f == NULL || f->leg != LEG_SMTP;
    s->delivered += f == NULL;
    s->last_poll = at_ms;
    s->proven_at = f == NULL ? at_ms : s->proven_at;
    take_failure(s, f);
    take_times(l, s, f, at_ms);
    if (s->verdict != old) {
        s->last_change = at_ms;
        s->transitions += s->polls > 1;
    }
    if (s->verdict != old && s->polls > 1)
        take_event(row, old, at_ms);
    const struct sample sample = sample_of(s, f, at_ms);
    if (sampling_add(&row->memory.sampling, &sample, WEEK, &row->sampled.full))
        row->sampled.kind = SAMPLED_FULL;
    if (row->has_event || row->sampled.kind == SAMPLED_FULL)
        post(stage, row);
}

/* --- a monitor --- */

static void set_words(struct status *s, const struct monitor_kind *kind)
{
    s->smtp_cert_days = s->in_cert_days = kind->certificate_days;
    if (kind->certificate_days == CERT_DAYS_NONE)
        return;
    status_set_text(&s->smtp_tls_version, text_new("TLSv1.3", 7));
    status_set_text(&s->in_tls_version, text_new("TLSv1.3", 7));
    status_set_text(&s->smtp_mechanism, text_new("PLAIN", 5));
    status_set_text(&s->in_mechanism, text_new("SCRAM-SHA-256", 13));
}

static void live(struct test_store *stage, int32_t index, const struct monitor_kind *kind, const char *name,
                 bool is_one_of_many)
{
    const uint32_t interval_s = is_one_of_many ? 5 * MINUTE : kind->interval_s;
    struct life l = {.kind = kind, .now_ms = wall_now_ms() - 1000 * (index % 50), .random = (uint32_t)index};
    const uint64_t serial = (uint64_t)index * UINT64_C(0x9E3779B97F4A7C15);
    l.last = (struct journal_entry){
        .kind = JOURNAL_STATUS, .index = index, .serial = serial, .name = text_new(name, strlen(name))};
    status_init(&l.last.status);
    row_memory_init(&l.last.memory);
    set_words(&l.last.status, kind);
    if (is_one_of_many) /* hours from the first on: fewer samples to write */
        l.last.memory.sampling.since = 1;
    for (int64_t ago_s = kind->lived_s; ago_s >= 0; ago_s -= interval_s)
        poll_at(stage, &l, l.now_ms - 1000 * ago_s);
    if (kind->disabled) {
        l.last.status.verdict = VERDICT_DISABLED;
        l.last.status.proof = PROOF_NONE;
    }
    post(stage, &l.last);
    status_clear(&l.last.status);
    text_unref(l.last.name);
}

/* As a file would have been written for it; of very many only what a report needs. */
static void write_file(const char *folder, const char *state)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/emailmon.yaml", folder);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        fail_msg("%s cannot be written", path);
    (void)fprintf(out, "state: %s\nmonitors: []\n", state);
    (void)fclose(out);
}

static void make_week(const char *folder, int32_t monitors)
{
    static struct test_store stage;
    char key[512], name[64];
    (void)mkdir(folder, 0700);
    stage_begin(&stage);
    (void)snprintf(stage.path, sizeof stage.path, "%s/state.db", folder);
    (void)snprintf(key, sizeof key, "%s.key", stage.path);
    if (!keys_load(key, true, &stage.keys, stage.why, sizeof stage.why))
        fail_msg("%s", stage.why);
    stage_run(&stage);
    for (int32_t i = 0; i < monitors; i++) {
        const struct monitor_kind *kind = i < KINDS || i % MANY < KINDS ? &kinds[i % MANY] : &kinds[0];
        (void)snprintf(name, sizeof name, i < KINDS ? "%s" : "%s-%d", kind->name, (int)i);
        live(&stage, i + 1, kind, name, monitors > MANY);
    }
    assert_true(stage_flush(&stage));
    write_file(folder, stage.path);
    stage_end(&stage);
}

int main(int argc, char **argv)
{
    const int32_t monitors = argc > 2 ? (int32_t)strtol(argv[2], NULL, 10) : KINDS;
    if (argc < 2 || argc > 3 || monitors < 1) {
        (void)fputs("report_week FOLDER [MONITORS]\n", stderr);
        return EXIT_FAILURE;
    }
    make_week(argv[1], monitors);
    return EXIT_SUCCESS;
}
