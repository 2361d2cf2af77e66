/*
 * Rows on their way from one worker to another, because an edit changed their mailbox.  Shared by all workers: the old
 * one leaves here what it knows of the row, the new one takes it from here.  A row is in one place at a time: in one
 * worker, or here.
 */
#ifndef EMAILMON_HANDOVER_H
#define EMAILMON_HANDOVER_H

#include "bell.h"
#include "list.h"
#include "restored.h"

struct handover;

/** A row on its way. */
struct moved {
    struct link link;        /* among those that are about to be left */
    struct restored_row row; /* status, memory and probes: it goes on with these */
};
void moved_free(struct moved *m); /* NULL is fine */

/** handover_new(): NULL: memory.  handover_free(h): When no worker uses it any more; what nobody took goes with it. */
struct handover *handover_new(void);
void handover_free(struct handover *h);

/** handover_listen(h, worker, bell): Worker number ${worker} hears ${bell} from now on when rows were left; NULL: it
 *  does not any more. */
void handover_listen(struct handover *h, size_t worker, const struct bell *bell);

/** handover_leave(h, rows): Leave the rows in this list (of struct moved).  False: memory; some are still in it. */
bool handover_leave(struct handover *h, struct link *rows);

/** handover_take(h, serial): That row, the caller's from now on; NULL: it is not here. */
struct moved *handover_take(struct handover *h, uint64_t serial);

#endif
