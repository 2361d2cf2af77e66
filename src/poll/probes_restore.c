/* Probes as records: as the state has them, and as they are kept for another worker. */
#include <stdlib.h>
#include <string.h>

#include "probes.h"

static bool is_outstanding(const struct probe_record *record)
{
    return record->state >= PROBE_SENDING && record->state <= PROBE_OPTIONAL;
}

static bool is_consumed(const struct probe_record *record)
{
    return record->state == PROBE_CONSUMED;
}

/* Ages inside one run are monotonic.  A clock that was set back makes a probe young, which is never evidence. */
static int64_t monotonic_of(int64_t wall_ms, uint64_t now_mono_ms, int64_t now_wall_ms)
{
    const int64_t age_ms = wall_ms < now_wall_ms ? now_wall_ms - wall_ms : 0;
    return (int64_t)now_mono_ms - age_ms;
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

/* How many are of one kind, and are kept: the newest ${most}; ${pass} gets how many older ones are passed over. */
static size_t count_kept(const struct probe_record *records, size_t n, bool (*is)(const struct probe_record *record),
                         size_t most, size_t *pass)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += is(&records[i]);
    *pass = found > most ? found - most : 0;
    return found - *pass;
}

/* A moment of this run, as the two clocks show it. */
struct clocks {
    uint64_t mono_ms;
    int64_t wall_ms;
};

static bool restore_outstanding(struct probes *p, const struct probe_record *records, size_t n,
                                const struct clocks *now, bool trusted)
{
    size_t pass, kept = count_kept(records, n, is_outstanding, PROBES_MAX, &pass);
    p->outstanding = calloc(kept + (kept == 0), sizeof *p->outstanding);
    if (p->outstanding == NULL)
        return false;
    p->outstanding_room = (uint8_t)kept;
    for (size_t i = 0; i < n; i++) {
        if (is_outstanding(&records[i]) && (pass == 0 || pass-- == 0))
            p->outstanding[p->outstanding_count++] = outstanding_of(&records[i], now->mono_ms, now->wall_ms, trusted);
    }
    return true;
}

static bool restore_consumed(struct probes *p, const struct probe_record *records, size_t n, uint64_t now_mono_ms)
{
    size_t pass, kept = count_kept(records, n, is_consumed, CONSUMED_MAX, &pass);
    p->consumed = calloc(kept + (kept == 0), sizeof *p->consumed);
    if (p->consumed == NULL)
        return false;
    p->consumed_room = (uint8_t)kept;
    for (size_t i = 0; i < n; i++) {
        if (is_consumed(&records[i]) && (pass == 0 || pass-- == 0))
            p->consumed[p->consumed_count++] = probes_consumed(records[i].nonce, now_mono_ms);
    }
    return true;
}

bool probes_restore(struct probes *p, const struct probe_record *records, size_t n, uint64_t now_mono_ms,
                    int64_t now_wall_ms, bool trusted)
{
    const struct clocks now = {.mono_ms = now_mono_ms, .wall_ms = now_wall_ms};
    if (n == 0 || (restore_outstanding(p, records, n, &now, trusted) && restore_consumed(p, records, n, now_mono_ms)))
        return true;
    probes_clear(p);
    return false;
}

struct probe_record probes_record(const struct outstanding *o)
{
    struct probe_record record = {.time_s = o->time_s, .accepted_ms = o->accepted_wall_ms, .state = o->state};
    memcpy(record.nonce, o->nonce, sizeof record.nonce);
    return record;
}

void probes_keep(const struct probes *p, struct probe_record *records)
{
    for (uint8_t i = 0; i < p->outstanding_count; i++)
        records[i] = probes_record(&p->outstanding[i]);
    records += p->outstanding_count;
    for (uint8_t i = 0; i < p->consumed_count; i++) {
        records[i] = (struct probe_record){.state = PROBE_CONSUMED};
        memcpy(records[i].nonce, p->consumed[i].nonce_start, sizeof p->consumed[i].nonce_start);
    }
}
