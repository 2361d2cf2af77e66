/* Probes as the state has them, after a restart. */
#include <stdlib.h>
#include <string.h>

#include "probes.h"

static bool is_outstanding(const struct probe_record *record)
{
    return record->state >= PROBE_SENDING && record->state <= PROBE_OPTIONAL;
}

/* Ages inside one run are monotonic.  A clock that was set back makes a probe young, which is never evidence. */
static uint64_t monotonic_of(int64_t wall_ms, uint64_t now_mono_ms, int64_t now_wall_ms)
{
    if (wall_ms >= now_wall_ms)
        return now_mono_ms;
    uint64_t age_ms = (uint64_t)(now_wall_ms - wall_ms);
    return age_ms < now_mono_ms ? now_mono_ms - age_ms : 0;
}

static struct outstanding outstanding_of(const struct probe_record *record, uint64_t now_mono_ms, int64_t now_wall_ms,
                                         bool trusted)
{
    struct outstanding o = {
        .time_s = (uint32_t)record->time_s, .accepted_wall_ms = record->accepted_ms, .noted = record->state};
    /* Of an unknown moment of acceptance that of the token is the nearest. */
    int64_t accepted_ms = record->accepted_ms != 0 ? record->accepted_ms : (int64_t)record->time_s * 1000;
    o.accepted_mono_ms = monotonic_of(accepted_ms, now_mono_ms, now_wall_ms);
    memcpy(o.nonce, record->nonce, sizeof o.nonce);
    o.state = record->state == PROBE_SENDING ? PROBE_MAYBE : record->state;
    o.missed = o.state == PROBE_OPTIONAL;
    if (!trusted)
        o.state = PROBE_OPTIONAL;
    return o;
}

static struct consumed consumed_of(const struct probe_record *record, int64_t now_wall_ms)
{
    struct consumed c = {.time_s = (uint32_t)record->time_s, .consumed_s = (uint32_t)(now_wall_ms / 1000)};
    memcpy(&c.nonce, record->nonce, sizeof c.nonce);
    return c;
}

static size_t count(const struct probe_record *records, size_t n, bool outstanding)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += is_outstanding(&records[i]) ? outstanding : !outstanding && records[i].state == PROBE_CONSUMED;
    return found;
}

/* The newest ones, if there are more than are ever kept. */
bool probes_restore(struct probes *p, const struct probe_record *records, size_t n, uint64_t now_mono_ms,
                    int64_t now_wall_ms, bool trusted)
{
    size_t outstanding = count(records, n, true), consumed = count(records, n, false);
    size_t pass_outstanding = outstanding > PROBES_MAX ? outstanding - PROBES_MAX : 0;
    size_t pass_consumed = consumed > CONSUMED_MAX ? consumed - CONSUMED_MAX : 0;
    outstanding -= pass_outstanding;
    consumed -= pass_consumed;
    p->outstanding = outstanding > 0 ? calloc(outstanding, sizeof *p->outstanding) : NULL;
    p->consumed = consumed > 0 ? calloc(consumed, sizeof *p->consumed) : NULL;
    if ((outstanding > 0 && p->outstanding == NULL) || (consumed > 0 && p->consumed == NULL)) {
        probes_clear(p);
        return false;
    }
    p->outstanding_room = (uint8_t)outstanding;
    p->consumed_room = (uint8_t)consumed;
    for (size_t i = 0; i < n; i++) {
        if (is_outstanding(&records[i])) {
            if (pass_outstanding > 0)
                pass_outstanding--;
            else
                p->outstanding[p->outstanding_count++] = outstanding_of(&records[i], now_mono_ms, now_wall_ms, trusted);
        } else if (records[i].state == PROBE_CONSUMED) {
            if (pass_consumed > 0)
                pass_consumed--;
            else
                p->consumed[p->consumed_count++] = consumed_of(&records[i], now_wall_ms);
        }
    }
    return true;
}
