/*
 * Rows made by SET, as the configuration file would have them.
 */
#ifndef EMAILMON_EXPORT_H
#define EMAILMON_EXPORT_H

#include <stdio.h>

#include "definition.h"

/** export_monitor(out, index, d): One entry of `monitors:`, with the settings that were given.  A password that was set
 *  becomes a password_file, which has to be written: the state keeps passwords sealed.  A row that is not in service
 *  becomes one that is not enabled; one that lacks something, a comment. */
void export_monitor(FILE *out, int32_t index, const struct definition *d);

#endif
