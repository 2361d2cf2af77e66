#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "imap_parse.h"
#include "pop3_machine.h"

static void hear_greeting(struct pop3 *p, const char *line, size_t n);
static void hear_capa(struct pop3 *p, const char *line, size_t n);
static void hear_capability(struct pop3 *p, const char *line, size_t n);
static void hear_stls(struct pop3 *p, const char *line, size_t n);

struct step {
    void (*hear)(struct pop3 *p, const char *line, size_t n);
    enum stage stage;
    enum patience patience;
};

/* Read from top to bottom it is a conversation. */
static const struct step steps[POP3_STEPS] = {
    [POP3_GREETING] = {hear_greeting, STAGE_GREETING, PATIENCE_REPLY}, /* RFC 1939 s. 4 */
    [POP3_CAPA] = {hear_capa, STAGE_HELLO, PATIENCE_REPLY},            /* RFC 2449 s. 5 */
    [POP3_CAPA_LIST] = {hear_capability, STAGE_HELLO, PATIENCE_REPLY}, /* */
    [POP3_STLS] = {hear_stls, STAGE_START_TLS, PATIENCE_REPLY},        /* RFC 2595 s. 4; then CAPA again */
    [POP3_AUTH] = {pop3_hear_auth, STAGE_AUTH, PATIENCE_WHOLE},        /* RFC 5034 */
    [POP3_USER] = {pop3_hear_user, STAGE_AUTH, PATIENCE_WHOLE},        /* RFC 1939 s. 7 */
    [POP3_PASS] = {pop3_hear_auth, STAGE_AUTH, PATIENCE_WHOLE},        /* */
    [POP3_OWN_CAPA] = {hear_capa, STAGE_SEARCH, PATIENCE_REPLY},       /* RFC 2449 s. 6.5: this user's own delay */
    [POP3_OWN_LIST] = {hear_capability, STAGE_SEARCH, PATIENCE_REPLY}, /* */
    [POP3_STAT] = {pop3_hear_stat, STAGE_SEARCH, PATIENCE_REPLY},      /* RFC 1939 s. 5 */
    [POP3_UIDL] = {pop3_hear_uidl, STAGE_SEARCH, PATIENCE_REPLY},      /* RFC 1939 s. 7 */
    [POP3_UIDL_LIST] = {pop3_hear_uid, STAGE_SEARCH, PATIENCE_REPLY},  /* */
    [POP3_LIST] = {pop3_hear_list, STAGE_SEARCH, PATIENCE_REPLY},      /* only where there is no TOP */
    [POP3_LIST_LIST] = {pop3_hear_size, STAGE_SEARCH, PATIENCE_REPLY}, /* */
    [POP3_SIZE] = {pop3_hear_one_size, STAGE_FETCH,
                   PATIENCE_REPLY},                               /* only where a mail may be no probe by its length */
    [POP3_TOP] = {pop3_hear_top, STAGE_FETCH, PATIENCE_REPLY},    /* newest mail first */
    [POP3_DELE] = {pop3_hear_dele, STAGE_DELETE, PATIENCE_REPLY}, /* marks only */
    [POP3_QUIT] = {pop3_hear_quit, STAGE_QUIT, PATIENCE_REPLY},   /* RFC 1939 s. 6: only now it is deleted */
};

void pop3_enter(struct pop3 *p, enum pop3_step step)
{
    p->step = step;
    p->look.session.stage = steps[step].stage;
    p->look.session.patience = steps[step].patience;
    p->look.session.lines.max = step == POP3_AUTH ? SASL_LINE_MAX + sizeof "+ " - 1 : LIMIT_LINE_BYTES;
}

/* --- replies --- */

int pop3_status(struct pop3 *p, const char *line, size_t n, const char **text, size_t *text_bytes)
{
    static const struct {
        const char *word;
        size_t n;
        int is;
    } words[] = {{"+OK", 3, 1}, {"-ERR", 4, 0}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = words[i].n;
        if (n < length || strncasecmp(line, words[i].word, length) != 0 || (n > length && line[length] != ' '))
            continue;
        *text = n > length ? line + length + 1 : line + length;
        *text_bytes = n > length ? n - length - 1 : 0;
        p->look.session.progress++;
        return words[i].is;
    }
    pop3_fail(p, CAUSE_MALFORMED, "an answer that is neither +OK nor -ERR");
    return -1;
}

enum cause pop3_cause(const char *text, size_t n, bool login)
{
    const char *code;
    size_t code_bytes;
    if (look_bracket(text, n, &code, &code_bytes)) {
        enum cause cause = look_word_cause(code, code_bytes, login);
        if (cause != CAUSE_NONE)
            return cause;
    }
    /* Old servers know no codes, and say only in words that another session holds the mailbox's lock. */
    for (size_t i = 0; login && i + 4 <= n; i++)
        if (strncasecmp(text + i, "lock", 4) == 0)
            return CAUSE_IN_USE;
    return CAUSE_PERMANENT;
}

static void fail_with(struct pop3 *p, struct failure *why)
{
    if (p->step == POP3_DELE || p->step == POP3_QUIT) {
        pop3_delete_broken(p, why);
        failure_clear(why);
        session_close(&p->look.session);
    } else {
        pop3_commit(p);
        session_fail_with(&p->look.session, why);
    }
}

void pop3_fail(struct pop3 *p, enum cause cause, const char *format, ...)
{
    char detail[FAILURE_TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    struct failure why = failure_make(p->look.session.leg->leg, p->look.session.stage, cause, 0);
    failure_detail(&why, "%s", detail);
    fail_with(p, &why);
}

void pop3_refuse(struct pop3 *p, const char *text, size_t n)
{
    pop3_commit(p);
    session_fail_reply(&p->look.session, pop3_cause(text, n, false), 0, text, n);
    session_say(&p->look.session, "QUIT");
}

/* --- the begin --- */

static void start(struct session *s, const char *local_address)
{
    (void)local_address;
    pop3_enter((struct pop3 *)s, POP3_GREETING);
}

static void say_capa(struct pop3 *p)
{
    /* What was offered before TLS may have been written by anybody (RFC 2595 s. 4). */
    p->has_capa = p->stls = p->pipelining = p->own_delay = false;
    p->look.report.login_delay_s = 0;
    p->user = p->top = p->uidl = true;
    p->mechanisms = 0;
    p->capa_lines = 0;
    pop3_enter(p, POP3_CAPA);
    session_say(&p->look.session, "CAPA");
}

static void hear_greeting(struct pop3 *p, const char *line, size_t n)
{
    const char *text;
    size_t text_bytes;
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 1:
        say_capa(p);
        break;
    case 0:
        pop3_refuse(p, text, text_bytes);
        break;
    }
}

static void after_capa(struct pop3 *p)
{
    struct session *s = &p->look.session;
    if (s->leg->security != SECURITY_STARTTLS || s->secured) {
        pop3_login(p);
        return;
    }
    pop3_enter(p, POP3_STLS);
    if (p->has_capa && !p->stls) {
        session_fail_detail(s, CAUSE_UNSUPPORTED, "the server does not offer STLS");
        session_say(s, "QUIT");
        return;
    }
    session_say(s, "STLS");
}

void pop3_logged_in(struct pop3 *p)
{
    if (!p->own_delay) {
        pop3_list(p);
        return;
    }
    p->capa_lines = 0;
    pop3_enter(p, POP3_OWN_CAPA);
    session_say(&p->look.session, "CAPA");
}

static void after_capabilities(struct pop3 *p)
{
    if (p->look.session.logged_in)
        pop3_list(p);
    else
        after_capa(p);
}

static void hear_capa(struct pop3 *p, const char *line, size_t n)
{
    const char *text;
    size_t text_bytes;
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 1:
        if (p->step == POP3_OWN_CAPA) {
            pop3_enter(p, POP3_OWN_LIST);
            break;
        }
        p->has_capa = true;
        p->user = p->top = p->uidl = false;
        pop3_enter(p, POP3_CAPA_LIST);
        break;
    case 0:
        after_capabilities(p);
        break;
    }
}

/* The next word of a line; ${at} goes behind it. */
static size_t next_word(const char *line, size_t n, size_t *at, const char **word)
{
    while (*at < n && line[*at] == ' ')
        ++*at;
    *word = line + *at;
    size_t begin = *at;
    while (*at < n && line[*at] != ' ')
        ++*at;
    return *at - begin;
}

static void take_mechanisms(struct pop3 *p, const char *line, size_t n, size_t at)
{
    const char *word;
    for (size_t length; (length = next_word(line, n, &at, &word)) > 0;) {
        enum mechanism m = mechanism_named(word, length);
        if (m != MECHANISM_NONE)
            p->mechanisms |= mechanism_bit(m);
    }
}

/* "LOGIN-DELAY 900 USER"; a number that is none says nothing. */
static void take_delay(struct pop3 *p, const char *line, size_t n, size_t at)
{
    const char *word;
    uint64_t delay_s;
    size_t length = next_word(line, n, &at, &word);
    if (!imap_number(word, length, UINT64_MAX, &delay_s))
        return;
    p->look.report.login_delay_s = delay_s < LOOK_DELAY_MAX_S ? (uint32_t)delay_s : LOOK_DELAY_MAX_S;
    length = next_word(line, n, &at, &word);
    p->own_delay = imap_is(word, length, "USER");
}

/* What is offered before the login counts for all of the session, but for the delay. */
static void take_capability(struct pop3 *p, const char *line, size_t n)
{
    const struct {
        const char *word;
        bool *has;
    } words[] = {
        {"STLS", &p->stls}, {"USER", &p->user}, {"TOP", &p->top}, {"UIDL", &p->uidl}, {"PIPELINING", &p->pipelining}};
    const char *word;
    size_t at = 0, length = next_word(line, n, &at, &word);
    if (imap_is(word, length, "LOGIN-DELAY"))
        take_delay(p, line, n, at);
    if (p->step == POP3_OWN_LIST)
        return;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (imap_is(word, length, words[i].word))
            *words[i].has = true;
    if (imap_is(word, length, "SASL"))
        take_mechanisms(p, line, n, at);
}

static void hear_capability(struct pop3 *p, const char *line, size_t n)
{
    if (n == 1 && line[0] == '.') {
        p->look.session.progress++;
        after_capabilities(p);
        return;
    }
    if (++p->capa_lines > LIMIT_REPLY_LINES) {
        pop3_fail(p, CAUSE_OVERSIZE, "more than %d capabilities", LIMIT_REPLY_LINES);
        return;
    }
    if (n > 0 && line[0] == '.') {
        line++;
        n--;
    }
    take_capability(p, line, n);
}

static void hear_stls(struct pop3 *p, const char *line, size_t n)
{
    struct session *s = &p->look.session;
    const char *text;
    size_t text_bytes;
    switch (pop3_status(p, line, n, &text, &text_bytes)) {
    case 1:
        session_want_tls(s);
        break;
    case 0: {
        enum cause cause = p->has_capa ? pop3_cause(text, text_bytes, false) : CAUSE_UNSUPPORTED;
        session_fail_reply(s, cause, 0, text, text_bytes);
        session_say(s, "QUIT");
        break;
    }
    }
}

static void secured(struct session *s)
{
    say_capa((struct pop3 *)s);
}

/* --- the machine --- */

/* Nothing was asked: it can only be that the server leaves, and says so. */
static void hear_early(struct pop3 *p, const char *line, size_t n)
{
    static const char error[] = "-ERR";
    bool leaves = n >= sizeof error - 1 && strncasecmp(line, error, sizeof error - 1) == 0;
    session_unsay(&p->look.session);
    struct failure why = session_reply_failure(&p->look.session, leaves ? CAUSE_SHUTDOWN : CAUSE_MALFORMED, 0, line, n);
    failure_detail(&why, "the server spoke though nothing was asked");
    fail_with(p, &why);
}

static void hear_line(struct session *s, const char *bytes, size_t n)
{
    struct pop3 *p = (struct pop3 *)s;
    p->bare = s->lines.bare;
    if (session_is_early(s)) {
        hear_early(p, bytes, n);
        return;
    }
    steps[p->step].hear(p, bytes, n);
}

static size_t open_part(const struct session *s, const char *bytes, size_t n)
{
    const struct pop3 *p = (const struct pop3 *)s;
    return p->step == POP3_AUTH && n > 2 && bytes[0] == '+' && bytes[1] == ' ' ? 2 : n;
}

static bool broken(struct session *s, const struct failure *why)
{
    struct pop3 *p = (struct pop3 *)s;
    if (p->step == POP3_DELE || p->step == POP3_QUIT) {
        pop3_delete_broken(p, why);
        return true;
    }
    bool flooded = look_is_flooded(&p->look, why);
    if (flooded)
        look_flooded(&p->look);
    if (p->look.reading)
        pop3_suspect(p);
    pop3_commit(p);
    return flooded;
}

static void release(struct session *s)
{
    struct pop3 *p = (struct pop3 *)s;
    free(p->entries);
    free(p->doomed);
    look_release(&p->look);
}

static const struct machine machine = {.start = start,
                                       .line = hear_line,
                                       .raw = pop3_raw,
                                       .secured = secured,
                                       .resume = pop3_resume,
                                       .broken = broken,
                                       .open = open_part,
                                       .release = release};

struct session *pop3_look_new(const struct look_task *task)
{
    struct pop3 *p = look_new(sizeof *p, &machine, task);
    return p == NULL ? NULL : &p->look.session;
}
