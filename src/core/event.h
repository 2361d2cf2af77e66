/*
 * An event: a change between up, down and unknown, or a warning about a certificate.  Made by the worker together
 * with the verdict, numbered by the store thread, served by the agent thread, which makes one notification of it.
 */
#ifndef EMAILMON_EVENT_H
#define EMAILMON_EVENT_H

#include "status.h"

enum event_kind { EVENT_DOWN = 1, EVENT_UP = 2, EVENT_UNKNOWN = 3, EVENT_CERTIFICATE = 4 };

/** Values are those of the moment of the event, not of the moment at which anybody reads them. */
struct event {
    uint32_t seq;     /* given by the store; 0: not yet */
    int64_t time_ms;  /* wall clock */
    int32_t row;      /* emailMonIndex */
    uint8_t kind;     /* enum event_kind */
    uint8_t old, new; /* enum verdict */
    uint8_t proof;    /* enum proof */
    uint8_t leg, stage, cause;
    bool notify;    /* whether the monitor's `notify` lets a notification leave */
    bool announced; /* it was told already, with seq 0, because the state could not be written ... */
    uint64_t told;  /* ... and by this it is known again when it is told with its number; grows; 0: not so told */
    int32_t smtp_cert_days, in_cert_days;
    const struct text *name, *device, *text; /* counted */
};

/** event_copy(to, from): a value with references of its own (${to} is overwritten).  event_clear(e): let them go. */
void event_copy(struct event *to, const struct event *from);
void event_clear(struct event *e);

/** event_kind_word(kind): "down", "up", "unknown", "certificate". */
const char *event_kind_word(enum event_kind kind);

/** event_of_verdict(v): the kind of an event whose new verdict is ${v} (up, down or unknown). */
enum event_kind event_of_verdict(enum verdict v);

#endif
