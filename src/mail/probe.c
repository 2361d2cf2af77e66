#include "probe.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Lines end with CRLF, none begins with a dot, none holds a bare CR or LF: nothing that could end DATA early. */
static const char probe_format[] = "Message-ID: <em1.%s@%s>\r\n"
                                   "Date: %s\r\n"
                                   "From: <%s>\r\n"
                                   "To: <%s>\r\n"
                                   "Subject: emailmon probe [em1:%.*s]\r\n"
                                   "Auto-Submitted: auto-generated\r\n" /* RFC 3834 s. 5: no vacation replies */
                                   "X-Auto-Response-Suppress: All\r\n"  /* the same for Exchange */
                                   "X-Emailmon-Probe: em1.%s\r\n"
                                   "X-Emailmon-Sent: %lld.%03d\r\n"
                                   "MIME-Version: 1.0\r\n"
                                   "Content-Type: text/plain; charset=us-ascii\r\n"
                                   "Content-Transfer-Encoding: 7bit\r\n"
                                   "\r\n"
                                   "This message was sent by the mail monitor \"emailmon\" to test delivery.\r\n"
                                   "It is deleted automatically.\r\n"
                                   "em1.%s\r\n";

enum { DATE_MAX = 40 };

/* RFC 5322 s. 3.3, always in UTC, English whatever the locale. */
static bool write_date(int64_t wall_ms, char out[DATE_MAX])
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm t;
    if (wall_ms < 0 || gmtime_r(&seconds, &t) == NULL || t.tm_year > 9999 - 1900)
        return false;
    int n = snprintf(out, DATE_MAX, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[t.tm_wday], t.tm_mday,
                     months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    return n > 0 && n < DATE_MAX;
}

static bool is_one_line(const char *text)
{
    return text[strcspn(text, "\r\n")] == '\0';
}

size_t probe_write(const struct probe_parts *parts, char *out, size_t size)
{
    char token[TOKEN_CHARS + 1], date[DATE_MAX];
    const char *domain = strrchr(parts->from, '@');
    if (domain == NULL || !is_one_line(parts->from) || !is_one_line(parts->to) || !write_date(parts->wall_ms, date))
        return 0;
    token_write(parts->token, token);
    int n = snprintf(out, size, probe_format, token, domain + 1, date, parts->from, parts->to, TOKEN_SHORT_CHARS, token,
                     token, (long long)(parts->wall_ms / 1000), (int)(parts->wall_ms % 1000), token);
    return n > 0 && (size_t)n < size ? (size_t)n : 0;
}
