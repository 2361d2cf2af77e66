#include "status_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "configuration.h"

/* NULL: memory. */
static struct view_row *add_row(struct view *view, int32_t index, const char *name)
{
    if (view->count == view->room) {
        size_t room = view->room == 0 ? 64 : 2 * view->room;
        struct view_row *rows = reallocarray(view->rows, room, sizeof *rows);
        if (rows == NULL)
            return NULL;
        view->rows = rows;
        view->room = room;
    }
    struct view_row *row = &view->rows[view->count];
    *row = (struct view_row){.index = index, .name = strdup(name)};
    if (row->name == NULL)
        return NULL;
    status_init(&row->status);
    view->count++;
    return row;
}

struct reading {
    struct view *view;
    bool no_memory;
};

static void take_row(void *owner, const struct stored_row *stored)
{
    struct reading *reading = owner;
    struct view_row *row = add_row(reading->view, stored->index, stored->name);
    if (row == NULL) {
        reading->no_memory = true;
        return;
    }
    row->polled = stored->polled;
    status_copy(&row->status, &stored->status);
}

static int by_index(const void *a, const void *b)
{
    const struct view_row *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

static void sort(struct view *view, int (*compare)(const void *a, const void *b))
{
    if (view->count > 0)
        qsort(view->rows, view->count, sizeof *view->rows, compare);
}

/* --- what the file knows --- */

/* A row that the state has; by its place, because the rows move when more are added. */
struct known {
    const char *name;
    size_t place;
};

static int by_name(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* In the order of names; NULL: memory. */
static struct known *index_names(const struct view *view)
{
    struct known *known = calloc(view->count + 1, sizeof *known);
    for (size_t i = 0; known != NULL && i < view->count; i++)
        known[i] = (struct known){view->rows[i].name, i};
    if (known != NULL)
        qsort(known, view->count, sizeof *known, by_name);
    return known;
}

/* Monitors of the file of which nothing is known yet stand behind the others; those that were never polled may be
 * disabled.  Of ${only}, or (NULL) of all. */
static bool add_file(const struct config *config, const char *only, struct view *view)
{
    const size_t count = view->count;
    struct known *known = index_names(view);
    bool ok = known != NULL;
    for (size_t i = 0; ok && i < config->wanted_count; i++) {
        const struct definition *d = config->wanted[i].definition;
        const struct known key = {.name = definition_text(d, SETTING_name)};
        if (only != NULL && strcmp(key.name, only) != 0)
            continue;
        const struct known *found = bsearch(&key, known, count, sizeof *known, by_name);
        struct view_row *row = found != NULL ? &view->rows[found->place] : add_row(view, 0, key.name);
        ok = row != NULL;
        if (ok && !row->polled && !definition_is_on(d))
            row->status.verdict = VERDICT_DISABLED;
    }
    free(known);
    return ok;
}

bool view_read(const struct config *config, const char *name, struct view *view, char *why, size_t size)
{
    struct reading reading = {.view = view};
    *view = (struct view){.now_ms = wall_now_ms()};
    bool ok = store_read_status(config->general.state, name, &view->state, take_row, &reading, why, size);
    sort(view, by_index);
    if (ok && (reading.no_memory || !add_file(config, name, view))) {
        (void)snprintf(why, size, "no memory for so many monitors");
        ok = false;
    }
    if (!ok)
        view_clear(view);
    return ok;
}

void view_clear(struct view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        free(view->rows[i].name);
        status_clear(&view->rows[i].status);
    }
    free(view->rows);
    *view = (struct view){0};
}

/* --- the order for a person --- */

static int badness(const struct status *s)
{
    switch ((enum verdict)s->verdict) {
    case VERDICT_DOWN:
        return 4;
    case VERDICT_UNKNOWN:
        return 3;
    case VERDICT_UP:
        return s->proof == PROOF_ROUND_TRIP ? 1 : 2;
    case VERDICT_DISABLED:
        break;
    }
    return 0;
}

static int worst_first(const void *a, const void *b)
{
    const struct view_row *x = a, *y = b;
    int difference = badness(&y->status) - badness(&x->status);
    if (difference != 0)
        return difference;
    if (x->status.last_change != y->status.last_change)
        return x->status.last_change > y->status.last_change ? -1 : 1;
    return strcmp(x->name, y->name);
}

void view_sort(struct view *view)
{
    sort(view, worst_first);
}

/* --- what belongs to one monitor --- */

static void take_definition(void *owner, int32_t index, const struct definition *definition)
{
    struct view_details *details = owner;
    (void)index;
    definition_unref(details->definition);
    details->definition = definition_ref(definition);
}

static void take_event(void *owner, const struct event *event)
{
    struct view_details *details = owner;
    event_copy(&details->events[details->event_count++], event);
}

bool details_read(const struct config *config, const struct view_row *row, struct view_details *details, char *why,
                  size_t size)
{
    const char *state = config->general.state;
    size_t of_file = configuration_find(config, row->name);
    *details = (struct view_details){0};
    if (of_file < config->wanted_count)
        details->definition = definition_ref(config->wanted[of_file].definition);
    else if (!store_read_definitions(state, row->index, take_definition, details, why, size))
        return false;
    if (row->index == 0 || store_read_events(state, row->index, VIEW_EVENTS_MAX, take_event, details, why, size))
        return true;
    details_clear(details);
    return false;
}

void details_clear(struct view_details *details)
{
    definition_unref(details->definition);
    for (size_t i = 0; i < details->event_count; i++)
        event_clear(&details->events[i]);
    *details = (struct view_details){0};
}

/* --- in words --- */

void view_why(char *dst, size_t size, enum leg leg, enum stage stage, enum cause cause, const char *text)
{
    char head[FAILURE_TEXT_MAX + 1];
    struct failure bare = failure_make(leg, stage, cause, 0);
    bool one_place = stage == STAGE_LOCAL || stage == STAGE_DELIVERY;
    size_t n = failure_print(&bare, head, sizeof head);
    if (n == 0 || strncmp(text, head, n) != 0)
        (void)snprintf(dst, size, "%s", text);
    else
        (void)snprintf(dst, size, "%s%s%s: %s%s", one_place ? "" : leg_word(leg), one_place ? "" : " ",
                       stage_word(stage), cause_sentence(cause), text + n);
}

void view_as_of(char *dst, size_t size, const struct view *view)
{
    char span[32];
    terminal_span(span, sizeof span, view->now_ms - view->state.written_ms);
    (void)snprintf(dst, size, view->state.running ? "as of %s ago" : "emailmon is not running: this was so %s ago",
                   span);
}

void view_word(char *dst, size_t size, const struct status *status, const struct status_column *column, int64_t now_ms)
{
    int64_t value = status_integer(status, column, now_ms);
    const char *word = NULL;
    dst[0] = '\0';
    switch (column->kind) {
    case STATUS_VERDICT:
        word = verdict_word((enum verdict)value);
        break;
    case STATUS_PROOF:
        word = proof_word((enum proof)value);
        break;
    case STATUS_LEG:
        word = leg_word((enum leg)value);
        break;
    case STATUS_STAGE:
        word = stage_word((enum stage)value);
        break;
    case STATUS_CAUSE:
        word = cause_word((enum cause)value);
        break;
    case STATUS_TEXT:
        word = text_bytes(status_text(status, column));
        break;
    case STATUS_TIME:
        if (value != 0)
            time_print_utc(dst, size, value);
        return;
    case STATUS_DAYS:
        if (value == CERT_DAYS_NONE)
            return;
        break;
    case STATUS_AGE:
        if (status_moment(status, column) == 0)
            return;
        break;
    case STATUS_GAUGE:
    case STATUS_COUNTER:
        break;
    }
    if (word != NULL)
        (void)snprintf(dst, size, "%s", word);
    else
        (void)snprintf(dst, size, "%" PRId64, value);
}
