#include "disk.h"

#include <sqlite3.h>
#include <time.h>

enum { KINDS = 4 };

static struct {
    sqlite3_vfs vfs, *real;
    struct {
        sqlite3_io_methods methods; /* first: found by it */
        const sqlite3_io_methods *real;
    } kinds[KINDS]; /* SQLite's files and its logs have methods of their own */
    struct disk_counts counts;
} disk;

static void count(uint64_t *number, uint64_t more)
{
    (void)__atomic_add_fetch(number, more, __ATOMIC_RELAXED);
}

static uint64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static const sqlite3_io_methods *real_methods(const sqlite3_file *file)
{
    int i = 0;
    while (&disk.kinds[i].methods != file->pMethods)
        i++;
    return disk.kinds[i].real;
}

static int disk_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset)
{
    count(&disk.counts.writes, 1);
    count(&disk.counts.write_bytes, (uint64_t)n);
    return real_methods(file)->xWrite(file, bytes, n, offset);
}

static int disk_sync(sqlite3_file *file, int flags)
{
    uint64_t began_us = now_us();
    int code = real_methods(file)->xSync(file, flags);
    count(&disk.counts.syncs, 1);
    count(&disk.counts.sync_us, now_us() - began_us);
    return code;
}

/* The file is the real one; only what it does is looked up here first. */
static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    int code = disk.real->xOpen(disk.real, name, file, flags, out), i = 0;
    if (file->pMethods == NULL)
        return code;
    while (i < KINDS && disk.kinds[i].real != NULL && disk.kinds[i].real != file->pMethods)
        i++;
    if (i == KINDS)
        return code; /* one kind too many: it is not counted */
    if (disk.kinds[i].real == NULL) {
        disk.kinds[i].methods = *file->pMethods;
        disk.kinds[i].methods.xWrite = disk_write;
        disk.kinds[i].methods.xSync = disk_sync;
        disk.kinds[i].real = file->pMethods;
    }
    file->pMethods = &disk.kinds[i].methods;
    return code;
}

bool disk_watch(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "counting";
    disk.vfs.xOpen = disk_open;
    return sqlite3_vfs_register(&disk.vfs, 1) == SQLITE_OK;
}

struct disk_counts disk_counted(void)
{
    return (struct disk_counts){.syncs = __atomic_load_n(&disk.counts.syncs, __ATOMIC_RELAXED),
                                .sync_us = __atomic_load_n(&disk.counts.sync_us, __ATOMIC_RELAXED),
                                .writes = __atomic_load_n(&disk.counts.writes, __ATOMIC_RELAXED),
                                .write_bytes = __atomic_load_n(&disk.counts.write_bytes, __ATOMIC_RELAXED)};
}
