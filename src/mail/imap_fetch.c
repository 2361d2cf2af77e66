/*
 * The answers to FETCH.  Items come in any order; a mail counts when it was asked for, has a uid and a whole header.
 * Its header goes to the scanner as it comes in, whatever octets it holds.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "imap_machine.h"

enum key { KEY_NONE, KEY_UID, KEY_DATE, KEY_SIZE, KEY_HEADER, KEY_OTHER };

void imap_fetch_begin(struct imap *i, uint64_t sequence)
{
    i->item =
        (struct imap_item){.sequence = (uint32_t)sequence, .arrived_ms = INT64_MIN, .key = KEY_NONE, .first = true};
    header_begin(&i->look.header);
    i->reading_uid = 0;
}

static enum key key_of(const char *bytes, size_t n)
{
    static const char header[] = "BODY[HEADER.FIELDS";
    if (imap_is(bytes, n, "UID"))
        return KEY_UID;
    if (imap_is(bytes, n, "INTERNALDATE"))
        return KEY_DATE;
    if (imap_is(bytes, n, "RFC822.SIZE"))
        return KEY_SIZE;
    if (n >= sizeof header && strncasecmp(bytes, header, sizeof header - 1) == 0 && bytes[n - 1] == ']')
        return KEY_HEADER;
    return KEY_OTHER;
}

static void take_uid(struct imap_item *m, const char *bytes, size_t n)
{
    /* Two uids, or one that is none, are never used for anything. */
    m->broken = m->broken || m->has_uid || !imap_number(bytes, n, UINT32_MAX, &m->uid) || m->uid == 0;
    m->has_uid = true;
}

static void take_value(struct imap *i, enum imap_kind kind)
{
    struct imap_item *m = &i->item;
    const char *bytes = i->parse.bytes;
    size_t n = i->parse.n;
    bool nil = kind == IMAP_ATOM && imap_is(bytes, n, "NIL");
    switch ((enum key)m->key) {
    case KEY_UID:
        take_uid(m, bytes, n);
        i->reading_uid = m->broken ? 0 : (uint32_t)m->uid;
        break;
    case KEY_DATE:
        if (kind == IMAP_QUOTED)
            (void)header_date(bytes, n, &m->arrived_ms);
        break;
    case KEY_SIZE:
        (void)imap_number(bytes, n, INT64_MAX, &m->size_bytes);
        break;
    case KEY_HEADER:
        m->has_header = true;
        if (!nil)
            header_feed(&i->look.header, bytes, n);
        break;
    case KEY_NONE:
    case KEY_OTHER:
        break;
    }
    m->key = KEY_NONE;
}

static void take_data(struct imap *i)
{
    struct look *l = &i->look;
    struct imap_item *m = &i->item;
    bool scanned = m->key == KEY_HEADER;
    l->reading = true;
    if (scanned)
        m->header_bytes += i->parse.n;
    if (m->header_bytes > LIMIT_LITERAL_SCAN_BYTES)
        m->heavy = true; /* no header of ours is as long as that */
    if (scanned && !m->heavy)
        look_data(l, i->parse.bytes, i->parse.n);
    else
        look_dropped(l, i->parse.n);
}

void imap_fetch_token(struct imap *i, enum imap_kind kind)
{
    struct imap_item *m = &i->item;
    unsigned depth = imap_parse_depth(&i->parse);
    if (kind == IMAP_DATA) {
        take_data(i);
        return;
    }
    if (kind == IMAP_LITERAL)
        return;
    if (kind == IMAP_LITERAL_END) {
        i->look.reading = false;
        m->has_header = m->has_header || m->key == KEY_HEADER;
        if (depth == 1)
            m->key = KEY_NONE;
        return;
    }
    if (kind == IMAP_OPEN && depth == 1 && m->first) {
        m->first = false;
    } else if (kind == IMAP_CLOSE && depth == 1) {
        m->key = KEY_NONE; /* a list was the value */
    } else if (depth == 1 && m->key == KEY_NONE && kind == IMAP_ATOM) {
        m->key = key_of(i->parse.bytes, i->parse.n);
    } else if (depth == 1 && (kind == IMAP_ATOM || kind == IMAP_QUOTED)) {
        take_value(i, kind);
    }
}

/* --- a mail that was read --- */

static bool doom(struct imap *i, uint32_t uid)
{
    if (i->doomed_count == i->doomed_size) {
        size_t size = i->doomed_size == 0 ? 16 : i->doomed_size * 2;
        struct imap_doomed *more = realloc(i->doomed, size * sizeof *more);
        if (more == NULL)
            return false;
        i->doomed = more;
        i->doomed_size = size;
    }
    i->doomed[i->doomed_count++] = (struct imap_doomed){uid, i->item.sequence, false};
    return uid_set_add(&i->doomed_uids, uid, uid);
}

static bool judge(struct imap *i, uint32_t uid)
{
    struct drop_imap *known = &i->look.task->drop->imap;
    struct mail_facts *facts = &i->look.header.facts;
    header_end(&i->look.header);
    facts->size_bytes = i->item.size_bytes;
    facts->arrived_ms = i->item.arrived_ms;
    if (i->item.heavy)
        facts->token_count = 0;
    bool ok = uid_set_add(&i->judged, uid, uid);
    if (uid > known->top) {
        /* It came after SELECT; what may lie between was not seen. */
        ok = ok && uid_set_add(&known->open, known->top + 1, uid);
        known->top = uid;
    }
    switch (look_judge(&i->look)) {
    case DISPOSAL_LEAVE:
        ok = ok && uid_set_remove(&known->open, uid, uid) && (!i->item.heavy || uid_set_add(&known->heavy, uid, uid));
        break;
    case DISPOSAL_LATER:
        ok = ok && uid_set_add(&i->kept, uid, uid) && uid_set_add(&known->open, uid, uid);
        break;
    case DISPOSAL_UNTOLD:
        ok = false;
        break;
    case DISPOSAL_DELETE:
        ok = ok && uid_set_add(&i->kept, uid, uid) && uid_set_add(&known->open, uid, uid) && doom(i, uid);
        break;
    }
    return ok;
}

void imap_fetch_end(struct imap *i)
{
    const struct imap_item *m = &i->item;
    i->look.reading = false;
    if (!m->has_uid || m->broken || i->pending_count == 0)
        return;
    uint32_t uid = (uint32_t)m->uid;
    bool asked = i->pending[0].command == IMAP_FETCH;
    if (i->pending[0].command == IMAP_FETCH_TOP && uid > i->highest)
        i->highest = uid;
    if (!asked || !m->has_header)
        return;
    if (m->sequence >= i->low && m->sequence <= i->high && (i->lowest == 0 || uid < i->lowest))
        i->lowest = uid;
    if (!imap_is_wanted(i, m->sequence, uid))
        return;
    i->window_mails++;
    i->judged_count++;
    if (!judge(i, uid))
        session_fail_memory(&i->look.session);
}

void imap_suspect(struct imap *i)
{
    struct drop_imap *known = &i->look.task->drop->imap;
    uint32_t uid = i->reading_uid;
    if (uid == 0)
        return;
    if (known->suspect == uid) {
        (void)uid_set_remove(&known->open, uid, uid);
        (void)uid_set_add(&known->heavy, uid, uid);
    }
    known->suspect = uid;
}
