/*
 * Deleting what is ours: DELE only marks, QUIT deletes (RFC 1939 s. 6).  Whether it was found does not depend on this:
 * while deleting nothing makes the leg fail, the report says what became of it.
 */
#include "pop3_machine.h"

void pop3_quit(struct pop3 *p)
{
    pop3_enter(p, POP3_QUIT);
    session_say(&p->look.session, "QUIT");
}

static void ask(struct pop3 *p)
{
    struct session *s = &p->look.session;
    do {
        session_say(s, "DELE %lu", (unsigned long)p->doomed[p->doomed_sent++].number);
    } while (p->pipelining && p->doomed_sent < p->doomed_count);
    if (p->pipelining)
        session_say(s, "QUIT");
}

void pop3_delete(struct pop3 *p)
{
    if (p->doomed_count == 0) {
        pop3_quit(p);
        session_settle(&p->look.session);
        return;
    }
    pop3_enter(p, POP3_DELE);
    session_hold(&p->look.session);
}

void pop3_resume(struct session *s, bool early)
{
    struct pop3 *p = (struct pop3 *)s;
    if (early)
        pop3_fail(p, CAUSE_MALFORMED, "the server spoke though nothing was asked");
    else
        ask(p);
}

static struct failure refusal(const struct pop3 *p, const char *text, size_t n)
{
    return session_reply_failure(&p->look.session, pop3_cause(text, n, false), 0, text, n);
}

void pop3_hear_dele(struct pop3 *p, const char *line, size_t n)
{
    const char *text;
    size_t text_bytes;
    struct failure why;
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 1:
        p->look.delete_done++;
        break;
    case 0:
        why = refusal(p, text, text_bytes);
        look_refused_one(&p->look, &why);
        break;
    default:
        return;
    }
    if (++p->doomed_answered < p->doomed_sent)
        return;
    if (p->doomed_sent < p->doomed_count)
        ask(p);
    else if (p->pipelining)
        pop3_enter(p, POP3_QUIT);
    else
        pop3_quit(p);
}

/* So that the next listing can say whether they are really gone. */
static void remember_gone(struct pop3 *p)
{
    struct drop_pop3 *known = p->look.task->drop->pop3;
    if (known == NULL)
        return;
    known->left -= known->left < p->doomed_count ? known->left : (uint32_t)p->doomed_count;
    for (size_t i = 0; i < p->doomed_count; i++)
        if (p->doomed[i].hash != 0)
            drop_note_gone(known, p->doomed[i].hash);
}

void pop3_hear_quit(struct pop3 *p, const char *line, size_t n)
{
    const char *text;
    size_t text_bytes;
    struct failure why;
    int status = pop3_status(p, line, n, &text, &text_bytes);
    if (status < 0)
        return;
    if (p->doomed_count > 0) {
        if (p->look.delete_done == 0) {
            look_deleted(&p->look, DELETION_REFUSED, NULL);
        } else if (status == 0) {
            why = refusal(p, text, text_bytes);
            look_deleted(&p->look, DELETION_INEFFECTIVE, &why);
        } else if (p->relisted) {
            why = failure_make(p->look.session.leg->leg, STAGE_DELETE, CAUSE_PERMANENT, 0);
            failure_detail(&why, "mails that the last look deleted are there again");
            look_deleted(&p->look, DELETION_INEFFECTIVE, &why);
            remember_gone(p);
        } else {
            why = failure_none;
            look_deleted(&p->look, DELETION_DONE, &why);
            remember_gone(p);
        }
    }
    session_close(&p->look.session);
}

void pop3_delete_broken(struct pop3 *p, const struct failure *why)
{
    if (p->doomed_count == 0)
        return;
    struct failure copy = failure_copy(why);
    look_deleted(&p->look, DELETION_BROKEN, &copy);
}

/* --- what is remembered --- */

void pop3_commit(struct pop3 *p)
{
    struct drop_memory *drop = p->look.task->drop;
    struct drop_pop3 *known = p->chosen ? drop_pop3(drop) : NULL;
    p->chosen = false;
    if (known == NULL)
        return;
    known->suspect = p->suspect;
    known->left = p->count;
    if (p->listed == 0 && p->count > 0) {
        drop->known = true; /* UIDL was refused, perhaps only today: what was known stays known */
        return;
    }
    size_t count = 0;
    for (size_t i = 0; p->uids && i < p->entries_size; i++)
        if ((p->entries[i] & ~(uint64_t)DROP_FLAGS) != 0)
            p->entries[count++] = (p->entries[i] & ~(uint64_t)DROP_GONE) | (p->strange ? DROP_OLD : 0);
    drop_keep_listing(drop, p->entries, count);
    p->entries = NULL;
    p->entries_size = 0;
}
