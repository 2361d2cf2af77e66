/* The configuration file as the commands read it: its mistakes go to standard error. */
#ifndef EMAILMON_CONFIGURATION_H
#define EMAILMON_CONFIGURATION_H

#include "config.h"

/** configuration_read(path, warn): NULL: refused, and every mistake was printed.  ${warn}: warnings are printed too.
 *  Free with config_free().  From here on passwords are in memory: the process leaves no core file, and no other
 *  process of its user may look into it.  configuration_read_by(path, complain, owner): the same, but mistakes and
 *  warnings go to ${complain}. */
struct config *configuration_read(const char *path, bool warn);
struct config *configuration_read_by(const char *path, config_complaint *complain, void *owner);

/** configuration_find(c, name): The place of the monitor in c->wanted[]; c->wanted_count when there is none. */
size_t configuration_find(const struct config *c, const char *name);

/** configuration_lacks(path, name): Say that there is no such monitor, in one line. */
void configuration_lacks(const char *path, const char *name);

#endif
