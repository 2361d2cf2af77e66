/*
 * The inside of a session: what the three machines (smtp.c, pop3.c, imap.c) are built on.  A machine is a struct that
 * begins with a struct session, and a table of functions; session.c does for all of them what does not differ: it cuts
 * lines, keeps the caps, the output, the trace and the failure, and refuses what came before TLS.
 *
 * The machine's functions return nothing.  What they want is noted by session_want_tls(), session_hold(),
 * session_close() or one of the session_fail...() below; when none was called, the session wants to read.  After a
 * failure the machine may still say its farewell (a QUIT, a "*"), and must return: only release() is called then.
 *
 * Private to src/mail.
 */
#ifndef EMAILMON_MACHINE_H
#define EMAILMON_MACHINE_H

#include "lines.h"
#include "mail_limits.h"
#include "sasl.h"
#include "session.h"

struct machine {
    /** The connection stands: nothing was heard yet.  Called once. */
    void (*start)(struct session *s, const char *local_address);

    /** One line from the server, without its end; no NUL, no CR in it.  ${bytes} is valid during the call only. */
    void (*line)(struct session *s, const char *bytes, size_t n);

    /** While s->raw is set: bytes as they come, ${n} > 0, cut anywhere; message data, literals, lines that are too long
     *  to keep.  Return how many are taken (at least 1, unless s->raw was cleared or something else is wanted now);
     *  the rest goes where s->raw then says.  NULL: this machine is never raw. */
    size_t (*raw)(struct session *s, const char *bytes, size_t n);

    /** TLS stands.  The line reader is empty and the server's offers are to be forgotten by the machine. */
    void (*secured)(struct session *s);

    /** Go on after session_hold().  ${early}: the server already said something that it could not know to say; what it
     * was is heard after this returns, if the session then still wants to read. */
    void (*resume)(struct session *s, bool early);

    /** All output is gone.  NULL: does not matter. */
    void (*sent)(struct session *s);

    /** The connection ended, a clock ran out, a cap was reached, or what came is no line (${why}: leg, stage and cause
     *  are set) before the session settled.  Return true when the session ends well all the same (a look that was
     *  reading foreign mail is unfinished, not failed).  NULL: it never does. */
    bool (*broken)(struct session *s, const struct failure *why);

    /** How many octets of a line from the server the trace may show; the rest is a challenge, shown as ****.
     *  NULL: all. */
    size_t (*open)(const struct session *s, const char *bytes, size_t n);

    /** Free what the machine itself holds; the struct is freed by session.c.  NULL: nothing. */
    void (*release)(struct session *s);
};

struct session {
    const struct machine *machine;
    const struct leg_settings *leg;
    struct login *login; /* NULL: without authentication */
    struct session_trace trace;
    struct failure failure;
    const char *mechanism; /* a literal; "" */
    uint64_t progress;
    uint64_t received_bytes;
    enum want want;
    enum stage stage;       /* set by the machine */
    enum patience patience; /* set by the machine */
    bool raw;               /* set by the machine: bytes go to raw(), not to line() */
    bool secured;           /* the connection is under TLS */
    bool logged_in;
    bool settled;
    struct lines lines;
    char *output;
    size_t output_bytes, output_sent, output_size;
    bool output_secret;
    char *early; /* heard while held */
    size_t early_bytes;
};

/**
 * session_new(size, machine, leg, memory, cache): Return ${size} zeroed octets that begin with a struct session, at
 * stage greeting; with a login when the leg has authentication.  NULL when memory is short.
 */
struct session *session_new(size_t size, const struct machine *machine, const struct leg_settings *leg,
                            struct login_memory *memory, struct sasl_cache *cache);

/**
 * session_say(s, format, ...): Send one line; CRLF is added.  A CR or LF in it fails the session: no setting can
 * smuggle a second command.
 * session_say_secret(s, begin, secret): The same for a line that ends with a secret: the trace shows **** in its place
 * ("AUTH PLAIN ****"), the memory is wiped when it is sent.
 * session_put(s, bytes, n, secret): Bytes as they are, without CRLF, not traced: messages and literals.
 * session_unsay(s): Drop what was said and is not sent.
 * session_is_early(s): Whether there is such: then what is heard cannot be the answer to it.  Never once it settled.
 * When memory is short the session fails (local, resources).
 */
void session_say(struct session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void session_say_secret(struct session *s, const char *begin, const char *secret);
void session_put(struct session *s, const void *bytes, size_t n, bool secret);
void session_unsay(struct session *s);
bool session_is_early(const struct session *s);

/**
 * session_trace_line(s, from_server, bytes, n): Show a line; for raw() and what session_put() sent.  Secrets that the
 * login knows are masked.
 * session_trace_heard(s, bytes, n): The same for a line that was heard, with what open() hides.
 * session_mask(s, bytes, n, dst, size): Make ${bytes} printable and mask them; return the length.
 */
void session_trace_line(struct session *s, bool from_server, const char *bytes, size_t n);
void session_trace_heard(struct session *s, const char *bytes, size_t n);
size_t session_mask(const struct session *s, const char *bytes, size_t n, char *dst, size_t size);

/**
 * session_want_tls(s): After the go-ahead: bytes behind it in the same piece fail the session (startTls, injection).
 * session_hold(s): Stop until resume().
 * session_settle(s): The result stands, and is no failure; what comes later only ends the session.
 * session_close(s): Done; settles too.
 * session_logged_in(s, mechanism): The cap of the bytes before the login ends.  ${mechanism}: a literal.
 */
void session_want_tls(struct session *s);
void session_hold(struct session *s);
void session_settle(struct session *s);
void session_close(struct session *s);
void session_logged_in(struct session *s, const char *mechanism);

/**
 * All fail the session at its present stage with its leg; once it is settled they only close it.
 * session_fail_detail(s, cause, format, ...): with what emailmon knows.
 * session_fail_reply(s, cause, code, bytes, n): with the server's words, masked.
 * session_fail_with(s, why): with ${why}, which is moved; stage and leg NONE are filled in.
 * session_fail_memory(s): local, resources.
 * session_reply_failure(s, cause, code, bytes, n): The failure that session_fail_reply() would set, as a value.
 */
void session_fail_detail(struct session *s, enum cause cause, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void session_fail_reply(struct session *s, enum cause cause, int32_t code, const char *bytes, size_t n);
void session_fail_with(struct session *s, struct failure *why);
void session_fail_memory(struct session *s);
struct failure session_reply_failure(const struct session *s, enum cause cause, int32_t code, const char *bytes,
                                     size_t n);

#endif
