#include "refusals.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "key_map.h"

struct refusal {
    uint64_t key, proof; /* two mixes with different seeds: both must be equal */
    struct failure why;
    uint64_t mono_ms;
    int64_t wall_ms;
    struct refusal *older, *newer;
};

struct refusals {
    pthread_mutex_t mutex; /* guards all of it; held for one step */
    uint64_t seeds[2];
    struct key_map by_key;
    struct refusal *oldest, *newest;
};

struct refusals *refusals_new(void)
{
    struct refusals *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    if (getrandom(r->seeds, sizeof r->seeds, 0) == (ssize_t)sizeof r->seeds && pthread_mutex_init(&r->mutex, NULL) == 0)
        return r;
    free(r);
    return NULL;
}

static void drop(struct refusals *r, struct refusal *one)
{
    *(one->older != NULL ? &one->older->newer : &r->oldest) = one->newer;
    *(one->newer != NULL ? &one->newer->older : &r->newest) = one->older;
    key_map_remove(&r->by_key, one->key);
    failure_clear(&one->why);
    free(one);
}

void refusals_free(struct refusals *r)
{
    if (r == NULL)
        return;
    while (r->oldest != NULL)
        drop(r, r->oldest);
    key_map_clear(&r->by_key);
    explicit_bzero(r->seeds, sizeof r->seeds);
    (void)pthread_mutex_destroy(&r->mutex);
    free(r);
}

static uint64_t mix(uint64_t seed, const struct credentials *who)
{
    uint64_t mixed = key_mix(seed, who->address->bytes, sizeof who->address->bytes);
    mixed = key_mix(mixed, &who->address->scope, sizeof who->address->scope);
    mixed = key_mix(mixed, &who->port, sizeof who->port);
    /* With their NULs, so that no part of one text can pass for a part of the other. */
    mixed = key_mix(mixed, who->user, strlen(who->user) + 1);
    return key_mix(mixed, who->secret, strlen(who->secret) + 1);
}

static struct refusal *find(const struct refusals *r, const struct credentials *who)
{
    struct refusal *one = key_map_get(&r->by_key, mix(r->seeds[0], who));
    return one != NULL && one->proof == mix(r->seeds[1], who) ? one : NULL;
}

/* The loop of one worker may be a little behind that of another. */
static void expire(struct refusals *r, uint64_t mono_ms)
{
    while (r->oldest != NULL && mono_ms >= r->oldest->mono_ms + REFUSAL_LASTS_MS)
        drop(r, r->oldest);
}

static void append(struct refusals *r, struct refusal *one)
{
    one->older = r->newest;
    *(r->newest != NULL ? &r->newest->newer : &r->oldest) = one;
    r->newest = one;
}

static void forget(struct refusals *r, const struct credentials *who)
{
    struct refusal *one = find(r, who);
    if (one != NULL)
        drop(r, one);
}

static void note(struct refusals *r, const struct credentials *who, const struct failure *why, uint64_t mono_ms,
                 int64_t wall_ms)
{
    expire(r, mono_ms);
    forget(r, who);
    if (r->by_key.count >= REFUSALS_MAX)
        drop(r, r->oldest);

    struct refusal *one = calloc(1, sizeof *one);
    if (one == NULL)
        return;
    *one = (struct refusal){
        .key = mix(r->seeds[0], who), .proof = mix(r->seeds[1], who), .mono_ms = mono_ms, .wall_ms = wall_ms};
    struct refusal *same = key_map_get(&r->by_key, one->key);
    if (same != NULL)
        drop(r, same);
    if (!key_map_put(&r->by_key, one->key, one)) {
        free(one);
        return;
    }
    one->why = failure_copy(why);
    append(r, one);
}

void refusals_note(struct refusals *r, const struct credentials *who, const struct failure *why, uint64_t mono_ms,
                   int64_t wall_ms)
{
    (void)pthread_mutex_lock(&r->mutex);
    note(r, who, why, mono_ms, wall_ms);
    (void)pthread_mutex_unlock(&r->mutex);
}

void refusals_forget(struct refusals *r, const struct credentials *who)
{
    (void)pthread_mutex_lock(&r->mutex);
    forget(r, who);
    (void)pthread_mutex_unlock(&r->mutex);
}

bool refusals_find(struct refusals *r, const struct credentials *who, uint64_t mono_ms, struct failure *why,
                   int64_t *wall_ms)
{
    (void)pthread_mutex_lock(&r->mutex);
    expire(r, mono_ms);
    const struct refusal *one = find(r, who);
    if (one != NULL) {
        *why = failure_copy(&one->why);
        *wall_ms = one->wall_ms;
    }
    (void)pthread_mutex_unlock(&r->mutex);
    return one != NULL;
}
