#include "scene.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TURN_MS = 10, QUEUE_ROOM = 512, STOP_MS = 3000, DESCRIPTORS = 4096 };

/* --- definitions --- */

static void put(struct draft *d, const char *key, const char *value)
{
    struct mistake why;
    const struct setting *s = setting_by_key(key);
    assert_non_null(s);
    if (!draft_put_written(d, setting_id(s), value, &why))
        fail_msg("%s", why.text);
}

static void put_all(struct draft *d, const char *words)
{
    char *copy = strdup(words), *rest = copy, *word;
    while ((word = strsep(&rest, " ")) != NULL) {
        char *value = strchr(word, '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        put(d, word, value);
    }
    free(copy);
}

static bool says(const char *words, const char *word)
{
    return strstr(words, word) != NULL;
}

static const struct definition *define(const struct scene *s, const char *words, bool waits)
{
    struct draft d;
    char ports[128];
    bool pop3 = says(words, "incoming.type=") ? says(words, "incoming.type=pop3") : strcmp(s->type, "pop3") == 0;
    draft_init(&d);
    put_all(&d,
            "name=row device=127.0.0.1 interval=86400 smtp.to=probe@test smtp.from=from@test incoming.username=probe "
            "incoming.password=secret incoming.plaintext_auth=true smtp.plaintext_auth=true smtp.timeout=5 "
            "incoming.timeout=5");
    (void)snprintf(ports, sizeof ports, "incoming.type=%s smtp.port=%u incoming.port=%u", s->type,
                   (unsigned)fake_port(s->fake, FAKE_SMTP), (unsigned)fake_port(s->fake, pop3 ? FAKE_POP3 : FAKE_IMAP));
    put_all(&d, ports);
    put_all(&d, words);
    if (waits) {
        assert_true(draft_take_text(&d, SETTING_in_password, "", 0));
        d.secret[LEG_INCOMING - LEG_SMTP] = SECRET_WAITING;
    }
    const struct definition *frozen = draft_freeze(&d);
    draft_end(&d);
    assert_non_null(frozen);
    return frozen;
}

const struct definition *scene_define(const struct scene *s, const char *words)
{
    return define(s, words, false);
}

/* --- orders --- */

void scene_order(struct scene *s, enum order_kind kind, int32_t index, const struct definition *definition)
{
    struct order order = {.kind = kind, .index = index, .serial = s->rows[index].serial, .definition = definition};
    for (unsigned ms = 0; !queue_post(s->orders, &order); ms++) {
        assert_true(ms < SCENE_WAIT_MS);
        scene_pump(s);
        (void)usleep(1000);
    }
}

void scene_put(struct scene *s, int32_t index, const char *words)
{
    if (s->rows[index].serial == 0)
        s->rows[index].serial = ++s->next_serial;
    scene_order(s, ORDER_PUT, index, scene_define(s, words));
}

void scene_put_waiting(struct scene *s, int32_t index, const char *words)
{
    scene_order(s, ORDER_PUT, index, define(s, words, true));
}

void scene_poll(struct scene *s, int32_t index)
{
    scene_order(s, ORDER_POLL, index, NULL);
}

void scene_remove(struct scene *s, int32_t index)
{
    scene_order(s, ORDER_REMOVE, index, NULL);
    s->rows[index].serial = 0;
    status_clear(&s->rows[index].status);
}

/* --- what the worker says --- */

static void hear(struct scene *s, struct report *r)
{
    struct seen *row = &s->rows[r->index];
    switch (r->kind) {
    case REPORT_STATUS:
        if (row->serial == r->serial) {
            status_copy(&row->status, &r->status);
            row->reports++;
        }
        break;
    case REPORT_PROCESS:
        s->process = r->process;
        break;
    case REPORT_STOPPED:
        s->stopped = true;
        break;
    }
    report_drop(r);
}

/* A status says what became of the newest probe, again and again until there is another one. */
static void count_probe(struct seen *row, const struct probe_record *record)
{
    if (record->state == 0 || (record->state == row->last.state && probe_record_is_of(record, &row->last)))
        return;
    row->probes[record->state]++;
    row->last = *record;
}

static void keep(struct scene *s, struct journal_entry *e)
{
    struct seen *row = &s->rows[e->index];
    struct receipt receipt = {.ticket = e->ticket, .durable = true};
    s->journal_entries++;
    if (e->kind == JOURNAL_PROBE) {
        count_probe(row, &e->probe);
    } else if (e->kind == JOURNAL_GONE) {
        row->gone++;
    } else if (e->kind == JOURNAL_STATUS) {
        row->sampling = e->memory.sampling;
        count_probe(row, &e->memory.sent);
    }
    if (e->kind == JOURNAL_STATUS && e->has_event) {
        row->up += e->event.kind == EVENT_UP;
        row->down += e->event.kind == EVENT_DOWN;
        row->unknown += e->event.kind == EVENT_UNKNOWN;
    }
    if (e->ticket != 0 && !s->no_receipts)
        assert_true(queue_post(s->receipts, &receipt));
    journal_entry_drop(e);
}

void scene_pump(struct scene *s)
{
    struct report report;
    struct journal_entry entry;
    /* The reports first: what the worker wrote before it told of a poll is there then. */
    queue_drain(s->reports);
    while (queue_take(s->reports, &report))
        hear(s, &report);
    queue_drain(s->journal);
    while (queue_take(s->journal, &entry))
        keep(s, &entry);
}

bool scene_until(struct scene *s, bool (*holds)(void *owner), void *owner, unsigned ms)
{
    struct pollfd fds[] = {{.fd = queue_fd(s->journal), .events = POLLIN},
                           {.fd = queue_fd(s->reports), .events = POLLIN}};
    uint64_t until_ms = monotonic_now_ms() + ms;
    scene_pump(s);
    while (!holds(owner)) {
        if (monotonic_now_ms() >= until_ms)
            return false;
        (void)poll(fds, 2, TURN_MS);
        scene_pump(s);
    }
    return true;
}

struct awaited {
    const struct scene *scene;
    int32_t index;
    uint32_t polls;
};

static bool has_polled(void *owner)
{
    const struct awaited *a = owner;
    return a->scene->rows[a->index].status.polls >= a->polls;
}

void scene_polled(struct scene *s, int32_t index, uint32_t polls)
{
    struct awaited a = {.scene = s, .index = index, .polls = polls};
    if (!scene_until(s, has_polled, &a, SCENE_WAIT_MS))
        fail_msg("row %d: %u polls within %d ms, not %u", index, s->rows[index].status.polls, SCENE_WAIT_MS, polls);
}

void scene_poll_once(struct scene *s, int32_t index)
{
    uint32_t before = s->rows[index].status.polls;
    scene_poll(s, index);
    scene_polled(s, index, before + 1);
}

struct reached {
    struct scene *scene;
    const unsigned *number; /* NULL: ${count} of the fake server */
    enum fake_count count;
    uint64_t least;
};

static bool is_reached(void *owner)
{
    const struct reached *r = owner;
    return (r->number != NULL ? *r->number : fake_counted(r->scene->fake, r->count)) >= r->least;
}

void scene_reaches(struct scene *s, const unsigned *number, unsigned least)
{
    struct reached r = {.scene = s, .number = number, .least = least};
    assert_true(scene_until(s, is_reached, &r, SCENE_WAIT_MS));
}

void scene_counts(struct scene *s, enum fake_count count, uint64_t least)
{
    struct reached r = {.scene = s, .count = count, .least = least};
    assert_true(scene_until(s, is_reached, &r, SCENE_WAIT_MS));
}

static void break_leg(struct scene *s, enum leg leg, const struct fake_break *b)
{
    if (leg == LEG_SMTP) {
        fake_break(s->fake, FAKE_SMTP, b);
        return;
    }
    fake_break(s->fake, FAKE_POP3, b);
    fake_break(s->fake, FAKE_IMAP, b);
}

void scene_break(struct scene *s, enum leg leg, enum fake_phase phase, enum fake_act act)
{
    break_leg(s, leg, &(struct fake_break){.phase = phase, .act = act});
}

void scene_lose(struct scene *s, enum leg leg, enum fake_phase phase, enum fake_act act)
{
    break_leg(s, leg, &(struct fake_break){.phase = phase, .act = act, .done = true});
}

void scene_mend(struct scene *s)
{
    break_leg(s, LEG_SMTP, &(struct fake_break){.phase = PHASE_NONE});
    break_leg(s, LEG_INCOMING, &(struct fake_break){.phase = PHASE_NONE});
}

static bool never(void *owner)
{
    (void)owner;
    return false;
}

void scene_rest(struct scene *s, unsigned ms)
{
    (void)scene_until(s, never, NULL, ms);
}

void scene_is(const struct scene *s, int32_t index, enum verdict verdict, enum leg leg, enum stage stage,
              enum cause cause)
{
    const struct status *st = &s->rows[index].status;
    if (st->verdict == verdict && st->failure_leg == leg && st->failure_stage == stage && st->failure_cause == cause)
        return;
    fail_msg("row %d: %s, %s %s %s (%s); not %s, %s %s %s", index, verdict_word(st->verdict), leg_word(st->failure_leg),
             stage_word(st->failure_stage), cause_word(st->failure_cause), text_bytes(st->failure_text),
             verdict_word(verdict), leg_word(leg), stage_word(stage), cause_word(cause));
}

/* --- the whole --- */

void scene_fake(struct scene *s)
{
    static const uint16_t any[FAKE_PROTOCOLS] = {0};
    s->fake = fake_start(any);
    assert_non_null(s->fake);
}

static void start_worker(struct scene *s)
{
    struct failure why;
    s->stopped = false;
    s->locks = s->beside != NULL ? s->beside->locks : lock_table_new();
    s->handover = s->beside != NULL ? s->beside->handover : handover_new();
    s->refusals = s->beside != NULL ? s->beside->refusals : refusals_new();
    s->orders = queue_new(QUEUE_ROOM, sizeof(struct order));
    s->receipts = queue_new(4 * QUEUE_ROOM, sizeof(struct receipt));
    s->reports = queue_new(QUEUE_ROOM, sizeof(struct report));
    s->journal = queue_new(QUEUE_ROOM, sizeof(struct journal_entry));
    assert_true(s->orders != NULL && s->receipts != NULL && s->reports != NULL && s->journal != NULL);
    struct worker_options options = {.log = s->log,
                                     .dns = s->dns,
                                     .ca_file = s->ca_file,
                                     .in_flight = s->in_flight != 0 ? s->in_flight : 1000,
                                     .per_host = s->per_host != 0 ? s->per_host : 10,
                                     .key = s->key,
                                     .test_key = s->test_key,
                                     .restored = s->restored,
                                     .number = s->beside != NULL,
                                     .workers = 1, /* as far as it must know */
                                     .locks = s->locks,
                                     .refusals = s->refusals,
                                     .handover = s->handover,
                                     .orders = s->orders,
                                     .receipts = s->receipts,
                                     .reports = s->reports,
                                     .journal = s->journal};
    s->worker = worker_start(&options, &why);
    if (s->worker == NULL)
        fail_msg("worker: %s %s", cause_word(why.cause), text_bytes(why.detail));
}

void scene_open(struct scene *s)
{
    memset(s->key.key, 'k', sizeof s->key.key);
    memset(s->test_key.key, 't', sizeof s->test_key.key);
    for (size_t i = 0; i < SCENE_ROWS; i++)
        status_init(&s->rows[i].status);
    if (s->beside != NULL)
        s->fake = s->beside->fake;
    else if (s->fake == NULL)
        scene_fake(s);
    if (s->type == NULL)
        s->type = "pop3";
    start_worker(s);
}

static bool is_stopped(void *owner)
{
    return ((const struct scene *)owner)->stopped;
}

/* Whether it ended in time. */
static bool stop_worker(struct scene *s)
{
    uint64_t began_ms = monotonic_now_ms();
    scene_order(s, ORDER_STOP, 0, NULL);
    bool stopped = scene_until(s, is_stopped, s, STOP_MS);
    worker_stop(s->worker);
    uint64_t took_ms = monotonic_now_ms() - began_ms;
    scene_pump(s);
    if (s->beside == NULL) {
        lock_table_free(s->locks);
        handover_free(s->handover);
        refusals_free(s->refusals);
    }
    queue_free(s->orders, order_drop);
    queue_free(s->receipts, NULL);
    queue_free(s->reports, report_drop);
    queue_free(s->journal, journal_entry_drop);
    restored_unref(s->restored);
    s->restored = NULL;
    for (size_t i = 0; i < SCENE_ROWS; i++)
        status_clear(&s->rows[i].status);
    return stopped && took_ms < STOP_MS;
}

void scene_close(struct scene *s)
{
    bool in_time = stop_worker(s);
    if (s->beside == NULL)
        fake_stop(s->fake);
    log_free(s->log);
    assert_true(in_time);
}

void scene_restart(struct scene *s, const struct restored *restored)
{
    assert_true(stop_worker(s));
    for (size_t i = 0; i < SCENE_ROWS; i++) {
        s->rows[i] = (struct seen){.serial = s->rows[i].serial};
        status_init(&s->rows[i].status);
    }
    s->restored = restored;
    start_worker(s);
}

unsigned scene_descriptors(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

int scene_setup_of(void **state, const char *type)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->type = type;
    scene_open(s);
    *state = s;
    return 0;
}

int scene_setup(void **state)
{
    return scene_setup_of(state, "pop3");
}

int scene_teardown(void **state)
{
    struct scene *s = *state;
    scene_close(s);
    free(s);
    return 0;
}
