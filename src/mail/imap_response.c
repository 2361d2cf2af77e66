/* Reads what the server says, token by token, and gives each part of a response to whom it concerns. */
#include <string.h>

#include "imap_machine.h"

static bool is_pending(const struct imap *i, enum imap_command command)
{
    for (size_t k = 0; k < i->pending_count; k++)
        if (i->pending[k].command == command)
            return true;
    return false;
}

static void malformed(struct imap *i, const char *what)
{
    imap_fail(i, CAUSE_MALFORMED, "%s", what);
}

/* --- the first words --- */

/* A tag of a command that has left and is not answered yet: from now on it is. */
static bool take_tag(struct imap *i, const char *bytes, size_t n)
{
    uint64_t number;
    if (n <= IMAP_TAG_LETTERS || memcmp(bytes, i->tag, IMAP_TAG_LETTERS) != 0 || bytes[IMAP_TAG_LETTERS] == '0' ||
        !imap_number(bytes + IMAP_TAG_LETTERS, n - IMAP_TAG_LETTERS, i->sent, &number))
        return false;
    for (size_t k = 0; k < i->pending_count; k++) {
        if (i->pending[k].number != number)
            continue;
        i->answered = i->pending[k].command;
        i->pending_count--;
        memmove(i->pending + k, i->pending + k + 1, (i->pending_count - k) * sizeof *i->pending);
        return true;
    }
    return false;
}

static void begin(struct imap *i, const char *bytes, size_t n)
{
    i->tagged = false;
    i->counts = true;
    i->status = IMAP_CONTINUE;
    if (n == 1 && bytes[0] == '*') {
        i->part = PART_WORD;
    } else if (i->greeted && n == 1 && bytes[0] == '+') {
        i->part = PART_TEXT;
        imap_parse_text(&i->parse);
    } else if (i->greeted && take_tag(i, bytes, n)) {
        i->tagged = true;
        i->part = PART_STATUS;
    } else {
        session_unsay(&i->look.session);
        malformed(i, i->greeted ? "an answer to a command that was not sent" : "this is no greeting of IMAP");
    }
}

static bool take_status(struct imap *i, const char *bytes, size_t n)
{
    static const struct {
        const char *word;
        enum imap_status status;
        bool tagged, greeting; /* where it may stand */
    } words[] = {{"OK", IMAP_OK, true, true},
                 {"NO", IMAP_NO, true, false},
                 {"BAD", IMAP_NOT_UNDERSTOOD, true, false},
                 {"BYE", IMAP_BYE, false, true},
                 {"PREAUTH", IMAP_PREAUTH, false, true}};
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        if (!imap_is(bytes, n, words[k].word) || (i->tagged && !words[k].tagged) || (!i->greeted && !words[k].greeting))
            continue;
        i->status = words[k].status;
        i->counts = i->tagged || !i->greeted;
        i->part = PART_TEXT;
        imap_parse_text(&i->parse);
        return true;
    }
    return false;
}

static void take_word(struct imap *i, const char *bytes, size_t n)
{
    if (take_status(i, bytes, n))
        return;
    if (!i->greeted) {
        malformed(i, "this is no greeting of IMAP");
    } else if (bytes[0] == '-' || (bytes[0] >= '0' && bytes[0] <= '9')) {
        i->part = PART_NUMBERED;
        if (!imap_number(bytes, n, UINT32_MAX, &i->number))
            malformed(i, "a number of 32 bits was expected");
    } else if (imap_is(bytes, n, "CAPABILITY")) {
        bool asked = is_pending(i, IMAP_CAPABILITY) || is_pending(i, IMAP_AUTHENTICATE) || is_pending(i, IMAP_LOGIN);
        i->part = asked ? PART_LIST : PART_IGNORED;
        if (asked)
            imap_forget_capabilities(i);
    } else if (imap_is(bytes, n, "SEARCH")) {
        i->part = PART_NUMBERS;
        i->parse.line_max = LIMIT_IMAP_SEARCH_BYTES;
    } else if (imap_is(bytes, n, "ESEARCH")) {
        i->part = PART_ESEARCH;
        i->number = 0;
        i->parse.line_max = LIMIT_IMAP_SEARCH_BYTES;
    } else {
        i->part = PART_IGNORED;
    }
}

static void take_numbered(struct imap *i, const char *bytes, size_t n)
{
    i->part = PART_IGNORED;
    if (imap_is(bytes, n, "EXISTS")) {
        imap_exists(i, i->number);
    } else if (imap_is(bytes, n, "EXPUNGE")) {
        imap_expunged(i, i->number);
    } else if (imap_is(bytes, n, "FETCH")) {
        i->part = PART_FETCH;
        imap_fetch_begin(i, i->number);
    }
}

/* --- SEARCH and ESEARCH --- */

static void mark(struct imap *i, uint64_t low, uint64_t high)
{
    /* More ranges than we delete mails can never be just ours. */
    if (!is_pending(i, IMAP_SEARCH) || i->marked.count > LOOK_DELETE_MAX)
        return;
    if (!uid_set_add(&i->marked, (uint32_t)low, (uint32_t)high))
        session_fail_memory(&i->look.session);
}

static void take_found(struct imap *i, const char *bytes, size_t n)
{
    uint64_t uid;
    if (!imap_number(bytes, n, UINT32_MAX, &uid) || uid == 0)
        malformed(i, "SEARCH names what is no uid");
    else
        mark(i, uid, uid);
}

/* "1:3,7" behind ALL (RFC 4731 s. 3.1). */
static void take_found_set(struct imap *i, const char *bytes, size_t n)
{
    size_t at = 0;
    while (at < n) {
        const char *comma = memchr(bytes + at, ',', n - at);
        size_t length = comma != NULL ? (size_t)(comma - bytes) - at : n - at;
        const char *colon = memchr(bytes + at, ':', length);
        size_t first = colon != NULL ? (size_t)(colon - bytes) - at : length;
        uint64_t low, high;
        if (!imap_number(bytes + at, first, UINT32_MAX, &low)) {
            malformed(i, "ESEARCH names what is no set of uids");
            return;
        }
        high = low;
        if (colon != NULL && !imap_number(colon + 1, length - first - 1, UINT32_MAX, &high)) {
            malformed(i, "ESEARCH names what is no set of uids");
            return;
        }
        mark(i, low < high ? low : high, low < high ? high : low);
        at += length + 1;
    }
}

static void take_esearch(struct imap *i, enum imap_kind kind)
{
    if (kind == IMAP_ATOM && i->number == 1 && imap_parse_depth(&i->parse) == 0)
        take_found_set(i, i->parse.bytes, i->parse.n);
    i->number = kind == IMAP_ATOM && imap_is(i->parse.bytes, i->parse.n, "ALL");
}

/* --- the end of a response --- */

static void trace(struct imap *i)
{
    bool challenge = i->part == PART_TEXT && i->status == IMAP_CONTINUE && i->shown_bytes > 2;
    if (challenge)
        session_trace_line(&i->look.session, true, "+ ****", sizeof "+ ****" - 1);
    else
        session_trace_line(&i->look.session, true, i->shown, i->shown_bytes);
    i->shown_bytes = 0;
}

static bool within_cap(struct imap *i)
{
    uint64_t twice = i->exists * 2;
    unsigned cap = LIMIT_UNTAGGED_BASE + (twice < LIMIT_UNTAGGED_MAX ? (unsigned)twice : LIMIT_UNTAGGED_MAX);
    i->untagged = i->tagged ? 0 : i->untagged + 1;
    if (i->untagged <= cap)
        return true;
    imap_fail(i, CAUSE_OVERSIZE, "more than %u responses to one command", cap);
    return false;
}

static void end(struct imap *i, enum imap_kind kind)
{
    enum imap_part part = i->part;
    trace(i);
    i->part = PART_TAG;
    if (i->counts)
        i->look.session.progress++;
    if (!within_cap(i))
        return;
    if (part == PART_FETCH)
        imap_fetch_end(i);
    else if (kind == IMAP_TEXT)
        imap_hear_text(i, i->parse.bytes, i->parse.n);
    else if (part == PART_WORD || part == PART_NUMBERED || part == PART_STATUS)
        malformed(i, "a response that breaks off");
}

/* --- tokens --- */

static void bad(struct imap *i)
{
    const struct imap_parse *p = &i->parse;
    if (p->cause == CAUSE_RESOURCES) {
        session_fail_memory(&i->look.session);
    } else if (i->part == PART_FETCH && p->left > p->literal_max) {
        /* A mail as long as that is a foreign one, and costs at most itself. */
        i->look.reading = true;
        i->look.mail_bytes += p->literal_max;
        struct failure why = failure_make(LEG_NONE, STAGE_NONE, CAUSE_OVERSIZE, 0);
        (void)session_broken(&i->look.session, &why);
    } else {
        imap_fail(i, p->cause,
                  p->cause == CAUSE_OVERSIZE ? "a response longer than any honest one"
                                             : "a response that breaks the grammar of IMAP");
    }
}

static void take_atom(struct imap *i)
{
    const char *bytes = i->parse.bytes;
    size_t n = i->parse.n;
    switch (i->part) {
    case PART_TAG:
        begin(i, bytes, n);
        break;
    case PART_WORD:
        take_word(i, bytes, n);
        break;
    case PART_NUMBERED:
        take_numbered(i, bytes, n);
        break;
    case PART_STATUS:
        if (!take_status(i, bytes, n))
            malformed(i, "a tagged answer that is neither OK, NO nor BAD");
        break;
    case PART_LIST:
        imap_hear_capability(i, bytes, n);
        break;
    case PART_NUMBERS:
        if (imap_parse_depth(&i->parse) == 0) /* (MODSEQ n) may follow, RFC 7162 */
            take_found(i, bytes, n);
        break;
    case PART_TEXT:
    case PART_ESEARCH:
    case PART_FETCH:
    case PART_IGNORED:
        break;
    }
}

static void take_token(struct imap *i, enum imap_kind kind)
{
    if (kind == IMAP_BAD) {
        bad(i);
    } else if (i->part == PART_TAG && kind != IMAP_ATOM) {
        malformed(i, "a response without a tag");
    } else if (kind == IMAP_END || kind == IMAP_TEXT) {
        end(i, kind);
    } else if (i->part == PART_FETCH) {
        imap_fetch_token(i, kind);
    } else if (i->part == PART_ESEARCH) {
        take_esearch(i, kind);
    } else if (kind == IMAP_ATOM) {
        take_atom(i);
    } else if (i->part == PART_WORD || i->part == PART_NUMBERED || i->part == PART_STATUS) {
        malformed(i, "a response without a name");
    }
}

static void note_shown(struct imap *i, const char *bytes, size_t n)
{
    for (size_t k = 0; k < n && i->shown_bytes < sizeof i->shown; k++)
        if (bytes[k] != '\r' && bytes[k] != '\n')
            i->shown[i->shown_bytes++] = bytes[k];
}

size_t imap_raw(struct session *s, const char *bytes, size_t n)
{
    struct imap *i = (struct imap *)s;
    size_t taken = 0;
    while (taken < n && s->want == WANT_READ) {
        size_t used;
        uint64_t cap = s->logged_in ? LIMIT_SESSION_BYTES : LIMIT_BEFORE_LOGIN_BYTES;
        i->parse.literal_max = cap - s->received_bytes;
        enum imap_kind kind = imap_parse_take(&i->parse, bytes + taken, n - taken, &used);
        if (s->trace.line != NULL && kind != IMAP_DATA)
            note_shown(i, bytes + taken, used);
        taken += used;
        if (kind != IMAP_MORE)
            take_token(i, kind);
    }
    return taken;
}
