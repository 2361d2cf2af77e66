#include "uid_set.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first range that ends at ${uid} or above. */
static size_t place(const struct uid_set *s, uint32_t uid)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->ranges[middle].high < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool reserve(struct uid_set *s, size_t count)
{
    if (count <= s->size)
        return true;
    size_t size = s->size * 2 > count ? s->size * 2 : count;
    struct uid_range *more = realloc(s->ranges, size * sizeof *more);
    if (more == NULL)
        return false;
    s->ranges = more;
    s->size = size;
    return true;
}

/* Put ${n} ranges in place of those from ${from} up to, not with, ${to}. */
static bool replace(struct uid_set *s, size_t from, size_t to, const struct uid_range *with, size_t n)
{
    if (!reserve(s, s->count - (to - from) + n))
        return false;
    if (s->count > to)
        memmove(s->ranges + from + n, s->ranges + to, (s->count - to) * sizeof *s->ranges);
    if (n > 0)
        memcpy(s->ranges + from, with, n * sizeof *with);
    s->count = s->count - (to - from) + n;
    return true;
}

bool uid_set_add(struct uid_set *s, uint32_t low, uint32_t high)
{
    if (low > high)
        return true;
    struct uid_range joined = {low, high};
    size_t from = place(s, low > 0 ? low - 1 : 0); /* a neighbour is joined too */
    size_t to = from;
    for (; to < s->count && (high == UINT32_MAX || s->ranges[to].low <= high + 1); to++) {
        if (s->ranges[to].low < joined.low)
            joined.low = s->ranges[to].low;
        if (s->ranges[to].high > joined.high)
            joined.high = s->ranges[to].high;
    }
    return replace(s, from, to, &joined, 1);
}

bool uid_set_remove(struct uid_set *s, uint32_t low, uint32_t high)
{
    struct uid_range left[2];
    size_t n = 0;
    if (low > high)
        return true;
    size_t from = place(s, low);
    size_t to = from;
    for (; to < s->count && s->ranges[to].low <= high; to++) {
        if (s->ranges[to].low < low)
            left[n++] = (struct uid_range){s->ranges[to].low, low - 1};
        if (s->ranges[to].high > high)
            left[n++] = (struct uid_range){high + 1, s->ranges[to].high};
    }
    return from == to || replace(s, from, to, left, n);
}

bool uid_set_has(const struct uid_set *s, uint32_t uid)
{
    size_t at = place(s, uid);
    return at < s->count && s->ranges[at].low <= uid;
}

uint64_t uid_set_total(const struct uid_set *s)
{
    uint64_t total = 0;
    for (size_t i = 0; i < s->count; i++)
        total += (uint64_t)s->ranges[i].high - s->ranges[i].low + 1;
    return total;
}

bool uid_set_copy(struct uid_set *to, const struct uid_set *from)
{
    if (!reserve(to, from->count))
        return false;
    if (from->count > 0)
        memcpy(to->ranges, from->ranges, from->count * sizeof *from->ranges);
    to->count = from->count;
    return true;
}

void uid_set_clear(struct uid_set *s)
{
    free(s->ranges);
    *s = (struct uid_set){0};
}

bool uid_set_newest(const struct uid_set *s, uint32_t most, struct uid_set *out)
{
    out->count = 0;
    for (size_t i = s->count; i-- > 0 && most > 0;) {
        struct uid_range r = s->ranges[i];
        if (r.high - r.low >= most)
            r.low = r.high - most + 1;
        if (!uid_set_add(out, r.low, r.high))
            return false;
        most -= r.high - r.low + 1;
    }
    return true;
}

size_t uid_set_write(const struct uid_set *s, size_t first, char *dst, size_t size)
{
    size_t used = 0, at = first;
    dst[0] = '\0';
    for (; at < s->count; at++) {
        char range[sizeof ",4294967295:4294967295"];
        struct uid_range r = s->ranges[at];
        const char *comma = used > 0 ? "," : "";
        int n = r.low == r.high ? snprintf(range, sizeof range, "%s%" PRIu32, comma, r.low)
                                : snprintf(range, sizeof range, "%s%" PRIu32 ":%" PRIu32, comma, r.low, r.high);
        if (used + (size_t)n >= size)
            break;
        memcpy(dst + used, range, (size_t)n + 1);
        used += (size_t)n;
    }
    return at;
}
