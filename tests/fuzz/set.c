/*
 * A sequence of SETs, phase by phase as a master plays them.  One that fails, or is undone, changes nothing; what one
 * that succeeds has set reads back, and is what the state keeps.
 *
 * The input is text, a line a SET, as the unit tests write it (set_line.h).  In front of it: "!" the state refuses to
 * keep it, "*" is known to be unwritable, "?" the master undoes it, ">" gives it up.
 */
#include "set.h"

#include <string.h>

#include "must.h"
#include "set_line.h"
#include "set_stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { SETS_MAX = 12, VARIABLES_MAX = 24, ROWS_MAX = 512 };

static struct agent *agent;

/** The rows of the set at a moment, with a reference of their definitions each. */
struct rows {
    size_t count;
    struct {
        int32_t index;
        const struct definition *definition;
    } rows[ROWS_MAX];
};

static void drop_rows(struct rows *r)
{
    for (size_t i = 0; i < r->count; i++)
        definition_unref(r->rows[i].definition);
}

/* --- the set of monitors --- */

static void note_rows(struct rows *r)
{
    r->count = monitors_count(agent->set);
    must(r->count <= ROWS_MAX);
    for (size_t i = 0; i < r->count; i++) {
        const struct monitor *row = monitors_at(agent->set, i);
        r->rows[i].index = row->index;
        r->rows[i].definition = definition_ref(row->definition);
    }
}

static void check_unchanged(const struct rows *before)
{
    must(monitors_count(agent->set) == before->count);
    for (size_t i = 0; i < before->count; i++) {
        const struct monitor *row = monitors_at(agent->set, i);
        must(row->index == before->rows[i].index && row->definition == before->rows[i].definition);
    }
}

static void check_row(const struct monitor *row)
{
    struct draft d;
    const struct definition *definition = row->definition;
    must(draft_from(&d, definition));
    must(definition->row_status != ROW_ACTIVE || draft_check(&d, NULL, NULL) == 0);
    must(!definition_has(definition, SETTING_name) ||
         monitors_named(agent->set, definition_text(definition, SETTING_name)) == row);
    draft_end(&d);
}

static void check_rows(void)
{
    size_t half_made = 0;
    for (size_t i = 0; i < monitors_count(agent->set); i++) {
        check_row(monitors_at(agent->set, i));
        half_made += monitors_at(agent->set, i)->definition->row_status == ROW_NOT_READY;
    }
    must(half_made == agent->half_made);
    stage_check_kept();
}

/* --- a line --- */

struct pdu {
    bool refuses, unwritable, undone, given_up;
    size_t count;
    struct set_variable variables[VARIABLES_MAX];
};

static void read_line(struct pdu *p, char *line)
{
    static const char marks[] = "!*?>";
    size_t n = strspn(line, marks);
    p->refuses = memchr(line, '!', n) != NULL;
    p->unwritable = memchr(line, '*', n) != NULL;
    p->undone = memchr(line, '?', n) != NULL;
    p->given_up = memchr(line, '>', n) != NULL;
    (void)set_line_read(line + n, p->variables, VARIABLES_MAX, &p->count);
}

/* --- playing it --- */

static bool is_last(const struct pdu *p, size_t i)
{
    for (size_t k = i + 1; k < p->count; k++)
        if (p->variables[k].index == p->variables[i].index && p->variables[k].column == p->variables[i].column)
            return false;
    return true;
}

static uint32_t bits_of(const struct set_variable *v)
{
    uint32_t mask = 0;
    for (unsigned bit = 0; bit < 8 && v->length > 0; bit++)
        mask |= ((unsigned char)v->octets[0] & 0x80U >> bit) != 0 ? 1U << bit : 0;
    return mask;
}

static void check_reads_back(const struct set_variable *v)
{
    const struct monitor *row = monitors_find(agent->set, (int32_t)v->index);
    const struct setting *s = setting_by_column((unsigned)v->column);
    if (s == NULL || row == NULL) /* no setting; a row that goes again */
        return;
    enum setting_id id = setting_id(s);
    if (setting_is_text(s)) {
        const char *text = definition_text(row->definition, id);
        must(strlen(text) == v->length && memcmp(text, v->octets, v->length) == 0);
        return;
    }
    uint32_t wanted = s->kind == KIND_NOTIFY ? bits_of(v) : v->type == SET_UNSIGNED ? v->number : (uint32_t)v->integer;
    must(definition_number(row->definition, id) == wanted);
}

/* TestSet. */
static bool test(struct set_request *s, const struct pdu *p)
{
    struct set_fault fault = {.place = SIZE_MAX};
    agent->state_alarm = p->unwritable;
    bool passed = set_take(s, p->variables, p->count, &fault);
    if (passed) {
        stage_answer_next(p->refuses);
        passed = set_check(s, p->variables, p->count, &fault);
        stage_take_saves(p->refuses);
    }
    must(passed || (fault.place < p->count && fault.why.kind != MISTAKE_NONE && fault.why.text[0] != '\0'));
    return passed;
}

/* CommitSet, UndoSet. */
static bool commit(struct set_request *s, const struct pdu *p)
{
    struct set_fault fault;
    stage_answer_next(p->refuses);
    bool done = set_commit(s, &fault);
    stage_take_saves(p->refuses);
    must(done || p->refuses);
    if (!done || !p->undone)
        return done;
    stage_answer_next(p->refuses);
    must(set_undo(s, &fault) || p->refuses);
    stage_take_saves(p->refuses);
    return false;
}

static void play(const struct pdu *p)
{
    struct rows before;
    note_rows(&before);
    struct set_request *s = set_new(agent);
    must(s != NULL);
    bool done = test(s, p) && !p->given_up && commit(s, p);
    if (done)
        set_finish(s);
    set_free(s);
    if (!done)
        check_unchanged(&before);
    for (size_t i = 0; i < p->count && done; i++)
        if (is_last(p, i))
            check_reads_back(&p->variables[i]);
    stage_take_orders();
    check_rows();
    drop_rows(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct pdu pdu;
    char *text = strndup((const char *)bytes, n), *rest = text;
    must(text != NULL);
    agent = stage_begin();
    for (unsigned i = 0; i < SETS_MAX && rest != NULL; i++) {
        read_line(&pdu, strsep(&rest, "\n"));
        if (pdu.count > 0)
            play(&pdu);
    }
    stage_end();
    free(text);
    return 0;
}
