#include "status_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    row->index = index;
    row->name = strdup(name);
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
    if (row == NULL)
        reading->no_memory = true;
    else
        status_copy(&row->status, &stored->status);
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* Monitors of the file of which nothing is known yet stand behind the others. */
static bool add_unknown(const struct config *config, struct view *view)
{
    size_t known = view->count;
    const char **names = calloc(known + 1, sizeof(char *));
    bool ok = names != NULL;
    for (size_t i = 0; ok && i < known; i++)
        names[i] = view->rows[i].name;
    if (ok)
        qsort(names, known, sizeof(char *), by_name);
    for (size_t i = 0; ok && i < config->wanted_count; i++) {
        const struct definition *d = config->wanted[i].definition;
        const char *name = definition_text(d, SETTING_name);
        if (bsearch(&name, names, known, sizeof(char *), by_name) != NULL)
            continue;
        struct view_row *row = add_row(view, 0, name);
        ok = row != NULL;
        if (ok && !definition_is_on(d))
            row->status.verdict = VERDICT_DISABLED;
    }
    free(names);
    return ok;
}

bool view_read(const struct config *config, struct view *view)
{
    char why[512];
    struct reading reading = {.view = view};
    *view = (struct view){.now_ms = wall_now_ms()};
    if (!store_read_status(config->general.state, NULL, &view->state, take_row, &reading, why, sizeof why)) {
        (void)fprintf(stderr, "emailmon: %s\n", why);
        view_clear(view);
        return false;
    }
    if (reading.no_memory || !add_unknown(config, view)) {
        (void)fprintf(stderr, "emailmon: no memory for so many monitors\n");
        view_clear(view);
        return false;
    }
    return true;
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

const struct view_row *view_find(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->count; i++) {
        if (strcmp(view->rows[i].name, name) == 0)
            return &view->rows[i];
    }
    return NULL;
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
