#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "imap_machine.h"

static void hear_capabilities(struct imap *i, const char *text, size_t n);
static void hear_starttls(struct imap *i, const char *text, size_t n);
static void hear_logout(struct imap *i, const char *text, size_t n);

/* Read from top to bottom it is a conversation; hear() gets the text of the tagged answer, i->status says which. */
static const struct command {
    void (*hear)(struct imap *i, const char *text, size_t n);
    enum stage stage;
    enum patience patience;
} commands[IMAP_COMMANDS] = {
    [IMAP_NOTHING] = {NULL, STAGE_GREETING, PATIENCE_REPLY},              /* RFC 9051 s. 7.1 */
    [IMAP_CAPABILITY] = {hear_capabilities, STAGE_HELLO, PATIENCE_REPLY}, /* s. 6.1.1; seldom needed */
    [IMAP_STARTTLS] = {hear_starttls, STAGE_START_TLS, PATIENCE_REPLY},   /* s. 6.2.1 */
    [IMAP_AUTHENTICATE] = {imap_hear_login, STAGE_AUTH, PATIENCE_WHOLE},  /* s. 6.2.2 */
    [IMAP_LOGIN] = {imap_hear_login, STAGE_AUTH, PATIENCE_WHOLE},         /* s. 6.2.3 */
    [IMAP_SELECT] = {imap_hear_select, STAGE_SELECT, PATIENCE_REPLY},     /* s. 6.3.2 */
    [IMAP_FETCH_TOP] = {imap_hear_top, STAGE_SEARCH, PATIENCE_REPLY},     /* only without UIDNEXT */
    [IMAP_FETCH] = {imap_hear_window, STAGE_FETCH, PATIENCE_REPLY},       /* s. 6.4.5 */
    [IMAP_STORE] = {imap_hear_deletion, STAGE_DELETE, PATIENCE_REPLY},    /* s. 6.4.6 */
    [IMAP_SEARCH] = {imap_hear_deletion, STAGE_DELETE, PATIENCE_REPLY},   /* only without UIDPLUS */
    [IMAP_EXPUNGE] = {imap_hear_deletion, STAGE_DELETE, PATIENCE_REPLY},  /* s. 6.4.9 */
    [IMAP_LOGOUT] = {hear_logout, STAGE_QUIT, PATIENCE_REPLY},            /* s. 6.1.3 */
};

void imap_stage(struct imap *i)
{
    if (i->pending_count == 0)
        return;
    const struct command *c = &commands[i->pending[0].command];
    i->look.session.stage = c->stage;
    i->look.session.patience = c->patience;
}

unsigned imap_begin_command(struct imap *i, enum imap_command command)
{
    if (i->pending_count == IMAP_PENDING_MAX) {
        session_fail_memory(&i->look.session);
        return 0;
    }
    i->pending[i->pending_count++] = (struct imap_pending){command, ++i->commands};
    i->untagged = 0;
    imap_stage(i);
    return i->commands;
}

/* --- how it fails --- */

static void fail_with(struct imap *i, struct failure *why)
{
    if (imap_is_deleting(i)) {
        imap_delete_broken(i, why);
        failure_clear(why);
        session_close(&i->look.session);
    } else {
        session_fail_with(&i->look.session, why);
    }
}

void imap_fail(struct imap *i, enum cause cause, const char *format, ...)
{
    char detail[FAILURE_TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    struct failure why = failure_make(i->look.session.leg->leg, i->look.session.stage, cause, 0);
    failure_detail(&why, "%s", detail);
    fail_with(i, &why);
}

struct failure imap_refusal(const struct imap *i, const char *text, size_t n, bool login)
{
    const char *code;
    size_t code_bytes;
    enum cause cause = CAUSE_NONE;
    if (i->status == IMAP_NO && look_bracket(text, n, &code, &code_bytes))
        cause = look_word_cause(code, code_bytes, login);
    return session_reply_failure(&i->look.session, cause == CAUSE_NONE ? CAUSE_PERMANENT : cause, 0, text, n);
}

void imap_refuse(struct imap *i, const char *text, size_t n)
{
    struct failure why = imap_refusal(i, text, n, false);
    session_fail_with(&i->look.session, &why);
    session_say(&i->look.session, "%s%u LOGOUT", i->tag, ++i->commands);
}

static void shut_down(struct imap *i, const char *text, size_t n)
{
    struct failure why = session_reply_failure(&i->look.session, CAUSE_SHUTDOWN, 0, text, n);
    fail_with(i, &why);
}

/* --- capabilities --- */

void imap_forget_capabilities(struct imap *i)
{
    i->rev = i->starttls = i->login_disabled = i->sasl_ir = i->uidplus = false;
    i->literal_plus = i->literal_minus = i->has_capabilities = false;
    i->mechanisms = 0;
}

void imap_hear_capability(struct imap *i, const char *word, size_t n)
{
    const struct {
        const char *word;
        bool *has, *also;
    } words[] = {{"IMAP4rev1", &i->rev, NULL},
                 {"IMAP4rev2", &i->rev, &i->uidplus}, /* which contains it (RFC 9051 app. E) */
                 {"STARTTLS", &i->starttls, NULL},
                 {"LOGINDISABLED", &i->login_disabled, NULL},
                 {"SASL-IR", &i->sasl_ir, NULL},
                 {"UIDPLUS", &i->uidplus, NULL},
                 {"LITERAL+", &i->literal_plus, NULL},
                 {"LITERAL-", &i->literal_minus, NULL}};
    i->has_capabilities = true;
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        if (!imap_is(word, n, words[k].word))
            continue;
        *words[k].has = true;
        if (words[k].also != NULL)
            *words[k].also = true;
    }
    if (n > 5 && imap_is(word, 5, "AUTH=")) {
        enum mechanism m = mechanism_named(word + 5, n - 5);
        if (m != MECHANISM_NONE)
            i->mechanisms |= mechanism_bit(m);
    }
}

/* "[CAPABILITY IMAP4rev1 ...] words". */
void imap_take_code(struct imap *i, const char *text, size_t n)
{
    const char *code;
    size_t code_bytes;
    if (!look_bracket(text, n, &code, &code_bytes) || !imap_is(code, code_bytes, "CAPABILITY"))
        return;
    imap_forget_capabilities(i);
    size_t at = (size_t)(code - text) + code_bytes;
    while (at < n && text[at] != ']') {
        size_t begin = ++at;
        while (at < n && text[at] != ' ' && text[at] != ']')
            at++;
        if (at > begin)
            imap_hear_capability(i, text + begin, at - begin);
    }
}

void imap_say_capability(struct imap *i)
{
    unsigned number = imap_begin_command(i, IMAP_CAPABILITY);
    session_say(&i->look.session, "%s%u CAPABILITY", i->tag, number);
}

/* The capabilities of before the login are known. */
static void go_on(struct imap *i)
{
    struct session *s = &i->look.session;
    bool starttls = s->leg->security == SECURITY_STARTTLS && !s->secured;
    if (!i->rev) {
        s->stage = STAGE_HELLO;
        imap_fail(i, CAUSE_UNSUPPORTED, "the server speaks neither IMAP4rev1 nor IMAP4rev2");
    } else if (starttls && !i->starttls) {
        s->stage = STAGE_START_TLS;
        imap_fail(i, CAUSE_UNSUPPORTED, "the server does not offer STARTTLS");
    } else if (starttls) {
        unsigned number = imap_begin_command(i, IMAP_STARTTLS);
        session_say(s, "%s%u STARTTLS", i->tag, number);
        return;
    } else {
        imap_login(i);
        return;
    }
    session_say(s, "%s%u LOGOUT", i->tag, ++i->commands);
}

static void hear_capabilities(struct imap *i, const char *text, size_t n)
{
    if (i->look.session.logged_in)
        return; /* asked together with SELECT; without it there is no UIDPLUS */
    if (i->status == IMAP_OK)
        go_on(i);
    else
        imap_refuse(i, text, n);
}

/* --- TLS --- */

static void hear_starttls(struct imap *i, const char *text, size_t n)
{
    if (i->status == IMAP_OK)
        session_want_tls(&i->look.session);
    else
        imap_refuse(i, text, n);
}

/* What came before TLS may have been written by anybody: nothing of it is known any more. */
static void secured(struct session *s)
{
    struct imap *i = (struct imap *)s;
    imap_parse_free(&i->parse);
    imap_parse_begin(&i->parse);
    i->part = PART_TAG;
    i->pending_count = 0;
    i->exists = 0;
    i->has_exists = false;
    s->raw = true;
    imap_forget_capabilities(i);
    imap_say_capability(i);
}

/* --- the greeting, and texts in general --- */

static void hear_greeting(struct imap *i, const char *text, size_t n)
{
    struct session *s = &i->look.session;
    i->greeted = true;
    switch (i->status) {
    case IMAP_OK:
        imap_take_code(i, text, n);
        if (i->has_capabilities)
            go_on(i);
        else
            imap_say_capability(i);
        return;
    case IMAP_BYE:
        shut_down(i, text, n);
        return;
    case IMAP_PREAUTH:
        /* STARTTLS is not allowed any more then, and the credentials would stay untested. */
        s->stage = s->leg->security == SECURITY_STARTTLS ? STAGE_START_TLS : STAGE_AUTH;
        imap_fail(i, CAUSE_POLICY, "the server lets in whoever comes (PREAUTH)");
        return;
    case IMAP_CONTINUE:
    case IMAP_NO:
    case IMAP_NOT_UNDERSTOOD:
        return;
    }
}

static void hear_untagged(struct imap *i, const char *text, size_t n)
{
    const char *code;
    size_t code_bytes;
    if (i->status == IMAP_BYE && !(i->pending_count == 1 && i->pending[0].command == IMAP_LOGOUT)) {
        shut_down(i, text, n);
    } else if (i->status == IMAP_PREAUTH) {
        imap_fail(i, CAUSE_MALFORMED, "PREAUTH in the middle of a session");
    } else if (i->status == IMAP_OK && i->look.session.logged_in && look_bracket(text, n, &code, &code_bytes)) {
        size_t skipped = (size_t)(code - text) + code_bytes;
        imap_hear_mailbox_code(i, code, code_bytes, text + skipped, n - skipped);
    }
}

void imap_hear_text(struct imap *i, const char *text, size_t n)
{
    if (!i->greeted) {
        hear_greeting(i, text, n);
    } else if (i->status == IMAP_CONTINUE) {
        imap_hear_challenge(i, text, n);
    } else if (!i->tagged) {
        hear_untagged(i, text, n);
    } else {
        commands[i->answered].hear(i, text, n);
        if (i->look.session.want == WANT_READ)
            imap_stage(i);
    }
}

/* --- the end --- */

void imap_logout(struct imap *i)
{
    unsigned number = imap_begin_command(i, IMAP_LOGOUT);
    session_say(&i->look.session, "%s%u LOGOUT", i->tag, number);
}

static void hear_logout(struct imap *i, const char *text, size_t n)
{
    (void)text;
    (void)n;
    session_close(&i->look.session);
}

/* --- the machine --- */

static void start(struct session *s, const char *local_address)
{
    struct imap *i = (struct imap *)s;
    unsigned char random[IMAP_TAG_LETTERS];
    (void)local_address;
    /* Unpredictable, so that nothing slipped in before TLS can answer a command of ours. */
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        session_fail_memory(s);
        return;
    }
    for (size_t k = 0; k < sizeof random; k++)
        i->tag[k] = (char)('A' + random[k] % 26);
    imap_parse_begin(&i->parse);
    s->raw = true;
}

static void sent(struct session *s)
{
    struct imap *i = (struct imap *)s;
    i->sent = i->commands;
}

static bool broken(struct session *s, const struct failure *why)
{
    struct imap *i = (struct imap *)s;
    if (imap_is_deleting(i)) {
        imap_delete_broken(i, why);
        return true;
    }
    bool flooded = look_is_flooded(&i->look, why);
    if (flooded)
        look_flooded(&i->look);
    if (i->look.reading)
        imap_suspect(i);
    return flooded;
}

static void release(struct session *s)
{
    struct imap *i = (struct imap *)s;
    imap_parse_free(&i->parse);
    uid_set_clear(&i->window);
    uid_set_clear(&i->todo);
    uid_set_clear(&i->judged);
    uid_set_clear(&i->kept);
    uid_set_clear(&i->doomed_uids);
    uid_set_clear(&i->marked);
    free(i->doomed);
    look_release(&i->look);
}

static const struct machine machine = {.start = start,
                                       .raw = imap_raw,
                                       .secured = secured,
                                       .resume = imap_resume,
                                       .sent = sent,
                                       .broken = broken,
                                       .release = release};

struct session *imap_look_new(const struct look_task *task)
{
    struct imap *i = look_new(sizeof *i, &machine, task);
    return i == NULL ? NULL : &i->look.session;
}
