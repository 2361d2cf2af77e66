/* What the agent makes of what other threads tell it, read back through its scalars
 * and tables.  No thread, no master. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "agent_parts.h"
#include "oid.h"

static const int64_t loaded_ms = 1764033115700; /* 2025-11-25 01:11:55.7 UTC */

/* Scalars by their numbers. */
enum scalar {
    ROWS = 4,
    ROWS_UP,
    ROWS_DOWN,
    ROWS_UNKNOWN,
    ROWS_DISABLED,
    IN_FLIGHT,
    SCHEDULER_LAG,
    POLLS_TOTAL,
    NEXT_INDEX,
    TABLE_LAST_CHANGE,
    EVENT_LAST,
    PENDING,
    CONFIG_LOADED,
    CONFIG_ERROR,
    LAST_SET_ERROR,
    ALARMS,
    DROPPED
};

static int set_up(void **state)
{
    *state = fake_agent();
    return 0;
}

static int tear_down(void **state)
{
    fake_agent_free(*state);
    return 0;
}

static void tell(struct agent *a, struct inbox *inbox, const void *record)
{
    assert_true(queue_post(inbox->queue, record));
    inbox->ready = true;
    agent_take_all(a);
    assert_false(agent_has_mail(a));
}

static void read_scalar(const struct agent *a, enum scalar scalar, struct cell *out)
{
    const unsigned long name[] = {OID_SCALARS, scalar, 0};
    assert_int_equal(mib_table_get(&a->scalars, name, OID_COUNT(name), 0, out), MIB_FOUND);
}

static uint64_t number(const struct agent *a, enum scalar scalar)
{
    struct cell cell;
    read_scalar(a, scalar, &cell);
    return cell.kind == CELL_INTEGER ? (uint64_t)cell.integer : cell.number;
}

static void expect_octets(const struct agent *a, enum scalar scalar, const char *octets, size_t n)
{
    struct cell cell;
    read_scalar(a, scalar, &cell);
    assert_int_equal(cell.kind, CELL_OCTETS);
    assert_int_equal(cell.length, n);
    assert_memory_equal(cell.octets, octets, n);
}

/* A file of monitors "a", "b", ...; ${lacking} has no password, ${off} is not enabled (0: none). */
static void tell_file(struct agent *a, size_t count, char lacking, char off)
{
    struct notice notice = {.kind = NOTICE_FILE, .wanted_count = count, .time_ms = loaded_ms};
    notice.wanted = calloc(count + 1, sizeof *notice.wanted);
    assert_non_null(notice.wanted);
    for (size_t i = 0; i < count; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        const struct definition *complete = fake_definition(name);
        struct draft d;
        struct mistake why;
        assert_true(draft_from(&d, complete));
        definition_unref(complete);
        if (name[0] == lacking)
            assert_true(draft_put_text(&d, SETTING_in_password, "", 0, &why));
        if (name[0] == off)
            assert_true(draft_put_number(&d, SETTING_enabled, TRUTH_FALSE, &why));
        notice.wanted[i].definition = draft_freeze(&d);
        draft_end(&d);
    }
    tell(a, &a->notices, &notice);
}

static void tell_verdict(struct agent *a, int32_t index, uint64_t serial, enum verdict verdict)
{
    struct report report = {.kind = REPORT_STATUS, .index = index, .serial = serial};
    status_init(&report.status);
    report.status.verdict = (uint8_t)verdict;
    report.status.proof = PROOF_SEND_ONLY;
    tell(a, &a->reports, &report);
}

static void a_file_becomes_rows_and_says_when(void **state)
{
    struct agent *a = *state;
    expect_octets(a, CONFIG_LOADED, "\0\0\0\0\0\0\0\0", 8);
    expect_octets(a, TABLE_LAST_CHANGE, "\0\0\0\0\0\0\0\0", 8);
    tell_file(a, 3, 0, 'b');
    assert_int_equal(number(a, ROWS), 3);
    assert_int_equal(number(a, ROWS_UNKNOWN), 2);
    assert_int_equal(number(a, ROWS_DISABLED), 1);
    assert_int_equal(number(a, NEXT_INDEX), 4);
    expect_octets(a, CONFIG_LOADED, "\x07\xe9\x0b\x19\x01\x0b\x37\x07+\0\0", 11);
    assert_true(a->table_changed_at > 0);
    assert_int_equal(fake_orders(a), 3);
}

static void a_refused_file_leaves_the_rows_and_says_why(void **state)
{
    struct agent *a = *state;
    static const char why[] = "emailmon.yaml:3:1: unknown key";
    tell_file(a, 3, 0, 0);
    int64_t changed_at = a->table_changed_at;
    tell(a, &a->notices, &(struct notice){.kind = NOTICE_FILE_ERROR, .text = text_new(why, strlen(why))});
    assert_int_equal(number(a, ROWS), 3);
    expect_octets(a, CONFIG_ERROR, why, strlen(why));
    expect_octets(a, CONFIG_LOADED, "\x07\xe9\x0b\x19\x01\x0b\x37\x07+\0\0", 11);
    tell_file(a, 3, 0, 0);
    expect_octets(a, CONFIG_ERROR, "", 0);
    assert_int_equal(a->table_changed_at, changed_at); /* the same file: nothing changed */
    assert_int_equal(fake_orders(a), 3);
}

static void verdicts_are_counted(void **state)
{
    struct agent *a = *state;
    tell_file(a, 3, 0, 0);
    tell_verdict(a, 1, monitors_at(a->set, 0)->serial, VERDICT_UP);
    tell_verdict(a, 2, monitors_at(a->set, 1)->serial, VERDICT_DOWN);
    assert_int_equal(number(a, ROWS_UP), 1);
    assert_int_equal(number(a, ROWS_DOWN), 1);
    assert_int_equal(number(a, ROWS_UNKNOWN), 1);
}

static void a_report_of_a_row_that_is_another_now_is_dropped(void **state)
{
    struct agent *a = *state;
    tell_file(a, 1, 0, 0);
    tell_verdict(a, 1, monitors_at(a->set, 0)->serial + 1, VERDICT_UP);
    tell_verdict(a, 7, monitors_at(a->set, 0)->serial, VERDICT_UP);
    assert_int_equal(number(a, ROWS_UNKNOWN), 1);
}

static void a_late_report_does_not_switch_a_row_on_or_off(void **state)
{
    struct agent *a = *state;
    tell_file(a, 2, 0, 'b');
    tell_verdict(a, 1, monitors_at(a->set, 0)->serial, VERDICT_DISABLED);
    tell_verdict(a, 2, monitors_at(a->set, 1)->serial, VERDICT_UP);
    assert_int_equal(number(a, ROWS_UNKNOWN), 1);
    assert_int_equal(number(a, ROWS_DISABLED), 1);
    assert_int_equal(monitors_at(a->set, 1)->status.proof, PROOF_NONE);
}

static void a_missing_password_raises_the_alarm_until_it_comes(void **state)
{
    struct agent *a = *state;
    expect_octets(a, ALARMS, "\0", 1);
    tell_file(a, 2, 'b', 0);
    expect_octets(a, ALARMS, "\x08", 1); /* secrets(4) */
    tell_file(a, 2, 'b', 'b');
    expect_octets(a, ALARMS, "\0", 1); /* a monitor that is off needs none */
    tell_file(a, 2, 'b', 0);
    struct notice notice = {.kind = NOTICE_DEFINITION, .wanted_count = 1, .wanted = calloc(1, sizeof *notice.wanted)};
    assert_non_null(notice.wanted);
    notice.wanted[0].definition = fake_definition("b");
    tell(a, &a->notices, &notice);
    expect_octets(a, ALARMS, "\0", 1);
    tell_file(a, 1, 'a', 0);
    expect_octets(a, ALARMS, "\x08", 1);
    tell_file(a, 0, 0, 0); /* gone with its row */
    expect_octets(a, ALARMS, "\0", 1);
}

static void alarms_of_worker_and_store_are_shown_together(void **state)
{
    struct agent *a = *state;
    struct report report = {
        .kind = REPORT_PROCESS,
        .process = {
            .in_flight = 3, .scheduler_lag_ms = 40, .polls_total = 5000000000, .alarms = ALARM_RESOLVER | ALARM_CLOCK}};
    tell(a, &a->reports, &report);
    tell(a, &a->news, &(struct news){.kind = NEWS_ALARM, .state_alarm = true});
    expect_octets(a, ALARMS, "\xd0", 1); /* state(0), resolver(1), clock(3) */
    tell(a, &a->news, &(struct news){.kind = NEWS_ALARM, .state_alarm = false});
    expect_octets(a, ALARMS, "\x50", 1);
    assert_int_equal(number(a, IN_FLIGHT), 3);
    assert_int_equal(number(a, SCHEDULER_LAG), 40);
    assert_int_equal(number(a, POLLS_TOTAL), 5000000000);
}

static void tell_event(struct agent *a, uint32_t seq, bool notify, bool announced)
{
    struct news news = {.kind = NEWS_EVENT, .event = fake_event(seq)};
    news.event.notify = notify;
    news.event.announced = announced;
    tell(a, &a->news, &news);
}

/* Events without a number, and the same when they have one: ${told} says which. */
static void tell_unnumbered(struct agent *a, uint64_t told)
{
    struct news news = {.kind = NEWS_EVENT, .event = fake_event(0)};
    news.event.told = told;
    tell(a, &a->news, &news);
}

static void tell_number(struct agent *a, uint64_t told, uint32_t seq)
{
    struct news news = {.kind = NEWS_EVENT, .event = fake_event(seq)};
    news.event.announced = true;
    news.event.told = told;
    tell(a, &a->news, &news);
}

static void expect_settled(struct agent *a, uint32_t seq)
{
    struct journal_entry entry;
    assert_true(queue_take(a->options.journal, &entry));
    assert_int_equal(entry.kind, JOURNAL_SETTLED);
    assert_int_equal(entry.seq, seq);
}

static void an_event_stands_in_the_table_and_waits_to_be_told(void **state)
{
    struct agent *a = *state;
    tell_event(a, 1, true, false);
    tell_event(a, 2, false, false); /* the monitor does not want it told */
    assert_int_equal(number(a, EVENT_LAST), 2);
    assert_int_equal(number(a, PENDING), 1);
    assert_int_equal(event_log_count(a->events), 2);
    assert_int_equal(number(a, DROPPED), 0);
}

static void an_event_without_a_number_is_told_at_once_and_never_twice(void **state)
{
    struct agent *a = *state;
    tell_unnumbered(a, 1); /* the state cannot be written */
    assert_int_equal(number(a, PENDING), 1);
    assert_int_equal(event_log_count(a->events), 0);
    tell_number(a, 1, 1); /* now it can */
    assert_int_equal(number(a, PENDING), 1);
    assert_int_equal(event_log_count(a->events), 1);
    assert_int_equal(number(a, EVENT_LAST), 1);
}

/* The master's answer may come before the number, and after it. */
static void an_event_told_without_a_number_is_settled_by_it_once_acknowledged(void **state)
{
    struct agent *a = *state;
    struct journal_entry entry;
    uint32_t seq;
    for (uint64_t told = 1; told <= 3; told++)
        tell_unnumbered(a, told);
    const struct note *first = notes_next(&a->notes, 100000), *second = notes_next(&a->notes, 200000);
    uint64_t early = first->id, late = second->id;
    assert_true(notes_acknowledge(&a->notes, early, &seq));
    agent_settle(a, seq); /* there is nothing to be settled yet */
    assert_false(queue_take(a->options.journal, &entry));
    tell_number(a, 1, 41);
    expect_settled(a, 41);
    tell_number(a, 2, 42);
    tell_number(a, 3, 43);
    assert_false(queue_take(a->options.journal, &entry));
    assert_int_equal(number(a, PENDING), 2);
    assert_true(notes_acknowledge(&a->notes, late, &seq));
    assert_int_equal(seq, 42);
    assert_int_equal(notes_next(&a->notes, 300000)->event.seq, 43); /* it has not left yet: it does with its number */
}

/* What was logged so far. */
static void read_log(struct log *log, char *text, size_t size)
{
    int ends[2], before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_print(log);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    (void)close(before);
    (void)close(ends[1]);
    ssize_t n = read(ends[0], text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    (void)close(ends[0]);
}

static void every_event_is_one_line_in_the_log(void **state)
{
    struct agent *a = *state;
    char text[1024];
    a->options.log = log_new();
    assert_non_null(a->options.log);
    tell_event(a, 1, false, false); /* also when the monitor does not want it told */
    tell_event(a, 2, true, true);   /* told, and logged, when it had no number */
    read_log(a->options.log, text, sizeof text);
    assert_non_null(strstr(text, " row-7: down, was up: no\n"));
    assert_null(strstr(strchr(text, '\n') + 1, "row-7"));
    log_free(a->options.log);
    a->options.log = NULL;
}

static void a_full_queue_is_taken_in_shares_and_whole(void **state)
{
    struct agent *a = *state;
    enum { MANY = 1000 };
    queue_free(a->news.queue, news_drop);
    a->news.queue = queue_new(MANY, sizeof(struct news));
    for (uint32_t seq = 1; seq <= MANY; seq++) {
        struct news news = {.kind = NEWS_EVENT, .event = fake_event(seq)};
        assert_true(queue_post(a->news.queue, &news));
    }
    a->news.ready = true;
    size_t turns = 0;
    for (; agent_has_mail(a); turns++)
        agent_take_all(a);
    assert_true(turns > 1);
    assert_int_equal(number(a, EVENT_LAST), MANY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_becomes_rows_and_says_when),
        TEST(a_refused_file_leaves_the_rows_and_says_why),
        TEST(verdicts_are_counted),
        TEST(a_report_of_a_row_that_is_another_now_is_dropped),
        TEST(a_late_report_does_not_switch_a_row_on_or_off),
        TEST(a_missing_password_raises_the_alarm_until_it_comes),
        TEST(alarms_of_worker_and_store_are_shown_together),
        TEST(an_event_stands_in_the_table_and_waits_to_be_told),
        TEST(an_event_without_a_number_is_told_at_once_and_never_twice),
        TEST(an_event_told_without_a_number_is_settled_by_it_once_acknowledged),
        TEST(every_event_is_one_line_in_the_log),
        TEST(a_full_queue_is_taken_in_shares_and_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
