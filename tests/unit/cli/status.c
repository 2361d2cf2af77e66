/* What a person is shown: pictures of the table and of one monitor's page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rendered.h"
#include "status_stage.h"

static void must_be(const char *shown, const char *picture)
{
    if (strcmp(shown, picture) != 0)
        fail_msg("it shows:\n%s\nand not:\n%s", shown, picture);
}

/* --- the table --- */

static const struct shown rows[] = {
    {"office", VERDICT_UP, PROOF_ROUND_TRIP, 3600, 5, 4100, 4101, {0}, NULL},
    {"warehouse", VERDICT_UP, PROOF_ROUND_TRIP, 90, 5, 3, 4, {0}, NULL},
    {"fresh", VERDICT_UP, PROOF_SEND_ONLY, 2, 2, 0, 1, {0}, NULL},
    {"asleep", VERDICT_DISABLED, PROOF_NONE, 86400, 86400, 0, 0, {0}, NULL},
    {"branch",
     VERDICT_DOWN,
     PROOF_NONE,
     20,
     3,
     17,
     18,
     {LEG_INCOMING, STAGE_CONNECT, CAUSE_REFUSED, 111, NULL, NULL},
     "127.0.0.12 port 22103"},
    {"wrong-password",
     VERDICT_DOWN,
     PROOF_NONE,
     900,
     1,
     0,
     3,
     {LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS, 0, NULL, NULL},
     "[AUTHENTICATIONFAILED] Authentication failed."},
    {"black-hole",
     VERDICT_DOWN,
     PROOF_NONE,
     900,
     1,
     0,
     3,
     {LEG_DELIVERY, STAGE_DELIVERY, CAUSE_NOT_DELIVERED, 0, NULL, NULL},
     "1 accepted, none in the mailbox"},
    {"never-polled", VERDICT_UNKNOWN, PROOF_NONE, 0, 0, 0, 0, {0}, NULL},
    {"a-monitor-whose-name-is-as-long-as-a-name-may-be-which-is-64-cha",
     VERDICT_UNKNOWN,
     PROOF_NONE,
     60,
     2,
     10,
     10,
     {LEG_LOCAL, STAGE_LOCAL, CAUSE_SECRET, 0, NULL, NULL},
     "/etc/emailmon/b\xC3\xBCro.secret: Permission denied"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct how {
    unsigned columns;
    bool ascii, colours, ended;
    size_t most;
};

static const char *table(const struct how *how)
{
    struct view view = stage_view(rows, ROWS);
    struct terminal t = rendered_begin(how->columns);
    t.utf8 = !how->ascii;
    t.colours = how->colours;
    view.state.running = !how->ended;
    view_sort(&view);
    view_table(&view, &t, how->most);
    view_clear(&view);
    return rendered_end(&t);
}

static void test_table(void **state)
{
    (void)state;
    static const struct {
        struct how how;
        const char *picture;
    } pictures[] = {{{.columns = 0},
                     "MONITOR                                                           IS        PROOF      SINCE   L"
                     "AST POLL  DELIVERED  WHY\n"
                     "branch                                                            down      -          20 s    3"
                     " s ago    17/18      incoming: connecting: the connection was refused (errno 111): 127.0.0.12 po"
                     "rt 22103\n"
                     "black-hole                                                        down      -          15 min  1"
                     " s ago    0/3        between acceptance and the mailbox: the probe did not arrive: 1 accepted, n"
                     "one in the mailbox\n"
                     "wrong-password                                                    down      -          15 min  1"
                     " s ago    0/3        incoming: logging in: user name or password is wrong: [AUTHENTICATIONFAILED"
                     "] Authentication failed.\n"
                     "a-monitor-whose-name-is-as-long-as-a-name-may-be-which-is-64-cha  unknown   -          60 s    2"
                     " s ago    10/10      on this machine: the password is not at hand: /etc/emailmon/büro.secret: P"
                     "ermission denied\n"
                     "never-polled                                                      unknown   -          -       -"
                     "          0/0\n"
                     "fresh                                                             up        sendOnly   2 s     2"
                     " s ago    0/1\n"
                     "warehouse                                                         up        roundTrip  90 s    5"
                     " s ago    3/4\n"
                     "office                                                            up        roundTrip  60 min  5"
                     " s ago    4100/4101\n"
                     "asleep                                                            disabled  -          24 h    2"
                     "4 h ago   0/0\n"
                     "\n"
                     "9 monitors: 3 up, 3 down, 2 unknown, 1 disabled; as of 1 s ago\n"},
                    {{.columns = 100},
                     "MONITOR                            IS        SINCE   WHY\n"
                     "branch                             down      20 s    incoming connect: the connection was refuse"
                     "d (…\n"
                     "black-hole                         down      15 min  delivery: the probe did not arrive: 1 accep"
                     "ted…\n"
                     "wrong-password                     down      15 min  incoming auth: user name or password is wro"
                     "ng:…\n"
                     "a-monitor-whose-name-is-as-long-…  unknown   60 s    local: the password is not at hand: /etc/"
                     "email…\n"
                     "never-polled                       unknown   -       not polled yet\n"
                     "fresh                              up        2 s     accepted, and not looked for yet\n"
                     "warehouse                          up        90 s\n"
                     "office                             up        60 min\n"
                     "asleep                             disabled  24 h\n"
                     "\n"
                     "9 monitors: 3 up, 3 down, 2 unknown, 1 disabled; as of 1 s ago\n"},
                    {{.columns = 80, .ascii = true, .ended = true},
                     "MONITOR                     IS        SINCE   WHY\n"
                     "branch                      down      20 s    incoming connect: the connectio...\n"
                     "black-hole                  down      15 min  delivery: the probe did not arr...\n"
                     "wrong-password              down      15 min  incoming auth: user name or pas...\n"
                     "a-monitor-whose-name-is...  unknown   60 s    local: the password is not at h...\n"
                     "never-polled                unknown   -       not polled yet\n"
                     "fresh                       up        2 s     accepted, and not looked for yet\n"
                     "warehouse                   up        90 s\n"
                     "office                      up        60 min\n"
                     "asleep                      disabled  24 h\n"
                     "\n"
                     "9 monitors: 3 up, 3 down, 2 unknown, 1 disabled\n"
                     "emailmon is not running: this was so 1 s ago\n"},
                    {{.columns = 160, .most = 4},
                     "MONITOR                                                IS       PROOF  SINCE   LAST POLL  WHY\n"
                     "branch                                                 down     -      20 s    3 s ago    incomi"
                     "ng connect: the connection was refused (errno 111): 127.0.0.12 …\n"
                     "black-hole                                             down     -      15 min  1 s ago    delive"
                     "ry: the probe did not arrive: 1 accepted, none in the mailbox\n"
                     "wrong-password                                         down     -      15 min  1 s ago    incomi"
                     "ng auth: user name or password is wrong: [AUTHENTICATIONFAILED]…\n"
                     "a-monitor-whose-name-is-as-long-as-a-name-may-be-whi…  unknown  -      60 s    2 s ago    loca"
                     "l: the password is not at hand: /etc/emailmon/büro.secret: Permis…\n"
                     "… and 5 more\n"
                     "\n"
                     "9 monitors: 3 up, 3 down, 2 unknown, 1 disabled; as of 1 s ago\n"},
                    {{.columns = 60, .colours = true, .most = 1},
                     "\x1B[1mMONITOR\x1B[0m  \x1B[1mIS\x1B[0m    \x1B[1mPROOF\x1B[0m  \x1B[1mSINCE\x1B[0m  \x1B[1mWHY"
                     "\x1B[0m\n"
                     "branch   \x1B[1;31mdown\x1B[0m  -      20 s   incoming connect: the connecti…\n"
                     "… and 8 more\n"
                     "\n"
                     "9 monitors: 3 up, 3 down, 2 unknown, 1 disabled\n"
                     "as of 1 s ago\n"}};
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++)
        must_be(table(&pictures[i].how), pictures[i].picture);
}

static void test_none(void **state)
{
    (void)state;
    struct view view = stage_view(rows, 0);
    struct terminal t = rendered_begin(80);
    view_table(&view, &t, 0);
    assert_non_null(strstr(rendered_end(&t), "0 monitors: 0 up"));
    view_clear(&view);
}

/* Whether no line of it is longer than the terminal. */
static bool fits(const char *shown, unsigned columns)
{
    char line[2048];
    for (; *shown != '\0'; shown += strcspn(shown, "\n") + 1) {
        (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(shown, "\n"), shown);
        if (terminal_columns(line) > columns)
            return false;
    }
    return true;
}

static void test_table_fits(void **state)
{
    (void)state;
    for (unsigned columns = 40; columns <= 250; columns++) {
        for (int ascii = 0; ascii < 2; ascii++) {
            const struct how how = {.columns = columns, .ascii = ascii != 0, .ended = columns % 2 != 0};
            if (!fits(table(&how), columns))
                fail_msg("at %u columns it shows:\n%s", columns, table(&how));
        }
    }
}

/* --- the page --- */

static const char *page(const struct shown *row, const struct how *how, bool rounds)
{
    struct view view = stage_view(row, 1);
    struct view_details details = stage_details();
    struct terminal t = rendered_begin(how->columns);
    t.utf8 = !how->ascii;
    t.colours = how->colours;
    view.state.running = !how->ended;
    if (rounds)
        stage_rounds(&view.rows[0].status);
    view_page(&view, &view.rows[0], &details, &t);
    details_clear(&details);
    view_clear(&view);
    return rendered_end(&t);
}

static const struct shown up = {"office", VERDICT_UP, PROOF_ROUND_TRIP, 3600, 5, 3588, 3600, {0}, NULL};

static void test_page(void **state)
{
    (void)state;
    static const struct how how = {.columns = 100};
    must_be(page(&up, &how, true),
            "office  up\n"
            "Round trip through the office mail server\n"
            "\n"
            "  proof      roundTrip, the last probe was found 5 s ago\n"
            "  since      60 min, 2026-11-24T02:13:20Z\n"
            "  last poll  5 s ago, in 187 ms; next in 55 s\n"
            "  monitor    row 1, polled every 60 s, down after 2 failed polls in a row\n"
            "\n"
            "  sending    SMTP: mail.example.com port 587, STARTTLS, user probe\n"
            "             TLSv1.3, certificate valid for 61 more days, logged in by SCRAM-SHA-256\n"
            "             connect       12 ms  ███████▌\n"
            "             TLS           25 ms  ███████████████▊\n"
            "             login          8 ms  █████\n"
            "             data          41 ms  ████████████████████"
            "█████▉\n"
            "             whole         95 ms  ████████████████████"
            "████████████████████████████████"
            "████████\n"
            "\n"
            "  looking    IMAP: mail.example.com port 993, TLS, user probe, certificate not checked\n"
            "             TLSv1.2, certificate valid for 1 more day, logged in by PLAIN\n"
            "             connect       11 ms  ██████▉\n"
            "             TLS           27 ms  █████████████████\n"
            "             login         14 ms  ████████▊\n"
            "             search         9 ms  █████▋\n"
            "             delete        19 ms  ████████████\n"
            "             whole         92 ms  ████████████████████"
            "████████████████████████████████"
            "██████\n"
            "             delivery    1000 ms  ████████████████████"
            "████████████████████████████████"
            "███████…\n"
            "\n"
            "  counted    3601 polls, 12 failed, 2 events\n"
            "             3600 probes accepted, 3588 found, 1 outstanding, 2 late\n"
            "\n"
            "  events     2026-11-24T02:13:20Z  up\n"
            "             2026-11-24T02:06:40Z  down         incoming connect: the connection was refused (er"
            "rno…\n"
            "\n"
            "as of 1 s ago\n");
}

static void test_bad_page(void **state)
{
    (void)state;
    static const struct how how = {.columns = 80, .ascii = true, .ended = true};
    static const struct shown down = {
        "office",
        VERDICT_DOWN,
        PROOF_NONE,
        3600,
        5,
        3588,
        3600,
        {LEG_SMTP, STAGE_AFTER_DOT, CAUSE_TEMPORARY, 451, NULL, NULL},
        "4.3.0 the queue of this server is full and will be for a while, try again later"};
    struct view view = stage_view(&down, 1);
    struct view_details details = {0};
    struct status *s = &view.rows[0].status;
    struct terminal t = rendered_begin(how.columns);
    t.utf8 = false;
    view.state.running = false;
    s->smtp_stage = STAGE_AFTER_DOT;
    s->smtp_cause = CAUSE_TEMPORARY;
    s->smtp_connect_ms = 1;
    s->smtp_data_ms = 40;
    s->send_ms = 80;
    s->polls = s->polls_failed = s->consecutive_failures = 1;
    s->smtp_cert_days = -2;
    view_page(&view, &view.rows[0], &details, &t);
    view_clear(&view);
    must_be(rendered_end(&t), "office  down\n"
                              "\n"
                              "  proof      none\n"
                              "  since      60 min, 2026-11-24T02:13:20Z\n"
                              "  why        smtp: waiting for the probe to be accepted: the server refused for\n"
                              "             now (451): 4.3.0 the queue of this server is full and will be for a\n"
                              "             while, try again later\n"
                              "  last poll  5 s ago, in 0 ms\n"
                              "  monitor    row 1, not in the file any more\n"
                              "\n"
                              "  sending    SMTP\n"
                              "             certificate expired\n"
                              "             failed: waiting for the probe to be accepted: the server refused\n"
                              "             for now\n"
                              "             connect        1 ms  #\n"
                              "             data          40 ms  ######################\n"
                              "             whole         80 ms  #############################################\n"
                              "\n"
                              "  looking    POP3 or IMAP\n"
                              "\n"
                              "  counted    1 poll, 1 failed, 1 of them just now\n"
                              "             3600 probes accepted, 3588 found\n"
                              "\n"
                              "emailmon is not running: this was so 1 s ago\n");
}

static void test_page_fits(void **state)
{
    (void)state;
    for (unsigned columns = 80; columns <= 200; columns++) {
        for (size_t i = 0; i < ROWS; i++) {
            const struct how how = {.columns = columns, .ascii = i % 2 != 0};
            const char *shown = page(&rows[i], &how, i % 3 == 0);
            if (!fits(shown, columns))
                fail_msg("at %u columns it shows:\n%s", columns, shown);
        }
    }
}

static void test_no_secret(void **state)
{
    (void)state;
    static const struct how how = {.columns = 0};
    const char *shown = page(&up, &how, true);
    assert_null(strstr(shown, "secret-word"));
    assert_null(strchr(shown, '\x1B'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"the table has the worst first, columns as wide as they need, and a sum", test_table, NULL, NULL, NULL},
        {"the table of no monitors counts them too", test_none, NULL, NULL, NULL},
        {"no line of the table is longer than the terminal", test_table_fits, NULL, NULL, NULL},
        {"a monitor's page has its verdict, legs, times, counters and events", test_page, NULL, NULL, NULL},
        {"a monitor's page says what failed, also without UTF-8 and without a definition", test_bad_page, NULL, NULL,
         NULL},
        {"no line of a page is longer than the terminal", test_page_fits, NULL, NULL, NULL},
        {"a page in a pipe has no secret and no colours", test_no_secret, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("cli: status", tests, NULL, NULL);
}
