/*
 * A session is one conversation with a mail server, as a machine that never touches a socket: bytes in, bytes out,
 * and a word for what it wants next.  Behind this one face are three such machines: SMTP (smtp.h), POP3 and IMAP
 * (look.h).
 * A session knows no clock, socket, thread or file; time limits are the driver's (src/poll/conversation.h).
 */
#ifndef EMAILMON_SESSION_H
#define EMAILMON_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "definition.h"
#include "failure.h"

struct session;

enum want {
    WANT_READ,  /* send the output, then feed what comes */
    WANT_TLS,   /* send the output, then do the TLS handshake, then session_secured() */
    WANT_HOLD,  /* stop before the next step until session_resume(): something must be on record first */
    WANT_CLOSE, /* done: send the output, close */
    WANT_FAILED /* failed: send the output (a QUIT, a "*"), close; session_failure() says where and why */
};

/** Which clock bounds the wait for the next reply. */
enum patience {
    PATIENCE_REPLY, /* the row's timeout, begun anew whenever session_progress() grows */
    PATIENCE_WHOLE  /* all that is left of the leg's total: logins and the final dot */
};

/** What the driver may be told of a conversation, for `emailmon test --trace`: one
 * line without its end, secrets masked. */
struct session_trace {
    void (*line)(void *owner, bool from_server, const char *bytes, size_t n);
    void *owner;
};

/**
 * session_start(s, local_address): The connection stands, from "192.0.2.1" or "2001:db8::1" (SMTP alone needs to know).
 * (With security tls: after the handshake.)  Returns WANT_READ.
 * session_feed(s, bytes, n): Give ${n} bytes from the server; any split is fine, ${n} may be 0.  After WANT_TLS nothing
 * is fed until session_secured(); bytes that came in the same piece behind the go-ahead for TLS have already failed
 * (cause injection).  What comes after WANT_HOLD may be fed at once: it is kept until session_resume(), which then
 * knows that it came early.  After WANT_CLOSE and WANT_FAILED further bytes are ignored.
 * session_secured(s): The handshake after WANT_TLS is done.
 * session_resume(s): Go on after WANT_HOLD.
 * session_eof(s): The server closed.
 * session_broken(s, why): The connection failed or a clock ran out; ${why} with stage NONE takes the session's present
 * stage (a handshake's comes with its own).  Returns WANT_FAILED, or WANT_CLOSE when the result already stands.
 */
enum want session_start(struct session *s, const char *local_address);
enum want session_feed(struct session *s, const void *bytes, size_t n);
enum want session_secured(struct session *s);
enum want session_resume(struct session *s);
enum want session_eof(struct session *s);
enum want session_broken(struct session *s, const struct failure *why);

/** session_output(s, n): Bytes to send, ${n} of them; they stay until session_sent(s, n) says how many are gone. */
const void *session_output(const struct session *s, size_t *n);
void session_sent(struct session *s, size_t n);

/** session_stage(s): where it is.  session_patience(s): which clock.  session_progress(s): grows with each complete
 *  reply, and inside a long answer that was asked for with each complete line, response or 4 KiB of a mail. */
enum stage session_stage(const struct session *s);
enum patience session_patience(const struct session *s);
uint64_t session_progress(const struct session *s);

/** session_settled(s): The result stands; what is still awaited (the answers to QUIT and LOGOUT) changes nothing. */
bool session_settled(const struct session *s);

/** session_failure(s): failure_none unless WANT_FAILED was returned.  Owned by ${s}. */
const struct failure *session_failure(const struct session *s);

/** session_mechanism(s): How it logged in: SASL's name, or "USER", "LOGIN"; "" when it did not. */
const char *session_mechanism(const struct session *s);

/** session_set_trace(s, trace): Copies ${trace}. */
void session_set_trace(struct session *s, const struct session_trace *trace);

/** session_free(s): Wipe and free; NULL does nothing. */
void session_free(struct session *s);

#endif
