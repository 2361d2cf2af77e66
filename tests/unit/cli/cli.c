/* What a person and a program are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host_name.h"
#include "status_view.h"
#include "terminal.h"

static void test_spans(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *shown;
    } spans[] = {{-5, "0 ms"},
                 {0, "0 ms"},
                 {999, "999 ms"},
                 {1000, "1 s"},
                 {119999, "119 s"},
                 {120000, "2 min"},
                 {7199999, "119 min"},
                 {7200000, "2 h"},
                 {172799999, "47 h"},
                 {172800000, "2 d"},
                 {86400000LL * 4000, "4000 d"}};
    char shown[32];
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        terminal_span(shown, sizeof shown, spans[i].ms);
        assert_string_equal(shown, spans[i].shown);
    }
}

/* Runs ${print} with standard output in a file, and returns what came. */
static char *printed(void (*print)(const void *what), const void *what)
{
    char name[] = "/tmp/emailmon-cli-XXXXXX";
    static char text[16384];
    (void)fflush(stdout);
    int saved = dup(STDOUT_FILENO), fd = mkstemp(name);
    assert_true(saved >= 0 && fd >= 0);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    print(what);
    (void)fflush(stdout);
    assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
    (void)close(saved);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n >= 0);
    text[n] = '\0';
    (void)close(fd);
    (void)unlink(name);
    return text;
}

static struct view two_rows(void)
{
    static char names[2][16] = {"office", "po\"p"};
    static struct view_row rows[2];
    for (int i = 0; i < 2; i++) {
        rows[i] = (struct view_row){.index = i + 1, .name = names[i]};
        status_init(&rows[i].status);
    }
    rows[0].status.verdict = VERDICT_UP;
    rows[0].status.proof = PROOF_ROUND_TRIP;
    rows[0].status.proven_at = rows[0].status.last_poll = 1795490000000 - 5000;
    rows[0].status.last_change = 1795490000000 - 3600000;
    rows[0].status.sent = 42;
    rows[0].status.delivered = 41;
    rows[1].status.verdict = VERDICT_DOWN;
    rows[1].status.failure_text = text_new("smtp: connecting: \"no\"", 22);
    return (struct view){.state = {.written_ms = 1795490000000 - 1000, .running = true},
                         .rows = rows,
                         .count = 2,
                         .now_ms = 1795490000000};
}

static void print_table(const void *view)
{
    view_table(view);
}

static void print_json(const void *view)
{
    view_json(view, NULL);
}

static void test_table(void **state)
{
    (void)state;
    struct view view = two_rows();
    assert_string_equal(printed(print_table, &view),
                        "MONITOR  IS    PROOF      SINCE   LAST POLL  DELIVERED  WHY\n"
                        "office   up    roundTrip  60 min  5 s ago    41/42      \n"
                        "po\"p     down  -          -       -          0/0        smtp: connecting: \"no\"\n"
                        "\n2 monitors: 1 up, 1 down, 0 unknown, 0 disabled; as of 1 s ago\n");
    view.state.running = false;
    assert_non_null(strstr(printed(print_table, &view), "emailmon is not running: this was so 1 s ago"));
    status_clear(&view.rows[1].status);
}

static void test_json(void **state)
{
    (void)state;
    struct view view = two_rows();
    const char *json = printed(print_json, &view);
    static const char *const parts[] = {
        "{\"running\": true, \"written\": \"2026-11-24T03:13:19Z\", \"monitors\": [\n",
        "{\"index\": 1, \"name\": \"office\", \"verdict\": \"up\", \"proof\": \"roundTrip\", \"proof_age_s\": 5, ",
        "\"last_change\": \"2026-11-24T02:13:20Z\"",
        "{\"index\": 2, \"name\": \"po\\\"p\", \"verdict\": \"down\", \"proof\": \"none\", \"proof_age_s\": null, ",
        "\"failure_text\": \"smtp: connecting: \\\"no\\\"\"",
        "\"smtp_cert_days\": null",
        "\"sent\": 42",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_non_null(strstr(json, parts[i]));
    status_clear(&view.rows[1].status);
}

static void test_host_name(void **state)
{
    (void)state;
    char name[HOST_NAME_MAX_BYTES];
    host_name(name);
    assert_true(name[0] == '\0' || strchr(name, '.') != NULL);
    assert_null(strstr(name, "localhost"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a span of time is said in the unit that a person would take", test_spans, NULL, NULL, NULL},
        {"the table has a line a monitor, columns as wide as they need, and a sum", test_table, NULL, NULL, NULL},
        {"JSON has every column by its name, words for enumerations, null for what is not known", test_json, NULL, NULL,
         NULL},
        {"EHLO never says localhost or a name without a dot", test_host_name, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
