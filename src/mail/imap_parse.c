#include "imap_parse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mail_limits.h"

enum state {
    STATE_BETWEEN,      /* between tokens */
    STATE_ATOM,         /* in an atom */
    STATE_QUOTED,       /* in a quoted string */
    STATE_TILDE,        /* after "~" at the start of a token: a literal8 (RFC 3516) or an atom */
    STATE_LITERAL_SIZE, /* in {n} */
    STATE_LITERAL_PLUS, /* after the "+" of {n+} */
    STATE_LITERAL_LINE, /* after } */
    STATE_LITERAL_LF,   /* after } CR */
    STATE_LITERAL,      /* in the octets of a literal */
    STATE_TEXT_BEGIN,   /* at the space before a text */
    STATE_TEXT,         /* in a text */
    STATE_TEXT_LF,      /* after its CR */
    STATE_LF,           /* after CR */
    STATE_BROKEN
};

void imap_parse_begin(struct imap_parse *p)
{
    memset(p, 0, sizeof *p);
    p->line_max = LIMIT_IMAP_LINE_BYTES;
    p->literal_max = LIMIT_SESSION_BYTES;
}

void imap_parse_free(struct imap_parse *p)
{
    if (p->value != NULL)
        explicit_bzero(p->value, p->value_size);
    free(p->value);
    p->value = NULL;
    p->value_size = 0;
}

unsigned imap_parse_depth(const struct imap_parse *p)
{
    return p->depth;
}

void imap_parse_text(struct imap_parse *p)
{
    if (p->state == STATE_BETWEEN)
        p->state = STATE_TEXT_BEGIN;
}

static enum imap_kind broken(struct imap_parse *p, enum cause cause)
{
    p->cause = cause;
    p->state = STATE_BROKEN;
    return IMAP_BAD;
}

/* --- one octet --- */

static bool keep(struct imap_parse *p, const char *bytes, size_t n)
{
    size_t size = p->value_size == 0 ? 128 : p->value_size;
    while (size - p->value_bytes < n)
        size *= 2;
    if (size != p->value_size) {
        char *more = realloc(p->value, size);
        if (more == NULL)
            return false;
        p->value = more;
        p->value_size = size;
    }
    memcpy(p->value + p->value_bytes, bytes, n);
    p->value_bytes += n;
    return true;
}

static enum imap_kind keep_or_break(struct imap_parse *p, char c)
{
    return keep(p, &c, 1) ? IMAP_MORE : broken(p, CAUSE_RESOURCES);
}

static enum imap_kind token(struct imap_parse *p, enum imap_kind kind)
{
    p->bytes = p->value_bytes > 0 ? p->value : "";
    p->n = p->value_bytes;
    p->value_bytes = 0;
    p->state = STATE_BETWEEN;
    return kind;
}

static enum imap_kind end_response(struct imap_parse *p, enum imap_kind kind)
{
    if (p->depth != 0)
        return broken(p, CAUSE_MALFORMED);
    p->line_bytes = 0;
    p->line_max = LIMIT_IMAP_LINE_BYTES;
    return token(p, kind);
}

static enum imap_kind between(struct imap_parse *p, char c)
{
    switch (c) {
    case ' ':
        return IMAP_MORE;
    case '(':
        if (p->depth == LIMIT_IMAP_DEPTH)
            return broken(p, CAUSE_MALFORMED);
        p->depth++;
        return token(p, IMAP_OPEN);
    case ')':
        if (p->depth == 0)
            return broken(p, CAUSE_MALFORMED);
        p->depth--;
        return token(p, IMAP_CLOSE);
    case '"':
        p->state = STATE_QUOTED;
        return IMAP_MORE;
    case '{':
        p->state = STATE_LITERAL_SIZE;
        return IMAP_MORE;
    case '~':
        p->state = STATE_TILDE;
        return IMAP_MORE;
    case '\r':
        p->state = STATE_LF;
        return IMAP_MORE;
    case '\n':
        return end_response(p, IMAP_END);
    default:
        p->state = STATE_ATOM;
        p->sections = c == '[';
        p->quoted_section = false;
        if ((unsigned char)c < 0x20 || c == 0x7F)
            return broken(p, CAUSE_MALFORMED);
        return keep_or_break(p, c);
    }
}

static enum imap_kind in_atom(struct imap_parse *p, char c)
{
    /* A section that the line's end cuts, and a string or a literal within an atom, are no protocol. */
    if ((unsigned char)c < 0x20 || c == 0x7F || (p->sections == 0 && (c == '"' || c == '{')))
        return broken(p, CAUSE_MALFORMED);
    if (p->sections > 0 && c == '"')
        p->quoted_section = !p->quoted_section;
    else if (c == '[' && !p->quoted_section)
        p->sections++;
    else if (c == ']' && !p->quoted_section && p->sections > 0)
        p->sections--;
    return keep_or_break(p, c);
}

static enum imap_kind in_quoted(struct imap_parse *p, char c)
{
    if (c == '\r' || c == '\n' || c == '\0')
        return broken(p, CAUSE_MALFORMED);
    if (!p->escaped && c == '\\') {
        p->escaped = true;
        return IMAP_MORE;
    }
    if (!p->escaped && c == '"')
        return token(p, IMAP_QUOTED);
    p->escaped = false;
    return keep_or_break(p, c);
}

static enum imap_kind in_literal_size(struct imap_parse *p, char c)
{
    enum { DIGITS_MAX = 20 };
    if (c >= '0' && c <= '9' && p->state == STATE_LITERAL_SIZE && p->value_bytes < DIGITS_MAX)
        return keep_or_break(p, c);
    if (c == '+' && p->state == STATE_LITERAL_SIZE && p->value_bytes > 0) {
        p->state = STATE_LITERAL_PLUS;
        return IMAP_MORE;
    }
    if (c != '}' || !imap_number(p->value, p->value_bytes, UINT64_MAX, &p->left))
        return broken(p, CAUSE_MALFORMED);
    if (p->left > p->literal_max)
        return broken(p, CAUSE_OVERSIZE);
    p->state = STATE_LITERAL_LINE;
    return IMAP_MORE;
}

static enum imap_kind literal_line(struct imap_parse *p, char c)
{
    if (c == '\r' && p->state == STATE_LITERAL_LINE) {
        p->state = STATE_LITERAL_LF;
        return IMAP_MORE;
    }
    if (c != '\n')
        return broken(p, CAUSE_MALFORMED);
    enum imap_kind kind = token(p, IMAP_LITERAL);
    p->state = STATE_LITERAL;
    return kind;
}

static enum imap_kind in_text(struct imap_parse *p, char c)
{
    bool first = p->state == STATE_TEXT_BEGIN;
    if (c == '\n')
        return end_response(p, IMAP_TEXT);
    if (c == '\0' || p->state == STATE_TEXT_LF)
        return broken(p, CAUSE_MALFORMED);
    p->state = c == '\r' ? STATE_TEXT_LF : STATE_TEXT;
    return c == '\r' || (first && c == ' ') ? IMAP_MORE : keep_or_break(p, c);
}

static enum imap_kind after_tilde(struct imap_parse *p, char c)
{
    if (c == '{') {
        p->state = STATE_LITERAL_SIZE;
        return IMAP_MORE;
    }
    p->state = STATE_ATOM;
    p->sections = 0;
    return keep(p, "~", 1) ? in_atom(p, c) : broken(p, CAUSE_RESOURCES);
}

static enum imap_kind take_octet(struct imap_parse *p, char c)
{
    switch ((enum state)p->state) {
    case STATE_BETWEEN:
        return between(p, c);
    case STATE_ATOM:
        return in_atom(p, c);
    case STATE_QUOTED:
        return in_quoted(p, c);
    case STATE_TILDE:
        return after_tilde(p, c);
    case STATE_LITERAL_SIZE:
    case STATE_LITERAL_PLUS:
        return in_literal_size(p, c);
    case STATE_LITERAL_LINE:
    case STATE_LITERAL_LF:
        return literal_line(p, c);
    case STATE_TEXT_BEGIN:
    case STATE_TEXT:
    case STATE_TEXT_LF:
        return in_text(p, c);
    case STATE_LF:
        return c == '\n' ? end_response(p, IMAP_END) : broken(p, CAUSE_MALFORMED);
    case STATE_LITERAL:
    case STATE_BROKEN:
        break;
    }
    return broken(p, CAUSE_MALFORMED);
}

/* --- pieces --- */

/* Whether the token in hand ends before ${c}, which is not its own. */
static bool ends_before(const struct imap_parse *p, char c)
{
    return p->state == STATE_ATOM && p->sections == 0 && strchr(" ()\r\n", c) != NULL && c != '\0';
}

/* How many octets from the first on go on with the token in hand and change nothing but its value, as most do; at most
 * ${n}. */
static size_t run_of(const struct imap_parse *p, const char *bytes, size_t n)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t run = 0;
    if (p->state == STATE_TEXT) {
        while (run < n && at[run] >= 0x20)
            run++;
    } else if (p->state == STATE_ATOM && p->sections == 0) {
        while (run < n && at[run] > ' ' && at[run] != 0x7F && at[run] != '"' && at[run] != '(' && at[run] != ')' &&
               at[run] != '[' && at[run] != '{')
            run++;
    } else if (p->state == STATE_QUOTED && !p->escaped) {
        while (run < n && at[run] >= 0x20 && at[run] != '"' && at[run] != '\\')
            run++;
    }
    return run;
}

/* They are kept all at once.  False: memory. */
static bool take_run(struct imap_parse *p, const char *bytes, size_t n, size_t *used)
{
    const size_t room = p->line_bytes < p->line_max ? p->line_max - p->line_bytes : 0;
    const size_t run = run_of(p, bytes, n < room ? n : room);
    p->line_bytes += run;
    *used += run;
    return run == 0 || keep(p, bytes, run);
}

static enum imap_kind take_literal(struct imap_parse *p, const char *bytes, size_t n, size_t *used)
{
    if (p->left == 0) {
        p->state = STATE_BETWEEN;
        return IMAP_LITERAL_END;
    }
    if (n == 0)
        return IMAP_MORE;
    p->bytes = bytes;
    p->n = n < p->left ? n : (size_t)p->left;
    p->left -= p->n;
    *used = p->n;
    return IMAP_DATA;
}

enum imap_kind imap_parse_take(struct imap_parse *p, const char *bytes, size_t n, size_t *used)
{
    *used = 0;
    if (p->state == STATE_LITERAL)
        return take_literal(p, bytes, n, used);
    while (*used < n && p->state != STATE_BROKEN) {
        if (!take_run(p, bytes + *used, n - *used, used))
            return broken(p, CAUSE_RESOURCES);
        if (*used == n)
            break;
        char c = bytes[*used];
        if (ends_before(p, c))
            return token(p, IMAP_ATOM);
        if (++p->line_bytes > p->line_max && c != '\r' && c != '\n')
            return broken(p, CAUSE_OVERSIZE);
        ++*used;
        enum imap_kind kind = take_octet(p, c);
        if (kind != IMAP_MORE)
            return kind;
    }
    return p->state == STATE_BROKEN ? IMAP_BAD : IMAP_MORE;
}

/* --- words --- */

bool imap_is(const char *bytes, size_t n, const char *word)
{
    return n == strlen(word) && strncasecmp(bytes, word, n) == 0;
}

bool imap_number(const char *bytes, size_t n, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;
    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned char)bytes[i] - (unsigned)'0';
        if (digit > 9 || digit > max || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}
