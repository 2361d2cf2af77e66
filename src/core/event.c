#include "event.h"

void event_copy(struct event *to, const struct event *from)
{
    *to = *from;
    (void)text_ref(to->name);
    (void)text_ref(to->device);
    (void)text_ref(to->text);
}

void event_clear(struct event *e)
{
    text_unref(e->name);
    text_unref(e->device);
    text_unref(e->text);
    e->name = e->device = e->text = NULL;
}

const char *event_kind_word(enum event_kind kind)
{
    static const char *const words[] = {
        [EVENT_DOWN] = "down", [EVENT_UP] = "up", [EVENT_UNKNOWN] = "unknown", [EVENT_CERTIFICATE] = "certificate"};
    return kind >= EVENT_DOWN && kind <= EVENT_CERTIFICATE ? words[kind] : "?";
}

enum event_kind event_of_verdict(enum verdict v)
{
    switch (v) {
    case VERDICT_UP:
        return EVENT_UP;
    case VERDICT_DOWN:
        return EVENT_DOWN;
    case VERDICT_UNKNOWN:
    case VERDICT_DISABLED:
        break;
    }
    return EVENT_UNKNOWN;
}
