/*
 * Rows with one way into one mailbox (protocol, server, port, TLS policy, user, password): they share what is known
 * of the mailbox, and one session per round.  Whoever of them looks finds and deletes the probes of all.
 */
#ifndef EMAILMON_GROUP_H
#define EMAILMON_GROUP_H

#include "worker_parts.h"

enum {
    GROUP_JOIN_MS =
        2000, /* a row whose start is so near joins the session, if it is less than a quarter of its interval */
    GROUP_FORGED_MAX = 64,       /* imitations that are remembered, to be counted once */
    GONE_MAX = 100000,           /* serials of removed rows, over all groups */
    GONE_LASTS_S = 7 * 86400,    /* as long as a probe may be under way */
    TEST_PROBE_LEFT_S = 10 * 60, /* how long a probe of `emailmon test` is left alone */
    DROP_ENTRIES_MAX = 1000000,  /* uids that are remembered, over all mailboxes: 8 MB */
    IN_USE_TRIES = 4             /* the first, and one after 5, 10, 20 s each */
};

struct look;

/** Marks of the imitations that were counted, the oldest overwritten. */
struct forged_memory {
    uint64_t marks[GROUP_FORGED_MAX];
    unsigned next;
};

struct group {
    struct worker *worker;
    uint64_t key, proof; /* mixes of the settings with two secret seeds */
    struct group *same;  /* another of the same key */
    struct link members;
    struct drop_memory *drop; /* NULL: no look yet */
    uint64_t drop_began_ms;   /* since when it is kept */
    bool drop_is_void;        /* to be voided before the next session: rows came whose probes it may have passed over */
    struct login_memory login;
    struct look *look;  /* the session under way */
    struct link parked; /* polls that wait for the next one */
    struct link looked; /* among the worker's, in the order of looks, when there are drop_entries */
    size_t drop_entries;
    struct link ready;                  /* among the worker's, when it waits for room */
    struct link gone;                   /* removed rows, whose probes may still come */
    const struct definition *last_look; /* one reference: a removed row's, for whose probes one more look is due */
    struct forged_memory *forged;       /* NULL: none yet */
    struct deadline *delay;             /* NULL: its server never asked for a pause between logins */
    bool is_delayed;                    /* ... which is not over */
    bool delay_told;
};

/** A removed row. */
struct gone {
    struct link link, age; /* among the group's; among all, oldest first */
    struct group *group;   /* NULL: it went before this start, and may have been in any */
    uint64_t serial;
    uint8_t handle[TOKEN_HANDLE_BYTES];
    uint64_t until_ms;
};

/* --- group.c: who belongs to it --- */

/** group_of(w, definition): The group of ${definition}, made when it is not there; NULL: memory. */
struct group *group_of(struct worker *w, const struct definition *definition);

/** group_add(g, x): ${x} is a member from now on.  group_remove(x): not any more.  group_release(g): Free a group
 *  that is of no use. */
void group_add(struct group *g, struct watched *x);
void group_remove(struct watched *x);
void group_release(struct group *g);

/** handle_key(handle): for maps. */
uint64_t handle_key(const uint8_t handle[TOKEN_HANDLE_BYTES]);

/** group_delay(g, ms): The server takes no other login for so long. */
void group_delay(struct group *g, uint64_t ms);

/** group_count_memory(g): Its memory changed; beyond DROP_ENTRIES_MAX those that were not looked at for the longest
 *  are forgotten. */
void group_count_memory(struct group *g);

/** groups_free(w): all, with the sessions under way. */
void groups_free(struct worker *w);

/* --- group_gone.c: who was in it --- */

/**
 * group_keep_gone(g, row, look): ${row} is removed: its probes are known for seven days, and with ${look} its
 * definition serves for one more look.
 * gone_restore(w): Rows that went before this start are known for the rest of their seven days.
 * gone_absent(w, serial): That row, which the state has, has gone since.
 * gone_expire(w): Forget those whose time is over.  gone_free(w): all; groups that they leave empty stay.
 */
void group_keep_gone(struct group *g, const struct row *row, bool look);
void gone_restore(struct worker *w);
void gone_absent(struct worker *w, uint64_t serial);
void gone_expire(struct worker *w);
void gone_free(struct worker *w);

/* --- group_look.c: its sessions --- */

/** group_park(g, p): ${p} waits for the next session.  group_go(g): Begin one if there is reason and room and
 *  the server takes a login; else wait for that. */
void group_park(struct group *g, struct poll *p);
void group_go(struct group *g);

/** look_give_up(g): End the session under way at once. */
void look_give_up(struct group *g);

/* --- group_mail.c: what is found --- */

/** group_judge(g, mail, journal): What is to be done with ${mail}; tells the rows whose probe it is. */
enum disposal group_judge(struct group *g, const struct mail_facts *mail, const struct journal *journal);

#endif
