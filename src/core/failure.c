#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct failure failure_none = {.leg = LEG_NONE, .stage = STAGE_NONE, .cause = CAUSE_NONE};

/* What the number of a failure is, by its cause; a reply code needs no name. */
static const char *const code_names[CAUSE_END] = {
    [CAUSE_REFUSED] = "errno ", [CAUSE_UNREACHABLE] = "errno ", [CAUSE_TIMED_OUT] = "errno ",
    [CAUSE_CLOSED] = "errno ",  [CAUSE_RESOURCES] = "errno ",   [CAUSE_SECRET] = "errno ",
    [CAUSE_STATE] = "errno ",   [CAUSE_TLS_ALERT] = "alert ",
};

struct label {
    const char *word, *sentence;
};

static const struct label stages[STAGE_END] = {
#define STAGE(enumerator, number, word, sentence) [number] = {word, sentence},
#include "stage.def"
};

static const struct label causes[CAUSE_END] = {
#define CAUSE(enumerator, number, word, sentence) [number] = {word, sentence},
#include "cause.def"
};

static const struct label legs[] = {
    [LEG_NONE] = {.word = "none"},         [LEG_SMTP] = {.word = "smtp"},   [LEG_INCOMING] = {.word = "incoming"},
    [LEG_DELIVERY] = {.word = "delivery"}, [LEG_LOCAL] = {.word = "local"},
};

static const struct label *label_of(const struct label *table, size_t n, unsigned number)
{
    static const struct label unknown = {"?", "?"};
    return number < n && table[number].word != NULL ? &table[number] : &unknown;
}

const char *leg_word(enum leg leg)
{
    return label_of(legs, sizeof legs / sizeof legs[0], leg)->word;
}

const char *stage_word(enum stage stage)
{
    return label_of(stages, STAGE_END, stage)->word;
}

const char *stage_sentence(enum stage stage)
{
    return label_of(stages, STAGE_END, stage)->sentence;
}

const char *cause_word(enum cause cause)
{
    return label_of(causes, CAUSE_END, cause)->word;
}

const char *cause_sentence(enum cause cause)
{
    return label_of(causes, CAUSE_END, cause)->sentence;
}

bool failure_is(const struct failure *f)
{
    return f->leg != LEG_NONE || f->stage != STAGE_NONE || f->cause != CAUSE_NONE;
}

struct failure failure_make(enum leg leg, enum stage stage, enum cause cause, int32_t code)
{
    return (struct failure){.leg = leg, .stage = stage, .cause = cause, .code = code};
}

static void set_text(const struct text **slot, const char *bytes, size_t n)
{
    text_unref(*slot);
    *slot = text_new(bytes, n);
}

void failure_detail(struct failure *f, const char *format, ...)
{
    char line[4 * FAILURE_TEXT_MAX], shown[FAILURE_TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t length = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    set_text(&f->detail, shown, text_readable(shown, sizeof shown, line, length));
}

void failure_reply(struct failure *f, const void *bytes, size_t n)
{
    char shown[FAILURE_TEXT_MAX + 1];
    set_text(&f->reply, shown, text_printable(shown, sizeof shown, bytes, n));
}

struct failure failure_copy(const struct failure *f)
{
    (void)text_ref(f->reply);
    (void)text_ref(f->detail);
    return *f;
}

void failure_clear(struct failure *f)
{
    text_unref(f->reply);
    text_unref(f->detail);
    *f = failure_none;
}

void failure_move(struct failure *to, struct failure *from)
{
    if (to == from)
        return;
    failure_clear(to);
    *to = *from;
    *from = failure_none;
}

bool failure_same(const struct failure *a, const struct failure *b)
{
    return a->leg == b->leg && a->stage == b->stage && a->cause == b->cause;
}

/* Stages that are places of their own need no leg in front: "on this machine: ...". */
static bool leg_is_said(const struct failure *f)
{
    return f->leg == LEG_NONE || f->stage == STAGE_LOCAL || f->stage == STAGE_DELIVERY;
}

size_t failure_print(const struct failure *f, char *dst, size_t size)
{
    char line[3 * FAILURE_TEXT_MAX], code[32] = "";
    if (size == 0)
        return 0;
    dst[0] = '\0';
    if (!failure_is(f))
        return 0;

    const char *code_name = f->cause > 0 && f->cause < CAUSE_END ? code_names[f->cause] : NULL;
    if (f->code != 0)
        (void)snprintf(code, sizeof code, " (%s%d)", code_name == NULL ? "" : code_name, (int)f->code);
    const struct text *words = f->detail != NULL ? f->detail : f->reply;
    (void)snprintf(line, sizeof line, "%s%s%s: %s%s%s%s", leg_is_said(f) ? "" : leg_word(f->leg),
                   leg_is_said(f) ? "" : ": ", stage_sentence(f->stage), cause_sentence(f->cause), code,
                   words == NULL ? "" : ": ", text_bytes(words));

    size_t max = size - 1 < FAILURE_TEXT_MAX ? size - 1 : FAILURE_TEXT_MAX;
    size_t length = text_cut(line, strlen(line), max);
    memcpy(dst, line, length);
    dst[length] = '\0';
    return length;
}
