/*
 * What is in the mailbox (STAT, UIDL), and which mails of it are to be read: those whose uids were not inspected yet,
 * newest first.  Uids are no identity (RFC 1939 s. 7 lets equal mails have equal ones): they only spare reading.
 */
#include <stdlib.h>
#include <string.h>

#include "imap_parse.h"
#include "pop3_machine.h"

/* Where uids do not exist or do not last, only so many of the newest mails are looked at, and more when more came. */
enum { NEWEST_WITHOUT_UIDS = 200, STRANGE_LISTINGS = 3, RETR_BYTES_MAX = 16384, ENTRIES_FIRST = 64 };

void pop3_list(struct pop3 *p)
{
    struct session *s = &p->look.session;
    pop3_enter(p, POP3_STAT);
    session_say(s, "STAT");
    p->uidl_sent = p->pipelining && p->uidl;
    if (p->uidl_sent)
        session_say(s, "UIDL");
}

/* "12 345": two numbers, then perhaps a space and anything. */
static bool take_number(const char **text, size_t *n, uint64_t max, uint64_t *value)
{
    size_t digits = 0;
    while (digits < *n && (*text)[digits] >= '0' && (*text)[digits] <= '9')
        digits++;
    if (!imap_number(*text, digits, max, value) || (digits < *n && (*text)[digits] != ' '))
        return false;
    size_t skipped = digits < *n ? digits + 1 : digits;
    *text += skipped;
    *n -= skipped;
    return true;
}

void pop3_hear_stat(struct pop3 *p, const char *line, size_t n)
{
    const char *text;
    size_t text_bytes;
    uint64_t count, octets;
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 0:
        pop3_refuse(p, text, text_bytes);
        return;
    case 1:
        break;
    default:
        return;
    }
    if (!take_number(&text, &text_bytes, UINT32_MAX - 1, &count) ||
        !take_number(&text, &text_bytes, UINT64_MAX, &octets)) {
        pop3_fail(p, CAUSE_MALFORMED, "an answer to STAT without two numbers");
        return;
    }
    p->count = (uint32_t)count;
    p->sized = octets > LOOK_PROBE_MAX;
    p->uids = p->numbered = true;
    if (p->uidl_sent || (p->uidl && count > 0)) {
        pop3_enter(p, POP3_UIDL);
        if (!p->uidl_sent)
            session_say(&p->look.session, "UIDL");
        return;
    }
    p->uids = p->uidl;
    pop3_fetch(p);
}

/* --- UIDL --- */

void pop3_hear_uidl(struct pop3 *p, const char *line, size_t n)
{
    const char *text;
    size_t text_bytes;
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 1:
        pop3_enter(p, POP3_UIDL_LIST);
        break;
    case 0:
        p->uids = false;
        pop3_fetch(p);
        break;
    }
}

/* Room for entry ${number}; it grows with what is listed, not by what STAT claims. */
static bool reserve(struct pop3 *p, size_t number)
{
    if (number <= p->entries_size)
        return true;
    size_t size = p->entries_size == 0 ? ENTRIES_FIRST : p->entries_size + p->entries_size / 2;
    if (size < number)
        size = number;
    if (size > p->count)
        size = p->count;
    uint64_t *more = realloc(p->entries, size * sizeof *more);
    if (more == NULL)
        return false;
    memset(more + p->entries_size, 0, (size - p->entries_size) * sizeof *more);
    p->entries = more;
    p->entries_size = size;
    return true;
}

static bool is_uid(const char *uid, size_t n)
{
    enum { UID_MAX = 70 };
    for (size_t i = 0; i < n; i++)
        if (uid[i] < 0x21 || uid[i] > 0x7E)
            return false;
    return n >= 1 && n <= UID_MAX;
}

/* What stands for a mail without a usable uid in entries: listed, but never remembered. */
enum { ENTRY_NAMELESS = DROP_FLAGS };

static bool take_uid(struct pop3 *p, const char *line, size_t n)
{
    struct drop_pop3 *known = drop_pop3(p->look.task->drop);
    const char *text = line;
    uint64_t number;
    if (!take_number(&text, &n, p->count, &number) || number == 0) {
        pop3_fail(p, CAUSE_MALFORMED, "a line of UIDL without a message's number");
        return false;
    }
    if (known == NULL || !reserve(p, number)) {
        session_fail_memory(&p->look.session);
        return false;
    }
    uint64_t *entry = &p->entries[number - 1];
    if (*entry != 0) {
        pop3_fail(p, CAUSE_MALFORMED, "UIDL names a message twice");
        return false;
    }
    while (n > 0 && text[n - 1] == ' ')
        n--;
    uint64_t itself;
    p->numbered = p->numbered && imap_number(text, n, UINT32_MAX, &itself) && itself == number;
    p->listed++;
    *entry = ENTRY_NAMELESS;
    if (!is_uid(text, n))
        return true;
    uint64_t hash = drop_hash(known, text, n), recalled = drop_recall(known, hash);
    *entry = recalled != 0 ? recalled : hash;
    p->unknown += recalled == 0;
    p->back += (recalled & DROP_GONE) != 0;
    return true;
}

/* Uids of which most are new, listing after listing, are made anew each time: then they say nothing. */
static void judge_uids(struct pop3 *p)
{
    struct drop_pop3 *known = p->look.task->drop->pop3;
    if (p->listed > 0 && p->numbered)
        p->uids = false; /* and are used again as soon as a mail is gone */
    if (known == NULL)
        return;
    p->relisted = p->uids && known->gone_count > 0 && p->back >= known->gone_count;
    bool strange = p->listed > NEWEST_WITHOUT_UIDS && p->unknown > p->listed / 2;
    known->strange = strange ? known->strange + 1 : 0;
    p->strange = known->strange > STRANGE_LISTINGS;
}

void pop3_hear_uid(struct pop3 *p, const char *line, size_t n)
{
    p->look.session.progress++;
    if (n == 1 && line[0] == '.') {
        judge_uids(p);
        pop3_fetch(p);
        return;
    }
    if (p->listed == p->count) {
        pop3_fail(p, CAUSE_MALFORMED, "UIDL names more messages than STAT");
        return;
    }
    if (p->listed == LIMIT_UIDL_ENTRIES) {
        pop3_fail(p, CAUSE_OVERSIZE, "more than %d messages", LIMIT_UIDL_ENTRIES);
        return;
    }
    (void)take_uid(p, line, n);
}

/* --- what is to be read --- */

uint64_t *pop3_entry(struct pop3 *p, uint32_t number)
{
    return p->uids && !p->strange && number <= p->entries_size && (p->entries[number - 1] & ~(uint64_t)DROP_FLAGS) != 0
               ? &p->entries[number - 1]
               : NULL;
}

static void choose_by_uid(struct pop3 *p)
{
    bool first = drop_memory_is_new(p->look.task->drop);
    for (uint32_t number = p->count; number > 0; number--) {
        uint64_t *entry = pop3_entry(p, number);
        if (entry != NULL && (*entry & DROP_INSPECTED) != 0)
            continue;
        if (p->todo_count < LOOK_FIRST_MAX) {
            p->todo[p->todo_count++] = number;
            continue;
        }
        if (number > p->entries_size) {
            number = (uint32_t)p->entries_size + 1; /* STAT may claim any number of mails that UIDL does not list */
            p->old_left = p->old_left || first;
            p->new_left = p->new_left || !first;
            continue;
        }
        if (first && entry != NULL)
            *entry |= DROP_OLD;
        if (first || (entry != NULL && (*entry & DROP_OLD) != 0))
            p->old_left = true;
        else
            p->new_left = true;
    }
}

static void choose_newest(struct pop3 *p)
{
    const struct drop_memory *drop = p->look.task->drop;
    bool first = drop_memory_is_new(drop);
    uint32_t before = drop->pop3 != NULL ? drop->pop3->left : 0;
    uint32_t came = p->count > before ? p->count - before : 0;
    uint32_t most = first || came > LOOK_FIRST_MAX ? LOOK_FIRST_MAX : came;
    if (most < NEWEST_WITHOUT_UIDS)
        most = NEWEST_WITHOUT_UIDS;
    for (uint32_t number = p->count; number > 0 && p->todo_count < most; number--)
        p->todo[p->todo_count++] = number;
    p->old_left = first && p->count > most;
    p->new_left = !first && came > most;
}

void pop3_choose(struct pop3 *p)
{
    if (p->uids && !p->strange)
        choose_by_uid(p);
    else
        choose_newest(p);
}

bool pop3_choose_again(struct pop3 *p)
{
    uint32_t low = p->count > LOOK_AGAIN ? p->count - LOOK_AGAIN : 0;
    size_t begin = p->todo_count;
    for (uint32_t number = p->count; number > low; number--) {
        const uint64_t *entry = pop3_entry(p, number);
        bool known = entry != NULL && (*entry & DROP_INSPECTED) != 0 && (*entry & DROP_HEAVY) == 0;
        for (size_t i = 0; known && i < begin; i++)
            known = p->todo[i] != number; /* read in this very session */
        if (known)
            p->todo[p->todo_count++] = number;
    }
    return p->todo_count > begin;
}

/* --- LIST, where there is no TOP: whole mails are read, if they are short --- */

void pop3_say_list(struct pop3 *p)
{
    pop3_enter(p, POP3_LIST);
    session_say(&p->look.session, "LIST");
}

void pop3_hear_list(struct pop3 *p, const char *line, size_t n)
{
    const char *text;
    size_t text_bytes;
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 1:
        pop3_enter(p, POP3_LIST_LIST);
        break;
    case 0:
        pop3_fail(p, CAUSE_UNSUPPORTED, "the server offers neither TOP nor LIST");
        break;
    }
}

bool pop3_take_size(struct pop3 *p, const char *text, size_t n, uint64_t *number, uint64_t *octets)
{
    if (take_number(&text, &n, p->count, number) && take_number(&text, &n, UINT64_MAX, octets))
        return true;
    pop3_fail(p, CAUSE_MALFORMED, "an answer to LIST without two numbers");
    return false;
}

void pop3_hear_size(struct pop3 *p, const char *line, size_t n)
{
    uint64_t number, octets;
    p->look.session.progress++;
    if (n == 1 && line[0] == '.') {
        pop3_fetch(p);
        return;
    }
    if (!pop3_take_size(p, line, n, &number, &octets))
        return;
    if (octets <= RETR_BYTES_MAX)
        return;
    for (size_t i = 0; i < p->todo_count; i++)
        if (p->todo[i] == number) {
            memmove(p->todo + i, p->todo + i + 1, (p->todo_count - i - 1) * sizeof *p->todo);
            p->todo_count--;
            return;
        }
}
