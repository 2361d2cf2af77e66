#include "group.h"

#include <stdlib.h>
#include <string.h>

uint64_t handle_key(const uint8_t handle[TOKEN_HANDLE_BYTES])
{
    uint64_t key;
    memcpy(&key, handle, sizeof key);
    return key;
}

/* --- which group --- */

/* With their NULs, so that no part of one text can pass for a part of the other. */
static uint64_t mix_text(uint64_t mixed, const char *text)
{
    return key_mix(mixed, text, strlen(text) + 1);
}

static uint64_t mix(uint64_t seed, const struct leg_settings *leg)
{
    uint32_t numbers[] = {leg->protocol, leg->port, leg->security, leg->tls_verify, leg->plaintext_auth};
    uint64_t mixed = key_mix(seed, numbers, sizeof numbers);
    mixed = mix_text(mixed, leg->server);
    mixed = mix_text(mixed, leg->tls_name);
    mixed = mix_text(mixed, leg->username);
    return mix_text(mixed, leg->password);
}

static struct group *group_new(struct worker *w, uint64_t key, uint64_t proof)
{
    struct group *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    *g = (struct group){.worker = w, .key = key, .proof = proof, .drop_began_ms = loop_now_ms(w->with.loop)};
    g->login.worked = MECHANISM_NONE;
    list_init(&g->members);
    list_init(&g->parked);
    list_init(&g->gone);
    g->same = key_map_get(&w->groups, key);
    if (key_map_put(&w->groups, key, g))
        return g;
    free(g);
    return NULL;
}

struct group *group_of(struct worker *w, const struct definition *definition)
{
    struct leg_settings leg;
    definition_leg(definition, LEG_INCOMING, &leg);
    uint64_t key = mix(w->group_seeds[0], &leg), proof = mix(w->group_seeds[1], &leg);
    struct group *g = key_map_get(&w->groups, key);
    while (g != NULL && g->proof != proof)
        g = g->same;
    return g != NULL ? g : group_new(w, key, proof);
}

/* --- who is in it --- */

/* A look of this group may have passed over the probes of a row that was not in it yet. */
static bool was_passed_over(const struct group *g, const struct watched *x)
{
    return x->row.probes.outstanding_count > 0 && g->drop != NULL && !drop_memory_is_new(g->drop);
}

void group_add(struct group *g, struct watched *x)
{
    x->group = g;
    list_append(&g->members, &x->member);
    if (was_passed_over(g, x))
        g->drop_is_void = true;
}

void group_remove(struct watched *x)
{
    struct group *g = x->group;
    x->group = NULL;
    list_remove(&x->member);
    group_release(g);
}

static void unmap(struct group *g)
{
    struct key_map *groups = &g->worker->groups;
    struct group *first = key_map_get(groups, g->key);
    if (first != g) {
        while (first->same != g)
            first = first->same;
        first->same = g->same;
    } else if (g->same != NULL) {
        (void)key_map_put(groups, g->key, g->same); /* the key is there: needs no memory */
    } else {
        key_map_remove(groups, g->key);
    }
}

static void group_free(struct group *g)
{
    g->worker->drop_entries -= g->drop_entries;
    list_remove(&g->looked);
    list_remove(&g->ready);
    drop_memory_free(g->drop);
    definition_unref(g->last_look);
    deadline_free(g->delay);
    free(g->forged);
    free(g);
}

void group_release(struct group *g)
{
    if (!list_is_empty(&g->members) || !list_is_empty(&g->parked) || !list_is_empty(&g->gone) || g->look != NULL ||
        g->last_look != NULL)
        return;
    unmap(g);
    group_free(g);
}

/* --- how often its server takes a login (RFC 2449 s. 6.5) --- */

static void delay_over(void *owner)
{
    struct group *g = owner;
    g->is_delayed = false;
    group_go(g);
}

/* Without memory for the clock the next login may come too early, and is refused as if the mailbox were in use. */
void group_delay(struct group *g, uint64_t ms)
{
    if (g->delay == NULL)
        g->delay = deadline_new(g->worker->with.loop, delay_over, g);
    if (g->delay == NULL)
        return;
    g->is_delayed = true;
    deadline_set(g->delay, ms);
}

/* --- what is remembered of mailboxes --- */

static void count_entries(struct group *g)
{
    size_t entries = drop_memory_entries(g->drop);
    g->worker->drop_entries += entries - g->drop_entries;
    g->drop_entries = entries;
}

void group_count_memory(struct group *g)
{
    struct worker *w = g->worker;
    count_entries(g);
    list_remove(&g->looked);
    if (g->drop_entries == 0)
        return;
    list_append(&w->looked, &g->looked);
    for (struct link *l = list_first(&w->looked), *next; w->drop_entries > DROP_ENTRIES_MAX && l != &g->looked;
         l = next) {
        struct group *oldest = LIST_OWNER(l, struct group, looked);
        next = list_next(&w->looked, l);
        if (oldest->look != NULL)
            continue;
        drop_memory_void(oldest->drop);
        count_entries(oldest);
        list_remove(l);
    }
}

/* --- the end --- */

void groups_free(struct worker *w)
{
    gone_free(w);
    for (size_t i = 0; i < w->groups.room; i++)
        for (struct group *g = w->groups.slots[i].value, *same; g != NULL; g = same) {
            same = g->same;
            look_give_up(g);
            group_free(g);
        }
    key_map_clear(&w->groups);
}
