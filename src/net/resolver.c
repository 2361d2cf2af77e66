#include "resolver.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "resolver_ask.h"
#include "resolver_names.h"
#include "syntax.h"

enum {
    FRESH_LEAST_MS = 1000, /* an answer with a time to live of 0 serves those who wait for it, and this turn's others */
    FRESH_MOST_MS = 3600 * 1000,
    FRESH_HOSTS_MS = 10 * 1000,
    PARTIAL_MS = 30 * 1000, /* when one kind of addresses is missing because its server failed */
    AGAIN_MS = 5 * 1000,    /* after a failure or a denial */
    ALARM_S = 60,
    ALARM_LEAST = 20
};

/* Look-ups that needed a name server, by the second in which they ended. */
struct tally {
    uint64_t second;
    uint32_t all, failed;
};

struct lookup {
    struct known *known;
    struct lookup *next;
    void (*done)(void *owner, const struct resolved *result);
    void *owner;
};

struct resolver {
    struct loop *loop;
    struct asker *asker;
    struct known_names names;
    struct tally tallies[ALARM_S];
    bool *gone; /* set by resolver_free() for whoever is calling owners */
};

/* --- its life --- */

struct resolver *resolver_new(struct loop *loop, const char *servers, struct failure *why)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (r == NULL) {
        *why = failure_make(LEG_LOCAL, STAGE_RESOLVE, CAUSE_RESOURCES, 0);
        return NULL;
    }
    r->loop = loop;
    r->asker = asker_new(loop, servers, "/etc/resolv.conf", why);
    if (r->asker != NULL)
        return r;
    free(r);
    return NULL;
}

static void free_waiting(struct known *k)
{
    while (k->waiting != NULL) {
        struct lookup *l = k->waiting;
        k->waiting = l->next;
        free(l);
    }
}

void resolver_free(struct resolver *r)
{
    if (r == NULL)
        return;
    if (r->gone != NULL)
        *r->gone = true;
    for (struct known *k = r->names.oldest; k != NULL; k = k->newer)
        free_waiting(k);
    asker_free(r->asker);
    known_clear(&r->names);
    free(r);
}

/* --- the alarm --- */

static void count_lookup(struct resolver *r, bool failed)
{
    uint64_t second = loop_now_ms(r->loop) / 1000;
    struct tally *t = &r->tallies[second % ALARM_S];
    if (t->second != second)
        *t = (struct tally){.second = second};
    t->all++;
    t->failed += failed ? 1 : 0;
}

bool resolver_alarm(const struct resolver *r)
{
    uint64_t second = loop_now_ms(r->loop) / 1000, all = 0, failed = 0;
    for (size_t i = 0; i < ALARM_S; i++) {
        if (r->tallies[i].second + ALARM_S <= second)
            continue;
        all += r->tallies[i].all;
        failed += r->tallies[i].failed;
    }
    return all >= ALARM_LEAST && 2 * failed > all;
}

/* --- results --- */

static void tell_failure(const char *name, enum leg leg, enum cause cause, const char *text,
                         void (*done)(void *owner, const struct resolved *result), void *owner)
{
    struct resolved result = {.failure = failure_make(leg, STAGE_RESOLVE, cause, 0)};
    failure_detail(&result.failure, "%s: %s", name, text);
    done(owner, &result);
    failure_clear(&result.failure);
}

static void tell_addresses(const struct address *addresses, size_t count, bool stale,
                           void (*done)(void *owner, const struct resolved *result), void *owner)
{
    struct resolved result = {.failure = failure_none, .count = count, .stale = stale};
    memcpy(result.addresses, addresses, count * sizeof *addresses);
    done(owner, &result);
}

static bool is_fresh(const struct known *k, uint64_t now_ms)
{
    return k->count > 0 && now_ms < k->good_until_ms;
}

static bool is_answered(const struct known *k, uint64_t now_ms)
{
    return is_fresh(k, now_ms) || (k->failed != CAUSE_NONE && now_ms < k->failed_until_ms);
}

/* Good addresses that are still fresh win over a failure: it is the other kind that failed, or the last attempt. */
static void tell_known(struct resolver *r, const struct known *k,
                       void (*done)(void *owner, const struct resolved *result), void *owner)
{
    uint64_t now_ms = loop_now_ms(r->loop);
    bool failed = k->failed == CAUSE_NAME_SERVER && !is_fresh(k, now_ms);
    bool usable = k->count > 0 && now_ms - k->good_ms < (uint64_t)RESOLVED_STALE_S * 1000;
    if (!failed && k->failed == CAUSE_NO_SUCH_NAME)
        tell_failure(k->name, LEG_NONE, CAUSE_NO_SUCH_NAME, k->text, done, owner);
    else if (failed && !usable)
        tell_failure(k->name, LEG_LOCAL, CAUSE_NAME_SERVER, k->text, done, owner);
    else
        tell_addresses(k->addresses, k->count, failed, done, owner);
}

/* --- answers --- */

static uint64_t fresh_ms(const struct answer *a)
{
    uint64_t ms = (uint64_t)a->ttl_s * 1000;
    uint64_t most_ms = a->partial ? PARTIAL_MS : FRESH_MOST_MS;
    return ms < FRESH_LEAST_MS ? FRESH_LEAST_MS : ms > most_ms ? most_ms : ms;
}

static void learn_good(struct known *k, const struct address *addresses, size_t count, uint64_t now_ms, uint64_t ms)
{
    k->good_ms = now_ms;
    k->good_until_ms = now_ms + ms;
    k->failed = CAUSE_NONE;
    if (known_set(k, addresses, count))
        return;
    k->failed = CAUSE_NAME_SERVER;
    k->text = "out of memory";
    k->failed_until_ms = k->good_until_ms = now_ms;
}

static void learn(struct known *k, const struct answer *a, uint64_t now_ms)
{
    switch (a->verdict) {
    case SERVERS_KNOW:
        learn_good(k, a->addresses, a->count, now_ms, fresh_ms(a));
        break;
    case SERVERS_DENY:
        (void)known_set(k, NULL, 0);
        k->failed = CAUSE_NO_SUCH_NAME;
        k->text = a->text;
        k->failed_until_ms = now_ms + AGAIN_MS;
        break;
    case SERVERS_FAIL:
        k->failed = CAUSE_NAME_SERVER;
        k->text = a->text;
        k->failed_until_ms = now_ms + AGAIN_MS;
        break;
    }
}

/* Those who wait may look up, cancel, or free the resolver meanwhile. */
static void tell_waiting(struct resolver *r, struct known *k)
{
    bool gone = false, *outer = r->gone;
    r->gone = &gone;
    k->held++;
    while (k->waiting != NULL) {
        struct lookup *l = k->waiting;
        k->waiting = l->next;
        count_lookup(r, k->failed == CAUSE_NAME_SERVER);
        tell_known(r, k, l->done, l->owner);
        free(l);
        if (gone) {
            if (outer != NULL)
                *outer = true;
            return;
        }
    }
    k->held--;
    r->gone = outer;
}

static void answered(void *owner, const struct answer *answer)
{
    struct known *k = owner;
    struct resolver *r = k->resolver;
    k->question = NULL;
    learn(k, answer, loop_now_ms(r->loop));
    tell_waiting(r, k);
}

/* --- look-ups --- */

/* As names are compared (RFC 4343): lower case, without a dot at the end. */
static bool normal_name(const char *name, char out[SYNTAX_HOST_MAX + 1])
{
    size_t n = strlen(name);
    if (n > 0 && name[n - 1] == '.')
        n--;
    if (n == 0 || n > SYNTAX_HOST_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    out[n] = '\0';
    return true;
}

/* Whether there is an answer at hand; else a question is under way, unless memory is short. */
static bool have_answer(struct resolver *r, struct known *k)
{
    uint64_t now_ms = loop_now_ms(r->loop);
    struct address hosts[RESOLVED_MAX];
    if (k->question != NULL)
        return false;
    if (is_answered(k, now_ms))
        return true;
    size_t count = asker_hosts(r->asker, k->name, hosts);
    if (count > 0) {
        learn_good(k, hosts, count, now_ms, FRESH_HOSTS_MS);
        return true;
    }
    k->resolver = r;
    k->question = question_new(r->asker, k->name, answered, k);
    return false;
}

static struct lookup *join(struct known *k, void (*done)(void *owner, const struct resolved *result), void *owner)
{
    struct lookup *l = k->question != NULL ? malloc(sizeof *l) : NULL;
    if (l == NULL) {
        tell_failure(k->name, LEG_LOCAL, CAUSE_RESOURCES, "out of memory", done, owner);
        return NULL;
    }
    *l = (struct lookup){.known = k, .done = done, .owner = owner};
    struct lookup **last = &k->waiting;
    while (*last != NULL)
        last = &(*last)->next;
    *last = l;
    return l;
}

struct lookup *resolver_lookup(struct resolver *r, const char *name,
                               void (*done)(void *owner, const struct resolved *result), void *owner)
{
    char normal[SYNTAX_HOST_MAX + 1];
    struct address literal;
    if (address_parse(name, &literal)) {
        tell_addresses(&literal, 1, false, done, owner);
        return NULL;
    }
    if (!normal_name(name, normal)) {
        tell_failure(name, LEG_NONE, CAUSE_NO_SUCH_NAME, "this cannot be a host name", done, owner);
        return NULL;
    }
    uint64_t now_ms = loop_now_ms(r->loop), stale_ms = (uint64_t)RESOLVED_STALE_S * 1000;
    if (now_ms > stale_ms)
        known_prune(&r->names, now_ms - stale_ms);
    struct known *k = known_get(&r->names, normal);
    if (k == NULL) {
        tell_failure(normal, LEG_LOCAL, CAUSE_RESOURCES, "out of memory", done, owner);
        return NULL;
    }
    if (!have_answer(r, k))
        return join(k, done, owner);
    if (!is_fresh(k, now_ms))
        count_lookup(r, k->failed == CAUSE_NAME_SERVER);
    tell_known(r, k, done, owner);
    return NULL;
}

void lookup_cancel(struct lookup *l)
{
    struct lookup **at = &l->known->waiting;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    free(l);
}
