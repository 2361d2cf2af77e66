#include "header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Sixty characters each, but for T2, which lacks the last. */
#define T1       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define T1_UPPER "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define T2       "baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define T2_WHOLE T2 "a"

static const struct {
    const char *name, *header;
    size_t tokens;
} rows[] = {
    {"a token in Message-ID counts", "Message-ID: <em1." T1 "@example.org>\r\n\r\n", 1},
    {"a token in X-Emailmon-Probe counts", "X-Emailmon-Probe: em1." T1 "\r\n\r\n", 1},
    {"the same token in both counts once", "Message-ID: <em1." T1 "@x>\r\nX-Emailmon-Probe: em1." T1 "\r\n\r\n", 1},
    {"two tokens are two", "Message-ID: <em1." T1 "@x>\r\nX-Emailmon-Probe: em1." T2_WHOLE "\r\n\r\n", 2},
    {"names are of any case", "mEsSaGe-iD: <em1." T1 "@x>\r\n\r\n", 1},
    {"a space before the colon is accepted", "Message-ID \t: <em1." T1 "@x>\r\n\r\n", 1},
    {"capitals are accepted", "Message-ID: <EM1." T1_UPPER "@x>\r\n\r\n", 1},
    {"a folded token is put together",
     "Message-ID: <em1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n \taaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x>\r\n\r\n", 1},
    {"a fold right behind the bracket is put together", "Message-ID: <\r\n em1." T1 "@x>\r\n\r\n", 1},
    {"LF alone ends a line", "Subject: x\nMessage-ID: <em1." T1 "@x>\n\n", 1},
    {"CR CR LF ends a line", "Subject: x\r\r\nMessage-ID: <em1." T1 "@x>\r\r\n\r\r\n", 1},
    {"NULs and 8-bit octets do no harm", "Subject: \x80\xFF\r\nMessage-ID: <em1." T1 "@x>\r\n\r\n", 1},
    {"a header without a blank line counts", "Message-ID: <em1." T1 "@x>", 1},
    {"59 characters are no token", "Message-ID: <em1." T2 "@x>\r\n\r\n", 0},
    {"61 characters are no token", "Message-ID: <em1." T1 "a@x>\r\n\r\n", 0},
    {"a character that is not of the alphabet makes no token", "Message-ID: <em1.1" T2 "@x>\r\n\r\n", 0},
    {"unused bits that are not zero make no token", "Message-ID: <em1." T2 "b@x>\r\n\r\n", 0},
    {"a token elsewhere does not count",
     "Subject: em1." T1 "\r\nReferences: <em1." T1 "@x>\r\nIn-Reply-To: <em1." T1 "@x>\r\n\r\n", 0},
    {"a token in the body does not count", "Subject: x\r\n\r\nMessage-ID: <em1." T1 "@x>\r\n", 0},
    {"a field whose name only begins so does not count", "Message-IDs: em1." T1 "\r\nMessage-I: em1." T1 "\r\n\r\n", 0},
    {"the rest of an unwanted field is unwanted", "Subject: x\r\n Message-ID: em1." T1 "\r\n\r\n", 0},
    {"only the first eight occurrences count",
     "Message-ID: a\r\nMessage-ID: b\r\nMessage-ID: c\r\nMessage-ID: d\r\nMessage-ID: e\r\nMessage-ID: f\r\n"
     "Message-ID: g\r\nMessage-ID: h\r\nMessage-ID: em1." T1 "\r\n\r\n",
     0},
};

static void feed(struct header *h, const char *bytes, size_t n, size_t piece)
{
    header_begin(h);
    for (size_t at = 0; at < n; at += piece) {
        size_t length = n - at < piece ? n - at : piece;
        char *copy = malloc(length);
        assert_non_null(copy);
        memcpy(copy, bytes + at, length);
        header_feed(h, copy, length);
        free(copy);
    }
    header_end(h);
}

static void tokens_are_found_just_where_they_count(void **state)
{
    (void)state;
    struct header h;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t piece = 1; piece <= strlen(rows[i].header); piece++) {
            feed(&h, rows[i].header, strlen(rows[i].header), piece);
            if (h.facts.token_count != rows[i].tokens)
                fail_msg("%s: %zu tokens in pieces of %zu", rows[i].name, h.facts.token_count, piece);
        }
}

static void a_value_counts_up_to_its_cap(void **state)
{
    (void)state;
    static const struct {
        size_t filler;
        const char *behind;
        size_t tokens;
    } caps[] = {{HEADER_VALUE_MAX - 65, "", 1},
                {HEADER_VALUE_MAX - 65, "@x", 1},
                {HEADER_VALUE_MAX - 64, "", 1},
                {HEADER_VALUE_MAX - 64, "aaa", 0}, /* whether it goes on is not known any more */
                {HEADER_VALUE_MAX - 63, "", 0}};
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        char value[HEADER_VALUE_MAX + 100];
        struct header h;
        int n = snprintf(value, sizeof value, "X-Emailmon-Probe:%0*dem1.%s%s\r\n", (int)caps[i].filler, 0, T1,
                         caps[i].behind);
        feed(&h, value, (size_t)n, 7);
        assert_int_equal(h.facts.token_count, caps[i].tokens);
    }
}

static void more_tokens_than_any_honest_mail_has_are_cut_off(void **state)
{
    (void)state;
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
    char value[HEADER_VALUE_MAX];
    size_t used = (size_t)snprintf(value, sizeof value, "X-Emailmon-Probe: ");
    struct header h;
    for (size_t i = 0; i < 25; i++)
        used += (size_t)snprintf(value + used, sizeof value - used, "em1.%c%s ", alphabet[i], T2);
    memset(value + 23, 'z', 1);
    feed(&h, value, used, used);
    assert_int_equal(h.facts.token_count, LOOK_TOKENS_MAX);
}

static void a_header_without_end_is_scanned_to_the_cap(void **state)
{
    (void)state;
    struct header h;
    char *filler = malloc(HEADER_SCAN_MAX);
    assert_non_null(filler);
    memset(filler, 'x', HEADER_SCAN_MAX);
    header_begin(&h);
    header_feed(&h, "Message-ID: <em1." T1 "@x>\r\n", 17 + 60 + 5);
    header_feed(&h, filler, HEADER_SCAN_MAX);
    header_feed(&h, "\r\nX-Emailmon-Probe: em1." T2_WHOLE "\r\n", 88);
    header_end(&h);
    free(filler);
    assert_true(h.capped);
    assert_int_equal(h.scanned, HEADER_SCAN_MAX);
    assert_int_equal(h.facts.token_count, 1);
}

static void the_topmost_received_tells_the_arrival(void **state)
{
    (void)state;
    static const char header[] =
        "Received: from a (b; c) by d\r\n\tfor <e>; Tue, 24 Nov\r\n 2026 03:11:55 +0100 (CET)\r\n"
        "Received: from x; Mon, 23 Nov 2026 03:11:55 +0100\r\n\r\n";
    struct header h;
    for (size_t piece = 1; piece < sizeof header; piece++) {
        feed(&h, header, sizeof header - 1, piece);
        assert_true(h.facts.arrived_ms == 1795486315000);
    }
    feed(&h, "Subject: x\r\n\r\n", 14, 14);
    assert_true(h.facts.arrived_ms == INT64_MIN);
}

static void dates_are_read_in_all_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t wall_s; /* -1: none */
    } dates[] = {
        {"Tue, 24 Nov 2026 03:11:55 +0100", 1795486315},
        {"24 Nov 2026 03:11:55 +0100", 1795486315},
        {" Tue,24 Nov 2026 02:11:55 GMT", 1795486315},
        {"Mon, 23 Nov 2026 21:11:55 EST", 1795486315},
        {"Mon, 23 Nov 2026 19:11:55 -0700 (MST (really))", 1795486315},
        {"24 Nov 26 02:11:55 UT", 1795486315},
        {"24-Nov-2026 03:11:55 +0100", 1795486315},
        {"24 Nov 2026 02:11 +0000", 1795486260},
        {"1 Jan 1970 00:00:00 Z", 0},
        {"1 Jan 99 00:00:00 Z", 915148800},
        {"", -1},
        {"Tue, 24 Nov 2026", -1},
        {"Tue, 24 Foo 2026 03:11:55 +0100", -1},
        {"32 Nov 2026 03:11:55 +0100", -1},
        {"24 Nov 2026 24:11:55 +0100", -1},
        {"24 Nov 2026 03:60:55 +0100", -1},
        {"24 Nov 2026 03:11:55 +01", -1},
        {"24 Nov 20266 03:11:55 +0100", -1},
        {"24 Nov 2026 03:11:55", -1},
        {"((((", -1},
    };
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        int64_t wall_ms = -1000;
        bool is = header_date(dates[i].text, strlen(dates[i].text), &wall_ms);
        if (is != (dates[i].wall_s >= 0) || wall_ms != dates[i].wall_s * 1000)
            fail_msg("%s: %lld", dates[i].text, (long long)wall_ms);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_found_just_where_they_count),
        cmocka_unit_test(a_value_counts_up_to_its_cap),
        cmocka_unit_test(more_tokens_than_any_honest_mail_has_are_cut_off),
        cmocka_unit_test(a_header_without_end_is_scanned_to_the_cap),
        cmocka_unit_test(the_topmost_received_tells_the_arrival),
        cmocka_unit_test(dates_are_read_in_all_their_forms),
    };
    return cmocka_run_group_tests_name("mail/header", tests, NULL, NULL);
}
