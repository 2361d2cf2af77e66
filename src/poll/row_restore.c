/* A row that goes on where it was before a restart. */
#include <stdlib.h>

#include "row_parts.h"

static int64_t interval_ms(const struct row *r)
{
    return (int64_t)definition_number(r->definition, SETTING_interval_s) * 1000;
}

static bool is_trusted(const struct row *r, const struct restored_row *from, const struct moment *now)
{
    int64_t trust_ms = RESTORE_TRUST_INTERVALS * interval_ms(r);
    if (trust_ms < RESTORE_TRUST_S * INT64_C(1000))
        trust_ms = RESTORE_TRUST_S * INT64_C(1000);
    return from->has_status && now->wall_ms - from->status.last_poll <= trust_ms;
}

/* False: memory. */
static bool take_status(struct row *r, const struct restored_row *from)
{
    if (!row_certificates_restore(r, &from->memory))
        return false;
    status_copy(&r->status, &from->status);
    r->history = from->memory.history;
    r->first_poll = from->memory.first_poll;
    r->sampling = from->memory.sampling;
    return true;
}

/* What became of the newest probe may stand with the status alone. */
static void leave_newest_in_line(struct row *r, const struct probe_record *sent)
{
    struct outstanding *newest = probes_newest(&r->probes);
    if (newest == NULL)
        return;
    const struct probe_record record = probes_record(newest);
    if (sent->state != 0 && probe_record_is_of(&record, sent))
        newest->noted = PROBE_SENDING;
}

bool row_restore(struct row *r, const struct restored_row *from, const struct moment *now,
                 const struct journal *journal)
{
    if (!probes_restore(&r->probes, from->probes, from->probe_count, now->mono_ms, now->wall_ms,
                        is_trusted(r, from, now)))
        return false;
    row_count_outstanding(r);
    if (!from->has_status) /* killed in its first poll: what was sent may be there, and nothing else is known */
        return true;
    if (!take_status(r, from))
        return false;
    row_count_outstanding(r);
    leave_newest_in_line(r, &from->memory.sent);
    if (from->memory.path != definition_path(r->definition))
        row_change_path(r, journal);
    if (definition_is_on(r->definition) != (from->status.verdict != VERDICT_DISABLED))
        row_turn(r, now, journal);
    row_journal_probes(r, journal);
    return true;
}

void row_keep_memory(const struct row *r, struct row_memory *memory)
{
    *memory = (struct row_memory){.history = r->history,
                                  .first_poll = r->first_poll,
                                  .path = definition_path(r->definition),
                                  .sampling = r->sampling};
    const struct outstanding *newest = probes_newest(&r->probes);
    if (newest != NULL)
        memory->sent = probes_record(newest);
    row_certificates_keep(r, memory);
}

bool row_keep(const struct row *r, struct restored_row *out)
{
    out->index = r->index;
    out->serial = r->serial;
    out->definition = definition_ref(r->definition);
    out->has_status = true;
    status_init(&out->status);
    status_copy(&out->status, &r->status);
    row_keep_memory(r, &out->memory);
    out->probe_count = (size_t)r->probes.outstanding_count + r->probes.consumed_count;
    out->probes = calloc(out->probe_count + 1, sizeof *out->probes);
    if (out->probes == NULL)
        return false;
    probes_keep(&r->probes, out->probes);
    return true;
}

int64_t row_restored_wait_ms(const struct row *r, int64_t wall_ms)
{
    int64_t wait_ms = r->status.next_poll - wall_ms;
    if (r->status.next_poll == 0 || r->status.last_poll == 0 || wait_ms < 0)
        return -1;
    return wait_ms < interval_ms(r) ? wait_ms : interval_ms(r);
}
