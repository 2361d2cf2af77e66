/*
 * Files for the tests of the configuration: a folder of their own, and what config_read() says of them.
 */
#ifndef EMAILMON_CONFIG_FILES_H
#define EMAILMON_CONFIG_FILES_H

#include "config.h"

/** A setup and a teardown of a cmocka group: the folder comes, and goes with all that is in it. */
int files_begin(void **state);
int files_end(void **state);

/** file_path(name): Where it is in the folder; valid until the next call but three. */
const char *file_path(const char *name);

/** file_write(name, bytes, n, mode): Make it; returns its path.  file_put(name, text): the same, mode 0600. */
const char *file_write(const char *name, const char *bytes, size_t n, unsigned mode);
const char *file_put(const char *name, const char *text);

/** What a reading said, each line "LINE:COLUMN: TEXT" (its path is cut off) with '\n' behind it. */
struct said {
    char *mistakes, *warnings;
};

/** file_read(path, said): config_read(); said_end(said): free. */
struct config *file_read(const char *path, struct said *said);
void said_end(struct said *said);

/** file_good(text): Write and read a file that must be right; the test fails when it is not. */
struct config *file_good(const char *text);

#endif
