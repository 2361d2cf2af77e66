#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_folder_of(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return -1;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    return fd;
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

/* A file without a name, of which nothing stays whatever ends this process; ${name} gets what it can be linked by.  -1:
 * not every file system has such files. */
static int open_nameless(int folder, char name[PATH_MAX])
{
    int fd = openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    (void)snprintf(name, PATH_MAX, "/proc/self/fd/%d", fd);
    if (fd < 0 || access(name, F_OK) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static int open_named(const char *path, char name[PATH_MAX])
{
    int length = snprintf(name, PATH_MAX, "%s.XXXXXX", path);
    if (length < 0 || length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkostemp(name, O_CLOEXEC); /* 0600 */
}

static bool write_in(int folder, const char *path, const void *bytes, size_t n)
{
    char name[PATH_MAX];
    int fd = open_nameless(folder, name);
    const bool named = fd < 0;
    if (named)
        fd = open_named(path, name);
    if (fd < 0)
        return false;
    /* A link never replaces, rename() would. */
    bool ok =
        write_all(fd, bytes, n) && fsync(fd) == 0 && linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
    int error = errno;
    (void)close(fd);
    if (named)
        (void)unlink(name);
    errno = error;
    return ok;
}

bool folder_write_new(const char *path, const void *bytes, size_t n)
{
    int folder = open_folder_of(path);
    if (folder < 0)
        return false;
    bool ok = write_in(folder, path, bytes, n) && fsync(folder) == 0; /* the name itself, too, must be on disk */
    int error = errno;
    (void)close(folder);
    errno = error;
    return ok;
}
