/*
 * The IMAP machine (RFC 9051 and 3501; UIDPLUS 4315, SASL-IR 4959, LITERAL+ 7888): what its parts share.  Private to
 * src/mail.
 *
 *   imap.c           the table of commands, the greeting, CAPABILITY, STARTTLS, LOGOUT
 *   imap_response.c  what the server says, response by response; literals never count as protocol
 *   imap_login.c     AUTHENTICATE and LOGIN
 *   imap_select.c    SELECT, and what it says of the mailbox
 *   imap_scan.c      which mails are to be read, in windows
 *   imap_fetch.c     the answers to FETCH
 *   imap_delete.c    STORE, EXPUNGE
 */
#ifndef EMAILMON_IMAP_MACHINE_H
#define EMAILMON_IMAP_MACHINE_H

#include "drop_parts.h"
#include "imap_parse.h"
#include "look_parts.h"

enum imap_command {
    IMAP_NOTHING, /* the greeting */
    IMAP_CAPABILITY,
    IMAP_STARTTLS,
    IMAP_AUTHENTICATE,
    IMAP_LOGIN,
    IMAP_SELECT,
    IMAP_FETCH_TOP, /* for a server that does not say UIDNEXT */
    IMAP_FETCH,
    IMAP_STORE,
    IMAP_SEARCH, /* which mails are marked as deleted, by whomever */
    IMAP_EXPUNGE,
    IMAP_LOGOUT,
    IMAP_COMMANDS
};

/* A bundle at most: STORE and EXPUNGE in pieces, and LOGOUT. */
enum { IMAP_PENDING_MAX = 32, IMAP_TAG_LETTERS = 4, IMAP_SET_MAX = 1000, IMAP_WINDOW = 200, IMAP_SHOWN_MAX = 256 };

struct imap_pending {
    enum imap_command command;
    unsigned number; /* of its tag */
};

/** What of a response is being read. */
enum imap_part {
    PART_TAG,      /* at its first token */
    PART_WORD,     /* behind "*" */
    PART_NUMBERED, /* behind "* 12" */
    PART_STATUS,   /* behind a tag of ours */
    PART_TEXT,     /* the text of OK, NO, BAD, BYE, PREAUTH, + */
    PART_LIST,     /* words of CAPABILITY */
    PART_NUMBERS,  /* numbers of SEARCH */
    PART_ESEARCH,  /* RFC 4731 */
    PART_FETCH,
    PART_IGNORED
};

enum imap_status { IMAP_CONTINUE, IMAP_OK, IMAP_NO, IMAP_NOT_UNDERSTOOD, IMAP_BYE, IMAP_PREAUTH };

/** A mail that is to be deleted; its sequence number follows the server's EXPUNGEs. */
struct imap_doomed {
    uint32_t uid, sequence;
    bool gone;
};

/** A FETCH response as it comes in. */
struct imap_item {
    uint32_t sequence;
    uint64_t uid; /* 0: not said yet */
    uint64_t size_bytes;
    int64_t arrived_ms;
    uint64_t header_bytes;
    unsigned key; /* which item's value comes next */
    bool has_uid, has_header, broken, heavy;
    bool first; /* its "(" is still to come */
};

struct imap {
    struct look look; /* first */
    struct imap_parse parse;
    struct imap_pending pending[IMAP_PENDING_MAX];
    size_t pending_count;
    uint64_t untagged; /* responses since the last tagged one */
    unsigned commands; /* begun so far */
    unsigned sent;     /* of these, those that have left */
    char tag[IMAP_TAG_LETTERS + 1];

    /* the response being read */
    bool tagged, counts; /* counts: as progress */
    enum imap_part part;
    enum imap_status status;
    enum imap_command answered; /* by a tagged one */
    uint64_t number;
    struct imap_item item;
    size_t shown_bytes;
    char shown[IMAP_SHOWN_MAX]; /* for the trace */

    /* what the server can do, and the login */
    unsigned mechanisms;
    enum mechanism mechanism;
    unsigned login_piece;
    bool greeted, has_capabilities, rev, starttls, login_disabled, sasl_ir, literal_plus, literal_minus, uidplus;
    bool by_login;

    /* the mailbox */
    bool has_exists, not_sticky, cannot_delete;
    uint64_t exists;
    uint32_t validity, next; /* UIDVALIDITY, UIDNEXT; 0: not said */

    /* the scan */
    struct uid_set window; /* the uids asked for */
    struct uid_set todo;   /* still to be asked for */
    struct uid_set judged; /* in this session */
    struct uid_set kept;   /* judged, and to be read again by the next look */
    uint64_t judged_count;
    uint32_t highest;      /* uid that IMAP_FETCH_TOP saw */
    uint32_t low, high;    /* the window's sequence numbers; high UINT32_MAX: "*" */
    uint32_t lowest;       /* uid seen in windows by sequence; 0: none */
    uint32_t windows;      /* asked for so far */
    uint32_t window_mails; /* answered of this window */
    uint32_t reading_uid;  /* of the mail whose header comes in; 0: not known */
    bool open_ended;       /* the window reaches to the top, and above */
    bool by_sequence, again;
    bool ahead, stale; /* the window was asked for together with SELECT; ... and means nothing after all */
    bool incomplete;   /* a window was not answered whole */
    bool renumbered;   /* the mailbox is not the one that was known */
    bool expunge_unknown;

    /* the mails to delete */
    unsigned stores, stores_refused;
    struct imap_doomed *doomed;
    size_t doomed_count, doomed_size;
    struct uid_set doomed_uids, marked; /* ours; what SEARCH says is marked */
};

/** imap_begin_command(i, command): Note it as pending; its tag's number is returned for the format "%s%u". */
unsigned imap_begin_command(struct imap *i, enum imap_command command);

/** imap_stage(i): The session's stage and patience are those of the first command that is not answered. */
void imap_stage(struct imap *i);

/** imap_fail(i, cause, format, ...), imap_refuse(i, text, n, login): It failed, for a reason of ours, or by a NO or
 * BAD.  While deleting, only the deletion failed. */
void imap_fail(struct imap *i, enum cause cause, const char *format, ...) __attribute__((format(printf, 3, 4)));
void imap_refuse(struct imap *i, const char *text, size_t n);
struct failure imap_refusal(const struct imap *i, const char *text, size_t n, bool login);

/** imap_raw(s, bytes, n): all that the server says. */
size_t imap_raw(struct session *s, const char *bytes, size_t n);

/** What a whole response means; imap.c. */
void imap_hear_text(struct imap *i, const char *text, size_t n);
void imap_hear_capability(struct imap *i, const char *word, size_t n);
void imap_forget_capabilities(struct imap *i);
void imap_take_code(struct imap *i, const char *text, size_t n);
void imap_say_capability(struct imap *i);
void imap_logout(struct imap *i);

/** Each part's begin, and its answers. */
void imap_login(struct imap *i);
void imap_hear_challenge(struct imap *i, const char *text, size_t n);
void imap_hear_login(struct imap *i, const char *text, size_t n);
void imap_select(struct imap *i);
void imap_hear_select(struct imap *i, const char *text, size_t n);
void imap_hear_mailbox_code(struct imap *i, const char *code, size_t code_bytes, const char *rest, size_t n);
void imap_hear_top(struct imap *i, const char *text, size_t n);
void imap_exists(struct imap *i, uint64_t number);
void imap_expunged(struct imap *i, uint64_t number);
void imap_ask_ahead(struct imap *i);
void imap_opened(struct imap *i);
void imap_after_select(struct imap *i);
void imap_scan(struct imap *i);
void imap_hear_window(struct imap *i, const char *text, size_t n);
bool imap_is_wanted(const struct imap *i, uint32_t sequence, uint32_t uid);
void imap_suspect(struct imap *i);
void imap_delete(struct imap *i);
void imap_resume(struct session *s, bool early);
void imap_hear_deletion(struct imap *i, const char *text, size_t n);
void imap_delete_broken(struct imap *i, const struct failure *why);
bool imap_is_deleting(const struct imap *i);

/** imap_fetch_begin(i, sequence), ..._token(), ..._end(): a FETCH response. */
void imap_fetch_begin(struct imap *i, uint64_t sequence);
void imap_fetch_token(struct imap *i, enum imap_kind kind);
void imap_fetch_end(struct imap *i);

#endif
