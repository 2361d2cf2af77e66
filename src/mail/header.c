#include "header.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum scan {
    SCAN_LINE,  /* at the first octet of a line */
    SCAN_NAME,  /* in a field's name */
    SCAN_VALUE, /* in the value of a field that is wanted */
    SCAN_SKIP,  /* in a line that is not wanted */
    SCAN_FOLD   /* in the white space that a continued line begins with */
};

enum field { FIELD_MESSAGE_ID, FIELD_PROBE, FIELD_RECEIVED, FIELD_NONE };

static const char *const names[] = {
    [FIELD_MESSAGE_ID] = "Message-ID", [FIELD_PROBE] = "X-Emailmon-Probe", [FIELD_RECEIVED] = "Received"};

void header_begin(struct header *h)
{
    memset(h, 0, sizeof *h);
    h->facts.arrived_ms = INT64_MIN;
    h->field = FIELD_NONE;
    h->state = SCAN_LINE;
}

/* --- a field's value --- */

/* "em1." and exactly 60 characters of base32, in any case: gateways change it. */
static void take_tokens(struct header *h)
{
    static const char mark[] = "em1.";
    size_t kept = h->value_bytes < HEADER_VALUE_MAX ? h->value_bytes : HEADER_VALUE_MAX;
    bool cut = h->value_bytes > HEADER_VALUE_MAX;

    for (size_t i = 0; i + sizeof mark - 1 + TOKEN_CHARS <= kept; i++) {
        struct token t;
        if (strncasecmp(h->value + i, mark, sizeof mark - 1) != 0)
            continue;
        size_t begin = i + sizeof mark - 1;
        size_t end = begin + TOKEN_CHARS;
        bool longer = end < kept ? isalnum((unsigned char)h->value[end]) != 0 : cut;
        if (longer || !token_read(h->value + begin, TOKEN_CHARS, &t))
            continue;
        bool known = false;
        for (size_t k = 0; k < h->facts.token_count; k++)
            known = known || token_same(&h->facts.tokens[k], &t);
        if (!known && h->facts.token_count < LOOK_TOKENS_MAX)
            h->facts.tokens[h->facts.token_count++] = t;
        i = end - 1;
    }
}

static void end_field(struct header *h)
{
    if (h->field == FIELD_MESSAGE_ID || h->field == FIELD_PROBE)
        take_tokens(h);
    else if (h->field == FIELD_RECEIVED && h->value_bytes <= HEADER_VALUE_MAX)
        (void)header_date(h->value, h->value_bytes, &h->facts.arrived_ms);
    h->field = FIELD_NONE;
    h->value_bytes = 0;
}

static void take_octet(struct header *h, char c)
{
    /* The date is what follows the last semicolon of a trace field (RFC 5322 s. 3.6.7). */
    if (h->field == FIELD_RECEIVED && c == ';') {
        h->value_bytes = 0;
        return;
    }
    if (h->value_bytes < HEADER_VALUE_MAX)
        h->value[h->value_bytes] = c;
    if (h->value_bytes <= HEADER_VALUE_MAX)
        h->value_bytes++;
}

/* --- a field's name --- */

/* Whether the named field is still wanted: the first occurrences only, of Received the topmost. */
static bool begin_field(struct header *h)
{
    while (h->name_bytes > 0 && (h->name[h->name_bytes - 1] == ' ' || h->name[h->name_bytes - 1] == '\t'))
        h->name_bytes--; /* RFC 5322 s. 4.5: obsolete, and met */
    for (unsigned f = 0; f < FIELD_NONE; f++) {
        if (h->name_bytes != strlen(names[f]) || strncasecmp(h->name, names[f], h->name_bytes) != 0)
            continue;
        if (f == FIELD_RECEIVED && h->received)
            return false;
        if (f != FIELD_RECEIVED && h->occurrences[f] == HEADER_FIELD_MAX)
            return false;
        if (f == FIELD_RECEIVED)
            h->received = true;
        else
            h->occurrences[f]++;
        h->field = f;
        h->value_bytes = 0;
        return true;
    }
    return false;
}

static void take_name(struct header *h, char c)
{
    if (c == ':') {
        h->state = begin_field(h) ? SCAN_VALUE : SCAN_SKIP;
    } else if (h->name_bytes < sizeof h->name) {
        h->name[h->name_bytes++] = c;
    } else {
        h->state = SCAN_SKIP;
    }
}

/* --- lines --- */

static void begin_line(struct header *h, char c)
{
    if (c == ' ' || c == '\t') {
        h->state = h->field == FIELD_NONE ? SCAN_SKIP : SCAN_FOLD;
        /* Within a token nothing is put for a fold, since naive servers break the line anywhere; a date needs it. */
        if (h->field == FIELD_RECEIVED)
            take_octet(h, ' ');
        return;
    }
    end_field(h);
    h->name_bytes = 0;
    h->state = SCAN_NAME;
    take_name(h, c);
}

static void end_line(struct header *h)
{
    if (h->state == SCAN_LINE) {
        end_field(h);
        h->ended = true;
    }
    h->state = SCAN_LINE;
}

/* How many of ${n} octets, and at most ${max}, stand before the next LF. */
static size_t to_line_end(const char *bytes, size_t n, size_t max)
{
    size_t looked = n < max ? n : max;
    const char *end = memchr(bytes, '\n', looked);
    return end != NULL ? (size_t)(end - bytes) : looked;
}

void header_feed(struct header *h, const void *bytes, size_t n)
{
    const char *p = bytes;
    for (size_t i = 0; i < n && !h->ended; i++) {
        if (h->scanned == HEADER_SCAN_MAX) {
            end_field(h);
            h->capped = h->ended = true;
            break;
        }
        if (h->state == SCAN_SKIP && p[i] != '\n') {
            size_t skipped = to_line_end(p + i, n - i, HEADER_SCAN_MAX - h->scanned);
            h->scanned += skipped;
            i += skipped - 1;
            continue;
        }
        h->scanned++;
        if (p[i] == '\n')
            end_line(h);
        else if (p[i] == '\r') /* servers show mails with CR CR LF, or with a CR alone: none of it means anything */
            continue;
        else if (h->state == SCAN_LINE)
            begin_line(h, p[i]);
        else if (h->state == SCAN_NAME)
            take_name(h, p[i]);
        else if (h->state == SCAN_VALUE)
            take_octet(h, p[i]);
        else if (h->state == SCAN_FOLD && p[i] != ' ' && p[i] != '\t') {
            h->state = SCAN_VALUE;
            take_octet(h, p[i]);
        }
    }
}

void header_end(struct header *h)
{
    if (!h->ended)
        end_field(h);
    h->ended = true;
}
