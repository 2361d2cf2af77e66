/*
 * What is shown of the state, as a table, as one monitor's own page, or as JSON.
 */
#ifndef EMAILMON_STATUS_VIEW_H
#define EMAILMON_STATUS_VIEW_H

#include "config.h"
#include "store.h"
#include "terminal.h"

/** One monitor: of the state, or of the configuration alone (index 0). */
struct view_row {
    int32_t index;
    bool polled; /* or turned off, once */
    char *name;
    struct status status;
};

struct view {
    struct stored_state state;
    struct view_row *rows;
    size_t count, room;
    int64_t now_ms; /* wall clock */
};

/** view_read(config, name, view, why, size): Read what is known of the monitor ${name}, or (NULL) of all, in the order
 *  of indexes, those that the state does not know behind them.  False: one line in ${why}.  view_clear(view): free. */
bool view_read(const struct config *config, const char *name, struct view *view, char *why, size_t size);
void view_clear(struct view *view);

/** view_sort(view): Worst first: down, unknown, up by sendOnly, up, disabled; among equals the newest change first,
 *  then by name. */
void view_sort(struct view *view);

/** What the page of one monitor shows beside its status. */
enum { VIEW_EVENTS_MAX = 10 };
struct view_details {
    const struct definition *definition;  /* as the file or the last SET says; NULL: in neither any more */
    struct event events[VIEW_EVENTS_MAX]; /* newest first */
    size_t event_count;
};

/** details_read(config, row, details, why, size): False: one line in ${why}.  details_clear(details): free. */
bool details_read(const struct config *config, const struct view_row *row, struct view_details *details, char *why,
                  size_t size);
void details_clear(struct view_details *details);

/** view_table(view, t, most): The monitors in the order in which they are, a line each that fits ${t}, and one that
 *  counts them; of more than ${most} (0: as many as there are) only how many more there are. */
void view_table(const struct view *view, const struct terminal *t, size_t most);
enum { VIEW_TABLE_LINES = 5 }; /* that are no monitors: the head, how many more, a blank one, the count (two) */

/** view_page(view, row, details, t): One monitor's own page. */
void view_page(const struct view *view, const struct view_row *row, const struct view_details *details,
               const struct terminal *t);

/**
 * view_json(view, details, out, line_end): All monitors as one JSON document (docs/status-json.md), ${line_end} between
 * them.  ${details}: of the only one, with its events; or NULL.
 */
void view_json(const struct view *view, const struct view_details *details, FILE *out, const char *line_end);
enum { VIEW_JSON_SCHEMA = 1 }; /* grows when a field changes its meaning or goes; one that comes is no reason */

/** view_why(dst, size, leg, stage, cause, text): A failure's ${text} as short as it can be said: the words of leg and
 *  stage for their sentences, then the cause and the rest as they are. */
void view_why(char *dst, size_t size, enum leg leg, enum stage stage, enum cause cause, const char *text);

/** view_as_of(dst, size, view): How old what is shown is, and whether emailmon runs. */
void view_as_of(char *dst, size_t size, const struct view *view);

/** view_word(dst, size, status, column, now_ms): A column as a word, a number or a time, as JSON has it; "" when there
 *  is nothing to say. */
enum { VIEW_WORD_MAX = 512 };
void view_word(char *dst, size_t size, const struct status *status, const struct status_column *column, int64_t now_ms);

#endif
