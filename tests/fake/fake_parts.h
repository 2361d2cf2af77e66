/* The inside of the fake mail server, for the files that it is made of. */
#ifndef EMAILMON_FAKE_PARTS_H
#define EMAILMON_FAKE_PARTS_H

#include <pthread.h>

#include "fake_mail.h"
#include "fake_tls.h"

enum { FAKE_LINE_MAX = 16384, FAKE_BOXES = 65536 }; /* mailboxes may be 100,000 */

struct mail {
    uint32_t uid;
    bool deleted; /* flagged */
    int64_t arrived_s;
    size_t bytes;
    char *text; /* its own, or what all foreign mails are */
};

struct mailbox {
    struct mailbox *next; /* in its bucket */
    struct mail *mails;
    size_t count, room;
    uint32_t uid_next;
    unsigned sessions;
    uint64_t login_ms; /* the last one; 0: none */
    char user[];
};

struct fake_buffer {
    char *bytes;
    size_t first, count, room;
};

struct connection {
    struct fake_mail *fake;
    struct connection *next, *previous;       /* among all */
    struct connection *next_late, *prev_late; /* among those whose output waits */
    int fd;
    enum fake_protocol protocol;
    unsigned state;
    bool closing;     /* when all is sent */
    bool gone;        /* at the end of this turn */
    bool late, waits; /* for its time; for the socket */
    bool selected;
    bool greeted;
    bool has_sender;            /* MAIL was taken */
    bool broken;                /* the break has come */
    bool deaf;                  /* ... and nothing that is said now is heard */
    bool resets;                /* ... and it ends by a reset */
    bool drips;                 /* ... and what it says leaves byte by byte ... */
    size_t prompt;              /* ... but for so many bytes that were said before */
    unsigned visits;            /* to the phase of the break */
    bool securing;              /* STARTTLS was said: when all is sent the handshake begins */
    bool shaking;               /* the handshake is under way */
    struct fake_secure *secure; /* NULL: plain */
    uint64_t due_ms;
    struct fake_buffer in, out, data; /* data: the mail that comes */
    struct mailbox *box;              /* logged in to */
    char user[256], to[256], tag[64];
};

struct fake_mail {
    pthread_mutex_t mutex; /* held by the thread while it works, and by whoever looks in */
    pthread_t thread;
    int epoll, wake;
    int listeners[FAKE_PROTOCOLS];
    uint16_t ports[FAKE_PROTOCOLS];
    struct connection *connections;
    struct connection *late, *last_late;
    struct mailbox *boxes[FAKE_BOXES];
    unsigned faults[FAKE_FAULTS];
    struct fake_break breaks[FAKE_PROTOCOLS];
    int fillers[FAKE_PROTOCOLS]; /* what holds a port that takes no connection, or fills its queue */
    uint64_t counts[FAKE_COUNTS];
    struct fake_tls *tls;
    bool ending;
    char input[65536]; /* of one read */
};

/**
 * fake_say(c, format, ...): a reply.  fake_say_bytes(c, bytes, n).
 * fake_close(c): when all is sent.  fake_drop(c): at once.
 * fake_fault(c, fault): its number.
 */
void fake_say(struct connection *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fake_say_bytes(struct connection *c, const char *bytes, size_t n);
void fake_close(struct connection *c);
void fake_drop(struct connection *c);
unsigned fake_fault(const struct connection *c, enum fake_fault fault);

/** fake_breaks(c, phase): ${c} has come to the phase; true: its conversation is broken there, and the act is played.
 *  fake_does(c, phase): asked before, where an act may also hide what was done: whether it is to be done. */
bool fake_breaks(struct connection *c, enum fake_phase phase);
bool fake_does(const struct connection *c, enum fake_phase phase);

/** fake_now_ms(): monotonic. */
uint64_t fake_now_ms(void);

/** fake_offers_tls(c): whether it may say STARTTLS.  fake_secure_next(c): it was said, and answered. */
bool fake_offers_tls(const struct connection *c);
void fake_secure_next(struct connection *c);

/** fake_buffer_add(b, bytes, n): false: memory.  fake_buffer_clear(b): free. */
bool fake_buffer_add(struct fake_buffer *b, const char *bytes, size_t n);
void fake_buffer_clear(struct fake_buffer *b);

/** smtp_greet(c), smtp_line(c, line): a new connection; one line without its end.  The same for the others. */
void smtp_greet(struct connection *c);
void smtp_line(struct connection *c, char *line, size_t n);
void pop3_greet(struct connection *c);
void pop3_line(struct connection *c, char *line, size_t n);
void imap_greet(struct connection *c);
void imap_line(struct connection *c, char *line, size_t n);

/**
 * box_of(f, user): made when it is not there; NULL: memory.
 * box_put(box, text, bytes): takes ${text} over; false: memory.
 * box_remove_deleted(f, box, said, owner): tell of each (its number at that moment), remove.
 * box_free_all(f).
 */
struct mailbox *box_of(struct fake_mail *f, const char *user);
bool box_put(struct mailbox *box, char *text, size_t bytes);
void box_remove_deleted(struct fake_mail *f, struct mailbox *box, void (*said)(void *owner, size_t number),
                        void *owner);
void box_free_all(struct fake_mail *f);

/** fake_login(c, user, password): LOGIN_YES: c->box is set ... */
enum login_answer { LOGIN_YES, LOGIN_NO, LOGIN_IN_USE, LOGIN_TOO_EARLY };
enum login_answer fake_login(struct connection *c, const char *user, const char *password);
void fake_logout(struct connection *c);

/** plain_read(base64, user, password): the parts of a PLAIN response; false: it is none. */
bool plain_read(const char *base64, char user[256], char password[256]);

/** fake_header_end(m): octets of the header with its blank line. */
size_t fake_header_end(const struct mail *m);

#endif
