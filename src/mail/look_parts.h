/*
 * What the two machines that look into mailboxes have in common.  Private to src/mail.
 */
#ifndef EMAILMON_LOOK_PARTS_H
#define EMAILMON_LOOK_PARTS_H

#include "header.h"
#include "look.h"
#include "machine.h"

struct look {
    struct session session;
    const struct look_task *task;
    struct look_report report;
    struct header header;   /* of the mail that is being read */
    uint64_t mail_bytes;    /* message data of this session so far */
    size_t delete_done;     /* deletions the server agreed to */
    struct failure refusal; /* the first that it did not agree to */
    bool reading;           /* the next octets are message data */
    bool asked_missing;
    bool complete;        /* the scan so far reached all that could be a probe */
    char *first_response; /* SASL's, waiting for the server's go-ahead; wiped */
};

/** look_new(size, machine, task): A session_new() of a look. */
void *look_new(size_t size, const struct machine *machine, const struct look_task *task);

/** look_release(l): the part of release() that is common. */
void look_release(struct look *l);

/**
 * SASL, which POP3 and IMAP wrap alike.
 * look_answer_later(l, first): The initial response ${first} does not go with the
 * command: the server's go-ahead is due.
 * look_answer(l, challenge, n): Answer the server's challenge, in base64, or its go-ahead; "*" when that cannot be.
 * look_forget_answer(l): Its mechanism was refused before the go-ahead.
 */
void look_answer_later(struct look *l, const char *first);
void look_forget_answer(struct look *l);
void look_answer(struct look *l, const char *challenge, size_t n);

/** look_judge(l): The header in hand is complete: ask its owner.  No more than LOOK_DELETE_MAX are to be deleted. */
enum disposal look_judge(struct look *l);

/** look_data(l, bytes, n): Message data came: for the header scanner, and counted.  look_dropped(l, n): Message data
 *  that nobody reads, only counted. */
void look_data(struct look *l, const char *bytes, size_t n);
void look_dropped(struct look *l, size_t n);

/** look_needs_again(l): The scan is over; whether to read the newest mails once more.  True at most once. */
bool look_needs_again(struct look *l);

/**
 * look_refused_one(l, why): A deletion was refused; the first ${why} is kept; moved.
 * look_deleted(l, outcome, why): How the deletion ended; ${why} is moved; NULL: the refusal that was kept.
 */
void look_refused_one(struct look *l, struct failure *why);
void look_deleted(struct look *l, enum deletion outcome, struct failure *why);

/**
 * look_is_flooded(l, why): Whether what ended the session was a mass of foreign message data: the cap of a session, or
 * a clock, after more of it than any header needs.  Then the scan is unfinished, and nothing failed.
 * look_flooded(l): note that.
 */
bool look_is_flooded(const struct look *l, const struct failure *why);
void look_flooded(struct look *l);

/** look_word_cause(code, n, login): The cause that a response code names ([IN-USE], [UNAVAILABLE]: RFC 2449, 3206,
 *  5530); ${login}: credentials may be what is wrong.  CAUSE_NONE: no code that we know. */
enum cause look_word_cause(const char *code, size_t n, bool login);

/** look_bracket(text, n, code, code_bytes): The word of a response code in brackets at the begin of ${text}; false:
 *  there is none. */
bool look_bracket(const char *text, size_t n, const char **code, size_t *code_bytes);

#endif
