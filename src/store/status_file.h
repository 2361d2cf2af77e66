/*
 * The status file: what `emailmon status` reads.  A first line with the time of writing, then a line a row: index,
 * name and the columns of status.def, with tabs between them.  Texts hold no control characters, so a tab ends them.
 */
#ifndef EMAILMON_STATUS_FILE_H
#define EMAILMON_STATUS_FILE_H

#include "kept_rows.h"
#include "store.h"

/** status_file_path(state, path, size): beside the state; false: too long.  status_file_lock_path(): the same for
 *  the file whose lock says that an emailmon has this state. */
bool status_file_path(const char *state, char *path, size_t size);
bool status_file_lock_path(const char *state, char *path, size_t size);

/** status_file_write(path, rows, wall_ms): The whole file, anew.  False: errno. */
bool status_file_write(const char *path, struct kept_rows *rows, int64_t wall_ms);

#endif
