/*
 * What SQLite asks of the disk, counted: a layer between SQLite and its real VFS.
 */
#ifndef EMAILMON_BENCH_DISK_H
#define EMAILMON_BENCH_DISK_H

#include <stdbool.h>
#include <stdint.h>

struct disk_counts {
    uint64_t syncs; /* each one an fsync(2) or fdatasync(2) of a file */
    uint64_t sync_us;
    uint64_t writes, write_bytes;
};

/** disk_watch(): Count from now on what files do that are opened after it; false: SQLite refuses the layer. */
bool disk_watch(void);

/** disk_counted(): so far; any thread, each number for itself. */
struct disk_counts disk_counted(void);

#endif
