/*
 * Lists whose links stand in their members: nothing to allocate, a member leaves in one step.  A link that is all zero
 * is in no list.
 */
#ifndef EMAILMON_LIST_H
#define EMAILMON_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next, *previous;
};

/** LIST_OWNER(link, type, member): The struct whose ${member} is ${link}. */
#define LIST_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/** list_init(head): an empty list.  list_is_empty(head), list_first(head): NULL when it is. */
static inline void list_init(struct link *head)
{
    head->next = head->previous = head;
}

static inline bool list_is_empty(const struct link *head)
{
    return head->next == head;
}

static inline struct link *list_first(const struct link *head)
{
    /* The analyzer cannot see that list_remove() took out what was freed. */
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    return head->next == head ? NULL : head->next;
}

/** list_next(head, link): the one behind ${link}; NULL: it is the last. */
static inline struct link *list_next(const struct link *head, const struct link *link)
{
    return link->next == head ? NULL : link->next;
}

/** list_holds(link): whether it is in a list.  list_append(head, link): it is in none.  list_remove(link): nothing
 *  when it is in none. */
static inline bool list_holds(const struct link *link)
{
    return link->next != NULL;
}

static inline void list_append(struct link *head, struct link *link)
{
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}

static inline void list_remove(struct link *link)
{
    if (link->next == NULL)
        return;
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = link->previous = NULL;
}

/** list_take(head): The first one, out of the list; NULL: it is empty. */
static inline struct link *list_take(struct link *head)
{
    struct link *first = head->next;
    if (first == head)
        return NULL;
    head->next = first->next;
    first->next->previous = head;
    first->next = first->previous = NULL;
    return first;
}

#endif
