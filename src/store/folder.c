#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The name itself, too, must be on disk. */
static bool sync_folder_of(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return false;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    int error = errno;
    (void)close(fd);
    errno = error;
    return ok;
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

bool folder_write_new(const char *path, const void *bytes, size_t n)
{
    char name[PATH_MAX];
    int length = snprintf(name, sizeof name, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof name) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkostemp(name, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return false;
    /* link() never replaces, rename() would. */
    bool ok = write_all(fd, bytes, n) && fsync(fd) == 0 && link(name, path) == 0;
    int error = errno;
    (void)close(fd);
    (void)unlink(name);
    errno = error;
    return ok && sync_folder_of(path);
}
