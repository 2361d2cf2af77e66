#include "smtp_reply.h"

#include <string.h>
#include <strings.h>

enum { CODE_DIGITS = 3 };

void smtp_reply_begin(struct smtp_reply *r)
{
    *r = (struct smtp_reply){0};
}

/* Three digits, the first 2 to 5, the second 0 to 5; 0: it is no code. */
static int32_t read_code(const char *bytes, size_t n)
{
    static const char most[CODE_DIGITS + 1] = "559", least[CODE_DIGITS + 1] = "200";
    int32_t code = 0;
    if (n < CODE_DIGITS)
        return 0;
    for (size_t i = 0; i < CODE_DIGITS; i++) {
        if (bytes[i] < least[i] || bytes[i] > most[i])
            return 0;
        code = code * 10 + (bytes[i] - '0');
    }
    return code;
}

static void add_words(struct smtp_reply *r, const struct login *login, const char *bytes, size_t n)
{
    char *at = r->text + r->text_bytes;
    size_t room = sizeof r->text - r->text_bytes;
    if (r->text_bytes > 0 && n > 0 && room > 2) {
        *at++ = ' ';
        room--;
        r->text_bytes++;
    }
    r->text_bytes += login != NULL ? login_mask(login, bytes, n, at, room) : text_printable(at, room, bytes, n);
}

enum smtp_heard smtp_reply_line(struct smtp_reply *r, const struct login *login, const char *bytes, size_t n)
{
    int32_t code = read_code(bytes, n);
    char separator = ' '; /* a bare code is a last line too */
    if (n > CODE_DIGITS)
        separator = bytes[CODE_DIGITS];
    if (code == 0 || (separator != ' ' && separator != '-') || (r->lines > 0 && code != r->code)) {
        smtp_reply_begin(r);
        add_words(r, login, bytes, n);
        return SMTP_MALFORMED;
    }
    if (r->lines == LIMIT_REPLY_LINES)
        return SMTP_OVERSIZE;
    r->lines++;
    r->code = code;
    if (n > CODE_DIGITS)
        add_words(r, login, bytes + CODE_DIGITS + 1, n - CODE_DIGITS - 1);
    return separator == '-' ? SMTP_MORE : SMTP_DONE;
}

/* --- what an EHLO reply offers --- */

/* Takes the next word; false at the end. */
static bool take_word(const char **at, const char *end, const char **word, size_t *n)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        (*at)++;
    *word = *at;
    while (*at < end && **at != ' ' && **at != '\t')
        (*at)++;
    *n = (size_t)(*at - *word);
    return *n > 0;
}

static bool is_word(const char *word, size_t n, const char *keyword)
{
    return strlen(keyword) == n && strncasecmp(word, keyword, n) == 0;
}

/* RFC 1870 s. 3: 0 is no limit; so is what is no number, or a greater one than any message. */
static uint64_t read_limit(const char *word, size_t n)
{
    enum { DIGITS_MAX = 18 };
    char text[DIGITS_MAX + 1];
    uint64_t limit = 0;
    if (n > DIGITS_MAX)
        return 0;
    memcpy(text, word, n);
    text[n] = '\0';
    return number_parse(text, 0, UINT64_MAX, &limit) ? limit : 0;
}

static void add_mechanisms(struct smtp_offers *o, const char *at, const char *end)
{
    const char *word;
    size_t n;
    while (take_word(&at, end, &word, &n))
        o->mechanisms |= mechanism_bit(mechanism_named(word, n));
}

void smtp_offer(struct smtp_offers *o, const char *bytes, size_t n)
{
    static const char old_auth[] = "AUTH="; /* as servers spelt it before RFC 2554; it stands beside the new one */
    const char *at = bytes, *end = bytes + n, *word;
    size_t length;
    if (!take_word(&at, end, &word, &length))
        return;
    if (is_word(word, length, "PIPELINING")) {
        o->pipelining = true;
    } else if (is_word(word, length, "STARTTLS")) {
        o->starttls = true;
    } else if (is_word(word, length, "SIZE")) {
        o->size = true;
        o->size_limit = take_word(&at, end, &word, &length) ? read_limit(word, length) : 0;
    } else if (is_word(word, length, "AUTH")) {
        add_mechanisms(o, at, end);
    } else if (length >= sizeof old_auth - 1 && strncasecmp(word, old_auth, sizeof old_auth - 1) == 0) {
        add_mechanisms(o, word + sizeof old_auth - 1, end);
    }
}
