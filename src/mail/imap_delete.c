/*
 * Deleting what is ours, and nothing else: UID EXPUNGE where the server has UIDPLUS (RFC 4315).  Without it EXPUNGE
 * would remove whatever anybody marked; it is used only when SEARCH says, immediately before, that just our mails are
 * marked, and else ours stay marked.  CLOSE is never used, for it expunges in silence.
 *
 * Whether probes were found does not depend on this: while deleting nothing makes the leg fail.
 */
#include <string.h>

#include "imap_machine.h"

bool imap_is_deleting(const struct imap *i)
{
    return i->look.session.stage == STAGE_DELETE;
}

static void conclude(struct imap *i, enum deletion outcome, struct failure *why)
{
    look_deleted(&i->look, outcome, why);
    session_settle(&i->look.session);
}

/* They are gone, or as gone as this server lets them be: not to be read again. */
static void forget_doomed(struct imap *i, bool all)
{
    struct uid_set *open = &i->look.task->drop->imap.open;
    for (size_t k = 0; k < i->doomed_count; k++)
        if (all || i->doomed[k].gone)
            (void)uid_set_remove(open, i->doomed[k].uid, i->doomed[k].uid);
}

void imap_delete(struct imap *i)
{
    struct session *s = &i->look.session;
    struct failure why;
    if (i->doomed_count > 0 && !i->cannot_delete) {
        s->stage = STAGE_DELETE;
        session_hold(s);
        return;
    }
    if (i->doomed_count > 0) {
        why = failure_make(s->leg->leg, STAGE_DELETE, CAUSE_PERMANENT, 0);
        failure_detail(&why, "the server does not let the flag \\Deleted be set");
        look_deleted(&i->look, DELETION_REFUSED, &why);
    }
    imap_logout(i);
    session_settle(s);
}

/* One command for each piece of the set. */
static void say_for_all(struct imap *i, enum imap_command command, const char *verb, const char *rest)
{
    char set[IMAP_SET_MAX];
    for (size_t at = 0; at < i->doomed_uids.count;) {
        at = uid_set_write(&i->doomed_uids, at, set, sizeof set);
        unsigned number = imap_begin_command(i, command);
        session_say(&i->look.session, "%s%u %s %s%s", i->tag, number, verb, set, rest);
    }
}

void imap_resume(struct session *s, bool early)
{
    struct imap *i = (struct imap *)s;
    (void)early; /* a server may say what is new at any time */
    say_for_all(i, IMAP_STORE, "UID STORE", " +FLAGS.SILENT (\\Deleted)");
    i->stores = (unsigned)i->pending_count;
    if (i->uidplus) {
        say_for_all(i, IMAP_EXPUNGE, "UID EXPUNGE", "");
        imap_logout(i);
    } else {
        unsigned number = imap_begin_command(i, IMAP_SEARCH);
        session_say(s, "%s%u UID SEARCH DELETED", i->tag, number);
    }
    imap_stage(i);
}

static bool is_waiting_for(const struct imap *i, enum imap_command command)
{
    for (size_t k = 0; k < i->pending_count; k++)
        if (i->pending[k].command == command)
            return true;
    return false;
}

static bool just_ours_are_marked(const struct imap *i)
{
    const struct uid_set *ours = &i->doomed_uids, *marked = &i->marked;
    return ours->count == marked->count && ours->count > 0 &&
           memcmp(ours->ranges, marked->ranges, ours->count * sizeof *ours->ranges) == 0;
}

static bool none_is_gone(const struct imap *i)
{
    for (size_t k = 0; k < i->doomed_count; k++)
        if (i->doomed[k].gone)
            return false;
    return true;
}

/* All answers to EXPUNGE are in. */
static void expunged(struct imap *i)
{
    struct failure why = failure_none;
    forget_doomed(i, false);
    if (i->stores_refused < i->stores && i->expunge_unknown) {
        /* A server that says UIDPLUS and does not know it: ours stay marked, as without. */
        forget_doomed(i, true);
        conclude(i, DELETION_DEFERRED, &why);
    } else if (i->stores_refused < i->stores && !none_is_gone(i)) {
        conclude(i, DELETION_DONE, &why);
    } else if (failure_is(&i->look.refusal)) {
        conclude(i, DELETION_REFUSED, NULL);
    } else {
        why = failure_make(i->look.session.leg->leg, STAGE_DELETE, CAUSE_PERMANENT, 0);
        failure_detail(&why, "the server agreed to delete, and deleted nothing");
        conclude(i, DELETION_INEFFECTIVE, &why);
    }
}

/* Without UIDPLUS: it is known now which mails are marked. */
static void searched(struct imap *i)
{
    struct failure why = failure_none;
    if (i->stores_refused == i->stores) {
        conclude(i, DELETION_REFUSED, NULL);
    } else if (i->status == IMAP_OK && just_ours_are_marked(i)) {
        unsigned number = imap_begin_command(i, IMAP_EXPUNGE);
        session_say(&i->look.session, "%s%u EXPUNGE", i->tag, number);
    } else {
        forget_doomed(i, true);
        conclude(i, DELETION_DEFERRED, &why);
    }
    imap_logout(i);
}

void imap_hear_deletion(struct imap *i, const char *text, size_t n)
{
    if (i->status != IMAP_OK && i->answered == IMAP_EXPUNGE && i->status == IMAP_NOT_UNDERSTOOD) {
        i->expunge_unknown = true;
    } else if (i->status != IMAP_OK && i->answered != IMAP_SEARCH) {
        struct failure why = imap_refusal(i, text, n, false);
        look_refused_one(&i->look, &why);
        i->stores_refused += i->answered == IMAP_STORE;
    }
    if (i->answered == IMAP_SEARCH)
        searched(i);
    else if (i->answered == IMAP_EXPUNGE && !is_waiting_for(i, IMAP_EXPUNGE))
        expunged(i);
}

void imap_delete_broken(struct imap *i, const struct failure *why)
{
    struct failure copy = failure_copy(why);
    forget_doomed(i, false);
    look_deleted(&i->look, DELETION_BROKEN, &copy);
}
