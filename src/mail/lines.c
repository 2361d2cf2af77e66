#include "lines.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 256 };

/* Not realloc(): servers may repeat secrets, and freed memory must not hold them. */
static bool make_room(struct lines *l, size_t n)
{
    if (n <= l->size)
        return true;
    size_t size = l->size == 0 ? FIRST_BYTES : l->size;
    while (size < n)
        size *= 2;
    char *bytes = malloc(size);
    if (bytes == NULL)
        return false;
    if (l->bytes != NULL) {
        memcpy(bytes, l->bytes, l->n);
        explicit_bzero(l->bytes, l->size);
        free(l->bytes);
    }
    l->bytes = bytes;
    l->size = size;
    return true;
}

/* Octets within a line; a CR may only be the last that has come so far. */
static enum lines_result append(struct lines *l, const char *bytes, size_t n)
{
    if (n == 0)
        return LINES_MORE;
    size_t room = l->max - l->n;
    size_t looked = n <= room ? n : room + 1; /* what is wrong first counts, however the octets were cut */
    if (l->cr || memchr(bytes, '\0', looked) != NULL)
        return LINES_MALFORMED;
    const char *cr = memchr(bytes, '\r', looked);
    if (cr != NULL && cr != bytes + n - 1)
        return LINES_MALFORMED;
    size_t kept = cr == NULL ? n : n - 1;
    if (kept > room)
        return LINES_OVERSIZE;
    if (!make_room(l, l->n + kept + 1))
        return LINES_NO_MEMORY;
    memcpy(l->bytes + l->n, bytes, kept);
    l->n += kept;
    l->cr = cr != NULL;
    return LINES_MORE;
}

enum lines_result lines_take(struct lines *l, const char *bytes, size_t n, size_t *used)
{
    const char *end = memchr(bytes, '\n', n);
    size_t length = end == NULL ? n : (size_t)(end - bytes);
    *used = end == NULL ? n : length + 1;
    enum lines_result result = append(l, bytes, length);
    if (result != LINES_MORE || end == NULL)
        return result;
    if (!make_room(l, l->n + 1))
        return LINES_NO_MEMORY;
    l->bare = !l->cr;
    l->cr = false;
    return LINES_READY;
}

void lines_next(struct lines *l)
{
    l->n = 0;
    l->cr = false;
}

bool lines_empty(const struct lines *l)
{
    return l->n == 0 && !l->cr;
}

void lines_free(struct lines *l)
{
    if (l->bytes != NULL)
        explicit_bzero(l->bytes, l->size);
    free(l->bytes);
    *l = (struct lines){.max = l->max};
}
