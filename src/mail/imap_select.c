/* Opening the mailbox, and what the server says of it then and later. */
#include <string.h>

#include "imap_machine.h"

void imap_select(struct imap *i)
{
    struct session *s = &i->look.session;
    if (!i->has_capabilities) {
        imap_forget_capabilities(i);
        imap_say_capability(i);
    }
    unsigned number = imap_begin_command(i, IMAP_SELECT);
    session_say(s, "%s%u SELECT INBOX", i->tag, number);
    imap_ask_ahead(i);
}

static bool is_selecting(const struct imap *i)
{
    for (size_t k = 0; k < i->pending_count; k++)
        if (i->pending[k].command == IMAP_SELECT)
            return true;
    return false;
}

/* The number of "UIDNEXT 12]": of 32 bits, not 0. */
static bool take_number(struct imap *i, const char *rest, size_t n, uint32_t *number)
{
    uint64_t value;
    size_t begin = n > 0 && rest[0] == ' ' ? 1 : 0;
    const char *end = memchr(rest, ']', n);
    size_t digits = end != NULL ? (size_t)(end - rest) - begin : 0;
    if (!imap_number(rest + begin, digits, UINT32_MAX, &value) || value == 0) {
        imap_fail(i, CAUSE_MALFORMED, "UIDVALIDITY or UIDNEXT is no number of 32 bits above 0");
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

/* Whether "(\Deleted \Seen)]" holds \Deleted. */
static bool has_deleted(const char *rest, size_t n)
{
    static const char flag[] = "\\Deleted";
    for (size_t k = 0; k + sizeof flag - 1 <= n && rest[k] != ']'; k++)
        if (imap_is(rest + k, sizeof flag - 1, flag))
            return true;
    return false;
}

void imap_hear_mailbox_code(struct imap *i, const char *code, size_t code_bytes, const char *rest, size_t n)
{
    uint32_t number;
    if (imap_is(code, code_bytes, "UIDVALIDITY")) {
        if (!take_number(i, rest, n, &number))
            return;
        if (is_selecting(i)) {
            i->validity = number;
        } else if (i->validity != number) {
            i->look.session.stage = imap_is_deleting(i) ? STAGE_DELETE : STAGE_SELECT;
            imap_fail(i, CAUSE_MALFORMED, "UIDVALIDITY changed within a session");
        }
    } else if (!is_selecting(i)) {
        return;
    } else if (imap_is(code, code_bytes, "UIDNEXT")) {
        if (take_number(i, rest, n, &number))
            i->next = number;
    } else if (imap_is(code, code_bytes, "UIDNOTSTICKY")) {
        i->not_sticky = true;
    } else if (imap_is(code, code_bytes, "PERMANENTFLAGS")) {
        i->cannot_delete = !has_deleted(rest, n);
    }
}

void imap_hear_select(struct imap *i, const char *text, size_t n)
{
    const char *code;
    size_t code_bytes;
    if (i->status != IMAP_OK) {
        imap_refuse(i, text, n);
    } else if (look_bracket(text, n, &code, &code_bytes) && imap_is(code, code_bytes, "READ-ONLY")) {
        imap_fail(i, CAUSE_POLICY, "the mailbox is read-only: probes cannot be deleted");
    } else if (!i->has_exists) {
        imap_fail(i, CAUSE_MALFORMED, "the server does not say how many mails there are");
    } else {
        imap_opened(i);
    }
}

void imap_after_select(struct imap *i)
{
    if (i->next == 0 && i->exists > 0) {
        unsigned number = imap_begin_command(i, IMAP_FETCH_TOP);
        session_say(&i->look.session, "%s%u UID FETCH *:* (UID)", i->tag, number);
    } else {
        imap_scan(i);
    }
}

void imap_hear_top(struct imap *i, const char *text, size_t n)
{
    if (i->status != IMAP_OK) {
        imap_refuse(i, text, n);
        return;
    }
    i->next = i->highest < UINT32_MAX ? i->highest + 1 : UINT32_MAX;
    imap_scan(i);
}

void imap_exists(struct imap *i, uint64_t number)
{
    if (!i->look.session.logged_in) /* nothing is selected yet */
        return;
    i->has_exists = true;
    i->exists = number;
}

void imap_expunged(struct imap *i, uint64_t number)
{
    if (number == 0)
        return;
    if (i->exists > 0)
        i->exists--;
    for (size_t k = 0; k < i->doomed_count; k++) {
        struct imap_doomed *d = &i->doomed[k];
        if (d->gone)
            continue;
        if (d->sequence == number)
            d->gone = true;
        else if (d->sequence > number)
            d->sequence--;
    }
}
