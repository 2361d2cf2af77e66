/*
 * A stage for the agent alone: feeds it monitors, reports and news, without worker and store, so that a real snmpd
 * can be tried against it.
 *
 *      agent_stage AGENTX ROWS EVENTS GAP_MS [FILES]
 *
 * ROWS monitors come from a "file"; every third is down, every seventh disabled, the last lacks its password.  FILES
 * descriptors are opened first.  Ends at the end of standard input, of which each line is a command:
 *
 *      well, refuse, silent, late   what becomes of saves from now on: kept, refused, not looked at, begun and not
 *      answered alarm, calm                  the state's alarm
 *      reload                       the file is read again
 *      begin (or an empty line)     EVENTS events follow, one every GAP_MS
 *
 * Writes to standard output a line for each order ("put 7 name", "remove 7", "poll 7"), each save ("save 7=name 8=";
 * with "later" and "trial" for those that nobody waits for, or that are for a trial), and each command ("did alarm").
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent.h"

enum { QUEUE = 4096, LINE_MAX_OCTETS = 256, TICK_MS = 5 };

enum store_mood { STORE_WELL, STORE_REFUSE, STORE_SILENT, STORE_LATE };

struct scene {
    struct log *log;
    struct queue *notices, *reports, *news, *orders, *journal, *saves, *saved;
    enum store_mood mood;
    bool begun;
    size_t rows, orders_seen;
    bool worker_stopped;
    uint32_t events, events_sent, gap_ms;
    uint64_t serials;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "agent_stage: %s\n", what);
    exit(1);
}

static uint64_t serial_of(void *owner, const char *name)
{
    struct scene *s = owner;
    (void)name;
    return ++s->serials;
}

static void put(struct draft *d, enum setting_id id, const char *written)
{
    struct mistake why;
    if (!draft_put_written(d, id, written, &why))
        fail(why.text);
}

static const struct definition *monitor(size_t i, size_t count)
{
    struct draft d;
    char name[LINE_MAX_OCTETS];
    draft_init(&d);
    (void)snprintf(name, sizeof name, "monitor-%zu", i);
    put(&d, SETTING_name, name);
    put(&d, SETTING_device, "192.0.2.10");
    put(&d, SETTING_smtp_to, "probe@example.com");
    put(&d, SETTING_smtp_from, "emailmon@example.com");
    put(&d, SETTING_in_username, "probe");
    put(&d, SETTING_notify, "down,up,certificate");
    put(&d, SETTING_enabled, i % 7 == 0 ? "false" : "true");
    if (i < count)
        put(&d, SETTING_in_password, "never shown");
    if (draft_check(&d, NULL, NULL) != 0)
        fail("a monitor is wrong");
    const struct definition *definition = draft_freeze(&d);
    draft_end(&d);
    return definition;
}

static void post_file(struct scene *s)
{
    struct notice notice = {.kind = NOTICE_FILE, .wanted_count = s->rows, .time_ms = wall_now_ms()};
    notice.wanted = calloc(s->rows + 1, sizeof *notice.wanted);
    for (size_t i = 0; i < s->rows; i++)
        notice.wanted[i].definition = monitor(i + 1, s->rows);
    if (!queue_post(s->notices, &notice))
        fail("the queue of notices is full");
}

static void post_report(struct scene *s, const struct order *order)
{
    struct report report = {.kind = REPORT_STATUS, .index = order->index, .serial = order->serial};
    struct status *status = &report.status;
    static const char reply[] = "550 5.1.1 No such user";
    status_init(status);
    status->verdict = order->index % 3 == 0 ? VERDICT_DOWN : VERDICT_UP;
    status->proof = order->index % 3 == 0 ? PROOF_NONE : PROOF_ROUND_TRIP;
    status->last_poll = status->proven_at = wall_now_ms() - 5000;
    status->polls = 12;
    status->in_cert_days = -3;
    status_set_text(&status->server_reply, text_new(reply, strlen(reply)));
    while (!queue_post(s->reports, &report))
        (void)usleep(1000);
}

static void tell_order(const struct order *order)
{
    static const char *const words[] = {[ORDER_PUT] = "put",       [ORDER_TAKE] = "take", [ORDER_LEAVE] = "leave",
                                        [ORDER_REMOVE] = "remove", [ORDER_POLL] = "poll", [ORDER_ABSENT] = "absent",
                                        [ORDER_READY] = "ready",   [ORDER_STOP] = "stop", [ORDER_HISTORY] = "history"};
    printf("%s %d %s\n", words[order->kind], (int)order->index,
           order->definition == NULL ? "" : definition_text(order->definition, SETTING_name));
    (void)fflush(stdout);
}

static void tell_save(const struct save *save)
{
    printf("%s", save->kind == SAVE_TRIAL ? "trial" : save->id == 0 ? "later" : "save");
    for (size_t i = 0; i < save->batch->count; i++) {
        const struct save_change *c = &save->batch->changes[i];
        printf(" %d=%s", (int)c->index, c->definition == NULL ? "" : definition_text(c->definition, SETTING_name));
        if (c->admin.set != 0)
            printf("(%u,%u)", (unsigned)c->admin.set, (unsigned)c->admin.file);
    }
    printf("\n");
    (void)fflush(stdout);
}

static void take_saves(struct scene *s)
{
    struct save save;
    if (s->mood == STORE_SILENT)
        return;
    queue_drain(s->saves);
    while (queue_take(s->saves, &save)) {
        bool mine = save_batch_claim(save.batch, SAVE_BEGUN);
        if (mine)
            tell_save(&save);
        const struct saved saved = {save.id, s->mood == STORE_REFUSE ? SAVE_REFUSED : SAVED};
        if (mine && save.id != 0 && s->mood != STORE_LATE)
            (void)queue_post(s->saved, &saved);
        save_drop(&save);
    }
}

static void take_journal(struct scene *s)
{
    struct journal_entry entry;
    while (queue_take(s->journal, &entry))
        journal_entry_drop(&entry);
}

static void take_orders(struct scene *s)
{
    struct order order;
    queue_drain(s->orders);
    while (queue_take(s->orders, &order)) {
        if (order.kind == ORDER_PUT)
            post_report(s, &order);
        tell_order(&order);
        if (order.kind == ORDER_STOP) {
            s->worker_stopped = true;
            (void)queue_post(s->reports, &(struct report){.kind = REPORT_STOPPED});
        }
        s->orders_seen++;
        order_drop(&order);
    }
}

static void post_event(struct scene *s)
{
    char name[LINE_MAX_OCTETS];
    uint32_t seq = s->events_sent + 1, row = 1 + (uint32_t)(s->events_sent % (s->rows > 0 ? s->rows : 1));
    (void)snprintf(name, sizeof name, "monitor-%u", row);
    struct news news = {.kind = NEWS_EVENT,
                        .event = {.seq = seq,
                                  .time_ms = wall_now_ms(),
                                  .row = (int32_t)row,
                                  .kind = seq % 10 == 0 ? EVENT_CERTIFICATE : EVENT_DOWN,
                                  .old = VERDICT_UP,
                                  .new = VERDICT_DOWN,
                                  .proof = PROOF_NONE,
                                  .leg = LEG_SMTP,
                                  .stage = STAGE_RCPT_TO,
                                  .cause = CAUSE_PERMANENT,
                                  .notify = true,
                                  .smtp_cert_days = 13,
                                  .in_cert_days = CERT_DAYS_NONE,
                                  .name = text_new(name, strlen(name)),
                                  .device = text_new("192.0.2.10", 10),
                                  .text = text_new("smtp: no such user", 18)}};
    if (queue_post(s->news, &news))
        s->events_sent++;
    else
        news_drop(&news);
}

static void many_descriptors(unsigned count)
{
    const struct rlimit limit = {count + 1000, count + 1000};
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    for (unsigned i = 0; i < count; i++) {
        if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
            fail("too many descriptors");
    }
}

static struct agent *start(struct scene *s, const char *agentx)
{
    const struct agent_options options = {
        .log = s->log,
        .agentx = agentx,
        .version = "0.0-stage",
        .instance = "stage",
        .serial_of = serial_of,
        .serial_owner = s,
        .notices = s->notices,
        .reports = s->reports,
        .news = s->news,
        .orders = &s->orders,
        .workers = 1,
        .journal = s->journal,
        .saves = s->saves,
        .saved = s->saved,
    };
    char why[LINE_MAX_OCTETS];
    struct agent *a = agent_start(&options, why, sizeof why);
    if (a == NULL)
        fail(why);
    return a;
}

static void obey(struct scene *s, const char *command)
{
    static const char *const moods[] = {"well", "refuse", "silent", "late"};
    for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++) {
        if (strcmp(command, moods[i]) == 0)
            s->mood = (enum store_mood)i;
    }
    bool alarm = strcmp(command, "alarm") == 0;
    if (alarm || strcmp(command, "calm") == 0)
        (void)queue_post(s->news, &(struct news){.kind = NEWS_ALARM, .state_alarm = alarm});
    if (strcmp(command, "reload") == 0)
        post_file(s);
    if (strcmp(command, "begin") == 0 || command[0] == '\0')
        s->begun = true;
    printf("did %s\n", command);
    (void)fflush(stdout);
}

/* One command a read: whoever writes waits for its effect.  Returns false at the end of standard input. */
static bool play(struct scene *s)
{
    struct pollfd fds[] = {{.fd = queue_fd(s->orders), .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = queue_fd(s->saves), .events = s->mood == STORE_SILENT ? 0 : POLLIN}};
    char line[LINE_MAX_OCTETS];
    (void)poll(fds, 3, s->begun && s->events_sent < s->events ? (int)s->gap_ms : TICK_MS);
    take_orders(s);
    take_saves(s);
    take_journal(s);
    log_print(s->log);
    if (fds[1].revents != 0) {
        ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);
        if (n <= 0)
            return false;
        line[n] = '\0';
        line[strcspn(line, "\n")] = '\0';
        obey(s, line);
    }
    if (s->begun && s->events_sent < s->events)
        post_event(s);
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        fail("usage: agent_stage AGENTX ROWS EVENTS GAP_MS [FILES]");
    struct scene s = {.rows = strtoul(argv[2], NULL, 10),
                      .events = (uint32_t)strtoul(argv[3], NULL, 10),
                      .gap_ms = (uint32_t)strtoul(argv[4], NULL, 10)};
    if (argc > 5)
        many_descriptors((unsigned)strtoul(argv[5], NULL, 10));
    s.log = log_new();
    s.notices = queue_new(QUEUE, sizeof(struct notice));
    s.reports = queue_new(QUEUE, sizeof(struct report));
    s.news = queue_new(QUEUE, sizeof(struct news));
    s.orders = queue_new(QUEUE, sizeof(struct order));
    s.journal = queue_new(QUEUE, sizeof(struct journal_entry));
    s.saves = queue_new(QUEUE, sizeof(struct save));
    s.saved = queue_new(QUEUE, sizeof(struct saved));

    struct agent *a = start(&s, argv[1]);
    post_file(&s);
    while (play(&s))
        continue;

    (void)queue_post(s.notices, &(struct notice){.kind = NOTICE_STOP});
    while (!s.worker_stopped)
        (void)play(&s);
    agent_stop(a);
    (void)fprintf(stderr, "orders %zu\n", s.orders_seen);
    queue_free(s.notices, notice_drop);
    queue_free(s.reports, report_drop);
    queue_free(s.news, news_drop);
    queue_free(s.orders, order_drop);
    queue_free(s.saves, save_drop);
    queue_free(s.journal, journal_entry_drop);
    queue_free(s.saved, NULL);
    log_free(s.log);
    return 0;
}
