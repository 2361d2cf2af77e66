/* The parts of one monitor's own page; for status_page.c and page_legs.c. */
#ifndef EMAILMON_PAGE_PARTS_H
#define EMAILMON_PAGE_PARTS_H

#include "status_view.h"

enum { PAGE_LABEL = 13, PAGE_TEXT_MAX = 1024 }; /* columns in front of a text; octets of it */

struct page {
    const struct terminal *t;
    const struct view *view;
    const struct view_row *row;
    const struct status *status; /* of ${row} */
    const struct view_details *details;
};

/** page_label(p, label): The begin of a line.  page_field(p, label, text, colour): a whole one, or as many as it takes.
 */
void page_label(const struct page *p, const char *label);
void page_field(const struct page *p, const char *label, const char *text, enum colour colour);

/** page_add(text, between, format, ...): Append to a text of PAGE_TEXT_MAX octets; behind ${between}, if it is not
 *  empty. */
void page_add(char *text, const char *between, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** page_legs(p): Both legs: their servers, what was agreed on, what failed, and the times of the last poll as bars. */
void page_legs(const struct page *p);

#endif
