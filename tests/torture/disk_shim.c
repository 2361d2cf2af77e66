/*
 * Stands between a program and its disk (LD_PRELOAD): syncs that take their time, syncs and writes that fail.  What it
 * does stands in the file that DISK_SHIM names, which a test changes while the program runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { STEP_MS = 10 };

struct trouble {
    int32_t sync_ms;     /* that long a sync takes */
    int32_t sync_error;  /* errno, 0: it succeeds */
    int32_t write_error; /* the same */
};

static const volatile struct trouble *trouble;

__attribute__((constructor)) static void find_trouble(void)
{
    const char *path = getenv("DISK_SHIM");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = mmap(NULL, sizeof *trouble, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        abort();
    (void)close(fd);
    trouble = map;
}

static int sync_in_time(long call, int fd)
{
    for (int32_t ms = 0; ms < trouble->sync_ms; ms += STEP_MS)
        (void)usleep(STEP_MS * 1000);
    errno = trouble->sync_error;
    return errno == 0 ? (int)syscall(call, fd) : -1;
}

int fsync(int fd)
{
    return sync_in_time(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_in_time(SYS_fdatasync, fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    errno = trouble->write_error;
    return errno == 0 ? syscall(SYS_pwrite64, fd, bytes, n, at) : -1;
}

/* SQLite's name for it. */
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return pwrite(fd, bytes, n, at);
}
