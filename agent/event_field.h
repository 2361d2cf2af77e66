/*
 * The members of an event as MIB values: emailMonEventTable and the notifications name them in their own tables.
 */
#ifndef EMAILMON_EVENT_FIELD_H
#define EMAILMON_EVENT_FIELD_H

#include "cell.h"
#include "event.h"

enum event_field_kind {
    FIELD_NUMBER,  /* uint32_t, Unsigned32 */
    FIELD_INTEGER, /* int32_t, Integer32 */
    FIELD_WORD,    /* uint8_t, an enumeration */
    FIELD_TIME,    /* wall clock in ms, DateAndTime */
    FIELD_TEXT     /* counted text */
};

struct event_field {
    enum event_field_kind kind;
    size_t offset; /* in struct event */
};

/** A field by its member's name: EVENT_FIELD(NUMBER, seq). */
#define EVENT_FIELD(kind_, member_)                                                                                    \
    {                                                                                                                  \
        FIELD_##kind_, offsetof(struct event, member_)                                                                 \
    }

/** event_field_read(field, event, out): Fill ${out}, which lives as long as ${event}. */
void event_field_read(const struct event_field *field, const struct event *event, struct cell *out);

#endif
