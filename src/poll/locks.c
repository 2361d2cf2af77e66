#include "locks.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bell.h"
#include "key_map.h"
#include "list.h"

/* A mailbox is known by the mix of its address and user alone: should two ever mix to
 * the same, one waits for the other. */
struct lock_table {
    pthread_mutex_t mutex; /* guards all of it, and the places of all locks in their queues; held for one step */
    struct key_map queues; /* the first of each queue: the holder */
};

struct locks {
    struct lock_table *table;
    struct bell *bell; /* rung when ${turns} gets one */
    struct link turns; /* locks of this worker that another worker handed on, and whose owners do not know it yet */
};

struct lock {
    struct locks *locks;
    uint64_t mailbox;
    struct lock *next, *previous; /* in the queue; previous NULL: this one holds the lock */
    struct lock *last;            /* of the holder: the end of the queue */
    struct link turn;
    void (*granted)(void *owner);
    void *owner;
};

struct lock_table *lock_table_new(void)
{
    struct lock_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    if (pthread_mutex_init(&t->mutex, NULL) == 0)
        return t;
    free(t);
    return NULL;
}

void lock_table_free(struct lock_table *t)
{
    if (t == NULL)
        return;
    key_map_clear(&t->queues);
    (void)pthread_mutex_destroy(&t->mutex);
    free(t);
}

/* --- the locks of one worker --- */

static struct lock *take_turn(struct locks *l)
{
    (void)pthread_mutex_lock(&l->table->mutex);
    struct link *first = list_take(&l->turns);
    (void)pthread_mutex_unlock(&l->table->mutex);
    return first != NULL ? LIST_OWNER(first, struct lock, turn) : NULL;
}

static void turns_came(void *owner)
{
    struct locks *l = owner;
    for (struct lock *k; (k = take_turn(l)) != NULL;)
        k->granted(k->owner);
}

struct locks *locks_new(struct lock_table *table, struct loop *loop)
{
    struct locks *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->table = table;
    list_init(&l->turns);
    l->bell = bell_new(loop, turns_came, l);
    if (l->bell != NULL)
        return l;
    free(l);
    return NULL;
}

void locks_free(struct locks *l)
{
    if (l == NULL)
        return;
    bell_free(l->bell);
    free(l);
}

/* --- the queue of a mailbox; the mutex is held --- */

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

/* False: memory. */
static bool join_queue(struct lock_table *t, struct lock *k)
{
    struct lock *holder = key_map_get(&t->queues, k->mailbox);
    if (holder == NULL)
        return key_map_put(&t->queues, k->mailbox, k);
    k->previous = holder->last;
    holder->last->next = k;
    holder->last = k;
    return true;
}

static void leave_queue(struct lock_table *t, struct lock *k)
{
    struct lock *holder = key_map_get(&t->queues, k->mailbox);
    if (holder->last == k)
        holder->last = k->previous;
    k->previous->next = k->next;
    if (k->next != NULL)
        k->next->previous = k->previous;
}

/* Who holds it now; NULL: nobody. */
static struct lock *hand_on(struct lock_table *t, struct lock *k)
{
    struct lock *next = k->next;
    if (next == NULL) {
        key_map_remove(&t->queues, k->mailbox);
        return NULL;
    }
    next->previous = NULL;
    next->last = k->last;
    (void)key_map_put(&t->queues, k->mailbox, next); /* the key is there: needs no memory */
    return next;
}

/* --- what owners call --- */

struct lock *locks_acquire(struct locks *l, const struct address *address, const char *user,
                           void (*granted)(void *owner), void *owner)
{
    struct lock *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    *k = (struct lock){.locks = l, .mailbox = mailbox_of(address, user), .last = k, .granted = granted, .owner = owner};
    (void)pthread_mutex_lock(&l->table->mutex);
    bool joined = join_queue(l->table, k);
    (void)pthread_mutex_unlock(&l->table->mutex);
    if (joined)
        return k;
    free(k);
    return NULL;
}

/* ${k} leaves; whose turn it is then, when that is one of the same worker.  One of another worker is told by its own
 * thread. */
static struct lock *leave(struct lock_table *t, struct lock *k)
{
    struct lock *next = NULL;
    (void)pthread_mutex_lock(&t->mutex);
    list_remove(&k->turn);
    if (k->previous != NULL)
        leave_queue(t, k);
    else
        next = hand_on(t, k);
    if (next != NULL && next->locks != k->locks) {
        list_append(&next->locks->turns, &next->turn);
        bell_ring(next->locks->bell);
        next = NULL;
    }
    (void)pthread_mutex_unlock(&t->mutex);
    return next;
}

void lock_release(struct lock *k)
{
    if (k == NULL)
        return;
    struct lock *next = leave(k->locks->table, k);
    free(k);
    if (next != NULL)
        next->granted(next->owner);
}

bool lock_is_held(const struct lock *k)
{
    (void)pthread_mutex_lock(&k->locks->table->mutex);
    bool held = k->previous == NULL && !list_holds(&k->turn); /* its owner will be told before that is true */
    (void)pthread_mutex_unlock(&k->locks->table->mutex);
    return held;
}

bool lock_wanted(const struct lock *k)
{
    (void)pthread_mutex_lock(&k->locks->table->mutex);
    bool wanted = k->next != NULL;
    (void)pthread_mutex_unlock(&k->locks->table->mutex);
    return wanted;
}
