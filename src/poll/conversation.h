/*
 * A conversation joins a mail session to a stream: resolves the name, waits for the mailbox's lock and for a slot at
 * the host, connects (one address after the other), does TLS when the session wants it, moves bytes, keeps the clocks,
 * measures the stages.
 *
 * Three clocks, none of which runs while it waits for a lock, a slot or a name: one for the connection (the leg's
 * timeout, shared by the addresses that are left, at least 2 s each), one for each reply (begun anew only when
 * session_progress() grows, so that dripping bytes win nothing), and one for the whole (four times the timeout), which
 * alone bounds the replies to a login and to the final dot.
 */
#ifndef EMAILMON_CONVERSATION_H
#define EMAILMON_CONVERSATION_H

#include "hosts.h"
#include "leg.h"
#include "locks.h"
#include "loop.h"
#include "refusals.h"
#include "resolver.h"
#include "session.h"

enum {
    CONVERSATION_WHOLE_TIMES = 4,         /* the whole, in timeouts */
    CONVERSATION_ADDRESS_LEAST_MS = 2000, /* share of one address, unless the timeout itself is less */
    CONVERSATION_FAREWELL_MS = 2000       /* for the answers to QUIT and LOGOUT, once the result stands */
};

/** What conversations of one thread share. */
struct surroundings {
    struct loop *loop;
    struct resolver *resolver;
    struct tls *tls;
    struct hosts *hosts;
    struct locks *locks;
    struct refusals *refusals; /* NULL: every login is tried, and none is remembered */
};

struct conversation_events {
    void (*stage)(void *owner, enum stage stage); /* it entered a stage; may be NULL */
    void (*held)(void *owner); /* the session wants to be resumed: conversation_resume(), here or later */
    void (*settled)(void *owner, const struct leg_outcome *outcome); /* the result stands; exactly once; ${outcome}
                                                                        lives as long as the conversation */
    void (*closed)(void *owner); /* after settled: connection, slot and lock are free again */
};

struct conversation;

/**
 * conversation_start(with, leg, session, events, owner): ${with} is copied; ${leg} and ${session} are the caller's,
 * outlive the conversation and are not touched by others meanwhile.  NULL: memory.  No event comes before this
 * returns.  A leg LEG_INCOMING takes the lock of (address, user).
 * conversation_insist(c): Right after the start: log in even where the same credentials were refused a moment ago.
 * conversation_resume(c): after held().
 * conversation_limit(c, ms): at most ${ms} more for the whole (a stop that waits 2 s after the dot); right after the
 * start: instead of four times the timeout, when that is more.
 * conversation_is_contested(c): whether others wait for the lock that it holds.
 * conversation_free(c): Give up at once, without events; frees slot and lock.  Inside any event too.  NULL is fine.
 */
struct conversation *conversation_start(const struct surroundings *with, const struct leg_settings *leg,
                                        struct session *session, const struct conversation_events *events, void *owner);
void conversation_insist(struct conversation *c);
void conversation_resume(struct conversation *c);
void conversation_limit(struct conversation *c, uint64_t ms);
bool conversation_is_contested(const struct conversation *c);
void conversation_free(struct conversation *c);

#endif
