/*
 * What a report is made of: read once, before anything is written.
 */
#ifndef EMAILMON_REPORT_DATA_H
#define EMAILMON_REPORT_DATA_H

#include "report_series.h"
#include "status_view.h"

/* A browser has to show it: of more monitors than that the worst ones stand in the list, and the first of these have
 * their pictures. */
enum { REPORT_LISTED_MAX = 1000, REPORT_SHOWN_MAX = 100, REPORT_EVENTS_MAX = 8 };

struct report_row {
    const struct view_row *row;
    int32_t index; /* of it; 0: the state does not know it */
    struct sample *samples;
    size_t sample_count;
    struct event events[REPORT_EVENTS_MAX]; /* newest first */
    size_t event_count;
};

struct report_data {
    struct view view;                          /* worst first */
    size_t tally[VERDICT_DISABLED + 1], count; /* of those that were asked for */
    struct report_row *rows;
    size_t listed, shown; /* the first ones are shown with their pictures */
    bool sampled;         /* `history` keeps any */
    struct window window;
    const char *file, *pattern; /* as on the command line; NULL: all monitors */
    char instance[64];          /* ""; not known */
};

/** report_read(r, config, file, pattern, why, size): False: one line in ${why}.  report_clear(r): Free. */
bool report_read(struct report_data *r, const struct config *config, const char *file, const char *pattern, char *why,
                 size_t size);
void report_clear(struct report_data *r);

#endif
