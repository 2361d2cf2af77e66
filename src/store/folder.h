/*
 * A file that is there whole or not at all: written without a name (where the file system has no such files: under
 * another name beside it), brought to disk, and then named.
 */
#ifndef EMAILMON_FOLDER_H
#define EMAILMON_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/**
 * folder_write_new(path, bytes, n): Make ${path}, 0600, hold these ${n} bytes, and survive a power cut.  False:
 * errno, EEXIST when somebody else was faster; nothing is left behind.
 */
bool folder_write_new(const char *path, const void *bytes, size_t n);

#endif
