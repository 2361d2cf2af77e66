/*
 * Plays sessions against a server that says whatever the fuzzer wants, and holds them to what must always be true: each
 * ends once, says why, in printable ASCII; no password leaves without TLS unless that is allowed, nor is shown.
 *
 * The input is text, so that it can be read and written by hand.  Four octets come first, of which six bits count ('@'
 * is 0, 'A' 1, ... '_' 31, ' ' 32, ... '?' 63):
 *   1  1 and 2: security none, starttls, tls; 4: plaintext_auth; 8: SMTP without login, else a user name
 *      that needs quotes and is no ASCII; 16, 32: the target's own
 *   2  1, 2, 4: the mechanism that logged in last; 8: the last login was refused; 16: in the end a clock runs out,
 *      else the server closes; 32: what comes next is fed while the session holds
 *   3  octets of every odd piece, 4  of every even one; 63: as many as fit
 * The rest is what the server says.  "|" ends a piece, "$" is the client's tag in IMAP, and "%" begins
 *   %0 ... %9  a token (tokens.h)     %f, %v  an honest server's two messages of SCRAM, in base64
 *   %n         this session ends; the next one begins, with what the first has left
 *
 * With DRIVE_SHOW in the environment the conversation is printed.
 */
#ifndef EMAILMON_FUZZ_DRIVE_H
#define EMAILMON_FUZZ_DRIVE_H

#include <stddef.h>
#include <stdint.h>

#include "sasl.h"
#include "session.h"

enum { DRIVE_HEAD = 4, DRIVE_OWN_1 = 16, DRIVE_OWN_2 = 32, DRIVE_SESSIONS_MAX = 4 };

/** What is played; all sessions of an input share it. */
struct drive {
    struct leg_settings leg;
    struct login_memory memory;
    struct sasl_cache *cache;
    uint8_t flags; /* the first octet */
    bool held;     /* this session was told to go on after a hold */
};

/** The target's part.  make(d, owner): the next session.  said(): what it sends, as it sends it.  ended(): it did. */
struct drive_machine {
    enum leg leg;
    struct session *(*make)(struct drive *d, void *owner);
    void (*said)(const struct drive *d, void *owner, const char *bytes, size_t n);
    void (*ended)(const struct drive *d, void *owner, const struct session *s, enum want want);
};

/** drive(machine, owner, input, n): Play it. */
void drive(const struct drive_machine *machine, void *owner, const uint8_t *input, size_t n);

/** drive_look(new, input, n): Looks by ${new}, all with one drop memory. */
struct look_task;
void drive_look(struct session *(*new)(const struct look_task *task), const uint8_t *input, size_t n);

#endif
