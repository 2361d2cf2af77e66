/*
 * The POP3 machine (RFC 1939, 2449, 2595, 5034): what its parts share.  Private to src/mail.
 *
 *   pop3.c         the table of steps, the greeting, CAPA, STLS
 *   pop3_login.c   AUTH, USER and PASS
 *   pop3_list.c    STAT, UIDL, LIST: which mails are to be read
 *   pop3_fetch.c   TOP and RETR: the mails themselves
 *   pop3_delete.c  DELE and QUIT
 */
#ifndef EMAILMON_POP3_MACHINE_H
#define EMAILMON_POP3_MACHINE_H

#include "drop_parts.h"
#include "look_parts.h"

/** What is awaited.  Where one flight holds several commands, what is awaited is the first that is not answered. */
enum pop3_step {
    POP3_GREETING,
    POP3_CAPA,
    POP3_CAPA_LIST,
    POP3_STLS,
    POP3_AUTH,
    POP3_USER,
    POP3_PASS,
    POP3_OWN_CAPA,
    POP3_OWN_LIST,
    POP3_STAT,
    POP3_UIDL,
    POP3_UIDL_LIST,
    POP3_LIST,
    POP3_LIST_LIST,
    POP3_SIZE,
    POP3_TOP,
    POP3_DELE,
    POP3_QUIT,
    POP3_STEPS
};

/** Octets of a mail: lines that begin with a dot have lost one (RFC 1939 s. 3). */
enum pop3_dot {
    DOT_LINE,   /* at the begin of a line */
    DOT_INSIDE, /* in a line */
    DOT_CR,     /* after a CR in a line */
    DOT_DOT,    /* after a dot at the begin of a line */
    DOT_DOT_CR  /* ... and a CR */
};

enum { POP3_TODO_MAX = LOOK_FIRST_MAX + LOOK_AGAIN, POP3_BUNDLE = 20 };

/** A mail that is to be deleted. */
struct pop3_doomed {
    uint64_t hash; /* of its uid; 0: none */
    uint32_t number;
};

struct pop3 {
    struct look look; /* first */
    enum pop3_step step;

    /* what the server can do; after a refused CAPA all is tried that is known from RFC 1939 */
    bool has_capa, stls, user, top, uidl, pipelining;
    bool own_delay; /* the delay between logins is another one for each user, and told after the login */
    unsigned mechanisms;
    unsigned capa_lines;
    enum mechanism mechanism;
    bool by_user; /* PLAIN is done by USER and PASS */

    /* the mailbox */
    uint32_t count;
    uint64_t *entries; /* by message number - 1: hash with flags; 0: has no uid that can be remembered */
    size_t entries_size;
    uint32_t listed, unknown, back; /* by UIDL; of these not known; of these deleted by the last look */
    bool uids;                      /* there are uids */
    bool strange;                   /* ... but they are made anew each time */
    bool numbered;                  /* every uid so far was the message's number */
    bool uidl_sent;                 /* together with STAT */

    /* the mails to read, and those of them that are asked for */
    uint32_t todo[POP3_TODO_MAX];
    size_t todo_count, asked, answered;
    size_t refused; /* answered with -ERR */
    bool chosen;
    bool new_left, old_left; /* there are more, that came later than the first contact, or were there then */
    bool sized;              /* some mail may be longer than any probe: LIST goes before each TOP */
    uint64_t size_bytes;     /* of the next mail, by LIST; 0: not known */
    uint64_t mail_octets;    /* of the mail being read */
    uint64_t suspect;        /* hash of the mail that the session ended in */
    bool retr;               /* there is no TOP */
    bool bare;               /* this server ends lines with LF alone */
    enum pop3_dot dot;

    /* the mails to delete */
    struct pop3_doomed *doomed;
    size_t doomed_count, doomed_size, doomed_sent, doomed_answered;
    bool relisted; /* all that the last look deleted is there again */
};

/** pop3_enter(p, step): It is now what is awaited, with its stage and patience. */
void pop3_enter(struct pop3 *p, enum pop3_step step);

/** pop3_status(p, line, n, text, text_bytes): +1 for +OK, 0 for -ERR, with what follows; -1:
 * neither, and the session has failed. */
int pop3_status(struct pop3 *p, const char *line, size_t n, const char **text, size_t *text_bytes);

/** pop3_cause(text, n, login): Why a server says -ERR. */
enum cause pop3_cause(const char *text, size_t n, bool login);

/** pop3_fail(p, cause, format, ...), pop3_refuse(p, text, n): It failed, for a reason of ours, or by an -ERR; the
 *  server hears QUIT.  While deleting, only the deletion failed. */
void pop3_fail(struct pop3 *p, enum cause cause, const char *format, ...) __attribute__((format(printf, 3, 4)));
void pop3_refuse(struct pop3 *p, const char *text, size_t n);

/** Each part's begin.  pop3_commit(p): Give the drop memory what was listed and read;
 * what the session itself knew of it is then gone. */
void pop3_login(struct pop3 *p);
void pop3_logged_in(struct pop3 *p);
void pop3_list(struct pop3 *p);
void pop3_fetch(struct pop3 *p);
void pop3_delete(struct pop3 *p);
void pop3_quit(struct pop3 *p);
void pop3_commit(struct pop3 *p);

/** What hears a line, by step. */
void pop3_hear_auth(struct pop3 *p, const char *line, size_t n);
void pop3_hear_user(struct pop3 *p, const char *line, size_t n);
void pop3_hear_stat(struct pop3 *p, const char *line, size_t n);
void pop3_hear_uidl(struct pop3 *p, const char *line, size_t n);
void pop3_hear_uid(struct pop3 *p, const char *line, size_t n);
void pop3_hear_list(struct pop3 *p, const char *line, size_t n);
void pop3_hear_size(struct pop3 *p, const char *line, size_t n);
void pop3_hear_one_size(struct pop3 *p, const char *line, size_t n);
void pop3_hear_top(struct pop3 *p, const char *line, size_t n);
void pop3_hear_dele(struct pop3 *p, const char *line, size_t n);
void pop3_hear_quit(struct pop3 *p, const char *line, size_t n);

/**
 * pop3_choose(p): Fill todo.  pop3_choose_again(p): Add the newest that the drop memory kept out; false: none.
 * pop3_entry(p, number): Where a message's uid is noted; NULL: it has none to rely on.
 * pop3_say_list(p): Ask for the sizes.
 * pop3_take_size(p, text, n, number, octets): "2 1234", of an answer to LIST.  False: it is not that, and the session
 * has failed.
 */
void pop3_choose(struct pop3 *p);
bool pop3_choose_again(struct pop3 *p);
uint64_t *pop3_entry(struct pop3 *p, uint32_t number);
void pop3_say_list(struct pop3 *p);
bool pop3_take_size(struct pop3 *p, const char *text, size_t n, uint64_t *number, uint64_t *octets);

/** pop3_raw(s, bytes, n): message data.  pop3_suspect(p): the mail being read ended the session. */
size_t pop3_raw(struct session *s, const char *bytes, size_t n);
void pop3_suspect(struct pop3 *p);

/** pop3_resume(s, early), pop3_delete_broken(p, why): after the scan; ${why} is copied. */
void pop3_resume(struct session *s, bool early);
void pop3_delete_broken(struct pop3 *p, const struct failure *why);

#endif
