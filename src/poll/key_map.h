/*
 * A map from 64-bit keys to pointers: rows by index and by handle, hosts, mailboxes
 * and groups by a mix of what names them.
 */
#ifndef EMAILMON_KEY_MAP_H
#define EMAILMON_KEY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_slot {
    uint64_t key;
    void *value; /* NULL: the slot is empty */
};

/** Open addressing, linear probing, at most seven eighths full, because rows are many; all zero is an empty one. */
struct key_map {
    struct key_slot *slots;
    size_t room; /* a power of two, or 0 */
    size_t count;
};

/**
 * key_map_get(m, key): NULL: none.
 * key_map_put(m, key, value): ${value} (not NULL) takes the place of what ${key} had; false: memory, nothing
 *  changed; a ${key} that is there already never fails.
 * key_map_remove(m, key): nothing when it is not there.  Shrinks when little is left.
 * key_map_clear(m): free; the values are the caller's.
 */
void *key_map_get(const struct key_map *m, uint64_t key);
bool key_map_put(struct key_map *m, uint64_t key, void *value);
void key_map_remove(struct key_map *m, uint64_t key);
void key_map_clear(struct key_map *m);

/** key_mix(seed, bytes, n): ${n} octets, mixed with ${seed}, as a key; chain calls to mix several.  No secret's keeper:
 * who knows the seed can try words. */
uint64_t key_mix(uint64_t seed, const void *bytes, size_t n);

#endif
