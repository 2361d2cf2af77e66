/* The rules about one setting: each kind knows its own. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "draft.h"
#include "server.h"
#include "syntax.h"
#include "text.h"

enum { QUOTED_MAX = 64 }; /* octets of a wrong value that are repeated */

/* A wrong value as it may be shown; never that of a secret. */
struct quoted {
    char text[QUOTED_MAX + sizeof "..."];
};

static struct quoted quote(const char *bytes, size_t n)
{
    struct quoted q;
    size_t length = text_readable(q.text, QUOTED_MAX + 1, bytes, text_cut(bytes, n, QUOTED_MAX));
    if (n > QUOTED_MAX)
        memcpy(q.text + length, "...", sizeof "...");
    return q;
}

bool mistake_make(struct mistake *why, enum mistake_kind kind, enum setting_id id, const char *format, ...)
{
    char line[2 * sizeof why->text];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    why->kind = kind;
    why->setting = id;
    size_t n = text_cut(line, strlen(line), sizeof why->text - 1);
    memcpy(why->text, line, n);
    why->text[n] = '\0';
    return false;
}

/* --- texts --- */

struct rule {
    bool (*holds)(const char *s, size_t n);
    const char *right;
};

static bool is_printable_ascii(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] < 0x20 || s[i] > 0x7E)
            return false;
    }
    return true;
}

static bool is_server(const char *s, size_t n)
{
    char written[SERVER_MAX + 1];
    memcpy(written, s, n);
    written[n] = '\0';
    return server_may_be_valid(written);
}

static bool is_tls_name(const char *s, size_t n)
{
    return n == 0 || (syntax_is_host(s, n) && s[0] != '[' && s[n - 1] != '.');
}

static bool is_address(const char *s, size_t n)
{
    return syntax_is_address(s, n);
}

#define SERVER_RIGHT   "a host name, an IPv4 or IPv6 address, or %Device.Address is right"
#define ADDRESS_RIGHT  "local@domain in ASCII is right (a domain with other letters as A-label, xn--...)"
#define TLS_NAME_RIGHT "a host name without a dot at its end, an IP address, or an empty text is right"

static const struct rule rules[SETTING_COUNT] = {
    [SETTING_name] = {is_printable_ascii, "printable ASCII is right"},
    [SETTING_smtp_server] = {is_server, SERVER_RIGHT},
    [SETTING_in_server] = {is_server, SERVER_RIGHT},
    [SETTING_smtp_to] = {is_address, ADDRESS_RIGHT},
    [SETTING_smtp_from] = {is_address, ADDRESS_RIGHT},
    [SETTING_smtp_tls_name] = {is_tls_name, TLS_NAME_RIGHT},
    [SETTING_in_tls_name] = {is_tls_name, TLS_NAME_RIGHT},
};

bool draft_put_text(struct draft *d, enum setting_id id, const char *bytes, size_t n, struct mistake *why)
{
    const struct setting *s = &settings[id];
    if (!setting_is_text(s))
        return mistake_make(why, MISTAKE_TYPE, id, "a text is not right here; a number is");
    if (n < s->min || n > s->max)
        return mistake_make(why, MISTAKE_LENGTH, id, "%zu octets are too %s; %u to %u are right", n,
                            n < s->min ? "few" : "many", (unsigned)s->min, (unsigned)s->max);
    if (!text_is_clean(bytes, n))
        return mistake_make(why, MISTAKE_VALUE, id,
                            "the text is not clean; UTF-8 without control characters or line ends is right");
    if (rules[id].holds != NULL && !rules[id].holds(bytes, n))
        return mistake_make(why, MISTAKE_VALUE, id, "\"%s\" is not valid; %s", quote(bytes, n).text, rules[id].right);
    if (!draft_take_text(d, id, bytes, n))
        return mistake_make(why, MISTAKE_RESOURCES, id, "memory is short; more of it is needed");
    /* Whatever failed to bring a password before is over; that one is missing, draft_freeze() finds by itself. */
    if (s->kind == KIND_SECRET)
        d->secret[id == SETTING_smtp_password ? 0 : 1] = SECRET_READY;
    return true;
}

/* --- numbers and words --- */

/* "none, starttls, tls" */
static void list_words(const struct word *words, char *dst, size_t size)
{
    size_t used = 0;
    for (; words->word != NULL && used < size; words++) {
        int n = snprintf(dst + used, size - used, "%s%s", used == 0 ? "" : ", ", words->word);
        used += n < 0 ? 0 : (size_t)n;
    }
}

static bool refuse_number(const struct setting *s, const char *written, struct mistake *why)
{
    enum setting_id id = setting_id(s);
    char list[128];
    switch (s->kind) {
    case KIND_NUMBER:
        return mistake_make(why, MISTAKE_VALUE, id, "%s is out of range; a %s from %u to %u is right", written,
                            s->duration ? "number of seconds (or a duration such as 5m)" : "number", (unsigned)s->min,
                            (unsigned)s->max);
    case KIND_NOTIFY:
        list_words(setting_words(s->kind), list, sizeof list);
        return mistake_make(why, MISTAKE_VALUE, id, "%s is no event; a list of these is right: %s", written, list);
    case KIND_TRUTH:
    case KIND_SECURITY:
    case KIND_PROTOCOL:
        list_words(setting_words(s->kind), list, sizeof list);
        return mistake_make(why, MISTAKE_VALUE, id, "%s is not one of the words; one of these is right: %s", written,
                            list);
    case KIND_TEXT:
    case KIND_SECRET:
        break;
    }
    return mistake_make(why, MISTAKE_TYPE, id, "a number is not right here; a text is");
}

bool draft_put_number(struct draft *d, enum setting_id id, uint32_t number, struct mistake *why)
{
    const struct setting *s = &settings[id];
    if (setting_is_text(s) || number < s->min || number > s->max) {
        char written[16];
        (void)snprintf(written, sizeof written, "%u", (unsigned)number);
        return refuse_number(s, written, why);
    }
    d->number[id] = number;
    d->has[id] = d->put[id] = true;
    return true;
}

bool draft_override(struct draft *d, uint32_t enabled, struct mistake *why)
{
    uint32_t before = d->number[SETTING_enabled];
    if (!draft_put_number(d, SETTING_enabled, enabled, why))
        return false;
    if (enabled != before)
        d->overridden = !d->overridden;
    return true;
}

/* --- as a person writes it --- */

static const struct word *find_word(const struct word *words, const char *written, size_t n)
{
    for (; words->word != NULL; words++) {
        if (strlen(words->word) == n && strncasecmp(words->word, written, n) == 0)
            return words;
    }
    return NULL;
}

static bool put_word(struct draft *d, const struct setting *s, const char *written, struct mistake *why)
{
    /* What YAML 1.1 calls a bool, beside true and false. */
    static const struct word yaml_truth[] = {
        {"yes", TRUTH_TRUE}, {"no", TRUTH_FALSE}, {"on", TRUTH_TRUE}, {"off", TRUTH_FALSE},
        {"y", TRUTH_TRUE},   {"n", TRUTH_FALSE},  {NULL, 0}};
    size_t n = strlen(written);
    const struct word *w = find_word(setting_words(s->kind), written, n);
    if (w == NULL && s->kind == KIND_TRUTH)
        w = find_word(yaml_truth, written, n);
    if (w == NULL)
        return refuse_number(s, quote(written, n).text, why);
    return draft_put_number(d, setting_id(s), w->number, why);
}

static bool put_events(struct draft *d, const struct setting *s, const char *written, struct mistake *why)
{
    static const char between[] = ", ";
    uint32_t bits = 0;
    for (const char *at = written + strspn(written, between); *at != '\0'; at += strspn(at, between)) {
        size_t n = strcspn(at, between);
        const struct word *w = find_word(setting_words(s->kind), at, n);
        if (w == NULL)
            return refuse_number(s, quote(at, n).text, why);
        bits |= w->number;
        at += n;
    }
    return draft_put_number(d, setting_id(s), bits, why);
}

static bool is_digits(const char *written)
{
    return written[0] != '\0' && written[strspn(written, "0123456789")] == '\0';
}

static bool put_figure(struct draft *d, const struct setting *s, const char *written, struct mistake *why)
{
    uint64_t value;
    size_t n = strlen(written);
    bool parsed = s->duration ? duration_parse(written, &value) : number_parse(written, 0, UINT64_MAX, &value);
    if (!parsed && !is_digits(written))
        return mistake_make(why, MISTAKE_TYPE, setting_id(s), "\"%s\" is not a number; a %s from %u to %u is right",
                            quote(written, n).text,
                            s->duration ? "number of seconds (or a duration such as 5m)" : "number", (unsigned)s->min,
                            (unsigned)s->max);
    if (!parsed || value > UINT32_MAX)
        return refuse_number(s, quote(written, n).text, why);
    return draft_put_number(d, setting_id(s), (uint32_t)value, why);
}

bool draft_put_written(struct draft *d, enum setting_id id, const char *written, struct mistake *why)
{
    const struct setting *s = &settings[id];
    switch (s->kind) {
    case KIND_TEXT:
    case KIND_SECRET:
        return draft_put_text(d, id, written, strlen(written), why);
    case KIND_NUMBER:
        return put_figure(d, s, written, why);
    case KIND_NOTIFY:
        return put_events(d, s, written, why);
    case KIND_TRUTH:
    case KIND_SECURITY:
    case KIND_PROTOCOL:
        break;
    }
    return put_word(d, s, written, why);
}
