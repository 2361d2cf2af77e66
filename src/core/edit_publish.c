/* What follows a good edit_check(): saving, and the one moment at which the set changes. */
#include "edit_rows.h"

static struct change change_of(const struct edit_row *row, bool forward)
{
    const struct monitor *winner = forward ? row->after_row : row->before_row;
    const struct monitor *loser = forward ? row->before_row : row->after_row;
    const bool replaces = winner != NULL && loser != NULL && winner->serial != loser->serial;
    return (struct change){
        .index = row->index,
        .serial = winner != NULL ? winner->serial : loser->serial,
        .replaced = replaces ? loser->serial : 0,
        .before = forward ? row->before : row->after,
        .after = forward ? row->after : row->before,
    };
}

size_t edit_changes(const struct edit *e, bool forward, struct change *change)
{
    size_t n = 0;
    for (int removals = 1; removals >= 0; removals--) {
        for (size_t i = 0; i < e->count; i++) {
            if (e->rows[i].same)
                continue;
            change[n] = change_of(&e->rows[i], forward);
            if ((change[n].after == NULL) == (removals == 1))
                n++;
        }
    }
    return n;
}

size_t edit_count(const struct edit *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->count; i++)
        n += !e->rows[i].same;
    return n;
}

static bool save(struct edit *e, bool forward, const struct saver *saver, struct mistake *why)
{
    size_t n = edit_changes(e, forward, e->changes);
    if (saver == NULL || n == 0)
        return true;
    return saver->save(saver->owner, e->changes, n, why);
}

bool edit_save(struct edit *e, const struct saver *saver, struct mistake *why)
{
    return save(e, true, saver, why);
}

bool edit_restore(struct edit *e, const struct saver *saver, struct mistake *why)
{
    return save(e, false, saver, why);
}

static void keep_promise(struct monitors *set, const struct edit_row *row)
{
    if (!row->keeps_index || row->after_name == NULL)
        return;
    row->after_name->promised = row->index;
    index_map_put(&set->promises, row->index, row->after_name);
}

/* A row that is turned off loses its verdict; one that was off only between publishing and reverting has not. */
static void define_row(struct edit_row *row, struct monitor *m, bool forward)
{
    if (forward) {
        row->verdict = m->status.verdict;
        row->proof = m->status.proof;
    }
    monitor_define(m, forward ? row->after : row->before);
    if (!forward && definition_is_on(row->before) && !definition_is_on(row->after)) {
        m->status.verdict = row->verdict;
        m->status.proof = row->proof;
    }
}

/* One direction of the change of one row; its names' rows were let go before. */
static void turn_row(struct monitors *set, struct edit_row *row, bool forward)
{
    struct monitor *from = forward ? row->before_row : row->after_row;
    struct monitor *to = forward ? row->after_row : row->before_row;
    struct name_entry *name = forward ? row->after_name : row->before_name;
    if (from != NULL)
        set->tally[from->status.verdict]--;
    if (to != NULL) {
        if (to == from)
            define_row(row, to, forward);
        set->tally[to->status.verdict]++;
    }
    if (name != NULL)
        name->row = to;
}

static void turn(struct edit *e, bool forward)
{
    struct monitors *set = e->set;
    struct monitor **rows = set->rows;
    size_t count = set->count;
    set->rows = e->new_rows;
    set->count = e->new_count;
    e->new_rows = rows;
    e->new_count = count;

    for (size_t i = 0; i < e->count; i++) {
        struct name_entry *name = forward ? e->rows[i].before_name : e->rows[i].after_name;
        if (!e->rows[i].same && name != NULL)
            name->row = NULL;
    }
    int32_t lowest = set->free_index;
    for (size_t i = 0; i < e->count; i++) {
        struct edit_row *row = &e->rows[i];
        if (row->same)
            continue;
        turn_row(set, row, forward);
        if (forward)
            keep_promise(set, row);
        bool gone = (forward ? row->after_row : row->before_row) == NULL;
        if (gone && (lowest == 0 || row->index < lowest))
            lowest = row->index;
    }
    if (lowest != 0)
        set->free_index = monitors_seek_free(set, lowest);
    e->published = forward;
}

static void tell_all(struct edit *e, bool forward, void (*tell)(void *owner, const struct change *change), void *owner)
{
    size_t n = edit_changes(e, forward, e->changes);
    for (size_t i = 0; tell != NULL && i < n; i++)
        tell(owner, &e->changes[i]);
}

void edit_publish(struct edit *e, void (*tell)(void *owner, const struct change *change), void *owner)
{
    if (!e->checked || e->published)
        return;
    turn(e, true);
    tell_all(e, true, tell, owner);
}

void edit_tell(struct edit *e, void (*tell)(void *owner, const struct change *change), void *owner)
{
    if (e->checked && e->published)
        tell_all(e, true, tell, owner);
}

void edit_revert(struct edit *e, void (*tell)(void *owner, const struct change *change), void *owner)
{
    if (!e->checked || !e->published)
        return;
    turn(e, false);
    tell_all(e, false, tell, owner);
}
