/*
 * A fake mail server for tests and measurements: SMTP, POP3 and IMAP on loopback, before one set of mailboxes in
 * memory, in one thread of its own that serves thousands of connections.  It speaks the protocols as good servers do,
 * and misbehaves on request.  A mail to anybody@anywhere stands in the mailbox "anybody", whose user has that name
 * and any password but "wrong".
 */
#ifndef EMAILMON_FAKE_MAIL_H
#define EMAILMON_FAKE_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_protocol { FAKE_SMTP, FAKE_POP3, FAKE_IMAP, FAKE_PROTOCOLS };

/** How it misbehaves; each has a number, 0 at first, that may be changed at any time.  Words: fake_fault_named(). */
enum fake_fault {
#define FAULT(enumerator, word, text) FAULT_##enumerator,
#include "fake_fault.def"
    FAKE_FAULTS
};

/** Where a conversation can be broken, and what it does there instead of what a good server does. */
enum fake_phase {
#define PHASE(enumerator, word, text) PHASE_##enumerator,
#include "fake_phase.def"
    FAKE_PHASES
};
enum fake_act {
#define ACT(enumerator, word, smtp, pop3, imap, tls) ACT_##enumerator,
#include "fake_act.def"
    FAKE_ACTS
};

/** One break: at the ${nth} time (0: the first) that a connection comes to the phase, and every time after. */
struct fake_break {
    enum fake_phase phase; /* PHASE_NONE: nowhere */
    enum fake_act act;
    unsigned nth;
    bool done; /* at DOT and EXPUNGE: what was asked for is done nevertheless, only the answer is lost */
};

/** What it counts since it was started. */
enum fake_count {
    COUNT_SMTP_CONNECTIONS,
    COUNT_POP3_CONNECTIONS,
    COUNT_IMAP_CONNECTIONS,
    COUNT_OPEN,           /* connections now */
    COUNT_OPEN_MOST,      /* ... at once at most */
    COUNT_LOGINS,         /* to mailboxes */
    COUNT_LOGINS_REFUSED, /* ... and to SMTP */
    COUNT_MAILS,          /* taken by SMTP, thrown away or not */
    COUNT_DELETED,
    COUNT_OVERLAPS, /* a login while another session was in the same mailbox */
    COUNT_COMMANDS,
    FAKE_COUNTS
};

enum { FAKE_LOSS_ALL = 1000 }; /* of FAULT_SMTP_LOSS */

struct fake_mail;

/** fake_start(ports): ${ports} by protocol; 0: any.  NULL: errno says why.  fake_stop(f):
 * end its thread, free; NULL is fine. */
struct fake_mail *fake_start(const uint16_t ports[FAKE_PROTOCOLS]);
void fake_stop(struct fake_mail *f);

/** fake_port(f, protocol): where it listens on 127.0.0.1.  fake_set(f, fault, number): misbehave, or (0) not any more.
 *  fake_counted(f, count): so far.  Any thread. */
uint16_t fake_port(const struct fake_mail *f, enum fake_protocol protocol);
void fake_set(struct fake_mail *f, enum fake_fault fault, unsigned number);
uint64_t fake_counted(struct fake_mail *f, enum fake_count count);

/** fake_break(f, protocol, b): Break every conversation of that protocol so, from now on; one break a protocol.  After
 *  PHASE_CONNECT the port stays as it is: closed (ACT_CLOSE), or taking no connection (ACT_SILENCE).
 *  fake_phase_word, fake_act_word; fake_break_named(words, protocol, b): "smtp dot close done"; false: it is none. */
void fake_break(struct fake_mail *f, enum fake_protocol protocol, const struct fake_break *b);
const char *fake_protocol_word(enum fake_protocol protocol);
const char *fake_phase_word(enum fake_phase phase);
const char *fake_phase_text(enum fake_phase phase);
const char *fake_act_word(enum fake_act act);
bool fake_break_named(char *words, enum fake_protocol *protocol, struct fake_break *b);

/**
 * fake_mails(f, user): how many mails are in the mailbox.  fake_put(f, user, mail): one
 * more (CRLF line ends); false: memory.
 * fake_get(f, user, i): a copy of the i-th, NUL-terminated, to be freed; NULL: there is none.
 * fake_clear(f, user): empty the mailbox.  Any thread.
 */
size_t fake_mails(struct fake_mail *f, const char *user);
bool fake_put(struct fake_mail *f, const char *user, const char *mail);
char *fake_get(struct fake_mail *f, const char *user, size_t i);
void fake_clear(struct fake_mail *f, const char *user);

/** fake_each(f, tell, owner): Tell of each mail whose it is, and its number in that mailbox, which no other mail there
 *  ever gets.  Any thread; ${tell} must not call here. */
void fake_each(struct fake_mail *f, void (*tell)(void *owner, const char *user, uint32_t uid), void *owner);

/** fake_write_certificate(f, path): What the server shows under TLS, as PEM: it may be taken
 * for an authority.  False: it cannot. */
bool fake_write_certificate(const struct fake_mail *f, const char *path);

/** fake_fault_word(fault), fake_fault_text(fault): for people.  fake_fault_named(word, fault): false: there is none. */
const char *fake_fault_word(enum fake_fault fault);
const char *fake_fault_text(enum fake_fault fault);
bool fake_fault_named(const char *word, enum fake_fault *fault);

#endif
