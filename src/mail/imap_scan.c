/*
 * Which mails are to be read, in windows of two hundred, newest first.
 *
 * As a rule by uid: those that the drop memory has open, and all above.  At the first contact, and when very many uids
 * are new, by sequence number, because uids may be sparse.  SEARCH is not used to find probes: what servers make of it
 * differs too much for its silence to prove anything.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "imap_machine.h"

/* So many new uids are read by their numbers; of more, the newest mails are.  So many windows a look: in a mailbox with
 * sparse uids a window may hold no mail at all. */
enum { SPAN_MAX = 5 * IMAP_WINDOW, WINDOWS_MAX = 8 };

/* No more of a foreign mail is read than the two fields that may hold a token, and nothing of it is marked as read. */
#define ITEMS "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-EMAILMON-PROBE)])"

static struct drop_imap *known(const struct imap *i)
{
    return &i->look.task->drop->imap;
}

static void say_window(struct imap *i, const char *verb, const char *set)
{
    unsigned number = imap_begin_command(i, IMAP_FETCH);
    i->windows++;
    i->window_mails = 0;
    session_say(&i->look.session, "%s%u %s %s " ITEMS, i->tag, number, verb, set);
}

/* --- by sequence number --- */

static void say_sequence(struct imap *i, uint32_t low, uint32_t high)
{
    char set[32];
    i->low = low;
    i->high = high;
    if (high == UINT32_MAX)
        (void)snprintf(set, sizeof set, "%" PRIu32 ":*", low);
    else
        (void)snprintf(set, sizeof set, "%" PRIu32 ":%" PRIu32, low, high);
    say_window(i, "FETCH", set);
}

static uint32_t exists(const struct imap *i)
{
    return i->exists < UINT32_MAX ? (uint32_t)i->exists : UINT32_MAX - 1;
}

static void first_sequence(struct imap *i)
{
    uint32_t n = exists(i);
    i->by_sequence = true;
    i->lowest = 0;
    say_sequence(i, n > IMAP_WINDOW ? n - IMAP_WINDOW + 1 : 1, UINT32_MAX);
}

/* The lowest uid that is open although it came after the first contact; 0: none. */
static uint32_t lowest_new(const struct imap *i)
{
    const struct uid_set *open = &known(i)->open;
    for (size_t k = 0; k < open->count; k++)
        if (open->ranges[k].high >= known(i)->first)
            return open->ranges[k].low > known(i)->first ? open->ranges[k].low : known(i)->first;
    return 0;
}

/* Whether the windows so far reach down to where nothing is new any more. */
static bool sequence_is_done(const struct imap *i)
{
    uint32_t low = lowest_new(i);
    return i->low <= 1 || i->judged.count == 0 || i->look.report.inspected >= LOOK_FIRST_MAX ||
           i->windows >= WINDOWS_MAX || (known(i)->first < i->next && (low == 0 || i->lowest <= low));
}

static void next_sequence(struct imap *i)
{
    uint32_t left = LOOK_FIRST_MAX - i->look.report.inspected;
    uint32_t size = left < IMAP_WINDOW ? left : IMAP_WINDOW;
    uint32_t high = i->low - 1;
    say_sequence(i, high > size ? high - size + 1 : 1, high);
}

/* --- by uid --- */

/* The window's set as text; with all above, when it reaches to the top.  False: it is too long. */
static bool write_window(const struct imap *i, char *set, size_t size)
{
    struct uid_set closed = i->window;
    if (!i->open_ended)
        return uid_set_write(&closed, 0, set, size) == closed.count;
    uint32_t low = closed.ranges[--closed.count].low;
    if (uid_set_write(&closed, 0, set, size) < closed.count)
        return false;
    size_t used = strlen(set);
    int n = snprintf(set + used, size - used, "%s%" PRIu32 ":*", used > 0 ? "," : "", low);
    return n > 0 && (size_t)n < size - used;
}

static void next_uids(struct imap *i)
{
    char set[IMAP_SET_MAX];
    i->by_sequence = false;
    uint32_t most = IMAP_WINDOW;
    do {
        if (!uid_set_newest(&i->todo, most, &i->window)) {
            session_fail_memory(&i->look.session);
            return;
        }
        i->open_ended = i->windows == 0 && i->window.ranges[i->window.count - 1].high == known(i)->top;
        most /= 2; /* scattered uids make long sets */
    } while (!write_window(i, set, sizeof set));
    for (size_t k = 0; k < i->window.count; k++)
        (void)uid_set_remove(&i->todo, i->window.ranges[k].low, i->window.ranges[k].high);
    say_window(i, "UID FETCH", set);
}

static bool uids_are_done(const struct imap *i)
{
    return i->todo.count == 0 || i->look.report.inspected >= LOOK_FIRST_MAX || i->windows >= WINDOWS_MAX;
}

/* --- the whole --- */

/* What is still open and was not read in this very session. */
static bool is_unread(struct imap *i, uint32_t from, uint32_t to)
{
    struct uid_set left = {0};
    bool unread = true; /* when memory is short, nothing is claimed */
    if (uid_set_copy(&left, &known(i)->open)) {
        bool ok = from <= 1 || uid_set_remove(&left, 1, from - 1);
        ok = ok && (to == UINT32_MAX || uid_set_remove(&left, to + 1, UINT32_MAX));
        for (size_t k = 0; ok && k < i->judged.count; k++)
            ok = uid_set_remove(&left, i->judged.ranges[k].low, i->judged.ranges[k].high);
        unread = !ok || left.count > 0;
    }
    uid_set_clear(&left);
    return unread;
}

static void scan_done(struct imap *i)
{
    struct drop_imap *m = known(i);
    struct look *l = &i->look;
    if (!i->again) {
        /* A mailbox that was renumbered may hold what was sent before, as one that is new to us. */
        bool expects_old = l->task->expects_old || i->renumbered;
        bool old_left = expects_old && m->first > 1 && is_unread(i, 1, m->first - 1);
        l->complete = !i->incomplete && !old_left && !is_unread(i, m->first, i->next - 1);
    }
    if (!i->again && look_needs_again(l) && i->exists > i->judged_count) {
        uint32_t n = exists(i);
        i->again = true;
        say_sequence(i, n > LOOK_AGAIN ? n - LOOK_AGAIN + 1 : 1, UINT32_MAX);
        return;
    }
    l->report.scanned = true;
    l->report.finished = l->complete && !i->incomplete;
    m->suspect = 0;
    if (i->not_sticky || i->validity == 0)
        drop_memory_void(l->task->drop);
    imap_delete(i);
}

/* What is to be read first, of what is open. */
static void choose(struct imap *i)
{
    const struct drop_imap *m = known(i);
    uint64_t new = 0;
    for (size_t k = 0; k < i->todo.count; k++)
        if (i->todo.ranges[k].high >= m->first)
            new += (uint64_t)i->todo.ranges[k].high - i->todo.ranges[k].low + 1;
    if (new > SPAN_MAX)
        first_sequence(i);
    else if (!uids_are_done(i))
        next_uids(i);
    else
        scan_done(i);
}

void imap_scan(struct imap *i)
{
    struct drop_memory *drop = i->look.task->drop;
    struct drop_imap *m = &drop->imap;
    bool before = m->validity != 0;
    if (i->not_sticky || (before && i->next != 0 && i->next - 1 < m->top && i->judged_count == 0))
        drop_memory_void(drop); /* the uids were given anew, said or not */
    bool first = m->validity != i->validity || m->validity == 0;
    i->renumbered = first && before;
    if (!drop_imap_contact(drop, i->validity, i->next) || !uid_set_copy(&i->todo, &m->open)) {
        session_fail_memory(&i->look.session);
    } else if (i->exists == 0) {
        uid_set_clear(&m->open);
        scan_done(i);
    } else if (first) {
        first_sequence(i);
    } else {
        choose(i);
    }
}

/* --- ahead: together with SELECT --- */

void imap_ask_ahead(struct imap *i)
{
    const struct drop_imap *m = known(i);
    char set[IMAP_SET_MAX];
    uint32_t most = IMAP_WINDOW;
    if (m->validity == 0 || m->top >= UINT32_MAX - IMAP_WINDOW)
        return;
    do {
        if (!uid_set_newest(&m->open, most, &i->window) || !uid_set_add(&i->window, m->top + 1, m->top + IMAP_WINDOW)) {
            session_fail_memory(&i->look.session);
            return;
        }
        most /= 2;
    } while (uid_set_write(&i->window, 0, set, sizeof set) < i->window.count);
    i->ahead = true;
    say_window(i, "UID FETCH", set);
}

/* SELECT says whether what was asked ahead makes sense; if not, its answer is not listened to. */
void imap_opened(struct imap *i)
{
    const struct drop_imap *m = known(i);
    if (!i->ahead) {
        imap_after_select(i);
        return;
    }
    i->stale = i->validity != m->validity || i->next == 0 || i->next - 1 < m->top || i->not_sticky || i->exists == 0;
    if (i->stale)
        return;
    bool ok = drop_imap_contact(i->look.task->drop, i->validity, i->next) && uid_set_copy(&i->todo, &m->open);
    for (size_t k = 0; ok && k < i->window.count; k++)
        ok = uid_set_remove(&i->todo, i->window.ranges[k].low, i->window.ranges[k].high);
    if (!ok)
        session_fail_memory(&i->look.session);
}

bool imap_is_wanted(const struct imap *i, uint32_t sequence, uint32_t uid)
{
    const struct drop_imap *m = known(i);
    if (i->stale || uid_set_has(&i->judged, uid))
        return false;
    if (!i->by_sequence && !i->again)
        return uid_set_has(&i->window, uid) || (i->open_ended && uid > m->top);
    if (sequence < i->low || sequence > i->high)
        return false;
    return i->again ? !uid_set_has(&m->heavy, uid) : uid > m->top || uid_set_has(&m->open, uid);
}

/* A window was answered whole: none of its uids is left, but those to be read again.  Uids above those that SELECT knew
 * of are closed one by one, as they are read: some stores show them out of order. */
static bool close_window(struct imap *i)
{
    struct drop_imap *m = known(i);
    const struct uid_range all = {i->low <= 1 ? 1 : i->lowest, i->next - 1};
    const struct uid_range *ranges = i->by_sequence ? &all : i->window.ranges;
    size_t count = i->by_sequence ? all.low != 0 : i->window.count;
    bool ok = true;
    for (size_t k = 0; !i->again && ok && k < count; k++)
        ok = uid_set_remove(&m->open, ranges[k].low, ranges[k].high < i->next ? ranges[k].high : i->next - 1);
    for (size_t k = 0; !i->again && ok && k < i->kept.count; k++)
        ok = uid_set_add(&m->open, i->kept.ranges[k].low, i->kept.ranges[k].high);
    return ok;
}

/* A server that does not like it is asked again, after SELECT; none can answer it before. */
static void hear_ahead(struct imap *i)
{
    if (i->pending_count > 0) {
        imap_fail(i, CAUSE_MALFORMED, "mails of a mailbox that is not open yet");
        return;
    }
    i->ahead = false;
    if (i->stale || i->status != IMAP_OK) {
        i->windows = 0;
        i->stale = false;
        i->window.count = 0;
        imap_after_select(i);
    } else if (!close_window(i)) {
        session_fail_memory(&i->look.session);
    } else {
        choose(i);
    }
}

/* What a refused window means: mails that nobody can read may be anybody's.  A server that gives none away is broken
 * only when a probe should be among them. */
static bool is_broken(struct imap *i)
{
    return i->status != IMAP_NO || (i->window_mails == 0 && (i->by_sequence || look_needs_again(&i->look)));
}

void imap_hear_window(struct imap *i, const char *text, size_t n)
{
    const char *code;
    size_t code_bytes;
    if (i->ahead) {
        hear_ahead(i);
        return;
    }
    /* "Some of the messages no longer exist" (RFC 5530): the others were answered. */
    bool gone =
        i->status == IMAP_NO && look_bracket(text, n, &code, &code_bytes) && imap_is(code, code_bytes, "EXPUNGEISSUED");
    if (i->status != IMAP_OK && !gone && is_broken(i)) {
        imap_refuse(i, text, n);
        return;
    }
    if (i->status != IMAP_OK && !gone)
        i->incomplete = true;
    else if (!close_window(i)) {
        session_fail_memory(&i->look.session);
        return;
    }
    if (i->again || (i->by_sequence ? sequence_is_done(i) : uids_are_done(i)))
        scan_done(i);
    else if (i->by_sequence)
        next_sequence(i);
    else
        next_uids(i);
}
