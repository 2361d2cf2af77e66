/* Monitors to be shown. */
#ifndef EMAILMON_STATUS_STAGE_H
#define EMAILMON_STATUS_STAGE_H

#include "status_view.h"

enum { STAGE_NOW_S = 1795490000 }; /* 2026-11-24T03:13:20Z */

/** One row of a table; ages in seconds before STAGE_NOW_S, 0: never. */
struct shown {
    const char *name;
    enum verdict verdict;
    enum proof proof;
    int64_t changed_s, polled_s;
    uint32_t delivered, sent;
    struct failure failure; /* its text is what failure_print() makes of it */
    const char *detail;
};

/** stage_view(rows, n): A view of them, indexes from 1 on, of an emailmon that runs and wrote a second ago.
 *  stage_details(): What the file and the state know of a monitor with all settings that a page shows, and two events.
 *  Free with view_clear(), details_clear(). */
struct view stage_view(const struct shown *rows, size_t n);
struct view_details stage_details(void);

/** stage_rounds(s): Give ${s} everything that a monitor has whose last poll got through by TLS on both legs. */
void stage_rounds(struct status *s);

#endif
