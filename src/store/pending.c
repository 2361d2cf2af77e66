#include "pending.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_LEAST = 64, ROOM_LEAST = 4 };

/* Room for one more behind ${count}: the array, moved or not; NULL: memory. */
static void *grown(void *array, size_t size, size_t *room, size_t count)
{
    if (count < *room)
        return array;
    size_t wanted = *room == 0 ? ROOM_LEAST : 2 * *room;
    void *more = reallocarray(array, wanted, size);
    if (more != NULL)
        *room = wanted;
    return more;
}

/* --- rows --- */

/* The lower half of a serial is random. */
static size_t slot_of(const struct pending *p, uint64_t serial)
{
    size_t i = (size_t)serial & (p->slot_count - 1);
    while (p->slots[i] != NULL && p->slots[i]->serial != serial)
        i = (i + 1) & (p->slot_count - 1);
    return i;
}

static bool make_slots(struct pending *p)
{
    if (2 * (p->count + 1) <= p->slot_count)
        return true;
    size_t count = p->slot_count == 0 ? SLOTS_LEAST : 2 * p->slot_count;
    struct pending_row **slots = calloc(count, sizeof(struct pending_row *));
    if (slots == NULL)
        return false;
    free(p->slots);
    p->slots = slots;
    p->slot_count = count;
    for (struct pending_row *row = p->first; row != NULL; row = row->next)
        slots[slot_of(p, row->serial)] = row;
    return true;
}

static struct pending_row *row_of(struct pending *p, const struct journal_entry *entry)
{
    if (!make_slots(p))
        return NULL;
    size_t slot = slot_of(p, entry->serial);
    if (p->slots[slot] != NULL)
        return p->slots[slot];
    struct pending_row *row = calloc(1, sizeof *row);
    if (row == NULL)
        return NULL;
    row->index = entry->index;
    row->serial = entry->serial;
    status_init(&row->status);
    if (p->last != NULL)
        p->last->next = row;
    else
        p->first = row;
    p->last = row;
    p->slots[slot] = row;
    p->count++;
    return row;
}

static void forget_probes(struct pending_row *row)
{
    row->forget = true;
    row->probe_count = 0;
}

static bool is_over(const struct probe_record *probe)
{
    return probe->state == PROBE_CONSUMED || probe->state == PROBE_REMOVED || probe->state == PROBE_LOST;
}

/* The state could not be written for long.  What it has of this row is older than all that is here; what is over
 * without the state knowing it is of no use, because those probes are forgotten with all the others there. */
static void forget_old_probes(struct pending_row *row)
{
    size_t kept = 0;
    for (size_t i = 0; i < row->probe_count; i++) {
        if (!is_over(&row->probes[i]))
            row->probes[kept++] = row->probes[i];
    }
    row->probe_count = kept;
    row->forget = true;
}

static bool put_probe(struct pending_row *row, const struct probe_record *probe)
{
    for (size_t i = row->probe_count; i-- > 0;) {
        struct probe_record *known = &row->probes[i];
        if (probe_record_is_of(known, probe)) {
            *known = *probe;
            return true;
        }
    }
    if (row->probe_count >= PENDING_PROBES_MAX)
        forget_old_probes(row);
    struct probe_record *probes = grown(row->probes, sizeof *probes, &row->probe_room, row->probe_count);
    if (probes == NULL)
        return false;
    row->probes = probes;
    row->probes[row->probe_count++] = *probe;
    return true;
}

static void put_status(struct pending_row *row, struct journal_entry *entry)
{
    status_set_text(&row->name, entry->name);
    entry->name = NULL;
    status_clear(&row->status);
    row->status = entry->status;
    status_init(&entry->status);
    row->memory = entry->memory;
    row->has_status = true;
}

static void forget_samples(struct pending_row *row)
{
    row->forget_samples = true;
    row->sample_count = 0;
}

static bool put_sampled(struct pending_row *row, const struct sampled *sampled)
{
    if (sampled->kind == SAMPLED_FORGET)
        forget_samples(row);
    if (sampled->kind != SAMPLED_FULL)
        return true;
    struct sample *samples = grown(row->samples, sizeof *samples, &row->sample_room, row->sample_count);
    if (samples == NULL)
        return false;
    row->samples = samples;
    row->samples[row->sample_count++] = sampled->full;
    row->sample_count = samples_thin(row->samples, row->sample_count);
    return true;
}

static void put_gone(struct pending_row *row)
{
    row->gone = true;
    row->has_status = false;
    forget_probes(row);
    forget_samples(row);
}

static void free_row(struct pending_row *row)
{
    text_unref(row->name);
    status_clear(&row->status);
    free(row->probes);
    free(row->samples);
    free(row);
}

/* --- events --- */

/* Many at once, because those behind them move up. */
static void drop_oldest_events(struct pending *p)
{
    const size_t n = p->event_count / 10;
    for (size_t i = 0; i < n; i++)
        event_clear(&p->events[i]);
    p->event_count -= n;
    memmove(&p->events[0], &p->events[n], p->event_count * sizeof *p->events);
    p->lost_events += n;
}

static bool put_event(struct pending *p, struct event *event)
{
    if (p->event_count >= PENDING_EVENTS_MAX)
        drop_oldest_events(p);
    struct event *events = grown(p->events, sizeof *events, &p->event_room, p->event_count);
    if (events == NULL)
        return false;
    p->events = events;
    p->events[p->event_count++] = *event;
    *event = (struct event){0};
    return true;
}

static bool put_settled(struct pending *p, uint32_t seq)
{
    uint32_t *settled = grown(p->settled, sizeof *settled, &p->settled_room, p->settled_count);
    if (settled == NULL)
        return false;
    p->settled = settled;
    p->settled[p->settled_count++] = seq;
    return true;
}

/* --- both --- */

static bool add_to_row(struct pending *p, struct pending_row *row, struct journal_entry *entry)
{
    switch (entry->kind) {
    case JOURNAL_PROBE:
        return put_probe(row, &entry->probe);
    case JOURNAL_FORGET:
        forget_probes(row);
        return true;
    case JOURNAL_STATUS:
        if (!put_sampled(row, &entry->sampled))
            return false;
        entry->sampled.kind = SAMPLED_NOTHING; /* also when the entry comes again, because memory is short below */
        if (entry->has_event && !put_event(p, &entry->event))
            return false;
        put_status(row, entry);
        return true;
    case JOURNAL_GONE:
        put_gone(row);
        return true;
    case JOURNAL_SETTLED:
        break;
    }
    return true;
}

bool pending_add(struct pending *p, struct journal_entry *entry)
{
    if (entry->kind == JOURNAL_SETTLED)
        return put_settled(p, entry->seq);
    struct pending_row *row = row_of(p, entry);
    if (row == NULL)
        return false;
    if (!row->gone && !add_to_row(p, row, entry))
        return false;
    journal_entry_drop(entry);
    return true;
}

bool pending_is_empty(const struct pending *p)
{
    return p->first == NULL && p->event_count == 0 && p->settled_count == 0;
}

void pending_clear(struct pending *p)
{
    for (struct pending_row *row = p->first, *next; row != NULL; row = next) {
        next = row->next;
        free_row(row);
    }
    for (size_t i = 0; i < p->event_count; i++)
        event_clear(&p->events[i]);
    free(p->slots);
    free(p->events);
    free(p->settled);
    *p = (struct pending){.lost_events = p->lost_events};
}
