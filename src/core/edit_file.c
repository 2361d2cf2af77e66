/*
 * A file's monitors become rows.  The difficult part is who gets which index: rows keep theirs, a file may ask for one,
 * and an index that a name once had is never given to another.
 */
#include <stdio.h>
#include <stdlib.h>

#include "edit_rows.h"

/** What becomes of one monitor of the file. */
struct plan {
    const struct definition *definition; /* what the file says, with what was overridden: a reference of its own */
    struct monitor *row;                 /* of the same name, before; NULL: new */
    int32_t promised;                    /* to the name; 0: nothing */
    int32_t wish;                        /* an index that it asks for and does not have; 0: none */
    bool denied;                         /* another row holds that one */
    int32_t index;                       /* outcome; 0: not yet */
};

struct planning {
    struct edit *e;
    struct plan *plans;
    size_t count;
    struct index_map holders; /* index to whoever has it for certain after the edit */
    struct index_map wishes;  /* index to the plan that asks for it */
};

static bool is_adopted(const struct plan *p)
{
    return p->row != NULL && p->row->definition->storage != STORAGE_READ_ONLY;
}

static void settle(struct planning *g, struct plan *p, int32_t index)
{
    p->index = index;
    index_map_put(&g->holders, index, p);
}

static bool open_plan(struct planning *g, struct plan *p, const struct wanted *w)
{
    struct name_entry *name = names_find(&g->e->set->names, definition_text(w->definition, SETTING_name));
    const struct definition *before = name == NULL || name->row == NULL ? NULL : name->row->definition;
    p->definition = definition_keep_override(w->definition, before);
    if (p->definition == NULL)
        return false;
    if (name != NULL && name->wanted == 0) {
        p->row = name->row;
        p->promised = name->promised;
        name->wanted = 1 + (size_t)(p - g->plans);
    }
    if (w->index > 0 && (p->row == NULL || w->index != p->row->index))
        p->wish = w->index;
    return true;
}

/* Rows that are not the file's hold their index; so do those of the file that do not ask for another. */
static void settle_rows(struct planning *g)
{
    struct monitors *set = g->e->set;
    for (size_t i = 0; i < set->count; i++) {
        struct monitor *row = set->rows[i];
        const struct name_entry *name = names_find(&set->names, definition_text(row->definition, SETTING_name));
        bool wanted = name != NULL && name->row == row && name->wanted != 0;
        if (!wanted && row->definition->storage != STORAGE_READ_ONLY)
            index_map_put(&g->holders, row->index, row);
    }
    for (struct plan *p = g->plans; p < g->plans + g->count; p++) {
        if (is_adopted(p) && p->wish != 0)
            p->denied = true; /* a row that is taken over stays what it is to those who watch it */
        if (p->row != NULL && (p->wish == 0 || p->denied))
            settle(g, p, p->row->index);
    }
}

/* A plan that is denied its wish keeps its row's index, which denies whoever asked for that one, and so on. */
static void deny(struct planning *g, struct plan *p)
{
    while (p != NULL && !p->denied) {
        p->denied = true;
        if (p->row == NULL)
            return;
        settle(g, p, p->row->index);
        p = index_map_get(&g->wishes, p->row->index);
    }
}

static void grant_wishes(struct planning *g)
{
    for (struct plan *p = g->plans; p < g->plans + g->count; p++) {
        if (p->wish == 0 || p->denied)
            continue;
        if (index_map_get(&g->wishes, p->wish) == NULL)
            index_map_put(&g->wishes, p->wish, p);
    }
    for (struct plan *p = g->plans; p < g->plans + g->count; p++) {
        if (p->wish != 0 && (index_map_get(&g->wishes, p->wish) != p || index_map_get(&g->holders, p->wish) != NULL))
            deny(g, p);
    }
    for (struct plan *p = g->plans; p < g->plans + g->count; p++) {
        if (p->wish != 0 && !p->denied)
            settle(g, p, p->wish);
    }
}

static bool give_indexes(struct planning *g)
{
    const struct index_map *promises = &g->e->set->promises;
    for (struct plan *p = g->plans; p < g->plans + g->count; p++) {
        if (p->index == 0 && p->promised != 0 && index_map_get(&g->holders, p->promised) == NULL)
            settle(g, p, p->promised);
    }
    int64_t next = 1;
    for (struct plan *p = g->plans; p < g->plans + g->count; p++) {
        if (p->index != 0)
            continue;
        while (next <= INT32_MAX &&
               (index_map_get(&g->holders, (int32_t)next) != NULL || index_map_get(promises, (int32_t)next) != NULL))
            next++;
        if (next > INT32_MAX)
            return false;
        settle(g, p, (int32_t)next);
    }
    return true;
}

static void tell_plan(const struct plan *p, void (*warn)(void *owner, const char *line), void *owner)
{
    const char *name = definition_text(p->definition, SETTING_name);
    char line[FAILURE_TEXT_MAX + 1];
    if (warn == NULL)
        return;
    if (is_adopted(p)) {
        (void)snprintf(line, sizeof line, "%s: the file takes over row %d, which was made by SET", name, (int)p->index);
        warn(owner, line);
    }
    if (p->denied) {
        (void)snprintf(line, sizeof line, "%s: index %d %s; this monitor %s %d", name, (int)p->wish,
                       is_adopted(p) ? "cannot replace that of a row made by SET" : "is held by another row",
                       p->row != NULL ? "keeps" : "gets", (int)p->index);
        warn(owner, line);
    }
}

static bool put_plan(struct edit *e, const struct plan *p)
{
    const struct monitor *there = monitors_find(e->set, p->index);
    if (p->row != NULL && p->row->index == p->index && definition_equal(p->row->definition, p->definition))
        return true;
    struct edit_row *row = edit_add(e, p->index);
    if (row == NULL)
        return false;
    row->removed = there != NULL && there != p->row;
    row->keeps_index = true;
    row->after = definition_ref(p->definition);
    return true;
}

/* The file's rows of before whose index nobody has after the edit. */
static bool remove_rest(struct planning *g)
{
    const struct monitors *set = g->e->set;
    for (size_t i = 0; i < set->count; i++) {
        const struct monitor *row = set->rows[i];
        if (index_map_get(&g->holders, row->index) != NULL)
            continue;
        struct edit_row *gone = edit_add(g->e, row->index);
        if (gone == NULL)
            return false;
        gone->removed = true;
    }
    return true;
}

static bool make_plans(struct planning *g, const struct wanted *wanted)
{
    g->plans = calloc(g->count + 1, sizeof *g->plans);
    if (g->plans == NULL || !index_map_reserve(&g->holders, g->e->set->count + g->count) ||
        !index_map_reserve(&g->wishes, g->count))
        return false;
    for (size_t i = 0; i < g->count; i++) {
        if (!open_plan(g, &g->plans[i], &wanted[i]))
            return false;
    }
    settle_rows(g);
    grant_wishes(g);
    return give_indexes(g);
}

static void end_planning(struct planning *g)
{
    for (size_t i = 0; g->plans != NULL && i < g->count && g->plans[i].definition != NULL; i++) {
        struct name_entry *name = names_find(&g->e->set->names, definition_text(g->plans[i].definition, SETTING_name));
        if (name != NULL)
            name->wanted = 0;
        definition_unref(g->plans[i].definition);
    }
    free(g->plans);
    index_map_clear(&g->holders);
    index_map_clear(&g->wishes);
}

bool edit_file(struct edit *e, const struct wanted *wanted, size_t n, void (*warn)(void *owner, const char *line),
               void *owner)
{
    struct planning g = {.e = e, .count = n};
    edit_uncheck(e);
    bool done = make_plans(&g, wanted);
    for (size_t i = 0; done && i < n; i++)
        done = put_plan(e, &g.plans[i]);
    done = done && remove_rest(&g);
    for (size_t i = 0; done && i < n; i++)
        tell_plan(&g.plans[i], warn, owner);
    end_planning(&g);
    return done;
}
