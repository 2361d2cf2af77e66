#include "header.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* A cursor over a date's text: RFC 5322 s. 3.3 and 4.3, comments and folding white space anywhere between tokens. */
struct date_text {
    const char *at, *end;
};

static void skip_space(struct date_text *t)
{
    unsigned depth = 0;
    for (; t->at < t->end; t->at++) {
        if (*t->at == '(')
            depth++;
        else if (*t->at == ')' && depth > 0)
            depth--;
        else if (*t->at == '\\' && depth > 0 && t->at + 1 < t->end)
            t->at++;
        else if (depth == 0 && *t->at != ' ' && *t->at != '\t')
            return;
    }
}

static bool take_sign(struct date_text *t, char c)
{
    skip_space(t);
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

/* Between least and most digits. */
static bool take_number(struct date_text *t, size_t least, size_t most, int *value, size_t *digits)
{
    size_t n = 0;
    int v = 0;
    skip_space(t);
    while (t->at < t->end && isdigit((unsigned char)*t->at) && n < most) {
        v = v * 10 + (*t->at++ - '0');
        n++;
    }
    if (n < least || (t->at < t->end && isdigit((unsigned char)*t->at)))
        return false;
    *value = v;
    if (digits != NULL)
        *digits = n;
    return true;
}

/* A word out of a row of three-letter ones; -1: none. */
static int take_word(struct date_text *t, const char *words)
{
    skip_space(t);
    for (int i = 0; words[i] != '\0'; i += 3)
        if (t->end - t->at >= 3 && strncasecmp(t->at, words + i, 3) == 0) {
            t->at += 3;
            return i / 3;
        }
    return -1;
}

/* +hhmm, or a name; an unknown name is UTC (RFC 5322 s. 4.3). */
static bool take_zone(struct date_text *t, int *minutes)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
                 {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
    int value;
    bool minus = take_sign(t, '-');
    *minutes = 0;
    if (minus || take_sign(t, '+')) {
        if (!take_number(t, 4, 4, &value, NULL) || value % 100 > 59)
            return false;
        *minutes = (value / 100 * 60 + value % 100) * (minus ? -1 : 1);
        return true;
    }
    skip_space(t);
    if (t->at == t->end || !isalpha((unsigned char)*t->at))
        return false;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (t->end - t->at >= 3 && strncasecmp(t->at, zones[i].name, 3) == 0)
            *minutes = zones[i].hours * 60;
    return true;
}

static bool take_day(struct date_text *t, struct tm *when)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    size_t digits;
    if (take_word(t, days) >= 0)
        (void)take_sign(t, ',');
    if (!take_number(t, 1, 2, &when->tm_mday, NULL))
        return false;
    (void)take_sign(t, '-'); /* IMAP writes 24-Nov-2026 (RFC 9051 date-time) */
    when->tm_mon = take_word(t, months);
    if (when->tm_mon < 0)
        return false;
    (void)take_sign(t, '-');
    if (!take_number(t, 2, 4, &when->tm_year, &digits))
        return false;
    if (digits == 2) /* RFC 5322 s. 4.3 */
        when->tm_year += when->tm_year < 50 ? 2000 : 1900;
    else if (digits == 3)
        when->tm_year += 1900;
    when->tm_year -= 1900;
    return when->tm_mday >= 1 && when->tm_mday <= 31 && when->tm_year >= 0;
}

static bool take_time(struct date_text *t, struct tm *when)
{
    if (!take_number(t, 1, 2, &when->tm_hour, NULL) || !take_sign(t, ':') || !take_number(t, 2, 2, &when->tm_min, NULL))
        return false;
    if (take_sign(t, ':') && !take_number(t, 2, 2, &when->tm_sec, NULL))
        return false;
    return when->tm_hour < 24 && when->tm_min < 60 && when->tm_sec <= 60;
}

bool header_date(const char *bytes, size_t n, int64_t *wall_ms)
{
    struct date_text t = {bytes, bytes + n};
    struct tm when = {0};
    int minutes;
    if (!take_day(&t, &when) || !take_time(&t, &when) || !take_zone(&t, &minutes))
        return false;
    *wall_ms = ((int64_t)timegm(&when) - (int64_t)minutes * 60) * 1000;
    return true;
}
