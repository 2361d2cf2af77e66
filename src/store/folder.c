#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

FILE *folder_begin(const char *path, char *name, enum folder_how how)
{
    int n = snprintf(name, FOLDER_NAME_MAX, "%s.XXXXXX", path);
    if (n < 0 || n >= FOLDER_NAME_MAX) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    int fd = mkostemp(name, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return NULL;
    FILE *file = NULL;
    if (how == FOLDER_NEW || fchmod(fd, 0640) == 0)
        file = fdopen(fd, "w");
    if (file == NULL) {
        int error = errno;
        (void)close(fd);
        (void)unlink(name);
        errno = error;
    }
    return file;
}

static bool give_name(const char *path, const char *name, enum folder_how how)
{
    if (how == FOLDER_REPLACE)
        return rename(name, path) == 0;
    /* link() never replaces, rename() would. */
    return link(name, path) == 0 && unlink(name) == 0 && sync_folder_of(path);
}

bool folder_commit(FILE *file, const char *path, const char *name, enum folder_how how)
{
    bool ok = fflush(file) == 0 && ferror(file) == 0 && (how == FOLDER_REPLACE || fsync(fileno(file)) == 0);
    int error = errno;
    if (fclose(file) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && !give_name(path, name, how)) {
        ok = false;
        error = errno;
    }
    if (!ok) {
        (void)unlink(name);
        errno = error;
    }
    return ok;
}

bool folder_write_whole(const char *path, const void *bytes, size_t n, enum folder_how how)
{
    char name[FOLDER_NAME_MAX];
    FILE *file = folder_begin(path, name, how);
    if (file == NULL)
        return false;
    /* Unbuffered: no copy of a secret stays in a buffer of the stream. */
    (void)setvbuf(file, NULL, _IONBF, 0);
    (void)fwrite(bytes, 1, n, file); /* ferror() is asked in the commit */
    return folder_commit(file, path, name, how);
}
