/* SET, request by request: one line, one answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_parts.h"
#include "set_play.h"

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
    play_expect_tree(p, before);
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
    struct set_play *p = play_new();
    (void)state;
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
    play_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_gets_its_answer_and_a_refused_one_leaves_no_trace),
        cmocka_unit_test(every_setting_can_be_set_and_has_its_type_and_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
