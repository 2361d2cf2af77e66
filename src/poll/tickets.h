/*
 * Waiting for the disk: an entry of the journal that must be kept before the next step carries a ticket; its receipt,
 * or the end of the patience, lets that step go on.  Receipts come in the order of tickets, so the latest speaks for
 * all before it.
 */
#ifndef EMAILMON_TICKETS_H
#define EMAILMON_TICKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "loop.h"

enum { TICKET_PATIENCE_MS = 250 };

struct tickets;

/** tickets_new(loop): NULL: memory.  tickets_free(t): nobody may wait; NULL is fine. */
struct tickets *tickets_new(struct loop *loop);
void tickets_free(struct tickets *t);

/** tickets_next(t): A new ticket, never 0.  tickets_came(t, ticket): Its receipt is here; call tickets_serve(t) after
 *  a batch of them: those whose tickets came are called. */
uint64_t tickets_next(struct tickets *t);
void tickets_came(struct tickets *t, uint64_t ticket);
void tickets_serve(struct tickets *t);

/** tickets_is_here(t, ticket): Whether its receipt, or a later one, came already. */
bool tickets_is_here(const struct tickets *t, uint64_t ticket);

/** One who waits; stands in its owner, all zero before its first use. */
struct ticket_wait {
    struct link link; /* among all who wait, in the order in which their patience ends */
    uint64_t ticket;
    uint64_t until_ms;
    void (*done)(void *owner);
    void *owner;
};

/**
 * tickets_wait(t, w, ticket, done, owner): Call ${done} once, when the receipt is here or
 * TICKET_PATIENCE_MS are over; never before this returns; the wait is over then.  ticket_wait_end(w):
 * Do not call; nothing when it does not wait.
 */
void tickets_wait(struct tickets *t, struct ticket_wait *w, uint64_t ticket, void (*done)(void *owner), void *owner);
void ticket_wait_end(struct ticket_wait *w);

#endif
