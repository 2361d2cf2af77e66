/*
 * The inside of a conversation, for the files that it is made of: conversation.c (its life and its clocks),
 * conversation_reach.c (from the name to a connection), conversation_talk.c (the session on it).
 */
#ifndef EMAILMON_CONVERSATION_PARTS_H
#define EMAILMON_CONVERSATION_PARTS_H

#include "conversation.h"
#include "stream.h"

enum step {
    STEP_BEGIN,     /* just made: the first turn of the loop starts it */
    STEP_RESOLVE,   /* waiting for addresses */
    STEP_LOCK,      /* waiting for the mailbox */
    STEP_SLOT,      /* waiting for the host */
    STEP_PASSED_BY, /* the host does not answer others: the result is theirs, taken over in the next turn */
    STEP_CONNECT,
    STEP_FIRST_TLS, /* the handshake before the session's first word */
    STEP_TALK,
    STEP_TLS, /* a handshake that the session asked for */
    STEP_HELD,
    STEP_CLOSED
};

struct conversation {
    struct surroundings with;
    const struct leg_settings *leg;
    struct session *session;
    const struct conversation_events *events;
    void *owner;

    enum step step;
    bool insists;
    bool settled;
    bool dead;  /* the connection failed: nothing can be sent any more */
    bool freed; /* the owner gave it up while one of its functions was at work: ${depth} of them */
    unsigned depth;

    struct lookup *lookup;
    struct resolved resolved;
    size_t tried;              /* addresses; the one being tried is [tried - 1] */
    struct failure failed;     /* of the addresses tried so far, the one to report */
    struct failure taken_over; /* of STEP_PASSED_BY */
    struct lock *lock;
    struct host_slot *slot;
    struct stream *stream;

    struct deadline *patience; /* the address's share, the reply, the farewell; 0: go on in the next turn */
    struct deadline *whole;
    uint64_t connect_left_ms, whole_left_ms;   /* when their clocks began last */
    uint64_t share_ms, began_ms, whole_set_ms; /* the clock of this address; when the two clocks began */
    uint64_t progress;                         /* of the session, when the reply's clock began */
    uint32_t stalls;                           /* of the loop, when it began to connect */

    enum stage stage;
    uint64_t stage_began_ms;
    uint32_t reached; /* bit i: stage i */
    struct leg_outcome outcome;
};

/** conversation_enter(c) and conversation_leave(c) stand around everything that is called from outside; ${c} may be
 * gone after the second. */
void conversation_enter(struct conversation *c);
void conversation_leave(struct conversation *c);

/** conversation_stage(c, stage): It is in ${stage} from now on; STAGE_NONE: it waits
 * for something that is nobody's fault. */
void conversation_stage(struct conversation *c, enum stage stage);

/** conversation_settle(c, why): The result stands: ${why} (moved; failure_none: it did
 * all).  The owner may free ${c} inside. */
void conversation_settle(struct conversation *c, struct failure *why);

/** conversation_close(c): Connection, slot and lock are given back, the owner is told.  Only when settled. */
void conversation_close(struct conversation *c);

/** conversation_finish(c, why): both, when nothing is left to be said. */
void conversation_finish(struct conversation *c, struct failure *why);

/** conversation_let_go(c, answer, why): The same for one address alone, without telling. */
void conversation_let_go(struct conversation *c, enum host_answer answer, const struct failure *why);

/** conversation_peer(c, dst, size): "192.0.2.1 port 25", of the address being tried. */
void conversation_peer(const struct conversation *c, char *dst, size_t size);
enum { CONVERSATION_PEER_MAX = 80 };

/** conversation_credentials(c): What it logs in with at the address being tried; valid as long as that is tried. */
struct credentials conversation_credentials(const struct conversation *c);

/** conversation_reach(c): Look the name up, and go on from there to a connection; conversation_talk() in the end.
 *  conversation_unreachable(c, why): The address being tried cannot be connected to
 *  (${why} moved): the next one, or the end. */
void conversation_reach(struct conversation *c);
void conversation_unreachable(struct conversation *c, struct failure *why);

/** conversation_talk(c): The connection stands, and TLS too when that comes first: begin the session.
 *  conversation_broken(c, why): The connection failed, or a clock ran out (${why} moved). */
void conversation_talk(struct conversation *c);
void conversation_broken(struct conversation *c, struct failure *why);

/** conversation_secured(c), conversation_heard(c, bytes, n), conversation_ended(c):
 * what the stream tells, for the session. */
void conversation_secured(struct conversation *c);
void conversation_heard(struct conversation *c, const void *bytes, size_t n);
void conversation_ended(struct conversation *c);

#endif
