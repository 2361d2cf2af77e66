/*
 * A map from indexes of rows (1..2147483647) to pointers, of which nothing is ever taken out.
 */
#ifndef EMAILMON_INDEX_MAP_H
#define EMAILMON_INDEX_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_slot {
    int32_t index; /* 0: empty */
    void *value;   /* never NULL in a slot that is not empty */
};

/** Open addressing, linear probing, at most half full; all zero is an empty one. */
struct index_map {
    struct index_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

/** index_map_reserve(m, more): Make room, so that the next ${more} new indexes cannot fail; false: memory. */
bool index_map_reserve(struct index_map *m, size_t more);

/** index_map_put(m, index, value): Needs room; a value that ${index} had is replaced.
 * index_map_get(m, index): NULL: none. */
void index_map_put(struct index_map *m, int32_t index, void *value);
void *index_map_get(const struct index_map *m, int32_t index);

/** index_map_clear(m): free. */
void index_map_clear(struct index_map *m);

#endif
