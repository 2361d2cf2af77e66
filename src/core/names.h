/*
 * Which name stands for which row, and which index a name was promised.  Owned by a set of monitors; not for others.
 */
#ifndef EMAILMON_NAMES_H
#define EMAILMON_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct monitor;

/** One name.  Stays where it is as long as it has a row or a promise. */
struct name_entry {
    struct monitor *row; /* who has it now; NULL: nobody */
    int32_t promised;    /* index that stays with it, also without a row; 0: none */
    int32_t claimed;     /* scratch of an edit: index of the row that will have it; 0: none */
    size_t wanted;       /* scratch of an edit: 1 + place among those that a file wants; 0: it does not */
    uint32_t hash;
    char name[];
};

/** Open addressing, linear probing, at most half full; all zero is an empty one. */
struct names {
    struct name_entry **slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

/** names_find(n, name): its entry, or NULL.  names_claim(n, name): the same, made when it is not there; NULL: memory.
 */
struct name_entry *names_find(const struct names *n, const char *name);
struct name_entry *names_claim(struct names *n, const char *name);

/** names_release(n, entry): free an entry that has neither row nor promise; else do nothing.  names_clear(n): free all.
 */
void names_release(struct names *n, struct name_entry *entry);
void names_clear(struct names *n);

#endif
