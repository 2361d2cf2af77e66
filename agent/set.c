#include "set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_parts.h"
#include "set_row.h"

struct set_request *set_new(struct agent *a)
{
    set_settle(a);
    struct set_request *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->agent = a;
    draft_init(&s->scratch);
    s->edit = edit_begin(a->set);
    if (s->edit == NULL) {
        free(s);
        return NULL;
    }
    a->open_set = s;
    return s;
}

/* All that it holds; the shell stays, because the library still points to it. */
static void close_set(struct set_request *s, enum set_phase phase)
{
    struct agent *a = s->agent;
    dispatch_release(&a->dispatch, s->orders);
    keep_release(&a->keep, s->saves);
    save_batch_unref(s->save);
    save_batch_unref(s->undo);
    save_batch_unref(s->again);
    edit_end(s->edit);
    draft_end(&s->scratch);
    free(s->rows);
    *s = (struct set_request){.agent = a, .phase = phase};
    if (a->open_set == s)
        a->open_set = NULL;
}

static bool is_open(const struct set_request *s)
{
    return s->phase != SET_DROPPED && s->phase != SET_DONE;
}

/* ${v} NULL: no variable in particular. */
static bool refuse(struct set_request *s, const struct set_variable *v, const struct mistake *why,
                   struct set_fault *fault)
{
    char line[2 * sizeof why->text];
    if (v == NULL)
        (void)text_copy(line, sizeof line, why->text);
    else
        (void)snprintf(line, sizeof line, "%s.%lu: %s", set_row_object(v->column), v->index, why->text);
    fault->why = *why;
    agent_set_error(s->agent, line);
    return false;
}

static bool refuse_plain(struct set_request *s, enum mistake_kind kind, const char *text, struct set_fault *fault)
{
    struct mistake why;
    (void)mistake_make(&why, kind, SETTING_COUNT, "%s", text);
    fault->place = 0;
    return refuse(s, NULL, &why, fault);
}

static const char came_between[] = "another change of the monitors came between; asking again is right";
static const char no_memory[] = "out of memory";

bool set_take(struct set_request *s, const struct set_variable *v, size_t n, struct set_fault *fault)
{
    struct mistake why;
    if (!is_open(s))
        return refuse_plain(s, MISTAKE_RESOURCES, came_between, fault);
    if (s->agent->config_loaded_at == 0) /* its rows do not hold their names and indexes yet */
        return refuse_plain(s, MISTAKE_RESOURCES, "the configuration file is not read yet; asking again is right",
                            fault);
    if (!set_row_open(s, v, n))
        return refuse_plain(s, MISTAKE_RESOURCES, no_memory, fault);
    for (size_t i = 0; i < n; i++) {
        if (set_row_take(s, &v[i], &why))
            continue;
        fault->place = i;
        return refuse(s, &v[i], &why, fault);
    }
    return true;
}

/* --- the whole --- */

static bool check_rows(struct set_request *s, const struct set_variable *v, size_t n, struct mistake *why,
                       size_t *place)
{
    unsigned long column = 0;
    int32_t index = 0;
    bool right = true;
    for (size_t i = 0; right && i < s->row_count; i++) {
        right = set_row_finish(s, &s->rows[i], why, &column);
        index = s->rows[i].index;
    }
    if (right) {
        column = 0;
        right = edit_check(s->edit, why, &index);
    }
    if (!right)
        *place = set_row_blame(v, n, index, column, why->setting);
    return right;
}

static bool count_saves(void *owner, const struct change *changes, size_t n, struct mistake *why)
{
    size_t *count = owner;
    (void)why;
    *count = keep_count(changes, n);
    return true;
}

/* Room for the save, for its reversal, and for one more that need not succeed at once. */
static bool prepare_saves(struct set_request *s, size_t changes)
{
    enum { SAVES = 3 };
    if (changes == 0)
        return true;
    s->save = save_batch_new(changes);
    s->undo = save_batch_new(changes);
    s->again = save_batch_new(changes);
    if (s->save == NULL || s->undo == NULL || s->again == NULL || !keep_reserve(&s->agent->keep, SAVES))
        return false;
    s->saves = SAVES;
    return true;
}

static size_t count_polls(const struct set_request *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->row_count; i++)
        n += s->rows[i].poll;
    return n;
}

static bool prepare(struct set_request *s, size_t changes)
{
    size_t orders = edit_count(s->edit) + count_polls(s);
    if (!prepare_saves(s, changes) || !dispatch_reserve(&s->agent->dispatch, orders))
        return false;
    s->orders = orders;
    return true;
}

static bool fill(void *owner, const struct change *changes, size_t n, struct mistake *why)
{
    (void)why;
    keep_fill(owner, changes, n);
    return true;
}

/* While the state is known to be unwritable, whether it still is: what was to be kept is written for a trial. */
static bool state_is_well(struct set_request *s, size_t changes)
{
    struct agent *a = s->agent;
    if (changes == 0 || (!a->state_alarm && !keep_is_late(&a->keep)))
        return true;
    struct mistake why;
    struct save_batch *trial = save_batch_new(changes);
    if (trial == NULL || !keep_reserve(&a->keep, 1)) {
        save_batch_unref(trial);
        return false;
    }
    (void)edit_save(s->edit, &(struct saver){fill, trial}, &why);
    return keep_wait(&a->keep, SAVE_TRIAL, trial) == KEPT;
}

bool set_check(struct set_request *s, const struct set_variable *v, size_t n, struct set_fault *fault)
{
    struct mistake why = {.kind = MISTAKE_NONE};
    size_t changes = 0;
    if (s->phase != SET_OPEN)
        return refuse_plain(s, MISTAKE_RESOURCES, came_between, fault);
    if (!check_rows(s, v, n, &why, &fault->place))
        return refuse(s, &v[fault->place], &why, fault);
    (void)edit_save(s->edit, &(struct saver){count_saves, &changes}, &why);
    if (!state_is_well(s, changes))
        return refuse_plain(s, MISTAKE_RESOURCES, "the state cannot be written", fault);
    if (!prepare(s, changes))
        return refuse_plain(s, MISTAKE_RESOURCES, no_memory, fault);
    s->phase = SET_CHECKED;
    return true;
}

/* --- keeping and publishing --- */

static struct save_batch *hand_over(struct set_request *s, struct save_batch **batch)
{
    struct save_batch *given = *batch;
    *batch = NULL;
    s->saves--;
    return given;
}

/* In the order of its enum: what a SET is told. */
static const char *const not_kept[] = {
    [KEPT_REFUSED] = "the state cannot be written",
    [KEPT_DROPPED] = "the state is not written in time",
    [KEPT_LATE] = "the state is not written in time",
};

static bool save(void *owner, const struct change *changes, size_t n, struct mistake *why)
{
    struct set_request *s = owner;
    if (s->save == NULL)
        return true;
    keep_fill(s->save, changes, n);
    enum kept kept = keep_wait(&s->agent->keep, SAVE_CHANGES, hand_over(s, &s->save));
    if (kept == KEPT)
        return true;
    s->late = kept == KEPT_LATE;
    return mistake_make(why, MISTAKE_SAVE, SETTING_COUNT, "%s", not_kept[kept]);
}

static bool restore_later(void *owner, const struct change *changes, size_t n, struct mistake *why)
{
    struct set_request *s = owner;
    (void)why;
    keep_fill(s->again, changes, n);
    keep_later(&s->agent->keep, hand_over(s, &s->again));
    return true;
}

static bool restore(void *owner, const struct change *changes, size_t n, struct mistake *why)
{
    struct set_request *s = owner;
    if (s->undo == NULL)
        return true;
    keep_fill(s->undo, changes, n);
    enum kept kept = keep_wait(&s->agent->keep, SAVE_CHANGES, hand_over(s, &s->undo));
    if (kept == KEPT)
        return true;
    (void)restore_later(s, changes, n, why);
    return mistake_make(why, MISTAKE_UNDO, SETTING_COUNT, "the reversal is not kept yet: %s", not_kept[kept]);
}

bool set_commit(struct set_request *s, struct set_fault *fault)
{
    struct mistake why = {.kind = MISTAKE_NONE};
    struct agent *a = s->agent;
    if (s->phase != SET_CHECKED)
        return refuse_plain(s, MISTAKE_SAVE, came_between, fault);
    if (!edit_save(s->edit, &(struct saver){save, s}, &why)) {
        if (s->late) /* what is being written now is taken back at once */
            (void)edit_restore(s->edit, &(struct saver){restore_later, s}, &why);
        log_write(a->options.log, LOG_LINE_ERROR, "a SET is refused: %s", why.text);
        set_drop(s);
        return refuse_plain(s, MISTAKE_SAVE, why.text, fault);
    }
    s->table_changed_at = a->table_changed_at;
    edit_publish(s->edit, agent_count_change, a);
    s->phase = SET_PUBLISHED;
    return true;
}

bool set_undo(struct set_request *s, struct set_fault *fault)
{
    struct mistake why = {.kind = MISTAKE_NONE};
    struct agent *a = s->agent;
    if (s->phase == SET_DONE)
        return refuse_plain(s, MISTAKE_UNDO, came_between, fault);
    if (s->phase != SET_PUBLISHED) {
        set_drop(s);
        return true; /* nothing was done */
    }
    edit_revert(s->edit, agent_count_change, a);
    a->table_changed_at = s->table_changed_at;
    bool restored = edit_restore(s->edit, &(struct saver){restore, s}, &why);
    close_set(s, SET_DROPPED);
    if (restored)
        return true;
    log_write(a->options.log, LOG_LINE_ERROR, "a SET is undone: %s", why.text);
    return refuse_plain(s, MISTAKE_UNDO, why.text, fault);
}

/* --- the end --- */

static void order_change(void *owner, const struct change *change)
{
    struct set_request *s = owner;
    s->orders--;
    dispatch_change(&s->agent->dispatch, change);
}

static void order_polls(struct set_request *s)
{
    for (size_t i = 0; i < s->row_count; i++) {
        const struct monitor *row = monitors_find(s->agent->set, s->rows[i].index);
        if (!s->rows[i].poll || row == NULL)
            continue;
        s->orders--;
        dispatch_poll(&s->agent->dispatch, row);
    }
}

void set_finish(struct set_request *s)
{
    if (s->phase != SET_PUBLISHED) {
        set_drop(s);
        return;
    }
    edit_tell(s->edit, order_change, s);
    order_polls(s);
    agent_set_error(s->agent, "");
    close_set(s, SET_DONE);
}

void set_drop(struct set_request *s)
{
    if (s->phase == SET_PUBLISHED)
        set_finish(s);
    else if (is_open(s))
        close_set(s, SET_DROPPED);
}

void set_settle(struct agent *a)
{
    if (a->open_set != NULL)
        set_drop(a->open_set);
}

void set_free(struct set_request *s)
{
    if (s == NULL)
        return;
    set_drop(s);
    free(s);
}
