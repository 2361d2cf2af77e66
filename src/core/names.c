#include "names.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 16 };

/* FNV-1a: names come from the administrator, not from an attacker. */
static uint32_t hash_of(const char *name)
{
    uint32_t h = 2166136261U;
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * 16777619U;
    return h;
}

/* The slot of a name, or the empty one where it belongs; there must be slots. */
static size_t slot_of(const struct names *n, const char *name, uint32_t hash)
{
    size_t i = hash & (n->slot_count - 1);
    while (n->slots[i] != NULL && (n->slots[i]->hash != hash || strcmp(n->slots[i]->name, name) != 0))
        i = (i + 1) & (n->slot_count - 1);
    return i;
}

struct name_entry *names_find(const struct names *n, const char *name)
{
    return n->slot_count == 0 ? NULL : n->slots[slot_of(n, name, hash_of(name))];
}

static bool grow(struct names *n)
{
    struct names more = {.slot_count = n->slot_count == 0 ? SLOTS_MIN : 2 * n->slot_count, .count = n->count};
    more.slots = calloc(more.slot_count, sizeof(struct name_entry *));
    if (more.slots == NULL)
        return false;
    for (size_t i = 0; i < n->slot_count; i++) {
        struct name_entry *entry = n->slots[i];
        if (entry != NULL)
            more.slots[slot_of(&more, entry->name, entry->hash)] = entry;
    }
    free(n->slots);
    *n = more;
    return true;
}

struct name_entry *names_claim(struct names *n, const char *name)
{
    struct name_entry *entry = names_find(n, name);
    if (entry != NULL)
        return entry;
    if (2 * (n->count + 1) > n->slot_count && !grow(n))
        return NULL;
    size_t length = strlen(name);
    entry = calloc(1, sizeof *entry + length + 1);
    if (entry == NULL)
        return NULL;
    entry->hash = hash_of(name);
    memcpy(entry->name, name, length);
    n->slots[slot_of(n, name, entry->hash)] = entry;
    n->count++;
    return entry;
}

/* Close the gap at a freed slot: whoever was pushed behind it by a collision moves up. */
static void close_gap(struct names *n, size_t gap)
{
    const size_t mask = n->slot_count - 1;
    for (size_t i = (gap + 1) & mask; n->slots[i] != NULL; i = (i + 1) & mask) {
        size_t home = n->slots[i]->hash & mask;
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        n->slots[gap] = n->slots[i];
        n->slots[i] = NULL;
        gap = i;
    }
}

void names_release(struct names *n, struct name_entry *entry)
{
    if (entry->row != NULL || entry->promised != 0)
        return;
    size_t i = slot_of(n, entry->name, entry->hash);
    n->slots[i] = NULL;
    n->count--;
    close_gap(n, i);
    free(entry);
}

void names_clear(struct names *n)
{
    for (size_t i = 0; i < n->slot_count; i++)
        free(n->slots[i]);
    free(n->slots);
    *n = (struct names){0};
}
