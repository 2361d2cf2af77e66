/*
 * A file that is there whole or not at all: written under another name beside it, brought to disk, and then named.
 */
#ifndef EMAILMON_FOLDER_H
#define EMAILMON_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum folder_how {
    FOLDER_NEW,    /* fails with EEXIST when somebody else was faster; 0600; survives a power cut */
    FOLDER_REPLACE /* takes the place of what is there; 0640; survives a crash of the program, not of the machine */
};

/** folder_write_whole(path, bytes, n, how): Make ${path} hold these ${n} bytes.
 * False: errno; nothing is left behind. */
bool folder_write_whole(const char *path, const void *bytes, size_t n, enum folder_how how);

/**
 * folder_begin(path, name, how): A stream to write to, under the name that ${name} (at least
 * FOLDER_NAME_MAX) gets.  NULL: errno.
 * folder_commit(file, path, name, how): Close it, and give it its own name.  False: errno; nothing is left.
 */
enum { FOLDER_NAME_MAX = 4096 };
FILE *folder_begin(const char *path, char *name, enum folder_how how);
bool folder_commit(FILE *file, const char *path, const char *name, enum folder_how how);

#endif
