#include "locks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "key_map.h"

/* A mailbox is known by the mix of its address and user alone: should two ever mix to
 * the same, one waits for the other. */
struct locks {
    struct key_map queues; /* the first of each queue: the holder */
};

struct lock {
    struct locks *locks;
    uint64_t mailbox;
    struct lock *next, *previous; /* in the queue; previous NULL: this one holds the lock */
    struct lock *last;            /* of the holder: the end of the queue */
    void (*granted)(void *owner);
    void *owner;
};

struct locks *locks_new(void)
{
    return calloc(1, sizeof(struct locks));
}

void locks_free(struct locks *l)
{
    if (l == NULL)
        return;
    key_map_clear(&l->queues);
    free(l);
}

static uint64_t mailbox_of(const struct address *address, const char *user)
{
    uint64_t mixed = key_mix(address->family, address->bytes, sizeof address->bytes);
    mixed = key_mix(mixed, &address->scope, sizeof address->scope);
    for (; *user != '\0'; user++) {
        char lower = (char)tolower((unsigned char)*user);
        mixed = key_mix(mixed, &lower, 1);
    }
    return mixed;
}

struct lock *locks_acquire(struct locks *l, const struct address *address, const char *user,
                           void (*granted)(void *owner), void *owner)
{
    struct lock *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    *k = (struct lock){.locks = l, .mailbox = mailbox_of(address, user), .last = k, .granted = granted, .owner = owner};

    struct lock *holder = key_map_get(&l->queues, k->mailbox);
    if (holder == NULL) {
        if (key_map_put(&l->queues, k->mailbox, k))
            return k;
        free(k);
        return NULL;
    }
    k->previous = holder->last;
    holder->last->next = k;
    holder->last = k;
    return k;
}

static void leave_queue(struct lock *k)
{
    struct lock *holder = key_map_get(&k->locks->queues, k->mailbox);
    if (holder->last == k)
        holder->last = k->previous;
    k->previous->next = k->next;
    if (k->next != NULL)
        k->next->previous = k->previous;
    free(k);
}

void lock_release(struct lock *k)
{
    if (k == NULL)
        return;
    if (!lock_is_held(k)) {
        leave_queue(k);
        return;
    }
    struct lock *next = k->next;
    if (next == NULL) {
        key_map_remove(&k->locks->queues, k->mailbox);
        free(k);
        return;
    }
    next->previous = NULL;
    next->last = k->last;
    (void)key_map_put(&k->locks->queues, k->mailbox, next); /* the key is there: needs no memory */
    free(k);
    next->granted(next->owner);
}

bool lock_is_held(const struct lock *k)
{
    return k->previous == NULL;
}

bool lock_wanted(const struct lock *k)
{
    return k->next != NULL;
}
