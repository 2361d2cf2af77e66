#include "look.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "look_parts.h"

enum { PROGRESS_BYTES = 4096 };

void *look_new(size_t size, const struct machine *machine, const struct look_task *task)
{
    struct session *s = session_new(size, machine, task->leg, task->memory, task->cache);
    struct look *l = (struct look *)s;
    if (l == NULL)
        return NULL;
    l->task = task;
    l->report.deletion_failure = failure_none;
    l->refusal = failure_none;
    return l;
}

void look_forget_answer(struct look *l)
{
    if (l->first_response != NULL)
        explicit_bzero(l->first_response, strlen(l->first_response));
    free(l->first_response);
    l->first_response = NULL;
}

void look_release(struct look *l)
{
    failure_clear(&l->report.deletion_failure);
    failure_clear(&l->refusal);
    look_forget_answer(l);
}

const struct look_report *look_report(const struct session *s)
{
    return &((const struct look *)s)->report;
}

/* --- SASL --- */

void look_answer_later(struct look *l, const char *first)
{
    /* "=" stands for nothing on the command's line only. */
    l->first_response = strdup(strcmp(first, "=") == 0 ? "" : first);
    if (l->first_response == NULL)
        session_fail_memory(&l->session);
}

void look_answer(struct look *l, const char *challenge, size_t n)
{
    struct session *s = &l->session;
    struct failure why = failure_none;
    char line[SASL_LINE_MAX + 1];
    bool ok;

    if (l->first_response == NULL) {
        ok = login_answer(s->login, challenge, n, line, &why);
        if (ok)
            session_say_secret(s, "", line);
        login_wipe_line(line);
    } else {
        ok = n == 0;
        if (ok)
            session_say_secret(s, "", l->first_response);
        else
            why = failure_make(s->leg->leg, s->stage, CAUSE_MALFORMED, 0);
        look_forget_answer(l);
    }
    if (ok)
        return;
    session_say(s, "*");
    session_fail_with(s, &why);
}

/* --- reading --- */

void look_dropped(struct look *l, size_t n)
{
    l->session.progress += (l->mail_bytes % PROGRESS_BYTES + n) / PROGRESS_BYTES;
    l->mail_bytes += n;
}

void look_data(struct look *l, const char *bytes, size_t n)
{
    look_dropped(l, n);
    header_feed(&l->header, bytes, n);
}

enum disposal look_judge(struct look *l)
{
    header_end(&l->header);
    l->report.inspected++;
    enum disposal what = l->task->judge(l->task->owner, &l->header.facts);
    if (what != DISPOSAL_DELETE)
        return what;
    if (l->report.asked == LOOK_DELETE_MAX)
        return DISPOSAL_LATER;
    l->report.asked++;
    return what;
}

bool look_needs_again(struct look *l)
{
    if (l->asked_missing)
        return false;
    l->asked_missing = true;
    return l->task->missing(l->task->owner);
}

bool look_is_flooded(const struct look *l, const struct failure *why)
{
    return l->reading && l->mail_bytes > LIMIT_LITERAL_SCAN_BYTES &&
           (why->cause == CAUSE_TIMED_OUT || why->cause == CAUSE_OVERSIZE);
}

void look_flooded(struct look *l)
{
    l->report.scanned = true;
    l->report.finished = false;
}

/* --- deleting --- */

void look_refused_one(struct look *l, struct failure *why)
{
    if (failure_is(&l->refusal))
        failure_clear(why);
    else
        failure_move(&l->refusal, why);
}

void look_deleted(struct look *l, enum deletion outcome, struct failure *why)
{
    l->report.deletion = outcome;
    failure_move(&l->report.deletion_failure, why != NULL ? why : &l->refusal);
    if (failure_is(&l->report.deletion_failure))
        l->report.deletion_failure.stage = STAGE_DELETE;
}

/* --- words of a server --- */

bool look_bracket(const char *text, size_t n, const char **code, size_t *code_bytes)
{
    if (n == 0 || text[0] != '[')
        return false;
    size_t end = 1;
    while (end < n && text[end] != ']' && text[end] != ' ')
        end++;
    *code = text + 1;
    *code_bytes = end - 1;
    return end < n && end > 1;
}

enum cause look_word_cause(const char *code, size_t n, bool login)
{
    static const struct {
        const char *word;
        enum cause cause;
        bool login; /* means this only as the answer to a login */
    } words[] = {
        {"AUTH", CAUSE_BAD_CREDENTIALS, true}, {"AUTHENTICATIONFAILED", CAUSE_BAD_CREDENTIALS, true},
        {"IN-USE", CAUSE_IN_USE, false},       {"LOGIN-DELAY", CAUSE_IN_USE, false},
        {"INUSE", CAUSE_IN_USE, false},        {"LIMIT", CAUSE_IN_USE, false},
        {"SYS/TEMP", CAUSE_TEMPORARY, false},  {"UNAVAILABLE", CAUSE_TEMPORARY, false},
        {"SERVERBUG", CAUSE_TEMPORARY, false},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (n == strlen(words[i].word) && strncasecmp(code, words[i].word, n) == 0)
            return words[i].login && !login ? CAUSE_NONE : words[i].cause;
    return CAUSE_NONE;
}
