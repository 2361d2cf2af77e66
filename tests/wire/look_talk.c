#include "look_talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drop_parts.h"
#include "short_memory.h"

struct fixture {
    struct leg_settings leg;
    struct look_task task;
    struct drop_memory *drop;
    bool missing;
    unsigned missing_asked, judged;
    struct mail_facts own;
};

const char *const look_talk_secrets[] = {"secret-word", "c2VjcmV0LXdvcmQ", "AHVzZXIAc2VjcmV0LXdvcmQ", NULL};

static enum disposal judge(void *owner, const struct mail_facts *mail)
{
    struct fixture *f = owner;
    enum disposal what = DISPOSAL_LEAVE;
    f->judged++;
    for (size_t i = 0; i < mail->token_count; i++) {
        if (mail->tokens[i].handle[0] == 0)
            what = DISPOSAL_DELETE;
        else if (mail->tokens[i].handle[0] == 0x10 && what == DISPOSAL_LEAVE)
            what = DISPOSAL_LATER;
        else if (mail->tokens[i].handle[0] == 0x18)
            what = DISPOSAL_UNTOLD;
    }
    if (what == DISPOSAL_DELETE)
        f->own = *mail;
    return what;
}

static bool missing(void *owner)
{
    struct fixture *f = owner;
    f->missing_asked++;
    return f->missing;
}

static const struct look_setup *setup_of(const struct talk *t)
{
    static const struct look_setup plain = {.security = SECURITY_TLS};
    return t->setup != NULL ? t->setup : &plain;
}

/* --- the memory of earlier looks --- */

static size_t next_uid(const char **list, const char **uid)
{
    if (*list == NULL)
        return 0;
    *uid = *list + strspn(*list, " ");
    size_t n = strcspn(*uid, " ");
    *list = *uid + n;
    return n;
}

static void remember(struct drop_pop3 *p, uint64_t *entries, size_t *count, const char *list, unsigned flags)
{
    const char *uid;
    for (size_t n; (n = next_uid(&list, &uid)) > 0;)
        entries[(*count)++] = drop_hash(p, uid, n) | flags;
}

static void prepare_pop3(const struct look_setup *s, struct drop_memory *m)
{
    enum { UIDS_MAX = 1000 };
    struct drop_pop3 *p = drop_pop3(m);
    uint64_t *entries = calloc(UIDS_MAX, sizeof *entries);
    size_t count = 0;
    assert_non_null(p);
    assert_non_null(entries);
    remember(p, entries, &count, s->inspected, DROP_INSPECTED);
    remember(p, entries, &count, s->heavy, DROP_INSPECTED | DROP_HEAVY);
    remember(p, entries, &count, s->old, DROP_OLD);
    remember(p, entries, &count, s->gone, 0);
    p->left = s->left;
    p->strange = s->strange;
    p->suspect = s->suspect != NULL ? drop_hash(p, s->suspect, strlen(s->suspect)) : 0;
    drop_keep_listing(m, entries, count);
    const char *list = s->gone, *uid;
    for (size_t n; (n = next_uid(&list, &uid)) > 0;)
        drop_note_gone(p, drop_hash(p, uid, n));
}

static void prepare_imap(const struct look_setup *s, struct drop_memory *m)
{
    struct drop_imap *i = &m->imap;
    m->known = true;
    i->validity = s->validity;
    i->top = s->top;
    i->first = s->first;
    i->suspect = s->suspect_uid;
    for (const char *at = s->open; at != NULL && *at != '\0';) {
        char *end;
        uint32_t low = (uint32_t)strtoul(at, &end, 10), high = low;
        if (*end == ':')
            high = (uint32_t)strtoul(end + 1, &end, 10);
        assert_true(uid_set_add(&i->open, low, high));
        at = *end == ',' ? end + 1 : end;
    }
}

/* --- the machine --- */

struct session *look_talk_make(const struct talk *t, void **fixture, struct session *(*new)(const struct look_task *))
{
    const struct look_setup *s = setup_of(t);
    memory_spare(true);
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->leg = (struct leg_settings){.leg = LEG_INCOMING,
                                   .server = "mail.example.org",
                                   .security = s->security != 0 ? s->security : SECURITY_TLS,
                                   .auth = true,
                                   .username = s->username != NULL ? s->username : "user",
                                   .password = s->password != NULL ? s->password : "secret-word",
                                   .timeout_s = 15,
                                   .tls_name = "mail.example.org",
                                   .plaintext_auth = s->plaintext_auth};
    f->missing = s->missing;
    f->drop = drop_memory_new();
    assert_non_null(f->drop);
    if (s->validity != 0)
        prepare_imap(s, f->drop);
    else if (s->known)
        prepare_pop3(s, f->drop);
    f->task = (struct look_task){
        .leg = &f->leg, .drop = f->drop, .expects_old = s->expects_old, .judge = judge, .missing = missing, .owner = f};
    *fixture = f;
    memory_spare(false);
    return new (&f->task);
}

static bool recalls(struct fixture *f, const char *uid, size_t n)
{
    struct drop_pop3 *p = f->drop->pop3;
    return p != NULL && (drop_recall(p, drop_hash(p, uid, n)) & DROP_INSPECTED) != 0;
}

static void check_not_remembered(const struct talk *t, const struct look_expect *e, struct fixture *f)
{
    const char *uid, *list = e->does_not;
    for (size_t n; (n = next_uid(&list, &uid)) > 0;)
        if (recalls(f, uid, n))
            fail_msg("%s: %.*s is remembered", t->name, (int)n, uid);
}

static void check_memory(const struct talk *t, const struct look_expect *e, struct fixture *f)
{
    const char *uid, *list = e->remembers;
    for (size_t n; (n = next_uid(&list, &uid)) > 0;)
        if (!recalls(f, uid, n))
            fail_msg("%s: %.*s is not remembered", t->name, (int)n, uid);
    check_not_remembered(t, e, f);
    if (e->top != 0)
        assert_int_equal(f->drop->imap.top, e->top);
    if (e->open != NULL) {
        char open[1000];
        assert_int_equal(uid_set_write(&f->drop->imap.open, 0, open, sizeof open), f->drop->imap.open.count);
        assert_string_equal(open[0] == '\0' ? "-" : open, e->open);
    }
}

/* A table's row holds it as a number. */
static const struct look_expect *expectation(const struct talk *t)
{
    const struct look_expect *e;
    memcpy(&e, &t->expect, sizeof e);
    return e;
}

void look_talk_check(const struct talk *t, const struct session *s, void *fixture)
{
    struct fixture *f = fixture;
    const struct look_expect *e = expectation(t);
    const struct look_report *r = look_report(s);
    assert_true(f->missing_asked <= 1);
    if (e == NULL)
        return;
    if (r->scanned != e->scanned || r->finished != e->finished || r->inspected != e->inspected ||
        r->asked != e->asked || r->deletion != e->deletion)
        fail_msg("%s: scanned %d, finished %d, inspected %u, asked %u, deletion %d", t->name, r->scanned, r->finished,
                 r->inspected, r->asked, (int)r->deletion);
    assert_int_equal(f->judged, r->inspected);
    assert_int_equal(r->login_delay_s, e->login_delay_s);
    if (e->deletion_cause == 0) {
        assert_false(failure_is(&r->deletion_failure));
    } else {
        assert_int_equal(r->deletion_failure.leg, LEG_INCOMING);
        assert_int_equal(r->deletion_failure.stage, STAGE_DELETE);
        assert_string_equal(cause_word(r->deletion_failure.cause), cause_word(e->deletion_cause));
    }
    if (e->arrived_ms != 0)
        assert_true(f->own.arrived_ms == e->arrived_ms);
    if (e->size_bytes != 0)
        assert_true(f->own.size_bytes == e->size_bytes);
    if (e->mechanism != NULL)
        assert_string_equal(session_mechanism(s), e->mechanism);
    check_memory(t, e, f);
}

void look_talk_done(void *fixture)
{
    struct fixture *f = fixture;
    drop_memory_free(f->drop);
    free(f);
}

void look_talk_check_short(const struct talk *t, const struct session *s, void *fixture, const char *said, size_t n)
{
    struct fixture *f = fixture;
    const struct look_expect *e = expectation(t);
    const struct look_report *r = look_report(s);
    (void)said, (void)n;
    assert_int_equal(f->judged, r->inspected);
    assert_true(!r->finished || r->scanned);
    if (e == NULL)
        return;
    assert_true(e->finished || !r->finished);
    assert_true(r->deletion_failure.leg != LEG_INCOMING || r->deletion_failure.cause == e->deletion_cause);
    if (setup_of(t)->inspected == NULL) /* what was known before stays so when a look breaks off */
        check_not_remembered(t, e, f);
}
