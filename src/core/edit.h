/*
 * An edit: the one way in which monitors change, whoever asks (YAML, SET, command line): copy, change, check the whole,
 * save, publish.  An edit that is not published leaves no trace.  One thread, the owner of the set.
 */
#ifndef EMAILMON_EDIT_H
#define EMAILMON_EDIT_H

#include "draft.h"
#include "monitors.h"

/** One changed row, as it is told to those who act on it.  before NULL: new; after NULL: removed. */
struct change {
    int32_t index;
    uint64_t serial;
    uint64_t replaced; /* the serial of ${before}, when that is another row; else 0 */
    const struct definition *before, *after;
};

/** Who keeps definitions and indexes.  save() returns only when it is on disk; false fills ${why}. */
struct saver {
    bool (*save)(void *owner, const struct change *changes, size_t n, struct mistake *why);
    void *owner;
};

struct edit;

/** edit_begin(set): Return an edit, or NULL when memory is short.  The set must not
 * change by other edits until edit_end(). */
struct edit *edit_begin(struct monitors *set);

/**
 * edit_draft(e, index, create): Return the draft of row ${index}: what the row says now, with what this edit
 * changed; of a row that is not there a new one with defaults when ${create}, else NULL; NULL also when memory is
 * short.  Owned by ${e}.
 * edit_remove(e, index): the row goes; nothing when it is not there; false: memory.  A draft that is made after it
 * is that of another row, with a serial of its own.
 * edit_put(e, index, definition): the whole row becomes ${definition}, of a draft that draft_check() found right
 * (takes its own reference); false: memory.
 * edit_put_known(e, index, serial, definition): The same for a row that was there in an earlier life, and is not now:
 * with its serial.
 */
struct draft *edit_draft(struct edit *e, int32_t index, bool create);
bool edit_remove(struct edit *e, int32_t index);
bool edit_put(struct edit *e, int32_t index, const struct definition *definition);
bool edit_put_known(struct edit *e, int32_t index, uint64_t serial, const struct definition *definition);

/** A monitor that a file asks for. */
struct wanted {
    int32_t index; /* 0: any */
    const struct definition *definition;
};

/**
 * edit_file(e, wanted, n, warn, owner): Make the file's rows (STORAGE_READ_ONLY) of the set equal to ${wanted}: rows
 * whose definition is equal stay untouched, a row of the same name keeps its index, rows that are gone are removed,
 * an index that another row holds is not taken from it (${warn} gets the line to log).  Names get indexes in the
 * file's order.  A row that asks for another free index moves there (one goes, one comes); a row made by SET whose
 * name the file has is taken over with its index.  The first call of an edit.  False: memory, or no index is left.
 */
bool edit_file(struct edit *e, const struct wanted *wanted, size_t n, void (*warn)(void *owner, const char *line),
               void *owner);

/** edit_check(e, why, index): Every changed row whole, names unique over the set, passwords guarded,
 * ...; false fills ${why} with the first mistake and ${index} (may be NULL) with its row.  After it
 * nothing of the edit can fail but saving. */
bool edit_check(struct edit *e, struct mistake *why, int32_t *index);

/** edit_count(e): After edit_check(): how many rows change. */
size_t edit_count(const struct edit *e);

/** edit_save(e, saver, why): Have it kept.  ${saver} NULL: nothing keeps it. */
bool edit_save(struct edit *e, const struct saver *saver, struct mistake *why);

/** edit_restore(e, saver, why): After edit_save(): have what was before kept again.  The set is as it was. */
bool edit_restore(struct edit *e, const struct saver *saver, struct mistake *why);

/**
 * edit_publish(e, tell, owner): The set changes; cannot fail after edit_check().  ${tell} gets each change
 * (its definitions live until edit_end; take references).  edit_revert(e, tell, owner): put the old rows
 * back, after edit_publish; an index that a name was promised stays so.  edit_tell(e, tell, owner): the
 * changes of an edit that was published, once more.  After publishing nothing but edit_tell(),
 * edit_restore(), edit_revert() and edit_end() may follow.
 */
void edit_publish(struct edit *e, void (*tell)(void *owner, const struct change *change), void *owner);
void edit_tell(struct edit *e, void (*tell)(void *owner, const struct change *change), void *owner);
void edit_revert(struct edit *e, void (*tell)(void *owner, const struct change *change), void *owner);

/** edit_end(e): Free; safe after any step, and with NULL. */
void edit_end(struct edit *e);

#endif
