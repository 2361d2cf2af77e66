#include "outbox.h"

#include <stdlib.h>
#include <string.h>

enum { OUTBOX_ROOM = 64 };

struct outbox {
    struct queue *to;
    size_t record_bytes;
    unsigned char *records; /* those from first on wait */
    size_t first, end, room;
    size_t reserved; /* records that will still come; room behind end for all of them */
};

struct outbox *outbox_new(struct queue *to, size_t record_bytes)
{
    struct outbox *o = calloc(1, sizeof *o);
    if (o == NULL)
        return NULL;
    o->to = to;
    o->record_bytes = record_bytes;
    return o;
}

static unsigned char *record_at(const struct outbox *o, size_t place)
{
    return o->records + place * o->record_bytes;
}

void outbox_free(struct outbox *o, void (*drop)(void *record))
{
    if (o == NULL)
        return;
    for (size_t i = o->first; drop != NULL && i < o->end; i++)
        drop(record_at(o, i));
    free(o->records);
    free(o);
}

/* Room for so many more: by moving to the front when half is used up, so that a long
 * wait does not copy again and again. */
static bool make_room(struct outbox *o, size_t more)
{
    if (o->room - o->end >= more)
        return true;
    size_t waiting = o->end - o->first;
    if (o->first > o->room / 2 && o->room - waiting >= more) {
        memmove(o->records, record_at(o, o->first), waiting * o->record_bytes);
        o->end = waiting;
        o->first = 0;
        return true;
    }
    size_t room = o->room == 0 ? OUTBOX_ROOM : 2 * o->room;
    if (room < o->end + more)
        room = o->end + more;
    unsigned char *records = reallocarray(o->records, room, o->record_bytes);
    if (records == NULL)
        return false;
    o->records = records;
    o->room = room;
    return true;
}

bool outbox_reserve(struct outbox *o, size_t more)
{
    if (!make_room(o, o->reserved + more))
        return false;
    o->reserved += more;
    return true;
}

void outbox_release(struct outbox *o, size_t n)
{
    o->reserved -= n < o->reserved ? n : o->reserved;
}

bool outbox_send(struct outbox *o, const void *record)
{
    bool reserved = o->reserved > 0;
    bool posted = outbox_flush(o) && queue_post(o->to, record);
    if (!posted && !reserved && !make_room(o, 1))
        return false;
    if (!posted) {
        memcpy(record_at(o, o->end), record, o->record_bytes);
        o->end++;
    }
    o->reserved -= reserved;
    return true;
}

bool outbox_flush(struct outbox *o)
{
    while (o->first < o->end && queue_post(o->to, record_at(o, o->first)))
        o->first++;
    if (o->first < o->end)
        return false;
    /* A storm has passed: give its memory back. */
    if (o->reserved == 0) {
        free(o->records);
        o->records = NULL;
        o->room = 0;
    }
    o->first = o->end = 0;
    return true;
}

size_t outbox_waiting(const struct outbox *o)
{
    return o->end - o->first;
}
