/*
 * Questions to name servers: both kinds of addresses of one name, by c-ares, without blocking.  Answers come in a
 * turn of their own, never inside c-ares or inside the call that asked.  Knows no cache.
 */
#ifndef EMAILMON_RESOLVER_ASK_H
#define EMAILMON_RESOLVER_ASK_H

#include "resolver.h"

/** What the name servers say of one name. */
enum verdict_of_servers {
    SERVERS_FAIL, /* no answer, or none that can be used; nothing is known */
    SERVERS_KNOW, /* these are its addresses */
    SERVERS_DENY  /* there is no such name, or it has no address */
};

struct answer {
    enum verdict_of_servers verdict;
    size_t count; /* of SERVERS_KNOW: IPv6 and IPv4 in turns */
    struct address addresses[RESOLVED_MAX];
    uint32_t ttl_s;   /* the least of the records' */
    bool partial;     /* one of the two kinds failed: ask again soon */
    const char *text; /* of the others: why, for a person */
};

struct asker;
struct question;

/** asker_new(loop, servers, conf, why): as resolver_new(); ${conf} is the path of the system's resolv.conf, and
 *  outlives the asker; it is read again when it changes.  asker_free(a): No question is answered any more; may be
 *  called while one is.  NULL is fine. */
struct asker *asker_new(struct loop *loop, const char *servers, const char *conf, struct failure *why);
void asker_free(struct asker *a);

/** asker_hosts(a, name, out): Addresses of ${name} in the system's hosts file, RESOLVED_MAX at most; 0: none, or other
 *  servers than the system's are used.  "localhost" always has some (RFC 6761 s. 6.3). */
size_t asker_hosts(struct asker *a, const char *name, struct address out[RESOLVED_MAX]);

/** question_new(a, name, answered, owner): ${answered} is called exactly once, within RESOLVE_TOTAL_MS of its leaving
 *  (a crowd of them leaves within moments), and the question is freed after it.  NULL: memory.
 *  question_drop(q): It will not be called. */
struct question *question_new(struct asker *a, const char *name,
                              void (*answered)(void *owner, const struct answer *answer), void *owner);
void question_drop(struct question *q);

/** addresses_in_turns(v6, v6_count, v4, v4_count, out): IPv6 and IPv4 by turns, RESOLVED_MAX at most; how many. */
size_t addresses_in_turns(const struct address *v6, size_t v6_count, const struct address *v4, size_t v4_count,
                          struct address out[RESOLVED_MAX]);

#endif
