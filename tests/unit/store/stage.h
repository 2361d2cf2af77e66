/*
 * A store on a stage: its state in a folder of its own, its queues, and disks that fail when they are told to.
 */
#ifndef EMAILMON_STORE_STAGE_H
#define EMAILMON_STORE_STAGE_H

#include "store.h"

struct test_store {
    char folder[64], path[128];
    struct keys keys;
    struct queue *journal, *receipts, *news, *saves, *saved;
    struct queue *second; /* receipts of another worker */
    struct store *store;
    const struct restored *restored;
    char why[512];
};

/** stage_begin(s): A folder, keys and queues; nothing is open.  stage_end(s): closes and removes all. */
void stage_begin(struct test_store *s);
void stage_end(struct test_store *s);

/**
 * stage_try_open(s): store_open(); stage_open(s): it must succeed.
 * stage_close(s): store_stop(), and what was restored is let go.
 * stage_reopen(s): both.  stage_run(s): open and start.
 */
bool stage_try_open(struct test_store *s);
void stage_open(struct test_store *s);
void stage_run(struct test_store *s);
void stage_close(struct test_store *s);
void stage_reopen(struct test_store *s);

/** stage_post(s, entry): Into the journal; waits for room.  stage_take(from, record): The next record; it must come
 *  within 10 s. */
void stage_post(struct test_store *s, const struct journal_entry *entry);
void stage_take(struct queue *from, void *record);

/** stage_flush(s): Wait until everything posted before is on disk, or cannot be: the receipt's word. */
bool stage_flush(struct test_store *s);

/** stage_status(index, serial, name): An entry with values in every kind of column.  stage_probe(index, serial, number,
 *  state): One of a probe that is told from others by its number. */
struct journal_entry stage_status(int32_t index, uint64_t serial, const char *name);
struct journal_entry stage_probe(int32_t index, uint64_t serial, uint32_t number, enum probe_state state);
struct journal_entry stage_event(int32_t index, uint64_t serial, const char *name);

/** stage_definition(name, password): A whole row made by SET. */
const struct definition *stage_definition(const char *name, const char *password);

/** stage_change(index, serial): A row made by SET with a name of its own; the definition's one reference is the
 *  caller's. */
struct save_change stage_change(int32_t index, uint64_t serial);

/** stage_save(s, kind, id, changes, n): Post; a reference of each definition is taken.
 * stage_answer(s, id): It must come. */
struct save_batch *stage_save(struct test_store *s, enum save_kind kind, uint64_t id, const struct save_change *changes,
                              size_t n);
enum saved_answer stage_answer(struct test_store *s, uint64_t id);

/** stage_disk(how): From now on every write, or every sync, of SQLite fails, or a sync takes long; ALL_RIGHT: none. */
enum stage_disk { DISK_ALL_RIGHT, DISK_FULL, DISK_SYNC_FAILS, DISK_SLOW };
void stage_disk(enum stage_disk how);

/** stage_fail_at(n): The n-th write or sync from now on fails, and no other.  stage_failed(): whether it came. */
void stage_fail_at(unsigned n);
bool stage_failed(void);

#endif
