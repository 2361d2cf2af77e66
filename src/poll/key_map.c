#include "key_map.h"

#include <stdlib.h>

enum { ROOM_LEAST = 8 };

uint64_t key_mix(uint64_t seed, const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    uint64_t mixed = seed ^ UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        mixed = (mixed ^ b[i]) * UINT64_C(0x100000001b3);
    mixed ^= mixed >> 32;
    mixed *= UINT64_C(0x9e3779b97f4a7c15);
    return mixed ^ mixed >> 29;
}

/* Keys may be small numbers in a row (indexes): spread them. */
static size_t home_of(const struct key_map *m, uint64_t key)
{
    uint64_t spread = (key ^ key >> 31) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(spread >> 20) & (m->room - 1);
}

/* The slot of ${key}, or the empty one in which it would be. */
static size_t slot_of(const struct key_map *m, uint64_t key)
{
    size_t i = home_of(m, key);
    while (m->slots[i].value != NULL && m->slots[i].key != key)
        i = (i + 1) & (m->room - 1);
    return i;
}

void *key_map_get(const struct key_map *m, uint64_t key)
{
    return m->room > 0 ? m->slots[slot_of(m, key)].value : NULL;
}

static bool resize(struct key_map *m, size_t room)
{
    struct key_map bigger = {.slots = calloc(room, sizeof *m->slots), .room = room, .count = m->count};
    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < m->room; i++)
        if (m->slots[i].value != NULL)
            bigger.slots[slot_of(&bigger, m->slots[i].key)] = m->slots[i];
    free(m->slots);
    *m = bigger;
    return true;
}

bool key_map_put(struct key_map *m, uint64_t key, void *value)
{
    if (m->room > 0) {
        struct key_slot *present = &m->slots[slot_of(m, key)];
        if (present->value != NULL) {
            present->value = value;
            return true;
        }
    }
    if (8 * (m->count + 1) > 7 * m->room && !resize(m, m->room > 0 ? 2 * m->room : ROOM_LEAST))
        return false;
    m->slots[slot_of(m, key)] = (struct key_slot){.key = key, .value = value};
    m->count++;
    return true;
}

/* Whoever stands behind a hole, and would have stood in it, moves up: no tombstones. */
static void close_hole(struct key_map *m, size_t hole)
{
    size_t mask = m->room - 1;
    for (size_t i = (hole + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t wanted = home_of(m, m->slots[i].key);
        if (((i - wanted) & mask) < ((i - hole) & mask))
            continue;
        m->slots[hole] = m->slots[i];
        hole = i;
    }
    m->slots[hole] = (struct key_slot){0};
}

void key_map_remove(struct key_map *m, uint64_t key)
{
    if (m->room == 0)
        return;
    size_t i = slot_of(m, key);
    if (m->slots[i].value == NULL)
        return;
    close_hole(m, i);
    m->count--;
    /* A big one is given back; that it cannot be is no harm. */
    if (m->room > 64 * ROOM_LEAST && 8 * m->count < m->room)
        (void)resize(m, m->room / 4);
}

void key_map_clear(struct key_map *m)
{
    free(m->slots);
    *m = (struct key_map){0};
}
