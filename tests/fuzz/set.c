/*
 * A sequence of SETs, phase by phase as a master plays them.  One that fails, or is undone, changes nothing; what one
 * that succeeds has set reads back, and is what the state keeps.
 *
 * The input is text, a line a SET, as the unit tests write it (set_line.h).  In front of it: "!" the state refuses to
 * keep it, "*" is known to be unwritable, "?" the master undoes it, ">" gives it up.
 */
#include "set.h"

#include <string.h>

#include "agent_parts.h"
#include "must.h"
#include "set_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { SETS_MAX = 12, VARIABLES_MAX = 24, ROWS_MAX = 512, QUEUE_ROOM = 64 };

static struct agent agent;

/** Rows with a reference of their definitions each: those of the set at a moment, or those that the state has. */
struct rows {
    size_t count;
    struct {
        int32_t index;
        const struct definition *definition;
    } rows[ROWS_MAX];
};

static struct rows kept; /* by the state, in no order; definition NULL: free */

static void drop_rows(struct rows *r)
{
    for (size_t i = 0; i < r->count; i++)
        definition_unref(r->rows[i].definition);
    r->count = 0;
}

/* --- the state --- */

static void keep_change(const struct save_change *c)
{
    size_t i = 0;
    while (i < kept.count && kept.rows[i].index != c->index)
        i++;
    if (i == kept.count) {
        must(kept.count++ < ROWS_MAX);
        kept.rows[i].index = c->index;
        kept.rows[i].definition = NULL;
    }
    definition_unref(kept.rows[i].definition);
    bool is_kept = c->definition != NULL && c->definition->storage != STORAGE_VOLATILE;
    kept.rows[i].definition = is_kept ? definition_ref(c->definition) : NULL;
}

/* What waits for an answer has had it; what does not is kept, now or later. */
static void take_saves(bool refuses)
{
    struct save save;
    (void)outbox_flush(agent.keep.saves);
    while (queue_take(agent.options.saves, &save)) {
        must(save_batch_claim(save.batch, SAVE_BEGUN));
        for (size_t i = 0; i < save.batch->count && save.kind == SAVE_CHANGES && !(refuses && save.id != 0); i++)
            keep_change(&save.batch->changes[i]);
        save_drop(&save);
        (void)outbox_flush(agent.keep.saves);
    }
}

/* The answer is there before it is waited for: no thread, no clock. */
static void answer_next(bool refuses)
{
    struct saved saved;
    while (queue_take(agent.options.saved, &saved))
        continue;
    saved = (struct saved){agent.keep.last_id + 1, refuses ? SAVE_REFUSED : SAVED};
    must(queue_post(agent.options.saved, &saved));
}

static void take_orders(void)
{
    struct order order;
    do {
        while (queue_take(agent.options.orders, &order))
            order_drop(&order);
    } while (!outbox_flush(agent.orders) || outbox_waiting(agent.orders) > 0);
    while (queue_take(agent.options.orders, &order))
        order_drop(&order);
}

/* --- the set of monitors --- */

static void note_rows(struct rows *r)
{
    r->count = monitors_count(agent.set);
    must(r->count <= ROWS_MAX);
    for (size_t i = 0; i < r->count; i++) {
        const struct monitor *row = monitors_at(agent.set, i);
        r->rows[i].index = row->index;
        r->rows[i].definition = definition_ref(row->definition);
    }
}

static void check_unchanged(const struct rows *before)
{
    must(monitors_count(agent.set) == before->count);
    for (size_t i = 0; i < before->count; i++) {
        const struct monitor *row = monitors_at(agent.set, i);
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
         monitors_named(agent.set, definition_text(definition, SETTING_name)) == row);
    draft_end(&d);
}

static void check_rows(void)
{
    size_t half_made = 0, durable = 0;
    for (size_t i = 0; i < monitors_count(agent.set); i++) {
        const struct monitor *row = monitors_at(agent.set, i);
        check_row(row);
        half_made += row->definition->row_status == ROW_NOT_READY;
        durable += row->definition->storage != STORAGE_VOLATILE;
    }
    must(half_made == agent.half_made);
    for (size_t i = 0; i < kept.count; i++) {
        const struct monitor *row = monitors_find(agent.set, kept.rows[i].index);
        must(kept.rows[i].definition == NULL || (row != NULL && row->definition == kept.rows[i].definition));
        durable -= kept.rows[i].definition != NULL;
    }
    must(durable == 0);
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
    const struct monitor *row = monitors_find(agent.set, (int32_t)v->index);
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

static bool pass(struct set_request *s, struct pdu *p, struct set_fault *fault)
{
    agent.state_alarm = p->unwritable;
    if (!set_take(s, p->variables, p->count, fault))
        return false;
    answer_next(p->refuses);
    return set_check(s, p->variables, p->count, fault);
}

static void play(struct pdu *p)
{
    struct rows before;
    struct set_fault fault = {.place = SIZE_MAX};
    note_rows(&before);
    struct set_request *s = set_new(&agent);
    must(s != NULL);
    bool passed = pass(s, p, &fault), done = false;
    must(passed || (fault.place < p->count && fault.why.kind != MISTAKE_NONE && fault.why.text[0] != '\0'));
    take_saves(p->refuses);
    if (passed && !p->given_up) {
        answer_next(p->refuses);
        done = set_commit(s, &fault);
        must(done || p->refuses);
        take_saves(p->refuses);
    }
    if (done && p->undone) {
        answer_next(p->refuses);
        must(set_undo(s, &fault) || p->refuses);
        done = false;
        take_saves(p->refuses);
    }
    if (done)
        set_finish(s);
    set_free(s);
    if (!done)
        check_unchanged(&before);
    for (size_t i = 0; i < p->count && done; i++)
        if (is_last(p, i))
            check_reads_back(&p->variables[i]);
    take_orders();
    check_rows();
    drop_rows(&before);
}

/* --- the agent --- */

static uint64_t serial_of(void *owner, const char *name)
{
    static uint64_t serial;
    (void)owner, (void)name;
    return ++serial;
}

static const struct definition *file_row(const char *name)
{
    static const struct {
        enum setting_id id;
        const char *written;
    } settings_of_it[] = {{SETTING_device, "192.0.2.1"},
                          {SETTING_smtp_to, "to@example.com"},
                          {SETTING_smtp_from, "b@example.com"},
                          {SETTING_in_username, "user"},
                          {SETTING_in_password, "secret"}};
    struct draft d;
    struct mistake why;
    draft_init(&d);
    must(draft_put_written(&d, SETTING_name, name, &why));
    for (size_t i = 0; i < sizeof settings_of_it / sizeof settings_of_it[0]; i++)
        must(draft_put_written(&d, settings_of_it[i].id, settings_of_it[i].written, &why));
    const struct definition *made = draft_freeze(&d);
    draft_end(&d);
    return made;
}

static void begin(void)
{
    static struct wanted wanted[2];
    if (wanted[0].definition == NULL) {
        wanted[0].definition = file_row("file-1");
        wanted[1].definition = file_row("file-2");
        agent.options.orders = queue_new(QUEUE_ROOM, sizeof(struct order));
        agent.options.saves = queue_new(QUEUE_ROOM, sizeof(struct save));
        agent.options.saved = queue_new(QUEUE_ROOM, sizeof(struct saved));
    }
    agent.set = monitors_new(serial_of, NULL);
    agent.orders = outbox_new(agent.options.orders, sizeof(struct order));
    must(agent.set != NULL && agent.orders != NULL && keep_init(&agent.keep, agent.options.saves, agent.options.saved));
    agent.half_made = agent.lacking_secrets = 0;
    agent.state_alarm = false;
    agent_take_file(&agent, &(struct notice){.kind = NOTICE_FILE, .wanted = wanted, .wanted_count = 2, .time_ms = 1});
    take_saves(false);
    take_orders();
}

static void end(void)
{
    take_orders();
    outbox_free(agent.orders, order_drop);
    keep_clear(&agent.keep);
    monitors_free(agent.set);
    drop_rows(&kept);
    text_unref(agent.set_error);
    text_unref(agent.config_error);
    agent.set_error = agent.config_error = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct pdu pdu;
    char *text = strndup((const char *)bytes, n), *rest = text;
    must(text != NULL);
    begin();
    for (unsigned i = 0; i < SETS_MAX && rest != NULL; i++) {
        read_line(&pdu, strsep(&rest, "\n"));
        if (pdu.count > 0)
            play(&pdu);
    }
    end();
    free(text);
    return 0;
}
