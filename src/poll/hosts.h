/*
 * Slots by address and port: so many connections at once, the rest waits in order; and hosts that do not answer: after
 * three timeouts in a row, of the connection or of the greeting, those who wait take the same result at once, while one
 * connection at a time tries on.
 */
#ifndef EMAILMON_HOSTS_H
#define EMAILMON_HOSTS_H

#include "address.h"
#include "failure.h"

enum { HOST_SILENT_AFTER = 3, HOST_REMEMBERED_MAX = 16384 };

struct hosts;
struct host_slot;

enum host_slot_state {
    HOST_SLOT_WAITING, /* others are connected, as many as may be */
    HOST_SLOT_GRANTED, /* connect */
    HOST_SLOT_SILENT   /* the host does not answer: take over host_slot_why() */
};

/** What came of a connection. */
enum host_answer {
    HOST_ANSWERED,  /* whatever it said, refusing the connection included */
    HOST_TIMED_OUT, /* the connection or the greeting */
    HOST_NOT_TRIED  /* nothing was learned about the host */
};

/**
 * hosts_new(per_host, waits, owner): ${per_host} connections to one address and port at once.  ${waits}(owner) is
 * called when one more begins to wait, and must not come back here; NULL: nobody wants to know.  NULL: memory.
 * hosts_free(h): No slot may be held or waited for; NULL is fine.
 * hosts_waiting(h): how many wait, at all hosts together.
 */
struct hosts *hosts_new(unsigned per_host, void (*waits)(void *owner), void *owner);
void hosts_free(struct hosts *h);
unsigned hosts_waiting(const struct hosts *h);

/**
 * hosts_acquire(h, address, port, changed, owner): Ask for a slot; host_slot_state() says what
 * is.  When it is HOST_SLOT_WAITING, ${changed}(owner) is called once, when it became another;
 * never before this returns.  NULL: memory.
 * host_slot_release(s, answer, why): Give it back, or stop waiting, in every state.  ${why}: of HOST_TIMED_OUT, the
 * failure for those who wait (copied), else NULL.  Others' changed() is called inside.
 * host_slot_why(s): of HOST_SLOT_SILENT: the failure of the last one who tried; valid until the slot is released.
 */
struct host_slot *hosts_acquire(struct hosts *h, const struct address *address, uint16_t port,
                                void (*changed)(void *owner), void *owner);
void host_slot_release(struct host_slot *s, enum host_answer answer, const struct failure *why);
enum host_slot_state host_slot_state(const struct host_slot *s);
const struct failure *host_slot_why(const struct host_slot *s);

#endif
