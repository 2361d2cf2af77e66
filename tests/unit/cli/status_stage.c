#include "status_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draft.h"

static int64_t ago_ms(int64_t seconds)
{
    return seconds == 0 ? 0 : (STAGE_NOW_S - seconds) * INT64_C(1000);
}

static const struct text *text_of(const char *words)
{
    return text_new(words, strlen(words));
}

static void fill(struct view_row *row, const struct shown *from)
{
    char line[FAILURE_TEXT_MAX + 1];
    struct failure failure = from->failure;
    status_init(&row->status);
    row->name = strdup(from->name);
    row->status.verdict = (uint8_t)from->verdict;
    row->status.proof = (uint8_t)from->proof;
    row->status.last_change = ago_ms(from->changed_s);
    row->status.last_poll = ago_ms(from->polled_s);
    row->status.delivered = from->delivered;
    row->status.sent = from->sent;
    if (failure.leg == 0)
        return;
    if (from->detail != NULL)
        failure_detail(&failure, "%s", from->detail);
    (void)failure_print(&failure, line, sizeof line);
    row->status.failure_leg = (uint8_t)failure.leg;
    row->status.failure_stage = (uint8_t)failure.stage;
    row->status.failure_cause = (uint8_t)failure.cause;
    row->status.failure_text = text_of(line);
    failure_clear(&failure);
}

struct view stage_view(const struct shown *rows, size_t n)
{
    struct view view = {.state = {.written_ms = ago_ms(1), .running = true},
                        .rows = calloc(n, sizeof *view.rows),
                        .count = n,
                        .room = n,
                        .now_ms = STAGE_NOW_S * INT64_C(1000)};
    for (size_t i = 0; i < n; i++) {
        fill(&view.rows[i], &rows[i]);
        view.rows[i].index = (int32_t)i + 1;
    }
    return view;
}

static const struct definition *whole_definition(void)
{
    static const char *const values[][2] = {{"name", "office"},
                                            {"description", "Round trip through the office mail server"},
                                            {"device", "mail.example.com"},
                                            {"failures_before_down", "2"},
                                            {"smtp.port", "587"},
                                            {"smtp.to", "probe@example.com"},
                                            {"smtp.from", "emailmon@example.com"},
                                            {"smtp.security", "starttls"},
                                            {"smtp.auth", "true"},
                                            {"smtp.username", "probe"},
                                            {"smtp.password", "secret-word"},
                                            {"incoming.security", "tls"},
                                            {"incoming.username", "probe"},
                                            {"incoming.password", "secret-word"},
                                            {"incoming.tls_verify", "false"}};
    struct draft d;
    struct mistake why;
    draft_init(&d);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_true(draft_put_written(&d, setting_id(setting_by_key(values[i][0])), values[i][1], &why));
    const struct definition *frozen = draft_freeze(&d);
    draft_end(&d);
    assert_non_null(frozen);
    return frozen;
}

struct view_details stage_details(void)
{
    struct view_details details = {.definition = whole_definition(), .event_count = 2};
    details.events[0] = (struct event){.seq = 9,
                                       .time_ms = ago_ms(3600),
                                       .row = 1,
                                       .kind = EVENT_UP,
                                       .old = VERDICT_DOWN,
                                       .new = VERDICT_UP,
                                       .proof = PROOF_ROUND_TRIP,
                                       .leg = LEG_NONE,
                                       .stage = STAGE_NONE,
                                       .cause = CAUSE_NONE,
                                       .name = text_of("office")};
    details.events[1] = (struct event){
        .seq = 7,
        .time_ms = ago_ms(4000),
        .row = 1,
        .kind = EVENT_DOWN,
        .old = VERDICT_UP,
        .new = VERDICT_DOWN,
        .proof = PROOF_NONE,
        .leg = LEG_INCOMING,
        .stage = STAGE_CONNECT,
        .cause = CAUSE_REFUSED,
        .name = text_of("office"),
        .text = text_of("incoming: connecting: the connection was refused (errno 111): 192.0.2.10 port 993")};
    return details;
}

void stage_rounds(struct status *s)
{
    s->proven_at = ago_ms(5);
    s->next_poll = ago_ms(-55);
    s->polls = 3601;
    s->polls_failed = 12;
    s->transitions = 2;
    s->outstanding = 1;
    s->late = 2;
    s->poll_ms = 187;
    s->send_ms = 95;
    s->look_ms = 92;
    s->smtp_connect_ms = 12;
    s->smtp_tls_ms = 25;
    s->smtp_auth_ms = 8;
    s->smtp_data_ms = 41;
    s->in_connect_ms = 11;
    s->in_tls_ms = 27;
    s->in_login_ms = 14;
    s->in_search_ms = 9;
    s->in_delete_ms = 19;
    s->delivery_ms = 1000;
    s->smtp_tls_version = text_of("TLSv1.3");
    s->in_tls_version = text_of("TLSv1.2");
    s->smtp_mechanism = text_of("SCRAM-SHA-256");
    s->in_mechanism = text_of("PLAIN");
    s->smtp_cert_days = 61;
    s->in_cert_days = 1;
}
