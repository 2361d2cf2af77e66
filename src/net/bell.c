#include "bell.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bell {
    int fd;
    struct watch *watch;
    void (*rung)(void *owner);
    void *owner;
};

/* Silent before it is heard, so that no ring is missed. */
static void is_readable(void *owner)
{
    struct bell *b = owner;
    eventfd_t rings;
    (void)!eventfd_read(b->fd, &rings);
    b->rung(b->owner);
}

struct bell *bell_new(struct loop *l, void (*rung)(void *owner), void *owner)
{
    struct bell *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->rung = rung;
    b->owner = owner;
    b->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    b->watch = b->fd >= 0 ? loop_watch(l, b->fd, is_readable, b) : NULL;
    if (b->watch != NULL)
        return b;
    bell_free(b);
    return NULL;
}

/* A counter at its limit cannot take more, but is readable, which is all that matters. */
void bell_ring(const struct bell *b)
{
    (void)!eventfd_write(b->fd, 1);
}

void bell_free(struct bell *b)
{
    if (b == NULL)
        return;
    watch_free(b->watch);
    if (b->fd >= 0)
        (void)close(b->fd);
    free(b);
}
