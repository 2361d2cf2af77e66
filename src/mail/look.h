/*
 * Looking into a mailbox for own probes, by POP3 or IMAP: what the two machines are given, and what they report.
 * They find mails whose header names tokens, ask their owner about each, and delete what the owner says; nothing
 * else is ever touched.
 */
#ifndef EMAILMON_LOOK_H
#define EMAILMON_LOOK_H

#include "drop_memory.h"
#include "sasl.h"
#include "session.h"
#include "token.h"

enum {
    LOOK_TOKENS_MAX = 16,
    LOOK_PROBE_MAX = 1024 * 1024, /* octets; a longer mail is no probe, whatever gateways put into ours */
    LOOK_DELETE_MAX = 500,
    LOOK_FIRST_MAX = 500,
    LOOK_AGAIN = 50,
    LOOK_DELAY_MAX_S = 3600 /* of login_delay_s: no server puts off its monitoring for longer */
};

/** One mail whose header was read (to its end, or to the scanner's cap). */
struct mail_facts {
    uint64_t size_bytes; /* 0: not known */
    int64_t arrived_ms;  /* IMAP INTERNALDATE, POP3 date of the topmost Received; INT64_MIN: not known */
    size_t token_count;  /* tokens in Message-ID or X-Emailmon-Probe: the right form, not yet verified, none twice */
    struct token tokens[LOOK_TOKENS_MAX];
};

/** The weaker first. */
enum disposal {
    DISPOSAL_LEAVE,  /* a foreign mail: leave it, and never read it again */
    DISPOSAL_LATER,  /* leave it now, read it again in the next look */
    DISPOSAL_UNTOLD, /* memory is too short to tell: the look fails for it, on this machine */
    DISPOSAL_DELETE  /* an own probe: delete it */
};

/** What is to be done.  Everything pointed to is the caller's and outlives the session. */
struct look_task {
    const struct leg_settings *leg;
    struct login_memory *memory;
    struct sasl_cache *cache;
    struct drop_memory *drop; /* what is known of this mailbox from earlier looks */
    /* A probe is outstanding that was sent before ${drop} began: a first contact is no finished scan. */
    bool expects_old;
    enum disposal (*judge)(void *owner, const struct mail_facts *mail);
    bool (*missing)(void *owner); /* asked once, after the scan: is an expected probe still not found?  Then the newest
                                     LOOK_AGAIN mails are read again, whatever ${drop} says */
    void *owner;
};

enum deletion {
    DELETION_NONE,        /* nothing to delete */
    DELETION_DONE,        /* at least one probe is gone, as far as the server says */
    DELETION_REFUSED,     /* every deletion was refused */
    DELETION_INEFFECTIVE, /* accepted, without effect */
    DELETION_DEFERRED,    /* IMAP without UIDPLUS beside others' deleted mails: flagged only; no failure */
    DELETION_BROKEN       /* the session ended before the server confirmed */
};

struct look_report {
    bool scanned;  /* the mailbox was listed and read as far as this look goes: what was not found is not there */
    bool finished; /* ... and no mail that could be a probe is still uninspected */
    uint32_t inspected, asked; /* mails read; mails that were to be deleted */
    enum deletion deletion;
    /* Leg incoming, stage delete: of a deletion that is not NONE, DONE, DEFERRED.  Owned by the session. */
    struct failure deletion_failure;
    uint32_t login_delay_s; /* so long after a login the server takes no other (POP3); 0: it does not say so */
};

/**
 * pop3_look_new(task), imap_look_new(task): Return a session, or NULL when memory is short.  It returns WANT_HOLD once,
 * before the first deletion leaves, when there is something to delete.
 * look_report(s): What is known so far; final once settled, closed or failed.  Tokens that were judged before a
 * failure count.
 */
struct session *pop3_look_new(const struct look_task *task);
struct session *imap_look_new(const struct look_task *task);
const struct look_report *look_report(const struct session *s);

#endif
