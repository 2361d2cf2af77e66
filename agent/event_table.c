/*
 * emailMonEventTable: the events that a console can catch up with.
 */
#include "event_field.h"
#include "oid.h"
#include "tables.h"

static bool read_event(const struct mib_column *column, const void *row, int64_t wall_ms, struct cell *out)
{
    (void)wall_ms;
    event_field_read(column->about, row, out);
    return true;
}

static const void *event_from(const void *log, uint64_t index, unsigned long *found)
{
    const struct event *event = event_log_from(log, index);
    if (event != NULL)
        *found = event->seq;
    return event;
}

struct mib_table event_table(const struct event_log *events)
{
    static const unsigned long entry[] = {OID_EVENTS, 1};
    static const struct event_field seq = EVENT_FIELD(NUMBER, seq), time = EVENT_FIELD(TIME, time_ms),
                                    row = EVENT_FIELD(INTEGER, row), name = EVENT_FIELD(TEXT, name),
                                    old = EVENT_FIELD(WORD, old), new = EVENT_FIELD(WORD, new),
                                    kind = EVENT_FIELD(WORD, kind), leg = EVENT_FIELD(WORD, leg),
                                    stage = EVENT_FIELD(WORD, stage), cause = EVENT_FIELD(WORD, cause),
                                    text = EVENT_FIELD(TEXT, text);
    static const struct mib_column columns[] = {
        {EVENT_COLUMN_SEQ, read_event, &seq}, /* equal to the index, which cannot be read */
        {3, read_event, &time},
        {4, read_event, &row},
        {5, read_event, &name},
        {6, read_event, &old},
        {7, read_event, &new},
        {8, read_event, &kind},
        {9, read_event, &leg},
        {10, read_event, &stage},
        {11, read_event, &cause},
        {12, read_event, &text},
    };
    return (struct mib_table){"emailMonEventTable", entry, OID_COUNT(entry), columns, OID_COUNT(columns),
                              event_from,           events};
}
