/*
 * A conversation joins a mail session to a stream: resolves the name, waits for a slot at the host and for the mailbox's lock, connects
 * (one address after the other), does TLS when the session wants it, moves bytes, keeps the clocks, measures the stages.
 */
#ifndef EMAILMON_CONVERSATION_H
#define EMAILMON_CONVERSATION_H

#include "hosts.h"
#include "leg.h"
#include "locks.h"
#include "loop.h"
#include "resolver.h"
#include "session.h"

/** What conversations of one thread share. */
struct surroundings {
    struct loop *loop;
    struct resolver *resolver;
    struct tls *tls;
    struct hosts *hosts;
    struct locks *locks;
};

struct conversation_events {
    void (*stage)(void *owner, enum stage stage);                         /* it entered a stage; may be NULL */
    void (*held)(void *owner);                                            /* the session wants to be resumed: conversation_resume() */
    void (*settled)(void *owner, const struct leg_outcome *outcome);      /* the result stands; exactly once */
    void (*closed)(void *owner);                                          /* after settled: connection, slot and lock are free again */
};

struct conversation;

/**
 * conversation_start(with, leg, session, events, owner): ${leg} and ${session} are the caller's, outlive the conversation and are not touched
 * by others meanwhile.  NULL: memory.  No event comes before this returns.  A leg LEG_INCOMING takes the lock of (address, user).
 * conversation_resume(c): after held().
 * conversation_limit(c, ms): at most ${ms} more for the whole (a stop that waits 2 s after the dot).
 * conversation_free(c): Give up at once, without events; frees slot and lock.  Inside any event too.
 */
struct conversation *conversation_start(const struct surroundings *with, const struct leg_settings *leg, struct session *session,
                                        const struct conversation_events *events, void *owner);
void conversation_resume(struct conversation *c);
void conversation_limit(struct conversation *c, uint64_t ms);
void conversation_free(struct conversation *c);

#endif
