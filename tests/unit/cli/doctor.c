/* The parts of doctor that need no snmpd and no mail server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "doctor.h"
#include "doctor_clock.h"
#include "doctor_lines.h"
#include "doctor_remedy.h"
#include "doctor_vacm.h"
#include "draft.h"

/* --- snmpd's configuration --- */

static void test_lines(void **state)
{
    static const char *const lines[] = {"# a comment",
                                        "",
                                        "  rocommunity \"two words\" default -V narrow   # behind",
                                        "[snmp] persistentDir /nowhere",
                                        "[snmpd] MASTER agentx",
                                        "master 'no'"};
    struct snmpd_conf c = {0};
    (void)state;
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_true(conf_add(&c, "a.conf", i + 1, lines[i]));
    assert_int_equal(c.count, 3);
    const struct conf_line *line = conf_find(&c, "ROCommunity", NULL);
    assert_non_null(line);
    assert_int_equal(line->number, 3);
    assert_int_equal(line->count, 5);
    assert_string_equal(conf_word(line, 1), "two words");
    assert_string_equal(conf_word(line, 9), "");
    assert_null(conf_find(&c, "rocommunity", line));
    assert_string_equal(conf_word(conf_find(&c, "master", NULL), 1), "agentx");
    assert_string_equal(conf_word(conf_last(&c, "master"), 1), "no");
    assert_null(conf_last(&c, "persistentDir"));
    conf_clear(&c);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    (void)fputs(text, to);
    (void)fclose(to);
}

static void test_includes(void **state)
{
    char folder[] = "/tmp/emailmon-doctor-XXXXXX", path[64], text[256];
    static const char *const names[] = {"d/b.conf", "d/a.conf",         "d/c.txt",   "d",
                                        "beside",   "snmpd.local.conf", "snmpd.conf"};
    struct snmpd_conf c = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/d", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(text, sizeof text, "one 1\nincludeDir %s\nincludeFile beside\nfive 1\nincludeFile snmpd.conf\n",
                   path);
    write_file(folder, "snmpd.conf", text);
    write_file(folder, "d/b.conf", "three 1\n");
    write_file(folder, "d/a.conf", "two 1\n");
    write_file(folder, "d/c.txt", "none 1\n");
    write_file(folder, "beside", "four 1\n");
    write_file(folder, "snmpd.local.conf", "six 1\n");
    (void)snprintf(path, sizeof path, "%s/snmpd.conf", folder);
    conf_read(&c, path);
    assert_false(c.has_none);
    assert_int_equal(c.error, 0);
    assert_non_null(conf_find(&c, "two", NULL));
    assert_true(conf_find(&c, "three", conf_find(&c, "two", NULL)) != NULL);
    assert_true(conf_find(&c, "four", conf_find(&c, "three", NULL)) != NULL);
    assert_true(conf_find(&c, "six", conf_find(&c, "five", NULL)) != NULL);
    assert_null(conf_find(&c, "none", NULL));
    conf_clear(&c);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(remove(path), 0);
    }
    conf_read(&c, path);
    assert_true(c.has_none && c.error != 0 && c.count == 0);
    conf_clear(&c);
    assert_int_equal(rmdir(folder), 0);
}

static void test_meanings(void **state)
{
    static const struct {
        const char *line, *community, *source, *view, *sink;
    } rows[] = {{"rocommunity a", "a", "", "", NULL},
                {"rwcommunity a 192.0.2.0/24 -V v", "a", "192.0.2.0/24", "v", NULL},
                {"com2sec -Cn c name default a", "a", "default", "", NULL},
                {"rouser u", NULL, NULL, NULL, NULL},
                {"trap2sink host a 162", NULL, NULL, NULL, "host"},
                {"informsink host", NULL, NULL, NULL, "host"},
                {"trapsess -v3 -u x host:162", NULL, NULL, NULL, "host:162"},
                {"trapsess -Ci host:162 -v 2c -c secret", NULL, NULL, NULL, "host:162"},
                {"trapsess -v 3 -l authPriv -u x -A secret", NULL, NULL, NULL, NULL},
                {"trapcommunity a", NULL, NULL, NULL, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct snmpd_conf c = {0};
        assert_true(conf_add(&c, "a.conf", 1, rows[i].line));
        const char *community = line_community(c.lines), *sink = line_sink(c.lines);
        assert_true((community == NULL) == (rows[i].community == NULL) && (sink == NULL) == (rows[i].sink == NULL));
        if (community != NULL) {
            assert_string_equal(community, rows[i].community);
            assert_string_equal(line_source(c.lines), rows[i].source);
            assert_string_equal(line_view(c.lines), rows[i].view);
        }
        if (sink != NULL)
            assert_string_equal(sink, rows[i].sink);
        conf_clear(&c);
    }
}

static void test_addresses(void **state)
{
    static const struct {
        const char *lines[2], *peer;
        bool local;
    } rows[] = {{{NULL}, "127.0.0.1:161", false},
                {{"agentaddress  127.0.0.1,[::1]"}, "127.0.0.1", true},
                {{"agentAddress udp:1161,udp6:[::1]:1161"}, "127.0.0.1:1161", false},
                {{"agentAddress 127.0.0.1:161", "agentAddress 192.0.2.1"}, "127.0.0.1:161", false},
                {{"agentAddress 127.0.0.1:161", "agentAddress udp6:[::1]"}, "127.0.0.1:161", true},
                {{"agentAddress"}, "127.0.0.1:161", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct snmpd_conf c = {0};
        char peer[128];
        for (unsigned k = 0; k < 2 && rows[i].lines[k] != NULL; k++)
            assert_true(conf_add(&c, "a.conf", k + 1, rows[i].lines[k]));
        lines_peer(&c, peer, sizeof peer);
        assert_string_equal(peer, rows[i].peer);
        assert_int_equal(lines_are_local(&c), rows[i].local);
        conf_clear(&c);
    }
}

static void test_masters(void **state)
{
    static const struct {
        const char *line;
        bool master;
    } rows[] = {
        {"# none", false}, {"master agentx", true}, {"master YES", true}, {"master no", false}, {"master", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct snmpd_conf c = {0};
        assert_true(conf_add(&c, "a.conf", 1, rows[i].line));
        assert_int_equal(lines_are_master(&c), rows[i].master);
        conf_clear(&c);
    }
}

static void test_views(void **state)
{
    static const char *const lines[] = {
        "view narrow included .1.3.6.1.2.1.1", "view narrow included 1.3.6.1.4.1.8072.9999.9999.2525",
        "view holed included .1.3.6.1",        "view holed excluded .1.3.6.1.4.1.8072.9999.9999",
        "view near included .1.3.6.1.4.1.8",   "view named included system",
        "view masked included .1.3.6.1 fe",    "view turned excluded .1.3",
        "view turned included .1.3.6"};
    static const struct {
        const char *view;
        enum shown shown;
    } rows[] = {{"narrow", SHOWN_YES},     {"holed", SHOWN_NO},   {"near", SHOWN_NO},   {"named", SHOWN_UNKNOWN},
                {"masked", SHOWN_UNKNOWN}, {"turned", SHOWN_YES}, {"no such", SHOWN_NO}};
    struct snmpd_conf c = {0};
    (void)state;
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_true(conf_add(&c, "a.conf", i + 1, lines[i]));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(vacm_shows(&c, rows[i].view, ".1.3.6.1.4.1.8072.9999.9999.2525.1.1.1.0"), rows[i].shown);
    conf_clear(&c);
}

/* --- remedies --- */

static const struct definition *definition(const char *name, const char *smtp_server, bool on)
{
    const struct {
        enum setting_id id;
        const char *text;
    } texts[] = {{SETTING_name, name},
                 {SETTING_smtp_server, smtp_server},
                 {SETTING_smtp_to, "probe@example.com"},
                 {SETTING_smtp_from, "emailmon@example.com"},
                 {SETTING_in_server, "imap.example.com"},
                 {SETTING_in_username, "probe"}};
    struct draft d;
    struct mistake why;
    draft_init(&d);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_true(draft_take_text(&d, texts[i].id, texts[i].text, strlen(texts[i].text)));
    assert_true(draft_put_number(&d, SETTING_enabled, on ? TRUTH_TRUE : TRUTH_FALSE, &why));
    const struct definition *made = draft_freeze(&d);
    draft_end(&d);
    assert_non_null(made);
    return made;
}

static void test_remedies(void **state)
{
    static const struct {
        enum leg leg; /* of the settings that the mend is about */
        enum stage stage;
        enum cause cause;
        enum mail_check check;
        const char *says;
    } rows[] = {
        {LEG_SMTP, STAGE_CONNECT, CAUSE_REFUSED, MAIL_PORTS,
         "start the server, or in f.yaml, under `smtp:` of monitor office, write the port that it listens on, often "
         "`port: 587`"},
        {LEG_INCOMING, STAGE_START_TLS, CAUSE_UNSUPPORTED, MAIL_CERTIFICATES, "`security: tls` and `port: 993`"},
        {LEG_INCOMING, STAGE_TLS, CAUSE_CERT_UNTRUSTED, MAIL_CERTIFICATES, "write `tls: {ca_file: PATH}` into f.yaml"},
        {LEG_INCOMING, STAGE_TLS, CAUSE_CERT_NAME, MAIL_CERTIFICATES, "tls_name"},
        {LEG_INCOMING, STAGE_TLS, CAUSE_CERT_EXPIRED, MAIL_CERTIFICATES, "imap.example.com"},
        {LEG_INCOMING, STAGE_RESOLVE, CAUSE_NO_SUCH_NAME, MAIL_NAMES, "`server: NAME`"},
        {LEG_INCOMING, STAGE_LOCAL, CAUSE_NAME_SERVER, MAIL_NAMES, "/etc/resolv.conf"},
        {LEG_INCOMING, STAGE_HELLO, CAUSE_PLAINTEXT_REFUSED, MAIL_LOGINS, "`security: starttls`"},
        {LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS, MAIL_LOGINS, "(now it is user probe)"},
        {LEG_INCOMING, STAGE_LOCAL, CAUSE_SECRET, MAIL_LOGINS, "the user emailmon may read"},
        {LEG_INCOMING, STAGE_DELIVERY, CAUSE_NOT_DELIVERED, MAIL_MAILBOX, "(probe at imap.example.com)"},
        {LEG_SMTP, STAGE_RCPT_TO, CAUSE_PERMANENT, MAIL_MAILBOX, "(now probe@example.com)"},
        {LEG_INCOMING, STAGE_TLS, CAUSE_CLOCK, MAIL_CLOCK, "timedatectl set-ntp true"},
        {LEG_INCOMING, STAGE_SEARCH, CAUSE_MALFORMED, MAIL_MAILBOX, "`emailmon test -c f.yaml 'office' --trace`"},
    };
    const struct definition *d = definition("office", "smtp.example.com", true);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char mend[768];
        struct leg_settings to;
        struct failure why = failure_make(rows[i].leg, rows[i].stage, rows[i].cause, 0);
        const struct remedy_words words = {.file = "f.yaml", .user = "emailmon", .definition = d, .to = &to};
        definition_leg(d, rows[i].leg, &to);
        assert_int_equal(remedy_check(&why), rows[i].check);
        remedy_write(&why, &words, mend, sizeof mend);
        if (strstr(mend, rows[i].says) == NULL)
            fail_msg("it does not say \"%s\", but: %s", rows[i].says, mend);
        assert_null(strstr(mend, "{where}"));
    }
    definition_unref(d);
}

static void test_every_failure_has_a_remedy(void **state)
{
    const struct definition *d = definition("office", "smtp.example.com", true);
    struct leg_settings to;
    (void)state;
    definition_leg(d, LEG_SMTP, &to);
    for (enum stage stage = STAGE_LOCAL; stage < STAGE_END; stage++) {
        for (enum cause cause = CAUSE_REFUSED; cause < CAUSE_END; cause++) {
            char mend[768], cut[16];
            struct failure why = failure_make(LEG_SMTP, stage, cause, 0);
            const struct remedy_words words = {.file = "f.yaml", .user = "emailmon", .definition = d, .to = &to};
            remedy_write(&why, &words, mend, sizeof mend);
            assert_true(strlen(mend) > 10 && remedy_check(&why) < MAIL_CHECKS);
            remedy_write(&why, &words, cut, sizeof cut);
            assert_true(strlen(cut) < sizeof cut);
        }
    }
    definition_unref(d);
}

/* --- the clock --- */

static void test_clocks(void **state)
{
    static const struct {
        int64_t sent, seen, arrived, apart;
    } rows[] = {{1000, 3000, 2000, 0},
                {1000, 3000, 1000, 0},
                {1000, 3000, 3000, 0},
                {5000, 9000, 1000, -4000},
                {1000, 3000, 10000, 7000}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct trial_result r = {
            .sent_wall_ms = rows[i].sent, .seen_wall_ms = rows[i].seen, .arrived_wall_ms = rows[i].arrived};
        assert_int_equal(clock_apart_ms(&r), rows[i].apart);
    }
}

/* --- which paths --- */

enum { MANY = 1000, SERVERS = 40 };

static struct config many_monitors(void)
{
    struct config c = {.wanted = calloc(MANY, sizeof *c.wanted), .wanted_count = MANY};
    assert_non_null(c.wanted);
    for (int i = 0; i < MANY; i++) {
        char name[32], server[32];
        (void)snprintf(name, sizeof name, "m%d", i);
        (void)snprintf(server, sizeof server, "smtp%d.example.com", i % SERVERS);
        c.wanted[i].definition = definition(name, server, i != 0);
    }
    return c;
}

static void test_paths(void **state)
{
    struct config c = many_monitors();
    struct doctor_paths *p = calloc(1, sizeof *p);
    (void)state;
    assert_true(paths_choose(p, &c, NULL));
    assert_int_equal(p->monitors, MANY - 1);
    assert_int_equal(p->pairs, SERVERS);
    assert_int_equal(p->count, PATHS_MAX);
    assert_int_equal(p->list[0].monitor, 1);
    assert_int_equal(p->list[PATHS_MAX - 1].monitor, PATHS_MAX);
    *p = (struct doctor_paths){.count = 0};
    assert_true(paths_choose(p, &c, "m0"));
    assert_int_equal(p->count, 1);
    assert_int_equal(p->list[0].monitor, 0);
    assert_false(paths_choose(p, &c, "no such monitor"));
    free(p);
    for (size_t i = 0; i < c.wanted_count; i++)
        definition_unref(c.wanted[i].definition);
    free(c.wanted);
}

/* --- what it looks like --- */

static void check_three_things(struct doctor *d)
{
    doctor_begin(d, "file");
    doctor_say(d, MARK_OK, "all is right with %s", "it");
    doctor_end(d);
    doctor_begin(d, "state");
    for (int i = 0; i < DOCTOR_SAID_MAX + 2; i++)
        doctor_split(d, MARK_WRONG, "a; b is wrong; write c");
    doctor_end(d);
    doctor_begin(d, "view");
    doctor_say(d, MARK_WARNING, "this is odd");
    doctor_mend(d, "look there");
    doctor_end(d);
    doctor_sum(d);
}

static void test_lines_said(void **state)
{
    char *text = NULL;
    size_t n = 0, shown = 0;
    FILE *out = open_memstream(&text, &n);
    struct doctor d = {.file = "f.yaml", .terminal = {.out = out}};
    (void)state;
    check_three_things(&d);
    (void)fclose(out);
    assert_non_null(strstr(text, "ok       file           all is right with it\n"
                                 "wrong    state          a; b is wrong\n"
                                 "                        mend: write c\n"
                                 "wrong                   a; b is wrong\n"));
    assert_non_null(strstr(text, "                        and 2 more\n"
                                 "warning  view           this is odd\n"
                                 "                        mend: look there\n"
                                 "\n1 check is wrong, 1 warning.\n"));
    for (const char *at = text; (at = strstr(at, "mend: write c")) != NULL; at++)
        shown++;
    assert_int_equal(shown, DOCTOR_SAID_MAX);
    free(text);
}

/* Of snmpd.conf, of a name that a user gave: whatever was read somewhere. */
static void test_controls(void **state)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    struct doctor d = {.file = "f.yaml", .terminal = {.out = out}};
    (void)state;
    doctor_begin(&d, "file");
    doctor_say(&d, MARK_WRONG, "%s", "\x1B]0;title\x07 \xC2\x9B");
    doctor_mend(&d, "write %s", "a\rb");
    doctor_end(&d);
    (void)fclose(out);
    assert_non_null(strstr(text, "\\x1B]0;title\\x07 \\xC2\\x9B\n"));
    assert_non_null(strstr(text, "mend: write a\\x0Db\n"));
    free(text);
}

static void test_no_words(void **state)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    struct doctor d = {.file = "f.yaml", .terminal = {.out = out}};
    (void)state;
    doctor_begin(&d, "file");
    doctor_file(&d);
    doctor_end(&d);
    (void)fclose(out);
    assert_int_equal(d.marks[MARK_WRONG], 1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a line of snmpd.conf is its words, without comments, quotes and other programs' lines", test_lines, NULL,
         NULL, NULL},
        {"files that snmpd.conf includes stand in its place", test_includes, NULL, NULL, NULL},
        {"a line says who may read, what, and who is told", test_meanings, NULL, NULL, NULL},
        {"where snmpd listens is where it is asked, and whether others reach it", test_addresses, NULL, NULL, NULL},
        {"subagents are let in when a line says so", test_masters, NULL, NULL, NULL},
        {"a view shows what its longest subtree says, if that is written in numbers", test_views, NULL, NULL, NULL},
        {"a mend says what to write, and where", test_remedies, NULL, NULL, NULL},
        {"every failure has a mend, cut where there is no room", test_every_failure_has_a_remedy, NULL, NULL, NULL},
        {"clocks are apart by what no delivery explains", test_clocks, NULL, NULL, NULL},
        {"of many monitors the first that is on of each pair of servers is tried, and a few of them", test_paths, NULL,
         NULL, NULL},
        {"no control character of what was read moves the cursor", test_controls, NULL, NULL, NULL},
        {"a file that could not be read is wrong, also when there was no memory to say why", test_no_words, NULL, NULL,
         NULL},
        {"a check has its mark and its word once, a mend below what is not ok, and a limit", test_lines_said, NULL,
         NULL, NULL},
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
