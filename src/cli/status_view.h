/*
 * What is shown of the state, as a table, as one monitor whole, or as JSON.
 */
#ifndef EMAILMON_STATUS_VIEW_H
#define EMAILMON_STATUS_VIEW_H

#include "config.h"
#include "store.h"

/** One monitor: of the state, or of the configuration alone (index 0). */
struct view_row {
    int32_t index;
    char *name;
    struct status status;
};

struct view {
    struct stored_state state;
    struct view_row *rows;
    size_t count, room;
    int64_t now_ms; /* wall clock */
};

/** view_read(config, view): Read what is known.  False: one line went to standard error.  view_clear(view): free. */
bool view_read(const struct config *config, struct view *view);
void view_clear(struct view *view);

/** view_find(view, name): NULL: no such monitor. */
const struct view_row *view_find(const struct view *view, const char *name);

/** view_table(view): All monitors, a line each, and a line that counts them.
 *  view_row(view, row): Everything about one.
 *  view_json(view, row): The same as JSON, of all when ${row} is NULL. */
void view_table(const struct view *view);
void view_row(const struct view *view, const struct view_row *row);
void view_json(const struct view *view, const struct view_row *row);

/** view_word(dst, size, status, column, now_ms): A column as a word, a number or a time, as JSON and people read it; ""
 *  when there is nothing to say. */
enum { VIEW_WORD_MAX = 512 };
void view_word(char *dst, size_t size, const struct status *status, const struct status_column *column, int64_t now_ms);

#endif
