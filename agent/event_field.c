#include "event_field.h"

#include <string.h>

void event_field_read(const struct event_field *field, const struct event *event, struct cell *out)
{
    const char *member = (const char *)event + field->offset;
    uint32_t number;
    int32_t integer;
    int64_t time_ms;
    const struct text *text;

    switch (field->kind) {
    case FIELD_NUMBER:
        memcpy(&number, member, sizeof number);
        cell_unsigned(out, number);
        return;
    case FIELD_INTEGER:
        memcpy(&integer, member, sizeof integer);
        cell_integer(out, integer);
        return;
    case FIELD_WORD:
        cell_integer(out, *(const uint8_t *)member);
        return;
    case FIELD_TIME:
        memcpy(&time_ms, member, sizeof time_ms);
        cell_time(out, time_ms);
        return;
    case FIELD_TEXT:
        memcpy(&text, member, sizeof text);
        cell_text(out, text);
        return;
    }
}
