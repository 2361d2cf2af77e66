/*
 * emailmon status --watch: the same again every two seconds, until Ctrl-C.  On a terminal in place, as much as fits;
 * else (a pipe, TERM=dumb, --json) one after the other.
 */
#ifndef EMAILMON_STATUS_WATCH_H
#define EMAILMON_STATUS_WATCH_H

#include "command.h"
#include "config.h"

/** status_watch(config, a): Until it is interrupted, or nothing can be shown; the exit status. */
int status_watch(const struct config *config, const struct arguments *a);

#endif
