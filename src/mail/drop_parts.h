/*
 * The inside of a drop memory, for the two machines that look into mailboxes.  Private to src/mail.
 */
#ifndef EMAILMON_DROP_PARTS_H
#define EMAILMON_DROP_PARTS_H

#include "drop_memory.h"
#include "look.h"
#include "uid_set.h"

/** What is noted of a POP3 uid, in the low bits of its hash. */
enum {
    DROP_INSPECTED = 1, /* read to its end, and foreign: never read it again */
    DROP_OLD = 2,       /* was there at the first contact: read when there is time, only to clear strays */
    DROP_HEAVY = 4,     /* longer than any header that is scanned, or the end of a look: not even read to make sure */
    DROP_GONE = 8,      /* the last look deleted it */
    DROP_FLAGS = 15
};

struct drop_pop3 {
    uint64_t key[2]; /* of the hash; random, so that nobody can write uids that collide */
    bool keyed;
    uint64_t *seen; /* hashes with flags of all mails last listed, ascending, without flags unique */
    size_t seen_count;
    unsigned strange;  /* listings in a row of which most was unknown: uids that do not last */
    uint32_t left;     /* mails left there by the last look */
    uint64_t suspect;  /* hash of the mail that the last look ended in; 0: none */
    size_t gone_count; /* DROP_GONE there are */
};

struct drop_imap {
    uint32_t validity;    /* UIDVALIDITY; 0: no contact yet */
    uint32_t top;         /* the highest uid known of; above it all is new */
    uint32_t first;       /* mails below were there at the first contact: read when there is time, to clear strays */
    uint32_t suspect;     /* the mail that the last look ended in; 0: none */
    struct uid_set open;  /* uids up to top that were not inspected yet */
    struct uid_set heavy; /* as DROP_HEAVY */
};

struct drop_memory {
    bool known;
    struct drop_pop3 *pop3; /* NULL until there is something in it, as most rows use one protocol only */
    struct drop_imap imap;
};

/** drop_pop3(m): The part for POP3, made when it is missing.  NULL: memory. */
struct drop_pop3 *drop_pop3(struct drop_memory *m);

/**
 * drop_hash(p, uid, n): The hash of a uid, flags zero; never 0.
 * drop_recall(p, hash): The hash with its flags as last listed; 0: not known.
 * drop_note_gone(p, hash): The look deleted it; does nothing when it is not in the listing.
 * drop_keep_listing(m, entries, count): The mailbox holds just these (hashes with flags; 0: not to be kept; those that
 * occur twice are kept not at all).  Takes over ${entries} (from malloc).
 */
uint64_t drop_hash(struct drop_pop3 *p, const char *uid, size_t n);
uint64_t drop_recall(const struct drop_pop3 *p, uint64_t hash);
void drop_note_gone(struct drop_pop3 *p, uint64_t hash);
void drop_keep_listing(struct drop_memory *m, uint64_t *entries, size_t count);

/**
 * drop_imap_contact(m, validity, next): The mailbox was opened: UIDVALIDITY, and UIDNEXT.  Another validity than known
 * forgets all.  All uids below ${next} that were not known of are open from now on.  Return false: memory.
 */
bool drop_imap_contact(struct drop_memory *m, uint32_t validity, uint32_t next);

#endif
