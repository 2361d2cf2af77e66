/* The probe: what is in it, and what may never be. */
#include "probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct token token;
static struct probe_parts parts = {
    .token = &token, .from = "emailmon@example.com", .to = "probe@example.net", .wall_ms = INT64_C(1795489915123)};

static size_t write(char out[PROBE_MAX_BYTES])
{
    size_t n = probe_write(&parts, out, PROBE_MAX_BYTES);
    assert_true(n > 0);
    assert_int_equal(strlen(out), n);
    return n;
}

static void must_hold(const char *message, const char *line)
{
    char whole[300];
    (void)snprintf(whole, sizeof whole, "%s\r\n", line);
    const char *at = strstr(message, whole);
    while (at != NULL && at != message && at[-1] != '\n')
        at = strstr(at + 1, whole);
    if (at == NULL)
        fail_msg("no line \"%s\" in\n%s", line, message);
}

static void test_lines(void **state)
{
    char message[PROBE_MAX_BYTES], text[TOKEN_CHARS + 1], line[200];
    (void)state;
    write(message);
    token_write(&token, text);
    (void)snprintf(line, sizeof line, "Message-ID: <em1.%s@example.com>", text);
    must_hold(message, line);
    (void)snprintf(line, sizeof line, "X-Emailmon-Probe: em1.%s", text);
    must_hold(message, line);
    (void)snprintf(line, sizeof line, "Subject: emailmon probe [em1:%.20s]", text);
    must_hold(message, line);
    (void)snprintf(line, sizeof line, "em1.%s", text);
    must_hold(message, line);
    must_hold(message, "Date: Tue, 24 Nov 2026 03:11:55 +0000");
    must_hold(message, "From: <emailmon@example.com>");
    must_hold(message, "To: <probe@example.net>");
    must_hold(message, "Auto-Submitted: auto-generated");
    must_hold(message, "X-Auto-Response-Suppress: All");
    must_hold(message, "X-Emailmon-Sent: 1795489915.123");
    must_hold(message, "MIME-Version: 1.0");
    must_hold(message, "Content-Type: text/plain; charset=us-ascii");
    must_hold(message, "Content-Transfer-Encoding: 7bit");
}

static void test_octets(void **state)
{
    char message[PROBE_MAX_BYTES];
    size_t n = write(message), start = 0;
    bool header = true;
    (void)state;
    assert_string_equal(message + n - 2, "\r\n");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)message[i];
        assert_true((c >= ' ' && c < 0x7F) || c == '\r' || c == '\n');
        assert_int_equal(c == '\r', i + 1 < n && message[i + 1] == '\n');
        if (c != '\n')
            continue;
        size_t length = i - 1 - start;
        header = header && length > 0;
        assert_true(length <= (header ? 200U : 78U));
        assert_true(message[start] != '.' && message[start] != ' ');
        start = i + 1;
    }
    assert_true(n > 500 && n < 1300);
}

static void test_refuses(void **state)
{
    static const char *const wrong[] = {"a@b\r\nRCPT TO:<x@y>", "a@b\n.\n", "a@b\r", "nobody"};
    char message[PROBE_MAX_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct probe_parts bad = parts;
        bad.from = wrong[i];
        assert_int_equal(probe_write(&bad, message, sizeof message), 0);
        if (strchr(wrong[i], '@') == NULL)
            continue;
        bad = parts;
        bad.to = wrong[i];
        assert_int_equal(probe_write(&bad, message, sizeof message), 0);
    }
}

static void test_room(void **state)
{
    char message[PROBE_MAX_BYTES];
    size_t n = write(message);
    (void)state;
    char *exact = malloc(n + 1);
    assert_int_equal(probe_write(&parts, exact, n + 1), n);
    assert_int_equal(probe_write(&parts, exact, n), 0);
    free(exact);
}

static void test_dates(void **state)
{
    static const struct {
        int64_t wall_ms;
        const char *line; /* NULL: none can be written */
    } dates[] = {{0, "Date: Thu, 01 Jan 1970 00:00:00 +0000"},
                 {INT64_C(951782399999), "Date: Mon, 28 Feb 2000 23:59:59 +0000"},
                 {INT64_C(951782400000), "Date: Tue, 29 Feb 2000 00:00:00 +0000"},
                 {INT64_C(4102444799000), "Date: Thu, 31 Dec 2099 23:59:59 +0000"},
                 {INT64_MAX, NULL},
                 {-1, NULL}};
    char message[PROBE_MAX_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        struct probe_parts then = parts;
        then.wall_ms = dates[i].wall_ms;
        assert_int_equal(probe_write(&then, message, sizeof message) > 0, dates[i].line != NULL);
        if (dates[i].line != NULL)
            must_hold(message, dates[i].line);
    }
}

static int make_token(void **state)
{
    static const struct token_key key = {.key = {1}};
    (void)state;
    uint8_t handle[TOKEN_HANDLE_BYTES];
    struct token_sealer *sealer = token_sealer_new(&key);
    bool made = sealer != NULL && token_handle(sealer, 1, handle) && token_make(sealer, 1, handle, 1795489915, &token);
    token_sealer_free(sealer);
    return made ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a probe has every line that it needs", test_lines, NULL, NULL, NULL},
        {"a probe is ASCII in short lines that end with CRLF and begin with no dot", test_octets, NULL, NULL, NULL},
        {"an address with a line end makes no probe", test_refuses, NULL, NULL, NULL},
        {"a probe that does not fit is not written", test_room, NULL, NULL, NULL},
        {"dates are those of the calendar, in English and UTC", test_dates, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("mail: probe", tests, make_token, NULL);
}
