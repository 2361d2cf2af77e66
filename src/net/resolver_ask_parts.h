/*
 * The inside of asking name servers, for the two files that it is made of: resolver_ask.c (questions and answers),
 * resolver_channel.c (c-ares, its sockets and its clock).
 */
#ifndef EMAILMON_RESOLVER_ASK_PARTS_H
#define EMAILMON_RESOLVER_ASK_PARTS_H

#include <ares.h>
#include <time.h>

#include "resolver_ask.h"

struct asker {
    struct loop *loop;
    ares_channel channel;
    bool of_system; /* resolv.conf and hosts */
    bool library;   /* ares_library_init() was called */
    const char *conf;
    struct timespec conf_time;                 /* of its last change that was read */
    uint64_t conf_checked_ms, conf_changed_ms; /* when it was looked at; when a change was seen that waits; 0: none */
    struct asker_socket *sockets;
    struct deadline *tick;                       /* of c-ares */
    struct deadline *pace;                       /* set while questions were sent a moment ago */
    unsigned allowance;                          /* how many may still be sent before it is due */
    struct question *waiting, *asked, *answered; /* to be sent; sent; their owners are told next */
    bool *gone;                                  /* set by asker_free() for whoever is calling owners */
};

enum { ASKER_BURST = 64 };

/** asker_send(a): A new allowance: send questions that wait for it. */
void asker_send(struct asker *a);

/** asker_settle(a): Tell the owners of what is answered; ${a} may be gone afterwards. */
void asker_settle(struct asker *a);

/** asker_refresh(a): Read resolv.conf again if it changed; before each question, not inside c-ares. */
void asker_refresh(struct asker *a);

/** asker_rearm(a): Set the clock to what c-ares waits for next; after each call of c-ares. */
void asker_rearm(struct asker *a);

#endif
