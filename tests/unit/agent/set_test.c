/* SET, phase by phase, without Net-SNMP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "agent_parts.h"
#include "set_play.h"

#define FILE_STATE "1=file-1 2=file-2"
#define REST(i)                                                                                                        \
    " Device." #i "=s192.0.2.9 SmtpTo." #i "=sa@example.com SmtpFrom." #i "=sb@example.com InUsername." #i "=su"
#define ROW(i, name) "Name." #i "=s" name REST(i) " InPassword." #i "=sp"
#define GO(i, name)  ROW(i, name) " RowStatus." #i "=i4"

static int set_up(void **state)
{
    *state = play_new();
    return 0;
}

static int tear_down(void **state)
{
    play_free(*state);
    return 0;
}

static void expect_tree(struct set_play *p, char *before)
{
    char *now = play_tree(p);
    assert_string_equal(now, before);
    free(now);
    free(before);
}

/* --- one request, one answer --- */

struct request {
    const char *what;
    const char *first; /* what was SET before, one request a line */
    const char *line;
    const char *answer;
};

static const struct request requests[] = {
    {"createAndGo with all that is required", "", GO(7, "a"), "ok"},
    {"createAndGo in front of the other columns", "", "RowStatus.7=i4 " ROW(7, "a"), "ok"},
    {"createAndGo amid them", "", "Name.7=sa RowStatus.7=i4 InPassword.7=sp" REST(7), "ok"},
    {"createAndGo without a name", "", "RowStatus.7=i4 InPassword.7=sp" REST(7), "inconsistentValue 1"},
    {"createAndGo of nothing else", "", "RowStatus.7=i4", "inconsistentValue 1"},
    {"createAndGo of a row that is there", GO(7, "a"), "Description.7=sx RowStatus.7=i4", "inconsistentValue 2"},
    {"createAndGo of a row that is notReady", "RowStatus.7=i5", GO(7, "a"), "inconsistentValue 7"},
    {"createAndWait", "", "RowStatus.7=i5", "ok"},
    {"createAndWait of a row that is there", GO(7, "a"), "RowStatus.7=i5", "inconsistentValue 1"},
    {"createAndWait of a row that is notReady", "RowStatus.7=i5", "RowStatus.7=i5", "inconsistentValue 1"},
    {"active of a missing row", "", "RowStatus.7=i1", "inconsistentValue 1"},
    {"active of a row that is notReady", "RowStatus.7=i5", "RowStatus.7=i1", "inconsistentValue 1"},
    {"active with what was missing", "RowStatus.7=i5", "RowStatus.7=i1 " ROW(7, "a"), "ok"},
    {"active of a row that is notInService", "RowStatus.7=i5\n" ROW(7, "a"), "RowStatus.7=i1", "ok"},
    {"active of an active row", GO(7, "a"), "RowStatus.7=i1", "ok"},
    {"notInService of a missing row", "", "RowStatus.7=i2", "inconsistentValue 1"},
    {"notInService of a row that is notReady", "RowStatus.7=i5", "RowStatus.7=i2", "inconsistentValue 1"},
    {"notInService with what was missing", "RowStatus.7=i5", ROW(7, "a") " RowStatus.7=i2", "ok"},
    {"notInService of an active row", GO(7, "a"), "RowStatus.7=i2", "ok"},
    {"notReady cannot be set", GO(7, "a"), "RowStatus.7=i3", "wrongValue 1"},
    {"RowStatus 0", GO(7, "a"), "RowStatus.7=i0", "wrongValue 1"},
    {"RowStatus 7", "", "RowStatus.7=i7", "wrongValue 1"},
    {"destroy of a missing row", "", "RowStatus.7=i6", "ok"},
    {"destroy of an active row", GO(7, "a"), "RowStatus.7=i6", "ok"},
    {"destroy of a row that is notReady", "RowStatus.7=i5", "RowStatus.7=i6", "ok"},
    {"destroy, and a column of the same row", GO(7, "a"), "Name.7=sb RowStatus.7=i6", "inconsistentValue 1"},
    {"of two RowStatus the last counts", "", "RowStatus.7=i4 RowStatus.7=i5", "ok"},
    {"of two values of a column the last counts", GO(7, "a"), "Interval.7=u5 Interval.7=u6", "ok"},

    {"a column of a missing row", "", "Name.7=sa", "inconsistentName 1"},
    {"a column of a row that is destroyed, and missing", "", "RowStatus.7=i6 Name.7=sa", "inconsistentName 2"},
    {"an index of 0", "", "Name.0=sa", "noCreation 1"},
    {"an index of 2^31", "", "RowStatus.2147483648=i4", "noCreation 1"},
    {"the greatest index", "", "RowStatus.2147483647=i5", "ok"},
    {"no index", "", "Name=sa", "noCreation 1"},
    {"a wrong type before a wrong index", "", "Interval.0=i5", "wrongType 1"},
    {"the index column", "", "1.7=i5", "notWritable 1"},
    {"a column behind the last", "", "34.7=i5", "notWritable 1"},
    {"a huge column", "", "70000.7=i5", "notWritable 1"},

    {"a number as INTEGER", GO(7, "a"), "Interval.7=i60", "wrongType 1"},
    {"a word as Unsigned32", GO(7, "a"), "SmtpSecurity.7=u1", "wrongType 1"},
    {"a text as INTEGER", GO(7, "a"), "Name.7=i1", "wrongType 1"},
    {"bits as INTEGER", GO(7, "a"), "Notify.7=i1", "wrongType 1"},
    {"RowStatus as a text", GO(7, "a"), "RowStatus.7=s1", "wrongType 1"},
    {"PollNow as another type", GO(7, "a"), "PollNow.7=t1", "wrongType 1"},
    {"a name of no octets", GO(7, "a"), "Name.7=s", "wrongLength 1"},
    {"a number out of range behind a good one", GO(7, "a"), "Interval.7=u5 SmtpPort.7=u0", "wrongValue 2"},
    {"a negative word", GO(7, "a"), "SmtpAuth.7=i-1", "wrongValue 1"},
    {"a word that there is not", GO(7, "a"), "InSecurity.7=i4", "wrongValue 1"},
    {"a name that is not ASCII", GO(7, "a"), "Name.7=x4ec3a4", "wrongValue 1"},
    {"a text with a line end", GO(7, "a"), "Description.7=x410d0a42", "wrongValue 1"},
    {"a text with a NUL", GO(7, "a"), "Description.7=x4100", "wrongValue 1"},
    {"a text that is not UTF-8", GO(7, "a"), "Description.7=xff", "wrongValue 1"},
    {"a text in UTF-8", GO(7, "a"), "Description.7=xc3a4", "ok"},
    {"a sender that is no address", GO(7, "a"), "SmtpFrom.7=sab", "wrongValue 1"},
    {"all bits", GO(7, "a"), "Notify.7=xf0", "ok"},
    {"no octet of bits", GO(7, "a"), "Notify.7=x", "ok"},
    {"octets of zero behind the bits", GO(7, "a"), "Notify.7=x400000", "ok"},
    {"a bit without a name", GO(7, "a"), "Notify.7=x08", "wrongValue 1"},
    {"a bit without a name in the second octet", GO(7, "a"), "Notify.7=x8080", "wrongValue 1"},

    {"StorageType volatile", GO(7, "a"), "StorageType.7=i2", "ok"},
    {"StorageType nonVolatile", GO(7, "a"), "StorageType.7=i3", "ok"},
    {"StorageType permanent", GO(7, "a"), "StorageType.7=i4", "wrongValue 1"},
    {"StorageType readOnly", GO(7, "a"), "StorageType.7=i5", "wrongValue 1"},

    {"a name that another row has", GO(7, "a") "\n" GO(8, "b"), "Description.8=sx Name.8=sa", "inconsistentValue 2"},
    {"a name that a row of the file has", "", GO(7, "file-1"), "inconsistentValue 1"},
    {"one name for two new rows", "", GO(7, "a") " " GO(8, "a"), "inconsistentValue 8"},
    {"names that two rows exchange", GO(7, "a") "\n" GO(8, "b"), "Name.7=sb Name.8=sa", "ok"},
    {"a name that a row gives up in the same request", GO(7, "a"), "RowStatus.7=i6 " GO(8, "a"), "ok"},
    {"a name twice while neither is ready", "RowStatus.7=i5\nName.7=sa", "RowStatus.8=i5 Name.8=sa",
     "inconsistentValue 2"},

    {"a login without a user name", GO(7, "a"), "SmtpAuth.7=i1", "inconsistentValue 1"},
    {"a login with one", GO(7, "a"), "SmtpAuth.7=i1 SmtpUsername.7=su", "ok"},
    {"a user name that a login needs", GO(7, "a") "\nSmtpAuth.7=i1 SmtpUsername.7=su", "SmtpUsername.7=s",
     "inconsistentValue 1"},
    {"a device that the servers need", GO(7, "a"), "Interval.7=u9 Device.7=s InPassword.7=sq", "inconsistentValue 2"},
    {"a device that makes no server", "",
     "Device.7=sa_b/c SmtpTo.7=sa@example.com SmtpFrom.7=sb@example.com "
     "InUsername.7=su Name.7=sa RowStatus.7=i4",
     "inconsistentValue 1"},
    {"a row that is notInService may lack what it needs", GO(7, "a") "\nRowStatus.7=i2", "SmtpAuth.7=i1", "ok"},
    {"... but not when it becomes active", GO(7, "a") "\nRowStatus.7=i2\nSmtpAuth.7=i1", "RowStatus.7=i1",
     "inconsistentValue 1"},

    {"a column of a file's row", "", "Description.1=sx", "notWritable 1"},
    {"destroy of a file's row", "", "RowStatus.1=i6", "notWritable 1"},
    {"active of a file's row", "", "RowStatus.1=i1", "notWritable 1"},
    {"StorageType of a file's row", "", "StorageType.1=i3", "notWritable 1"},
    {"a password of a file's row", "", "InPassword.1=sx", "notWritable 1"},
    {"a wrong value for a file's row", "", "Interval.1=u0", "wrongValue 1"},
    {"AdminStatus of a file's row", "", "AdminStatus.1=i2", "ok"},
    {"AdminStatus 3 of a file's row", "", "AdminStatus.1=i3", "wrongValue 1"},
    {"PollNow of a file's row", "", "PollNow.1=i2", "ok"},
    {"PollNow idle of a file's row", "", "PollNow.1=i1", "ok"},
    {"PollNow 3", "", "PollNow.1=i3", "wrongValue 1"},
    {"PollNow of a row that is disabled", "AdminStatus.1=i2", "PollNow.1=i2", "inconsistentValue 1"},
    {"PollNow of a row that becomes enabled", "AdminStatus.1=i2", "PollNow.1=i2 AdminStatus.1=i1", "ok"},
    {"PollNow of a row that becomes disabled", "", "AdminStatus.1=i2 PollNow.1=i2", "inconsistentValue 2"},
    {"PollNow of a missing row", "", "PollNow.7=i2", "inconsistentName 1"},
    {"PollNow of a new row", "", "PollNow.7=i2 " GO(7, "a"), "ok"},
    {"PollNow of a row that is notReady", "RowStatus.7=i5", "PollNow.7=i2", "inconsistentValue 1"},
    {"PollNow idle of a row that is notReady", "RowStatus.7=i5", "PollNow.7=i1", "ok"},

    {"a guarded server", GO(7, "a"), "Interval.7=u9 InServer.7=sevil.example", "inconsistentValue 2"},
    {"a guarded server, with the password", GO(7, "a"), "InServer.7=sb.example InPassword.7=sq", "ok"},
    {"a guarded server, and the password is cleared", GO(7, "a"), "InServer.7=sb.example InPassword.7=s", "ok"},
    {"a guarded server, with the other password", GO(7, "a"), "InServer.7=sb.example SmtpPassword.7=sq",
     "inconsistentValue 1"},
    {"a guarded device", GO(7, "a"), "Device.7=s192.0.2.10", "inconsistentValue 1"},
    {"a guarded port", GO(7, "a"), "InPort.7=u144", "inconsistentValue 1"},
    {"the port that it was anyway", GO(7, "a"), "InPort.7=u143", "ok"},
    {"the server that it was anyway", GO(7, "a"), "InServer.7=s192.0.2.9", "ok"},
    {"a guarded type", GO(7, "a"), "InType.7=i1", "inconsistentValue 1"},
    {"a guarded security", GO(7, "a"), "InSecurity.7=i3", "inconsistentValue 1"},
    {"a guarded tls_verify", GO(7, "a"), "InTlsVerify.7=i2", "inconsistentValue 1"},
    {"a guarded tls_name", GO(7, "a"), "InTlsName.7=sx.example", "inconsistentValue 1"},
    {"a guarded plaintext_auth", GO(7, "a"), "InPlaintextAuth.7=i1", "inconsistentValue 1"},
    {"a guarded user name", GO(7, "a"), "InUsername.7=sv", "inconsistentValue 1"},
    {"the sending leg has no password to guard", GO(7, "a"), "SmtpServer.7=sx.example SmtpPort.7=u26", "ok"},
    {"the sending leg has one", GO(7, "a") "\nSmtpPassword.7=sp", "SmtpPort.7=u26", "inconsistentValue 1"},
    {"no password, nothing to guard", GO(7, "a") "\nInPassword.7=s", "InServer.7=sx.example", "ok"},
    {"what is not guarded", GO(7, "a"), "InTimeout.7=u5 SmtpTo.7=sc@example.com", "ok"},
    {"in a row that was never active a guarded column for the first time", "RowStatus.7=i5\nInPassword.7=sp",
     "InServer.7=sx.example", "ok"},
    {"... and also when it is whole", "RowStatus.7=i5\n" ROW(7, "a"), "InPort.7=u144", "ok"},
    {"... but not a second time", "RowStatus.7=i5\nInPassword.7=sp\nInServer.7=sx.example", "InServer.7=sy.example",
     "inconsistentValue 1"},
    {"... nor when it was active", GO(7, "a") "\nRowStatus.7=i2", "InPort.7=u144", "inconsistentValue 1"},

    {"two rows amid each other", "", "Name.7=sa RowStatus.8=i4 Name.8=sb" REST(7) " RowStatus.7=i4" REST(8), "ok"},
    {"one bad row of two", "", GO(7, "a") " RowStatus.8=i4 Name.8=sb", "inconsistentValue 8"},
    {"a good row, and one of the file", "", GO(7, "a") " Name.1=sx", "notWritable 8"},
};

static void expect_answer(struct set_play *p, const struct request *r)
{
    const char *answer = play(p, r->line);
    if (strcmp(answer, r->answer) != 0)
        fail_msg("%s: %s, not %s; %s", r->what, answer, r->answer, play_error(p));
}

static void expect_refusal(struct set_play *p, const struct request *r)
{
    char *before = play_tree(p);
    char *kept = strdup(play_state(p));
    (void)play_orders(p);
    expect_answer(p, r);
    expect_tree(p, before);
    assert_string_equal(play_state(p), kept);
    assert_string_equal(play_orders(p), "");
    assert_true(play_error(p)[0] != '\0');
    free(kept);
}

static void ask(const struct request *r)
{
    struct set_play *p = play_new();
    char *first = strdup(r->first);
    for (char *rest = first, *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] != '\0')
            assert_string_equal(play(p, line), "ok");
    }
    if (strcmp(r->answer, "ok") != 0) {
        expect_refusal(p, r);
    } else {
        expect_answer(p, r);
        assert_string_equal(play_error(p), "");
    }
    free(first);
    play_free(p);
}

static void each_request_gets_its_answer_and_a_refused_one_leaves_no_trace(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        ask(&requests[i]);
}

/* --- every column --- */

static const char *good_value(const struct setting *s, char *value, size_t size)
{
    switch (s->kind) {
    case KIND_TEXT:
    case KIND_SECRET:
        (void)snprintf(value, size, "%s",
                       strstr(s->key, ".to") || strstr(s->key, ".from") ? "sx@example.org" : "sother");
        break;
    case KIND_NUMBER:
        (void)snprintf(value, size, "u%u", (unsigned)s->max);
        break;
    case KIND_NOTIFY:
        (void)snprintf(value, size, "x50");
        break;
    case KIND_TRUTH:
    case KIND_SECURITY:
    case KIND_PROTOCOL:
        (void)snprintf(value, size, "i%u", (unsigned)s->min);
        break;
    }
    return value;
}

static void every_setting_can_be_set_and_has_its_type_and_bounds(void **state)
{
    struct set_play *p = *state;
    char line[1024], value[512];
    assert_string_equal(play(p, GO(7, "a") " SmtpUsername.7=su"), "ok");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings[i];
        const char *object = s->object + strlen("emailMon");
        (void)snprintf(line, sizeof line, "%s.7=%s InPassword.7=sq SmtpPassword.7=sq", object,
                       good_value(s, value, sizeof value));
        assert_string_equal(play(p, line), "ok");
        (void)snprintf(line, sizeof line, "%s.7=t1", object);
        assert_string_equal(play(p, line), "wrongType 1");
        if (setting_is_text(s)) {
            memset(value, 'x', sizeof value);
            value[s->max + 1] = '\0';
            (void)snprintf(line, sizeof line, "%s.7=s%s", object, value);
            assert_string_equal(play(p, line), "wrongLength 1");
        } else if (s->kind != KIND_NOTIFY) {
            (void)snprintf(line, sizeof line, "%s.7=%c%u", object, s->kind == KIND_NUMBER ? 'u' : 'i', s->max + 1);
            assert_string_equal(play(p, line), "wrongValue 1");
        }
    }
}

/* --- what a SET does --- */

static enum row_status status_of(const struct set_play *p, int32_t index)
{
    return (enum row_status)monitors_find(p->agent->set, index)->definition->row_status;
}

static void a_row_grows_in_several_requests(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, "RowStatus.7=i5"), "ok");
    assert_int_equal(status_of(p, 7), ROW_NOT_READY);
    assert_int_equal(p->agent->half_made, 1);
    assert_string_equal(play_orders(p), "put 7");
    assert_string_equal(play(p, "Name.7=sa"), "ok");
    assert_int_equal(status_of(p, 7), ROW_NOT_READY);
    assert_string_equal(play(p, REST(7)), "ok");
    assert_int_equal(status_of(p, 7), ROW_NOT_IN_SERVICE);
    assert_int_equal(p->agent->half_made, 0);
    assert_string_equal(play(p, "InPassword.7=sp RowStatus.7=i1"), "ok");
    assert_int_equal(status_of(p, 7), ROW_ACTIVE);
    assert_string_equal(play_state(p), FILE_STATE " 7=a");
    assert_string_equal(play_orders(p), "put 7, put 7, put 7");
}

static void the_worker_learns_of_a_request_at_its_end(void **state)
{
    struct set_play *p = *state;
    play_begin(p, GO(7, "a") " PollNow.7=i2 PollNow.1=i2");
    assert_true(play_take(p) && play_check(p));
    assert_null(monitors_find(p->agent->set, 7));
    assert_true(play_commit(p));
    assert_non_null(monitors_find(p->agent->set, 7));
    assert_string_equal(play_state(p), FILE_STATE " 7=a");
    assert_string_equal(play_orders(p), "");
    set_finish(p->set);
    play_end(p);
    assert_string_equal(play_orders(p), "put 7, poll 7, poll 1");
    assert_string_equal(play(p, "RowStatus.7=i6"), "ok");
    assert_string_equal(play_orders(p), "remove 7");
    assert_string_equal(play_state(p), FILE_STATE);
}

static void a_volatile_row_is_not_kept(void **state)
{
    struct set_play *p = *state;
    play_mood(p, STORE_REFUSE);
    p->agent->state_alarm = true;
    assert_string_equal(play(p, GO(7, "a") " StorageType.7=i2"), "ok");
    assert_string_equal(play(p, "PollNow.7=i2"), "ok");
    assert_string_equal(play(p, "StorageType.7=i3"), "resourceUnavailable 1");
    play_mood(p, STORE_WELL);
    assert_string_equal(play(p, "StorageType.7=i3"), "ok");
    assert_string_equal(play_state(p), FILE_STATE " 7=a");
    assert_string_equal(play(p, "StorageType.7=i2"), "ok");
    assert_string_equal(play_state(p), FILE_STATE);
}

static void what_was_refused_is_said_in_words_until_a_good_request(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, GO(7, "a")), "ok");
    assert_string_equal(play(p, "SmtpPort.7=u70000"), "wrongValue 1");
    assert_string_equal(play_error(p), "emailMonSmtpPort.7: 70000 is out of range; a number from 1 to 65535 is right");
    assert_string_equal(play(p, "SmtpPort.7=u2525"), "ok");
    assert_string_equal(play_error(p), "");
    assert_string_equal(play(p, "InPassword.7=x736563726574ff"), "wrongValue 1");
    assert_null(strstr(play_error(p), "secret"));
}

/* --- AdminStatus of the file's rows --- */

static void reload(struct set_play *p, bool enabled)
{
    struct draft d;
    struct mistake why;
    const struct definition *base = fake_definition("file-1");
    assert_true(draft_from(&d, base));
    assert_true(draft_put_number(&d, SETTING_enabled, enabled ? TRUTH_TRUE : TRUTH_FALSE, &why));
    struct wanted wanted[] = {{.definition = draft_freeze(&d)}, {.definition = fake_definition("file-2")}};
    agent_take_file(p->agent, &(struct notice){.kind = NOTICE_FILE, .wanted = wanted, .wanted_count = 2, .time_ms = 2});
    draft_end(&d);
    definition_unref(base);
    definition_unref(wanted[0].definition);
    definition_unref(wanted[1].definition);
}

static bool is_on(const struct set_play *p, int32_t index)
{
    return definition_is_on(monitors_find(p->agent->set, index)->definition);
}

static void an_admin_status_outlives_reloads_until_the_file_changes_its_mind(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, "AdminStatus.1=i2"), "ok");
    assert_false(is_on(p, 1));
    assert_string_equal(play_state(p), "1=file-1!off 2=file-2");
    assert_string_equal(play_orders(p), "put 1");
    reload(p, true);
    assert_false(is_on(p, 1));
    assert_string_equal(play_orders(p), "");
    reload(p, false);
    assert_false(is_on(p, 1));
    assert_string_equal(play_state(p), FILE_STATE);
    reload(p, true);
    assert_true(is_on(p, 1));
    assert_string_equal(play(p, "AdminStatus.1=i2"), "ok");
    assert_string_equal(play(p, "AdminStatus.1=i1"), "ok");
    assert_string_equal(play_state(p), FILE_STATE);
}

static void a_password_that_comes_late_leaves_the_admin_status(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, "AdminStatus.1=i2"), "ok");
    struct draft d;
    struct mistake why;
    const struct definition *base = fake_definition("file-1");
    assert_true(draft_from(&d, base));
    assert_true(draft_put_text(&d, SETTING_in_password, "late", 4, &why));
    struct wanted wanted = {.definition = draft_freeze(&d)};
    agent_take_definition(p->agent, &(struct notice){.kind = NOTICE_DEFINITION, .wanted = &wanted, .wanted_count = 1});
    draft_end(&d);
    definition_unref(base);
    definition_unref(wanted.definition);
    const struct definition *now = monitors_find(p->agent->set, 1)->definition;
    assert_string_equal(definition_text(now, SETTING_in_password), "late");
    assert_false(is_on(p, 1));
}

/* --- failures --- */

static void nothing_remains_of_a_request_that_ends_at_any_phase(void **state)
{
    struct set_play *p = *state;
    static const char line[] = GO(7, "a") " Interval.3=u7 AdminStatus.1=i2 RowStatus.4=i6 PollNow.2=i2";
    assert_string_equal(play(p, GO(3, "c")), "ok");
    assert_string_equal(play(p, GO(4, "d")), "ok");
    char *kept = strdup(play_state(p));
    struct status up;
    status_init(&up);
    up.verdict = VERDICT_UP; /* a row that is turned off and on again has not lost it */
    up.proof = PROOF_ROUND_TRIP;
    monitors_set_status(p->agent->set, monitors_find(p->agent->set, 1), &up);
    (void)play_orders(p);
    for (int phases = 0; phases <= 4; phases++) {
        char *before = play_tree(p);
        play_begin(p, line);
        assert_true(phases < 1 || play_take(p));
        assert_true(phases < 2 || play_check(p));
        assert_true(phases < 3 || play_commit(p));
        assert_true(phases < 3 || play_undo(p));
        if (phases < 3)
            set_drop(p->set);
        play_end(p);
        expect_tree(p, before);
        assert_string_equal(play_state(p), kept);
        assert_string_equal(play_orders(p), "");
        assert_null(p->agent->open_set);
    }
    free(kept);
}

static void a_commit_that_is_not_kept_leaves_no_trace(void **state)
{
    static const struct {
        enum store_mood mood;
        const char *error;
    } moods[] = {
        {STORE_REFUSE, "the state cannot be written"},
        {STORE_SILENT, "the state is not written in time"},
        {STORE_LATE, "the state is not written in time"},
    };
    struct set_play *p = *state;
    for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++) {
        char *before = play_tree(p);
        play_mood(p, moods[i].mood);
        assert_string_equal(play(p, GO(7, "a")), "commitFailed 1");
        assert_string_equal(play_error(p), moods[i].error);
        expect_tree(p, before);
        play_mood(p, STORE_WELL);
        assert_string_equal(play_state(p), FILE_STATE);
        assert_string_equal(play_orders(p), "");
        assert_int_equal(keep_is_late(&p->agent->keep), moods[i].mood == STORE_LATE);
    }
    assert_string_equal(play(p, GO(7, "a")), "ok"); /* a trial finds the state well */
    const struct saved late = {.id = p->agent->keep.late_id, .answer = SAVED};
    assert_true(queue_post(p->agent->options.saved, &late));
    keep_take(&p->agent->keep);
    assert_false(keep_is_late(&p->agent->keep));
}

static void while_the_state_is_known_to_be_unwritable_nothing_is_promised(void **state)
{
    struct set_play *p = *state;
    p->agent->state_alarm = true;
    play_mood(p, STORE_REFUSE);
    char *before = play_tree(p);
    assert_string_equal(play(p, GO(7, "a")), "resourceUnavailable 1");
    assert_string_equal(play(p, "AdminStatus.1=i2"), "resourceUnavailable 1");
    assert_string_equal(play(p, "PollNow.1=i2"), "ok");
    assert_string_equal(play(p, "RowStatus.9=i6"), "ok");
    play_mood(p, STORE_SILENT);
    assert_string_equal(play(p, GO(7, "a")), "resourceUnavailable 1");
    expect_tree(p, before);
    play_mood(p, STORE_WELL);
    assert_string_equal(play(p, GO(7, "a")), "ok");
}

static void an_undo_that_is_not_kept_says_so_and_is_made_up_for(void **state)
{
    static const enum store_mood moods[] = {STORE_REFUSE, STORE_SILENT, STORE_LATE};
    struct set_play *p = *state;
    for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++) {
        char *before = play_tree(p);
        play_mood(p, STORE_WELL);
        play_begin(p, GO(7, "a"));
        assert_true(play_take(p) && play_check(p) && play_commit(p));
        play_mood(p, moods[i]);
        assert_false(play_undo(p));
        assert_int_equal(p->fault.why.kind, MISTAKE_UNDO);
        play_end(p);
        expect_tree(p, before);
        play_mood(p, STORE_WELL);
        assert_string_equal(play_state(p), FILE_STATE);
    }
}

static void the_end_of_the_session_settles_a_request(void **state)
{
    struct set_play *p = *state;
    char *before = play_tree(p);
    play_begin(p, GO(7, "a"));
    assert_true(play_take(p) && play_check(p));
    set_settle(p->agent);
    assert_false(play_commit(p));
    assert_true(play_undo(p));
    play_end(p);
    expect_tree(p, before);

    play_begin(p, GO(7, "a"));
    assert_true(play_take(p) && play_check(p) && play_commit(p));
    set_settle(p->agent); /* it is on disk: it is done */
    assert_string_equal(play_orders(p), "put 7");
    assert_false(play_undo(p));
    assert_int_equal(p->fault.why.kind, MISTAKE_UNDO);
    play_end(p);
    assert_non_null(monitors_find(p->agent->set, 7));
    assert_string_equal(play_state(p), FILE_STATE " 7=a");
}

static void a_file_that_comes_between_ends_a_request(void **state)
{
    struct set_play *p = *state;
    play_begin(p, GO(7, "a"));
    assert_true(play_take(p));
    reload(p, false);
    assert_false(play_check(p));
    assert_int_equal(p->fault.why.kind, MISTAKE_RESOURCES);
    play_end(p);
    play_begin(p, GO(7, "a"));
    assert_true(play_take(p) && play_check(p));
    reload(p, true);
    assert_false(play_commit(p));
    play_end(p);
    assert_null(monitors_find(p->agent->set, 7));
}

static void a_row_that_nobody_finishes_goes_after_five_minutes(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, "RowStatus.7=i5"), "ok");
    assert_string_equal(play(p, "RowStatus.8=i5 " ROW(8, "b")), "ok");
    uint64_t begun_ms = monitors_find(p->agent->set, 7)->not_ready_ms;
    agent_drop_half_made(p->agent, begun_ms + HALF_MADE_MS - 1);
    assert_non_null(monitors_find(p->agent->set, 7));
    assert_string_equal(play(p, "Description.7=sx"), "ok"); /* that is not enough */
    agent_drop_half_made(p->agent, begun_ms + HALF_MADE_MS + 1000);
    assert_null(monitors_find(p->agent->set, 7));
    assert_non_null(monitors_find(p->agent->set, 8));
    assert_string_equal(play_state(p), FILE_STATE " 8=b");
    assert_int_equal(p->agent->half_made, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_request_gets_its_answer_and_a_refused_one_leaves_no_trace),
        TEST(every_setting_can_be_set_and_has_its_type_and_bounds),
        TEST(a_row_grows_in_several_requests),
        TEST(the_worker_learns_of_a_request_at_its_end),
        TEST(a_volatile_row_is_not_kept),
        TEST(what_was_refused_is_said_in_words_until_a_good_request),
        TEST(an_admin_status_outlives_reloads_until_the_file_changes_its_mind),
        TEST(a_password_that_comes_late_leaves_the_admin_status),
        TEST(nothing_remains_of_a_request_that_ends_at_any_phase),
        TEST(a_commit_that_is_not_kept_leaves_no_trace),
        TEST(while_the_state_is_known_to_be_unwritable_nothing_is_promised),
        TEST(an_undo_that_is_not_kept_says_so_and_is_made_up_for),
        TEST(the_end_of_the_session_settles_a_request),
        TEST(a_file_that_comes_between_ends_a_request),
        TEST(a_row_that_nobody_finishes_goes_after_five_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
