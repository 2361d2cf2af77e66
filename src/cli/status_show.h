/*
 * What `emailmon status` was asked to show: read once, shown once or (on a terminal that changes its size) again.
 */
#ifndef EMAILMON_STATUS_SHOW_H
#define EMAILMON_STATUS_SHOW_H

#include "status_view.h"

struct showing {
    const struct config *config;
    const char *file, *name; /* as on the command line; ${name} NULL: all monitors */
    bool json;
    bool in_place; /* only what fits the terminal; else all */
    bool a_line;   /* JSON in one line */
    struct view view;
    struct view_details details; /* of ${name} */
};

/** status_read(s, why, size): Read what is known now.  False: one line in ${why}, and what was read before stays.
 *  status_show(s, t): Print it to t->out.
 *  status_forget(s): Free. */
bool status_read(struct showing *s, char *why, size_t size);
void status_show(const struct showing *s, const struct terminal *t);
void status_forget(struct showing *s);

#endif
