#include "resolver_names.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 64, PRUNE_A_TIME = 4 };

/* FNV-1a. */
static size_t hash(const char *name)
{
    uint32_t h = 2166136261U;
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * 16777619U;
    return h;
}

static struct known **bucket_of(const struct known_names *t, const char *name)
{
    return &t->buckets[hash(name) & (t->bucket_count - 1)];
}

static bool grow(struct known_names *t)
{
    if (t->count < t->bucket_count)
        return true;
    struct known_names wider = {.bucket_count = t->bucket_count == 0 ? BUCKETS_FIRST : 2 * t->bucket_count};
    wider.buckets = calloc(wider.bucket_count, sizeof(struct known *));
    if (wider.buckets == NULL)
        return t->bucket_count > 0; /* longer chains will do */
    for (struct known *k = t->oldest; k != NULL; k = k->newer) {
        struct known **bucket = bucket_of(&wider, k->name);
        k->in_bucket = *bucket;
        *bucket = k;
    }
    free(t->buckets);
    t->buckets = wider.buckets;
    t->bucket_count = wider.bucket_count;
    return true;
}

static void leave_age(struct known_names *t, struct known *k)
{
    if (k->newer != NULL)
        k->newer->older = k->older;
    else
        t->newest = k->older;
    if (k->older != NULL)
        k->older->newer = k->newer;
    else
        t->oldest = k->newer;
}

static void be_newest(struct known_names *t, struct known *k)
{
    k->newer = NULL;
    k->older = t->newest;
    if (t->newest != NULL)
        t->newest->newer = k;
    else
        t->oldest = k;
    t->newest = k;
}

void known_forget(struct known_names *t, struct known *k)
{
    struct known **at = bucket_of(t, k->name);
    while (*at != k)
        at = &(*at)->in_bucket;
    *at = k->in_bucket;
    leave_age(t, k);
    t->count--;
    free(k->addresses);
    free(k);
}

static bool is_in_use(const struct known *k)
{
    return k->question != NULL || k->waiting != NULL || k->held > 0;
}

static void make_room(struct known_names *t)
{
    struct known *k = t->oldest;
    while (k != NULL && t->count >= KNOWN_NAMES_MAX) {
        struct known *newer = k->newer;
        if (!is_in_use(k))
            known_forget(t, k);
        k = newer;
    }
}

void known_prune(struct known_names *t, uint64_t before_ms)
{
    for (unsigned i = 0; i < PRUNE_A_TIME && t->oldest != NULL; i++) {
        if (is_in_use(t->oldest) || t->oldest->good_ms >= before_ms)
            return;
        known_forget(t, t->oldest);
    }
}

struct known *known_get(struct known_names *t, const char *name)
{
    if (!grow(t))
        return NULL;
    struct known *k = *bucket_of(t, name);
    while (k != NULL && strcmp(k->name, name) != 0)
        k = k->in_bucket;
    if (k != NULL) {
        leave_age(t, k);
        be_newest(t, k);
        return k;
    }
    make_room(t);
    size_t n = strlen(name) + 1;
    k = calloc(1, sizeof *k + n);
    if (k == NULL)
        return NULL;
    memcpy(k->name, name, n);
    k->failed = CAUSE_NONE;
    k->in_bucket = *bucket_of(t, name);
    *bucket_of(t, name) = k;
    be_newest(t, k);
    t->count++;
    return k;
}

bool known_set(struct known *k, const struct address *addresses, size_t count)
{
    struct address *copy = NULL;
    if (count > 0) {
        copy = malloc(count * sizeof *copy);
        if (copy == NULL)
            return false;
        memcpy(copy, addresses, count * sizeof *copy);
    }
    free(k->addresses);
    k->addresses = copy;
    k->count = count;
    return true;
}

void known_clear(struct known_names *t)
{
    struct known *newer;
    for (struct known *k = t->oldest; k != NULL; k = newer) {
        newer = k->newer;
        free(k->addresses);
        free(k);
    }
    free(t->buckets);
    *t = (struct known_names){0};
}
