#include "hosts.h"

#include <stdlib.h>

#include "key_map.h"

/* One address and port: here while somebody is connected or waits, and as long as it is remembered as silent. */
struct host {
    uint64_t key;
    struct host *same; /* another of the same key */
    struct address address;
    uint16_t port;
    bool at_rest;      /* nobody is connected or waits: in the list of hosts at rest */
    unsigned visitors; /* slots, of whatever state, and calls at work on it */
    unsigned connected;
    unsigned timeouts;              /* in a row */
    struct failure why;             /* of the last timeout */
    struct host_slot *first, *last; /* who waits */
    struct host *older, *newer;     /* in the list of hosts at rest */
};

struct host_slot {
    struct hosts *hosts;
    struct host *host;
    enum host_slot_state state;
    struct host_slot *next, *previous; /* who waits */
    void (*changed)(void *owner);
    void *owner;
};

struct hosts {
    unsigned per_host;
    struct key_map by_key;
    struct host *oldest, *newest; /* at rest, and silent the last time */
    unsigned at_rest;
    unsigned waiting; /* slots */
    void (*waits)(void *owner);
    void *owner;
};

struct hosts *hosts_new(unsigned per_host, void (*waits)(void *owner), void *owner)
{
    struct hosts *h = calloc(1, sizeof *h);
    if (h != NULL)
        *h = (struct hosts){.per_host = per_host, .waits = waits, .owner = owner};
    return h;
}

unsigned hosts_waiting(const struct hosts *h)
{
    return h->waiting;
}

static uint64_t key_of(const struct address *address, uint16_t port)
{
    uint64_t mixed = key_mix(port, address->bytes, sizeof address->bytes);
    return key_mix(mixed, &address->scope, sizeof address->scope);
}

static struct host *find(const struct hosts *h, const struct address *address, uint16_t port)
{
    struct host *host = key_map_get(&h->by_key, key_of(address, port));
    while (host != NULL && (host->port != port || !address_equal(&host->address, address)))
        host = host->same;
    return host;
}

static struct host *make(struct hosts *h, const struct address *address, uint16_t port)
{
    struct host *host = calloc(1, sizeof *host);
    if (host == NULL)
        return NULL;
    *host = (struct host){.key = key_of(address, port), .address = *address, .port = port, .why = failure_none};
    host->same = key_map_get(&h->by_key, host->key);
    if (key_map_put(&h->by_key, host->key, host))
        return host;
    free(host);
    return NULL;
}

static void leave_rest(struct hosts *h, struct host *host)
{
    if (!host->at_rest)
        return;
    *(host->older != NULL ? &host->older->newer : &h->oldest) = host->newer;
    *(host->newer != NULL ? &host->newer->older : &h->newest) = host->older;
    host->older = host->newer = NULL;
    host->at_rest = false;
    h->at_rest--;
}

static void forget(struct hosts *h, struct host *host)
{
    leave_rest(h, host);
    struct host *first = key_map_get(&h->by_key, host->key);
    if (first != host) {
        while (first->same != host)
            first = first->same;
        first->same = host->same;
    } else if (host->same != NULL) {
        (void)key_map_put(&h->by_key, host->key, host->same); /* the key is there: needs no memory */
    } else {
        key_map_remove(&h->by_key, host->key);
    }
    failure_clear(&host->why);
    free(host);
}

/* Nobody is there any more: a host that answered is forgotten, a silent one remembered, but not too many of them. */
static void rest(struct hosts *h, struct host *host)
{
    if (host->timeouts == 0) {
        forget(h, host);
        return;
    }
    host->older = h->newest;
    *(h->newest != NULL ? &h->newest->newer : &h->oldest) = host;
    h->newest = host;
    host->at_rest = true;
    h->at_rest++;
    if (h->at_rest > HOST_REMEMBERED_MAX)
        forget(h, h->oldest);
}

void hosts_free(struct hosts *h)
{
    if (h == NULL)
        return;
    while (h->oldest != NULL)
        forget(h, h->oldest);
    key_map_clear(&h->by_key);
    free(h);
}

static bool is_silent(const struct host *host)
{
    return host->timeouts >= HOST_SILENT_AFTER;
}

static void unqueue(struct host_slot *s)
{
    struct host *host = s->host;
    *(s->previous != NULL ? &s->previous->next : &host->first) = s->next;
    *(s->next != NULL ? &s->next->previous : &host->last) = s->previous;
    s->next = s->previous = NULL;
    s->hosts->waiting--;
}

static void enqueue(struct host_slot *s)
{
    struct host *host = s->host;
    s->previous = host->last;
    *(host->last != NULL ? &host->last->next : &host->first) = s;
    host->last = s;
    s->hosts->waiting++;
    if (s->hosts->waits != NULL)
        s->hosts->waits(s->hosts->owner);
}

static void grant(struct host_slot *s)
{
    s->state = HOST_SLOT_GRANTED;
    s->host->connected++;
}

struct host_slot *hosts_acquire(struct hosts *h, const struct address *address, uint16_t port,
                                void (*changed)(void *owner), void *owner)
{
    struct host_slot *s = calloc(1, sizeof *s);
    struct host *host = s != NULL ? find(h, address, port) : NULL;
    if (s != NULL && host == NULL)
        host = make(h, address, port);
    if (host == NULL) {
        free(s);
        return NULL;
    }
    *s = (struct host_slot){.hosts = h, .host = host, .state = HOST_SLOT_WAITING, .changed = changed, .owner = owner};
    leave_rest(h, host);
    host->visitors++;
    if (is_silent(host) && host->connected > 0)
        s->state = HOST_SLOT_SILENT;
    else if (is_silent(host) || (host->connected < h->per_host && host->first == NULL))
        grant(s);
    else
        enqueue(s);
    return s;
}

/* Whoever need not wait any longer is told.  The callbacks may come back here with other slots of the same host. */
static void advance(struct hosts *h, struct host *host)
{
    while (host->first != NULL && (is_silent(host) || host->connected < h->per_host)) {
        struct host_slot *s = host->first;
        unqueue(s);
        if (is_silent(host))
            s->state = HOST_SLOT_SILENT;
        else
            grant(s);
        s->changed(s->owner);
    }
}

static void learn(struct host *host, enum host_answer answer, const struct failure *why)
{
    if (answer == HOST_NOT_TRIED)
        return;
    failure_clear(&host->why);
    host->timeouts = answer == HOST_TIMED_OUT ? host->timeouts + 1 : 0;
    if (answer == HOST_TIMED_OUT && why != NULL)
        host->why = failure_copy(why);
}

void host_slot_release(struct host_slot *s, enum host_answer answer, const struct failure *why)
{
    if (s == NULL)
        return;
    struct hosts *h = s->hosts;
    struct host *host = s->host;
    if (s->state == HOST_SLOT_WAITING)
        unqueue(s);
    if (s->state == HOST_SLOT_GRANTED) {
        host->connected--;
        learn(host, answer, why);
    }
    free(s); /* its visit ends after advance(), so that the host stays until then */
    advance(h, host);
    if (--host->visitors == 0)
        rest(h, host);
}

enum host_slot_state host_slot_state(const struct host_slot *s)
{
    return s->state;
}

const struct failure *host_slot_why(const struct host_slot *s)
{
    return &s->host->why;
}
