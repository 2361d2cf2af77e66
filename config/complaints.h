/*
 * What is wrong with a file, gathered while it is read and told in one go, in the file's order.
 */
#ifndef EMAILMON_COMPLAINTS_H
#define EMAILMON_COMPLAINTS_H

#include "config.h"

/** A place in the file; both count from 1, columns in characters.  Line 0: nowhere. */
struct place {
    uint32_t line, column;
};

struct complaint {
    struct place at;
    char *text;
};

/** All zero is an empty one. */
struct complaints {
    struct complaint *list;
    size_t count, room;
    bool memory; /* something was lost because memory was short */
};

/** complaints_add(c, at, format, ...): "what is wrong; what would be right"; values of secrets never stand in it.
 * complaints_memory(c): memory was short; the file cannot be taken. */
void complaints_add(struct complaints *c, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void complaints_memory(struct complaints *c);

/** complaints_any(c): whether the file is to be refused. */
bool complaints_any(const struct complaints *c);

/** complaints_tell(c, path, complain, owner): each as "PATH:LINE:COLUMN: TEXT", sorted by place, equal ones once (a
 * node that an alias repeats is wrong once).  complaints_end(c): free. */
void complaints_tell(struct complaints *c, const char *path, config_complaint *complain, void *owner);
void complaints_end(struct complaints *c);

#endif
