/*
 * Reading mails: TOP with no line of the body (RFC 1939 s. 7), up to twenty at a time where the server takes commands
 * in groups (RFC 2449 s. 6.6).  Whatever a mail holds, it costs at most itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pop3_machine.h"

static void say_mail(struct pop3 *p, uint32_t number)
{
    if (p->retr)
        session_say(&p->look.session, "RETR %lu", (unsigned long)number);
    else
        session_say(&p->look.session, "TOP %lu 0", (unsigned long)number);
}

/* The answers about the next mail. */
static void await(struct pop3 *p)
{
    pop3_enter(p, p->sized ? POP3_SIZE : POP3_TOP);
}

static void ask(struct pop3 *p)
{
    size_t bundle = p->pipelining ? POP3_BUNDLE : 1;
    await(p);
    for (size_t i = 0; i < bundle && p->asked < p->todo_count; i++, p->asked++) {
        if (p->sized)
            session_say(&p->look.session, "LIST %lu", (unsigned long)p->todo[p->asked]);
        if (!p->sized || p->pipelining)
            say_mail(p, p->todo[p->asked]);
    }
}

static void scan_done(struct pop3 *p)
{
    if (!p->look.asked_missing)
        p->look.complete = !p->new_left && !(p->old_left && p->look.task->expects_old);
    if (look_needs_again(&p->look) && pop3_choose_again(p)) {
        ask(p);
        return;
    }
    p->look.report.scanned = true;
    p->look.report.finished = p->look.complete;
    pop3_commit(p);
    pop3_delete(p);
}

void pop3_fetch(struct pop3 *p)
{
    if (!p->chosen) {
        p->chosen = true;
        pop3_choose(p);
        p->retr = !p->top;
        p->sized = p->sized && p->top; /* what RETR reads is short */
        if (p->retr && p->todo_count > 0) {
            pop3_say_list(p);
            return;
        }
    }
    if (p->asked < p->todo_count)
        ask(p);
    else
        scan_done(p);
}

/* All answers of a group are in. */
static void next(struct pop3 *p)
{
    p->answered++;
    if (p->answered == p->asked)
        pop3_fetch(p);
    else
        await(p);
}

void pop3_hear_one_size(struct pop3 *p, const char *line, size_t n)
{
    uint32_t expected = p->todo[p->answered];
    const char *text;
    size_t text_bytes;
    uint64_t number;
    int status = pop3_status(p, line, n, &text, &text_bytes);
    p->size_bytes = 0; /* when the server does not say, what it says to TOP decides */
    if (status < 0 || (status > 0 && !pop3_take_size(p, text, text_bytes, &number, &p->size_bytes)))
        return;
    if (status > 0 && number != expected) {
        pop3_fail(p, CAUSE_MALFORMED, "an answer to LIST about another message");
        return;
    }
    pop3_enter(p, POP3_TOP);
    if (!p->pipelining)
        say_mail(p, expected);
}

void pop3_hear_top(struct pop3 *p, const char *line, size_t n)
{
    const char *text;
    size_t text_bytes;
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 1:
        header_begin(&p->look.header);
        p->look.header.facts.size_bytes = p->size_bytes;
        p->dot = DOT_LINE;
        p->look.reading = p->look.session.raw = true;
        p->mail_octets = 0;
        break;
    case 0:
        /* A mail that cannot be read is passed over, for it may be anybody's; a server that gives none away is broken
         * only when a probe should be among them. */
        if (++p->refused == p->todo_count && look_needs_again(&p->look)) {
            pop3_refuse(p, text, text_bytes);
            return;
        }
        next(p);
        break;
    }
}

static bool doom(struct pop3 *p, uint32_t number, const uint64_t *entry)
{
    if (p->doomed_count == p->doomed_size) {
        size_t size = p->doomed_size == 0 ? 16 : p->doomed_size * 2;
        struct pop3_doomed *more = realloc(p->doomed, size * sizeof *more);
        if (more == NULL)
            return false;
        p->doomed = more;
        p->doomed_size = size;
    }
    uint64_t hash = entry != NULL ? *entry & ~(uint64_t)DROP_FLAGS : 0;
    p->doomed[p->doomed_count++] = (struct pop3_doomed){hash, number};
    return true;
}

static void end_mail(struct pop3 *p)
{
    struct look *l = &p->look;
    uint32_t number = p->todo[p->answered];
    uint64_t *entry = pop3_entry(p, number);
    char shown[64];

    l->reading = l->session.raw = false;
    l->session.progress++;
    (void)snprintf(shown, sizeof shown, "(%llu octets of a mail)", (unsigned long long)p->mail_octets);
    session_trace_line(&l->session, true, shown, strlen(shown));
    switch (look_judge(l)) {
    case DISPOSAL_LEAVE:
        if (entry != NULL)
            *entry |= DROP_INSPECTED | (l->header.capped ? DROP_HEAVY : 0);
        break;
    case DISPOSAL_LATER:
        break;
    case DISPOSAL_UNTOLD:
        session_fail_memory(&l->session);
        return;
    case DISPOSAL_DELETE:
        if (!doom(p, number, entry)) {
            session_fail_memory(&l->session);
            return;
        }
        break;
    }
    next(p);
}

void pop3_suspect(struct pop3 *p)
{
    struct drop_pop3 *known = p->look.task->drop->pop3;
    uint64_t *entry = pop3_entry(p, p->todo[p->answered]);
    if (known == NULL || entry == NULL)
        return;
    uint64_t hash = *entry & ~(uint64_t)DROP_FLAGS;
    if (known->suspect == hash)
        *entry |= DROP_INSPECTED | DROP_HEAVY;
    p->suspect = hash;
}

/* --- the octets of a mail --- */

/* What one octet means for the dots that the server put in.  Its own octets are those from bytes[*from] on; true: the
 * mail has ended. */
static bool take_octet(struct pop3 *p, const char *bytes, size_t i, size_t *from)
{
    char c = bytes[i];
    bool end = c == '\n';
    switch (p->dot) {
    case DOT_LINE:
        p->dot = c == '.' ? DOT_DOT : c == '\r' ? DOT_CR : end && p->bare ? DOT_LINE : DOT_INSIDE;
        if (c == '.') {
            look_data(&p->look, bytes + *from, i - *from);
            *from = i + 1;
        }
        return false;
    case DOT_DOT:
        if (c == '\r') {
            look_data(&p->look, bytes + *from, i - *from);
            *from = i + 1;
            p->dot = DOT_DOT_CR;
            return false;
        }
        p->dot = DOT_INSIDE;
        return end && p->bare;
    case DOT_DOT_CR:
        if (end)
            return true;
        look_data(&p->look, "\r", 1);
        p->dot = c == '\r' ? DOT_CR : DOT_INSIDE;
        return false;
    case DOT_INSIDE:
    case DOT_CR:
        /* Only CR LF ends a line here: a lone LF belongs to the mail, unless this server ends all its lines so. */
        if (end && (p->dot == DOT_CR || p->bare))
            p->dot = DOT_LINE;
        else
            p->dot = c == '\r' ? DOT_CR : DOT_INSIDE;
        return false;
    }
    return false;
}

size_t pop3_raw(struct session *s, const char *bytes, size_t n)
{
    struct pop3 *p = (struct pop3 *)s;
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        const char *end = bytes + i;
        if (p->dot == DOT_INSIDE && (end = memchr(end, p->bare ? '\n' : '\r', n - i)) == NULL)
            break; /* nothing in it may be the end of a line */
        i = (size_t)(end - bytes);
        if (!take_octet(p, bytes, i, &from))
            continue;
        if (i > from)
            look_data(&p->look, bytes + from, i - from);
        p->mail_octets += i + 1;
        end_mail(p);
        return i + 1;
    }
    if (n > from)
        look_data(&p->look, bytes + from, n - from);
    p->mail_octets += n;
    return n;
}
