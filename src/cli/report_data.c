#include "report_data.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "phrases.h"

enum { WINDOW_LEAST_MS = 15 * 60 * 1000 };

/* --- which monitors --- */

static bool is_asked_for(const struct report_data *r, const struct view_row *row)
{
    return r->pattern == NULL || strcmp(r->pattern, row->name) == 0 || fnmatch(r->pattern, row->name, 0) == 0;
}

static bool choose(struct report_data *r, char *why, size_t size)
{
    r->rows = calloc(REPORT_LISTED_MAX, sizeof *r->rows);
    if (r->rows == NULL) {
        (void)snprintf(why, size, "no memory for so many monitors");
        return false;
    }
    for (size_t i = 0; i < r->view.count; i++) {
        const struct view_row *row = &r->view.rows[i];
        if (!is_asked_for(r, row))
            continue;
        if (r->listed < REPORT_LISTED_MAX)
            r->rows[r->listed++] = (struct report_row){.row = row, .index = row->index};
        r->tally[row->status.verdict]++;
        r->count++;
    }
    r->shown = r->listed < REPORT_SHOWN_MAX ? r->listed : REPORT_SHOWN_MAX;
    if (r->count == 0 && r->pattern != NULL)
        phrase_no_monitor(why, size, r->pattern, r->file);
    return r->count > 0 || r->pattern == NULL;
}

/* --- what is known of them --- */

struct reading {
    struct report_data *report;
    struct report_row **by_index; /* of the state */
    size_t count;
    bool no_memory;
};

static int compare_rows(const void *a, const void *b)
{
    const int32_t x = (*(struct report_row *const *)a)->index, y = (*(struct report_row *const *)b)->index;
    return (x > y) - (x < y);
}

static bool sort_by_index(struct reading *r)
{
    r->by_index = calloc(r->report->listed + 1, sizeof(struct report_row *));
    if (r->by_index == NULL)
        return false;
    for (size_t i = 0; i < r->report->listed; i++) {
        if (r->report->rows[i].index != 0)
            r->by_index[r->count++] = &r->report->rows[i];
    }
    qsort(r->by_index, r->count, sizeof(struct report_row *), compare_rows);
    return true;
}

static struct report_row *find(const struct reading *r, int32_t index)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int32_t found = r->by_index[middle]->index;
        if (found == index)
            return r->by_index[middle];
        if (found < index)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool wants_samples(void *owner, int32_t index)
{
    return find(owner, index) != NULL;
}

static void take_samples(void *owner, int32_t index, const struct sample *samples, size_t count)
{
    struct reading *r = owner;
    struct report_row *row = find(r, index);
    free(row->samples); /* of another row with that index, as there may be until the next start */
    row->sample_count = 0;
    row->samples = malloc(count * sizeof *samples);
    if (row->samples == NULL) {
        r->no_memory = true;
        return;
    }
    memcpy(row->samples, samples, count * sizeof *samples);
    row->sample_count = count;
}

static void take_event(void *owner, const struct event *event)
{
    struct report_row *row = find(owner, event->row);
    if (row != NULL && row->event_count < REPORT_EVENTS_MAX)
        event_copy(&row->events[row->event_count++], event);
}

static bool read_rows(struct report_data *r, const struct config *config, char *why, size_t size)
{
    struct reading reading = {.report = r};
    const struct samples_wanted wanted = {.wants = wants_samples, .take = take_samples, .owner = &reading};
    const char *state = config->general.state;
    bool ok = sort_by_index(&reading);
    reading.no_memory = !ok;
    ok = ok && (config->general.history_s == 0 || store_read_samples(state, &wanted, why, size));
    ok = ok && store_read_events(state, 0, UINT32_MAX, take_event, &reading, why, size);
    if (reading.no_memory)
        (void)snprintf(why, size, "no memory for so many samples");
    free(reading.by_index);
    return ok && !reading.no_memory;
}

/* --- the window: what `history` says, as far as there is anything --- */

static void make_window(struct report_data *r, uint32_t history_s)
{
    const int64_t now_ms = r->view.now_ms;
    const int64_t asked_ms = now_ms - (history_s == 0 ? WINDOW_LEAST_MS : INT64_C(1000) * history_s);
    int64_t from_ms = now_ms - WINDOW_LEAST_MS;
    for (size_t i = 0; i < r->listed; i++) {
        for (size_t n = 0; n < r->rows[i].sample_count; n++) {
            const int64_t begin_ms = sample_begin_ms(&r->rows[i].samples[n]);
            if (begin_ms < from_ms)
                from_ms = begin_ms;
        }
    }
    r->window = (struct window){.from_ms = from_ms > asked_ms ? from_ms : asked_ms, .to_ms = now_ms};
}

static void name_instance(struct report_data *r, const struct config *config)
{
    struct keys keys;
    char why[512];
    if (!keys_load(config->general.key_file, false, &keys, why, sizeof why))
        return; /* who may read the state may perhaps not read the key */
    keys_instance_text(&keys, r->instance);
    keys_wipe(&keys);
}

bool report_read(struct report_data *r, const struct config *config, const char *file, const char *pattern, char *why,
                 size_t size)
{
    *r = (struct report_data){.file = file, .pattern = pattern};
    if (!view_read(config, NULL, &r->view, why, size))
        return false;
    view_sort(&r->view);
    if (!choose(r, why, size) || !read_rows(r, config, why, size)) {
        report_clear(r);
        return false;
    }
    r->sampled = config->general.history_s > 0;
    make_window(r, config->general.history_s);
    name_instance(r, config);
    return true;
}

void report_clear(struct report_data *r)
{
    for (size_t i = 0; i < r->listed; i++) {
        free(r->rows[i].samples);
        for (size_t n = 0; n < r->rows[i].event_count; n++)
            event_clear(&r->rows[i].events[n]);
    }
    free(r->rows);
    view_clear(&r->view);
    *r = (struct report_data){0};
}
