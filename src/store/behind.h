/*
 * Whether the state is behind what emailmon did, because it could not be written: one octet of the lock file, which is
 * there before the disk is full, and can be written then.
 */
#ifndef EMAILMON_BEHIND_H
#define EMAILMON_BEHIND_H

#include <stdbool.h>

/** behind_read(lock_fd): What the last emailmon said of it.  behind_write(lock_fd, behind): Say it; false: errno says
 *  why not. */
bool behind_read(int lock_fd);
bool behind_write(int lock_fd, bool behind);

#endif
