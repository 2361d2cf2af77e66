/*
 * Slots by address and port: so many connections at once, the rest waits in order; and hosts that do not answer: after three
 * timeouts in a row, of the connection or of the greeting, those who wait take the same result at once, while one connection
 * at a time tries on.
 */
#ifndef EMAILMON_HOSTS_H
#define EMAILMON_HOSTS_H

#include "address.h"
#include "failure.h"
#include "loop.h"

enum { HOST_SILENT_AFTER = 3 };

struct hosts;
struct host_slot;

/** hosts_new(per_host): NULL: memory.  hosts_free(h): no slot may be held or waited for. */
struct hosts *hosts_new(unsigned per_host);
void hosts_free(struct hosts *h);

/**
 * hosts_acquire(h, address, port, granted, silent, owner): Wait for a slot.  ${granted}(owner) when it is there (possibly before this
 * returns), or ${silent}(owner, why) when the host does not answer: the failure to take over.  NULL: memory.
 * host_slot_release(s, outcome): Give it back, or stop waiting.
 */
enum host_answer { HOST_ANSWERED, HOST_TIMED_OUT, HOST_NOT_TRIED };
struct host_slot *hosts_acquire(struct hosts *h, const struct address *address, uint16_t port, void (*granted)(void *owner),
                                void (*silent)(void *owner, const struct failure *why), void *owner);
void host_slot_release(struct host_slot *s, enum host_answer answer, const struct failure *why);

#endif
