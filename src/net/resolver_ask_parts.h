/*
 * The inside of asking name servers, for the two files that it is made of: resolver_ask.c (questions and answers),
 * resolver_channel.c (c-ares, its sockets and its clock).
 */
#ifndef EMAILMON_RESOLVER_ASK_PARTS_H
#define EMAILMON_RESOLVER_ASK_PARTS_H

#include <ares.h>

#include "resolver_ask.h"

struct asker {
    struct loop *loop;
    ares_channel channel;
    bool of_system; /* resolv.conf and hosts */
    bool library;   /* ares_library_init() was called */
    struct asker_socket *sockets;
    struct deadline *tick;  /* of c-ares */
    struct question *first; /* all that are not answered yet */
    bool *gone;             /* set by asker_free() for whoever is calling owners */
};

/** asker_settle(a): Tell the owners of what is answered; ${a} may be gone afterwards. */
void asker_settle(struct asker *a);

/** asker_rearm(a): Set the clock to what c-ares waits for next; after each call of c-ares. */
void asker_rearm(struct asker *a);

#endif
