#include "index_map.h"

#include <stdlib.h>

enum { SLOTS_MIN = 16 };

static struct index_slot *slot_of(const struct index_map *m, int32_t index)
{
    /* Knuth's multiplicative hash, its upper bits folded in. */
    uint32_t h = (uint32_t)index * 2654435769U;
    size_t i = (h ^ h >> 15) & (m->slot_count - 1);
    while (m->slots[i].index != 0 && m->slots[i].index != index)
        i = (i + 1) & (m->slot_count - 1);
    return &m->slots[i];
}

bool index_map_reserve(struct index_map *m, size_t more)
{
    size_t slots = m->slot_count == 0 ? SLOTS_MIN : m->slot_count;
    while (slots < 2 * (m->count + more))
        slots *= 2;
    if (slots == m->slot_count)
        return true;

    struct index_map bigger = {.slot_count = slots, .slots = calloc(slots, sizeof(struct index_slot))};
    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < m->slot_count; i++) {
        if (m->slots[i].index != 0)
            index_map_put(&bigger, m->slots[i].index, m->slots[i].value);
    }
    free(m->slots);
    *m = bigger;
    return true;
}

void index_map_put(struct index_map *m, int32_t index, void *value)
{
    struct index_slot *slot = slot_of(m, index);
    if (slot->index == 0)
        m->count++;
    *slot = (struct index_slot){.index = index, .value = value};
}

void *index_map_get(const struct index_map *m, int32_t index)
{
    return m->slot_count == 0 ? NULL : slot_of(m, index)->value;
}

void index_map_clear(struct index_map *m)
{
    free(m->slots);
    *m = (struct index_map){0};
}
