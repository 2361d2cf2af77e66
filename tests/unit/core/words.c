/* Texts, numbers, times, names of hosts and addresses, failures and statuses as people and consoles read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event.h"
#include "server.h"
#include "syntax.h"
#include "text.h"

/* --- texts --- */

struct shown {
    const char *bytes;
    size_t n;
    const char *printable, *readable;
};

#define BYTES(literal) literal, sizeof(literal) - 1

static void printable(void **state)
{
    (void)state;
    static const struct shown rows[] = {
        {BYTES("plain ~"), "plain ~", "plain ~"},
        {BYTES("a\r\nb\0c\x7F"), "a\\x0D\\x0Ab\\x00c\\x7F", "a\\x0D\\x0Ab\\x00c\\x7F"},
        {BYTES("\xC3\xA9"), "\\xC3\\xA9", "\xC3\xA9"},
        {BYTES("\xC3"), "\\xC3", "\\xC3"},
        {BYTES("\xC2\x85"), "\\xC2\\x85", "\\xC2\\x85"},
        {BYTES("\xF0\x9F\x93\xA7"), "\\xF0\\x9F\\x93\\xA7", "\xF0\x9F\x93\xA7"},
        {BYTES(""), "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[64];
        assert_int_equal(text_printable(out, sizeof out, rows[i].bytes, rows[i].n), strlen(rows[i].printable));
        assert_string_equal(out, rows[i].printable);
        assert_int_equal(text_readable(out, sizeof out, rows[i].bytes, rows[i].n), strlen(rows[i].readable));
        assert_string_equal(out, rows[i].readable);
    }
}

static void cut_between(void **state)
{
    (void)state;
    for (size_t size = 1; size < 12; size++) {
        char *out = malloc(size);
        size_t n = text_printable(out, size, "a\x01\x02", 3);
        assert_int_equal(n, size < 2 ? 0 : size < 6 ? 1 : size < 10 ? 5 : 9);
        assert_int_equal(out[n], '\0');
        free(out);
    }
    assert_int_equal(text_printable(NULL, 0, "a", 1), 0);
    assert_int_equal(text_cut("\xC3\xA9\xC3\xA9", 4, 3), 2);
    assert_int_equal(text_cut("\xC3\xA9\xC3\xA9", 4, 4), 4);
    assert_int_equal(text_cut("\xC3\xA9", 2, 1), 0);
}

static void copied(void **state)
{
    (void)state;
    char out[4];
    assert_true(text_copy(out, sizeof out, "abc"));
    assert_string_equal(out, "abc");
    assert_false(text_copy(out, sizeof out, "abcd"));
    assert_string_equal(out, "");
    assert_false(text_copy(out, 0, ""));
}

static void counted(void **state)
{
    (void)state;
    const struct text *t = text_new("abc", 3), *same = text_new("abcd", 3);
    assert_ptr_equal(text_ref(t), t);
    assert_true(text_equal(t, same));
    assert_false(text_equal(t, NULL));
    assert_true(text_equal(NULL, text_new("", 0)));
    assert_string_equal(text_bytes(NULL), "");
    assert_int_equal(text_length(t), 3);
    text_unref(t);
    assert_string_equal(text_bytes(t), "abc");
    text_unref(t);
    text_unref(same);
    text_unref(NULL);
}

/* --- numbers and times --- */

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool right;
        uint64_t value;
    } rows[] = {{"0", true, 0},        {"18446744073709551615", true, UINT64_MAX},
                {"007", true, 7},      {"18446744073709551616", false, 0},
                {"", false, 0},        {"+1", false, 0},
                {" 1", false, 0},      {"1 ", false, 0},
                {"\xD9\xA1", false, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = 42;
        assert_int_equal(number_parse(rows[i].text, 0, UINT64_MAX, &value), rows[i].right);
        assert_true(value == (rows[i].right ? rows[i].value : 42));
    }
    uint64_t value;
    assert_false(number_parse("4", 5, 10, &value));
    assert_false(number_parse("11", 5, 10, &value));
    assert_true(duration_parse("7d", &value) && value == 604800);
    assert_false(duration_parse("213503982334602d", &value));
    assert_false(duration_parse("d", &value));
    assert_false(duration_parse("1w", &value));
}

static void times(void **state)
{
    (void)state;
    char out[32];
    time_print_utc(out, sizeof out, INT64_C(1795489915123));
    assert_string_equal(out, "2026-11-24T03:11:55Z");
    time_print_utc(out, sizeof out, 0);
    assert_string_equal(out, "never");
    time_print_utc(out, 8, INT64_C(1795489915123));
    assert_string_equal(out, "never"); /* rather than half a time */
}

/* --- hosts and addresses --- */

struct judged {
    const char *text;
    bool right;
};

static void check_all(const struct judged *rows, size_t n, bool (*is)(const char *s, size_t n))
{
    for (size_t i = 0; i < n; i++) {
        if (is(rows[i].text, strlen(rows[i].text)) != rows[i].right)
            fail_msg("\"%s\" should be %s", rows[i].text, rows[i].right ? "right" : "wrong");
    }
}

#define LABEL63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123"

static void hosts(void **state)
{
    (void)state;
    static const struct judged rows[] = {
        {"mail.example.com", true},
        {"mail.example.com.", true},
        {"localhost", true},
        {"a_b.example", true},
        {"192.0.2.1", true},
        {"192.0.2.256", false},
        {"192.0.2", false},
        {"2001:db8::1", true},
        {"[2001:db8::1]", true},
        {"[192.0.2.1]", false},
        {"fe80::1%eth0", true},
        {"fe80::1%", false},
        {"::ffff:192.0.2.1", true},
        {"-a.example", false},
        {"a-.example", false},
        {"a..b", false},
        {".", false},
        {"", false},
        {".a", false},
        {"a b", false},
        {"a/b", false},
        {"xn--bcher-kva.ch", true},
        {"b\xC3\xBC.ch", false},
        {LABEL63, true},
        {LABEL63 "4", false},
        {LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, false},
        {"%Device.Address", false},
        {"3com.example", true},
        {"example.123", false},
        {"[::1", false},
        {"::1]", false},
        {"[]", false},
    };
    check_all(rows, sizeof rows / sizeof rows[0], syntax_is_host);
}

static void bare_hosts(void **state)
{
    static const struct {
        const char *host, *bare;
    } rows[] = {
        {"mail.example.com.", "mail.example.com"}, {"mail.example.com", "mail.example.com"},
        {"[2001:db8::1]", "2001:db8::1"},          {"fe80::1%eth0.", "fe80::1%eth0."}, /* the dot is the interface's */
        {"[fe80::1%eth0.]", "fe80::1%eth0."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *bare = rows[i].host;
        size_t n = strlen(bare);
        assert_true(syntax_is_host(bare, n));
        syntax_bare_host(&bare, &n);
        assert_int_equal(n, strlen(rows[i].bare));
        assert_memory_equal(bare, rows[i].bare, n);
    }
}

static void addresses(void **state)
{
    (void)state;
    static const struct judged rows[] = {
        {"a@example.com", true},
        {"a.b+c@example.com", true},
        {"\"a b\"@example.com", true},
        {"\"a\\\"b\"@example.com", true},
        {"\"a\"b\"@example.com", false},
        {"\"a\\\"@example.com", false},
        {".a@example.com", false},
        {"a.@example.com", false},
        {"a..b@example.com", false},
        {"@example.com", false},
        {"a@", false},
        {"a", false},
        {"a@b@example.com", false},
        {"\"a@b\"@example.com", true},
        {"a@example.com.", false},
        {"a@[192.0.2.1]", true},
        {"a@[IPv6:2001:db8::1]", true},
        {"a@[2001:db8::1]", false},
        {"a@192.0.2.1", false},
        {"a b@example.com", false},
        {"<a@example.com>", false},
        {"a\xC3\xA9@example.com", false},
        {LABEL63 "4@example.com", true},
        {LABEL63 "45@example.com", false},
        {"a@example.com>\r\nRCPT TO:<b@example.com", false},
    };
    check_all(rows, sizeof rows / sizeof rows[0], syntax_is_address);
}

static void servers(void **state)
{
    (void)state;
    static const struct {
        const char *written, *device, *replaced; /* NULL: too long */
        bool may_be_valid;
    } rows[] = {
        {"%Device.Address", "192.0.2.1", "192.0.2.1", true},
        {"mail.%Device.Address", "example.com", "mail.example.com", true},
        {"[%Device.Address]", "::1", "[::1]", true},
        {"%Device.Address.%Device.Address", "a", "a.a", true},
        {"plain.example", "a", "plain.example", true},
        {"%device.address", "a", "%device.address", false},
        {"%Device.Address!", "a", "a!", false},
        {"192.0.2.%Device.Address", "7", "192.0.2.7", true},
        {"a %Device.Address", "b", "a b", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[SERVER_MAX + 1];
        assert_true(server_replace(rows[i].written, rows[i].device, out));
        assert_string_equal(out, rows[i].replaced);
        assert_int_equal(server_may_be_valid(rows[i].written), rows[i].may_be_valid);
    }
    char out[SERVER_MAX + 1], device[200];
    memset(device, 'a', sizeof device - 1);
    device[sizeof device - 1] = '\0';
    assert_false(server_replace("%Device.Address%Device.Address", device, out));
    assert_string_equal(out, "");
}

/* --- failures --- */

static void failure_lines(void **state)
{
    (void)state;
    char line[FAILURE_TEXT_MAX + 1];
    struct failure f = failure_make(LEG_INCOMING, STAGE_AUTH, CAUSE_BAD_CREDENTIALS, 0);
    failure_reply(&f, "NO\x07 denied", 10);
    size_t n = failure_print(&f, line, sizeof line);
    assert_int_equal(n, strlen(line));
    assert_string_equal(line, "incoming: logging in: user name or password is wrong: NO\\x07 denied");
    failure_detail(&f, "%s", "caf\xC3\xA9");
    (void)failure_print(&f, line, sizeof line);
    assert_string_equal(line, "incoming: logging in: user name or password is wrong: caf\xC3\xA9");
    failure_clear(&f);
    assert_false(failure_is(&f));
    assert_int_equal(failure_print(&f, line, sizeof line), 0);
    assert_string_equal(line, "");

    f = failure_make(LEG_SMTP, STAGE_RCPT_TO, CAUSE_PERMANENT, 550);
    (void)failure_print(&f, line, sizeof line);
    assert_string_equal(line, "smtp: naming the recipient: the server refused for good (550)");
    f = failure_make(LEG_SMTP, STAGE_CONNECT, CAUSE_REFUSED, 111);
    (void)failure_print(&f, line, sizeof line);
    assert_string_equal(line, "smtp: connecting: the connection was refused (errno 111)");
    f = failure_make(LEG_DELIVERY, STAGE_DELIVERY, CAUSE_NOT_DELIVERED, 0);
    (void)failure_print(&f, line, sizeof line);
    assert_string_equal(line, "between acceptance and the mailbox: the probe did not arrive");
    f = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_SECRET, 0);
    (void)failure_print(&f, line, sizeof line);
    assert_string_equal(line, "on this machine: the password is not at hand");
}

static void failure_is_cut(void **state)
{
    (void)state;
    char line[FAILURE_TEXT_MAX + 1], reply[5000];
    memset(reply, 1, sizeof reply);
    struct failure f = failure_make(LEG_SMTP, STAGE_DATA, CAUSE_MALFORMED, 0);
    failure_reply(&f, reply, sizeof reply);
    assert_int_equal(text_length(f.reply), 252); /* whole escapes of four */
    assert_true(failure_print(&f, line, sizeof line) <= FAILURE_TEXT_MAX);
    for (size_t size = 1; size <= 40; size++) {
        char *small = malloc(size);
        assert_int_equal(failure_print(&f, small, size), size - 1);
        free(small);
    }
    failure_clear(&f);
}

static void failures_move(void **state)
{
    (void)state;
    struct failure a = failure_make(LEG_SMTP, STAGE_DATA, CAUSE_CLOSED, 0), b = failure_none;
    failure_reply(&a, "bye", 3);
    struct failure copy = failure_copy(&a);
    failure_move(&b, &a);
    assert_false(failure_is(&a));
    assert_true(failure_same(&b, &copy));
    failure_move(&b, &b);
    assert_string_equal(text_bytes(b.reply), "bye");
    failure_clear(&b);
    assert_string_equal(text_bytes(copy.reply), "bye");
    failure_clear(&copy);
}

static void words_of_numbers(void **state)
{
    (void)state;
    assert_string_equal(cause_word(CAUSE_CLOCK), "clock");
    assert_string_equal(stage_word(STAGE_DELIVERY), "delivery");
    assert_string_equal(leg_word(LEG_LOCAL), "local");
    assert_string_equal(cause_word((enum cause)0), "?");
    assert_string_equal(cause_word(CAUSE_END), "?");
    assert_string_equal(stage_sentence((enum stage)99), "?");
    assert_string_equal(leg_word((enum leg)6), "?");
    assert_string_equal(verdict_word(VERDICT_DISABLED), "disabled");
    assert_string_equal(verdict_word((enum verdict)0), "?");
    assert_string_equal(proof_word(PROOF_ROUND_TRIP), "roundTrip");
    assert_string_equal(event_kind_word(EVENT_CERTIFICATE), "certificate");
    assert_string_equal(event_kind_word((enum event_kind)9), "?");
    assert_int_equal(event_of_verdict(VERDICT_DOWN), EVENT_DOWN);
    for (int i = 1; i < CAUSE_END; i++)
        assert_string_not_equal(cause_sentence((enum cause)i), "?");
    for (int i = 1; i < STAGE_END; i++)
        assert_string_not_equal(stage_sentence((enum stage)i), "?");
}

/* --- statuses --- */

static void fill(struct status *s, uint8_t mark)
{
    for (size_t i = 0; i < status_column_count; i++) {
        char *member = (char *)s + status_columns[i].offset;
        int64_t wide = 100 + (int64_t)i;
        uint32_t narrow = 100 + (uint32_t)i;
        switch (status_columns[i].kind) {
        case STATUS_VERDICT:
        case STATUS_PROOF:
        case STATUS_LEG:
        case STATUS_STAGE:
        case STATUS_CAUSE:
            *(uint8_t *)member = mark;
            break;
        case STATUS_GAUGE:
        case STATUS_COUNTER:
        case STATUS_DAYS:
            memcpy(member, &narrow, sizeof narrow);
            break;
        case STATUS_TIME:
        case STATUS_AGE:
            memcpy(member, &wide, sizeof wide);
            break;
        case STATUS_TEXT:
            *(const struct text **)(void *)member = text_new("abc", 3);
            break;
        }
    }
}

static void status_columns_in_order(void **state)
{
    (void)state;
    bool seen[64] = {false};
    for (size_t i = 0; i < status_column_count; i++) {
        const struct status_column *c = &status_columns[i];
        assert_true(c->column >= 1 && c->column <= status_column_count);
        assert_false(seen[c->column]);
        seen[c->column] = true;
    }
}

static void status_copies(void **state)
{
    (void)state;
    struct status a, b;
    status_init(&a);
    status_init(&b);
    fill(&a, 2);
    fill(&b, 1);
    status_copy(&b, &a);
    status_copy(&b, &b);
    status_clear(&a);
    for (size_t i = 0; i < status_column_count; i++) {
        const struct status_column *c = &status_columns[i];
        if (c->kind == STATUS_TEXT)
            assert_string_equal(text_bytes(status_text(&b, c)), "abc");
        else if (c->kind < STATUS_GAUGE)
            assert_int_equal(status_integer(&b, c, 0), 2);
        else if (c->kind != STATUS_AGE)
            assert_int_equal(status_integer(&b, c, 0), 100 + (int64_t)i);
    }
    status_clear(&b);
    assert_int_equal(b.verdict, VERDICT_UNKNOWN);
    assert_int_equal(b.smtp_cert_days, CERT_DAYS_NONE);
}

/* What a store keeps and reads back. */
static void status_put_back(void **state)
{
    (void)state;
    struct status a, b;
    status_init(&a);
    status_init(&b);
    fill(&a, 2);
    for (size_t i = 0; i < status_column_count; i++) {
        const struct status_column *c = &status_columns[i];
        int64_t value =
            c->kind == STATUS_TIME || c->kind == STATUS_AGE ? status_moment(&a, c) : status_integer(&a, c, 0);
        if (c->kind == STATUS_TEXT) {
            assert_false(status_put_integer(&b, c, 0));
            status_put_text(&b, c, text_ref(status_text(&a, c)));
            assert_true(text_equal(status_text(&a, c), status_text(&b, c)));
            continue;
        }
        assert_true(status_put_integer(&b, c, value));
        assert_int_equal(status_integer(&b, c, 99000), status_integer(&a, c, 99000));
        if (c->kind < STATUS_GAUGE) {
            assert_false(status_put_integer(&b, c, 0));
            assert_false(status_put_integer(&b, c, 99));
        }
        assert_false(status_put_integer(&b, c, INT64_MIN));
    }
    status_clear(&a);
    status_clear(&b);
}

static void ages(void **state)
{
    (void)state;
    static const struct {
        int64_t moment_ms, now_ms, age;
    } rows[] = {{0, 5000, 4294967295},
                {1000, 61999, 60},
                {61000, 1000, 0},
                {1, INT64_C(1) << 50, 4294967294 < (INT64_C(1) << 50) / 1000 ? 4294967294 : 0}};
    struct status s;
    status_init(&s);
    const struct status_column *age = NULL;
    for (size_t i = 0; i < status_column_count; i++) {
        if (status_columns[i].kind == STATUS_AGE)
            age = &status_columns[i];
    }
    assert_non_null(age);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        s.proven_at = rows[i].moment_ms;
        assert_int_equal(status_integer(&s, age, rows[i].now_ms), rows[i].age);
    }
}

static void events_copy(void **state)
{
    (void)state;
    struct event a = {.seq = 7, .name = text_new("n", 1), .device = text_new("d", 1), .text = text_new("t", 1)}, b;
    event_copy(&b, &a);
    event_clear(&a);
    assert_string_equal(text_bytes(b.name), "n");
    assert_string_equal(text_bytes(b.text), "t");
    assert_int_equal(b.seq, 7);
    event_clear(&b);
    event_clear(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        {"a server's words are printable ASCII, our own also whole UTF-8 characters", printable, NULL, NULL, NULL},
        {"texts are cut between characters and between escapes", cut_between, NULL, NULL, NULL},
        {"a copy that does not fit is none", copied, NULL, NULL, NULL},
        {"a text lives as long as its last holder", counted, NULL, NULL, NULL},
        {"numbers are decimal digits, nothing else, and in range", numbers, NULL, NULL, NULL},
        {"a time is printed whole, or as never", times, NULL, NULL, NULL},
        {"host names and addresses have the shapes of their RFCs", hosts, NULL, NULL, NULL},
        {"what is handed to the resolver is the host itself", bare_hosts, NULL, NULL, NULL},
        {"mail addresses have the shape of RFC 5321", addresses, NULL, NULL, NULL},
        {"the device takes its place in a server, wherever it is named", servers, NULL, NULL, NULL},
        {"a failure is one line for a person", failure_lines, NULL, NULL, NULL},
        {"a failure's words are cut to what a column holds", failure_is_cut, NULL, NULL, NULL},
        {"failures are copied and moved with their words", failures_move, NULL, NULL, NULL},
        {"every number has its word, and others have none", words_of_numbers, NULL, NULL, NULL},
        {"the status' columns are numbered without gap and without repetition", status_columns_in_order, NULL, NULL,
         NULL},
        {"a copied status holds its own texts", status_copies, NULL, NULL, NULL},
        {"what is read of a status can be put into another, and nothing out of range", status_put_back, NULL, NULL,
         NULL},
        {"an age is whole seconds, at least none, and has a value for never", ages, NULL, NULL, NULL},
        {"a copied event holds its own texts", events_copy, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
