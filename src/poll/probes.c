#include "probes.h"

#include <stdlib.h>
#include <string.h>

void probes_init(struct probes *p)
{
    *p = (struct probes){0};
}

void probes_clear(struct probes *p)
{
    free(p->outstanding);
    free(p->consumed);
    probes_init(p);
}

/* The place of the outstanding probe with this token; the count when it is none. */
static uint8_t find_outstanding(const struct probes *p, const struct token *t)
{
    uint8_t i = 0;
    while (i < p->outstanding_count && (p->outstanding[i].time_s != (uint32_t)t->time_s ||
                                        memcmp(p->outstanding[i].nonce, t->nonce, TOKEN_NONCE_BYTES) != 0))
        i++;
    return i;
}

static struct outstanding remove_outstanding(struct probes *p, uint8_t place)
{
    struct outstanding gone = p->outstanding[place];
    p->outstanding_count--;
    memmove(&p->outstanding[place], &p->outstanding[place + 1],
            (size_t)(p->outstanding_count - place) * sizeof *p->outstanding);
    return gone;
}

/* Room for one more in an array of ${count} in ${room}, at most ${most}: half as much again, so that a row at rest
 * stays small.  The array, moved or not; NULL: memory, nothing changed. */
static void *make_room(void *array, size_t size, uint8_t count, uint8_t *room, uint8_t most)
{
    if (count < *room)
        return array;
    unsigned wider = *room + *room / 2U + 1U;
    if (wider > most)
        wider = most;
    void *moved = realloc(array, wider * size);
    if (moved != NULL)
        *room = (uint8_t)wider;
    return moved;
}

void probes_describe(const struct token *t, struct outstanding *o)
{
    *o = (struct outstanding){.time_s = (uint32_t)t->time_s};
    memcpy(o->nonce, t->nonce, TOKEN_NONCE_BYTES);
}

bool probes_sending(struct probes *p, const struct token *t, struct outstanding *lost, bool *was_lost)
{
    *was_lost = p->outstanding_count >= PROBES_MAX;
    if (*was_lost) {
        *lost = remove_outstanding(p, 0);
    } else {
        void *room =
            make_room(p->outstanding, sizeof *p->outstanding, p->outstanding_count, &p->outstanding_room, PROBES_MAX);
        if (room == NULL)
            return false;
        p->outstanding = room;
    }
    struct outstanding *o = &p->outstanding[p->outstanding_count++];
    probes_describe(t, o);
    o->state = PROBE_SENDING;
    return true;
}

bool probes_fate(struct probes *p, const struct token *t, enum probe_state state, uint64_t mono_ms, int64_t wall_ms)
{
    uint8_t place = find_outstanding(p, t);
    if (place == p->outstanding_count || p->outstanding[place].state != PROBE_SENDING)
        return false;
    if (state == PROBE_REMOVED) {
        (void)remove_outstanding(p, place);
        return true;
    }
    struct outstanding *o = &p->outstanding[place];
    o->state = (uint8_t)state;
    o->accepted_mono_ms = (int64_t)mono_ms;
    o->accepted_wall_ms = wall_ms;
    return true;
}

struct outstanding *probes_newest(const struct probes *p)
{
    return p->outstanding_count > 0 ? &p->outstanding[p->outstanding_count - 1] : NULL;
}

/* --- found ones --- */

enum { DAY_MS = 86400 * 1000, FORGET_DAYS = PROBES_FORGET_S / 86400 };

struct consumed probes_consumed(const uint8_t nonce[TOKEN_NONCE_BYTES], uint64_t mono_ms)
{
    struct consumed c = {.day = (uint8_t)(mono_ms / DAY_MS)};
    memcpy(c.nonce_start, nonce, sizeof c.nonce_start);
    return c;
}

static bool was_consumed(const struct probes *p, const struct token *t, uint64_t mono_ms)
{
    const struct consumed now = probes_consumed(t->nonce, mono_ms);
    for (uint8_t i = 0; i < p->consumed_count; i++) {
        const struct consumed *c = &p->consumed[i];
        if (memcmp(c->nonce_start, now.nonce_start, sizeof c->nonce_start) == 0 &&
            (uint8_t)(now.day - c->day) <= FORGET_DAYS)
            return true;
    }
    return false;
}

static void remember_consumed(struct probes *p, const struct token *t, uint64_t mono_ms)
{
    if (p->consumed_count == CONSUMED_MAX) {
        p->consumed_count--;
        memmove(&p->consumed[0], &p->consumed[1], p->consumed_count * sizeof *p->consumed);
    }
    void *room = make_room(p->consumed, sizeof *p->consumed, p->consumed_count, &p->consumed_room, CONSUMED_MAX);
    if (room == NULL)
        return;
    p->consumed = room;
    p->consumed[p->consumed_count++] = probes_consumed(t->nonce, mono_ms);
}

enum sighting probes_sight(struct probes *p, const struct token *t, uint64_t mono_ms, struct outstanding *probe)
{
    uint8_t place = find_outstanding(p, t);
    if (place == p->outstanding_count)
        return was_consumed(p, t, mono_ms) ? SIGHTING_DUPLICATE : SIGHTING_STRAY;

    struct outstanding seen = remove_outstanding(p, place);
    remember_consumed(p, t, mono_ms);
    if (p->found < UINT8_MAX)
        p->found++;
    if (probe != NULL)
        *probe = seen;
    return seen.missed ? SIGHTING_LATE : SIGHTING_FOUND;
}

/* --- missing ones --- */

static bool is_waited_for(const struct outstanding *o)
{
    return o->state == PROBE_OUT && !o->missed;
}

/* A probe that was accepted after the look began has no age yet, nor has one whose sending has not ended. */
static bool is_old(const struct outstanding *o, uint64_t look_began_mono_ms, uint64_t grace_ms)
{
    const int64_t age_ms = (int64_t)look_began_mono_ms - o->accepted_mono_ms;
    return o->state != PROBE_SENDING && age_ms >= (int64_t)grace_ms;
}

unsigned probes_expected(const struct probes *p, uint64_t look_began_mono_ms, uint64_t grace_ms)
{
    unsigned n = 0;
    for (uint8_t i = 0; i < p->outstanding_count; i++)
        n += is_waited_for(&p->outstanding[i]) && is_old(&p->outstanding[i], look_began_mono_ms, grace_ms);
    return n;
}

unsigned probes_waiting(const struct probes *p)
{
    unsigned n = 0;
    for (uint8_t i = 0; i < p->outstanding_count; i++)
        n += is_waited_for(&p->outstanding[i]);
    return n;
}

void probes_look_ended(struct probes *p, uint64_t look_began_mono_ms, uint64_t grace_ms)
{
    for (uint8_t i = 0; i < p->outstanding_count; i++) {
        struct outstanding *o = &p->outstanding[i];
        if (!is_old(o, look_began_mono_ms, grace_ms))
            continue;
        o->missed = true;
        if (o->state == PROBE_OUT)
            o->state = PROBE_OPTIONAL;
    }
}

bool probes_expire(struct probes *p, uint64_t mono_ms, struct outstanding *lost)
{
    for (uint8_t i = 0; i < p->outstanding_count; i++) {
        if (!is_old(&p->outstanding[i], mono_ms, PROBES_FORGET_S * UINT64_C(1000) + 1))
            continue;
        *lost = remove_outstanding(p, i);
        return true;
    }
    return false;
}

void probes_optional(struct probes *p)
{
    for (uint8_t i = 0; i < p->outstanding_count; i++)
        p->outstanding[i].state = PROBE_OPTIONAL;
}

void probes_forget(struct probes *p)
{
    p->outstanding_count = 0;
    p->found = 0;
}
