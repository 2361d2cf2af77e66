/*
 * The scalars of emailMonAgent: a table with one row, of index 0.
 */
#include "agent_parts.h"
#include "oid.h"

#define SCALAR(name_)                                                                                                  \
    static bool name_(const struct mib_column *column, const void *row, int64_t wall_ms, struct cell *out)

/* What a scalar's function does not need of these. */
#define AGENT(row_) (((void)column, (void)wall_ms), (const struct agent *)(row_))

SCALAR(version)
{
    cell_string(out, AGENT(row)->options.version);
    return true;
}

SCALAR(instance)
{
    cell_string(out, AGENT(row)->options.instance);
    return true;
}

SCALAR(rows)
{
    cell_unsigned(out, monitors_count(AGENT(row)->set));
    return true;
}

SCALAR(tally)
{
    const enum verdict *verdict = column->about;
    cell_unsigned(out, monitors_tally(AGENT(row)->set, *verdict));
    return true;
}

SCALAR(in_flight)
{
    cell_unsigned(out, dispatch_process(&AGENT(row)->dispatch).in_flight);
    return true;
}

SCALAR(scheduler_lag)
{
    cell_unsigned(out, dispatch_process(&AGENT(row)->dispatch).scheduler_lag_ms);
    return true;
}

SCALAR(polls_total)
{
    cell_counter64(out, dispatch_process(&AGENT(row)->dispatch).polls_total);
    return true;
}

SCALAR(next_index)
{
    cell_integer(out, monitors_free_index(AGENT(row)->set));
    return true;
}

SCALAR(event_last)
{
    cell_unsigned(out, event_log_last(AGENT(row)->events));
    return true;
}

SCALAR(notifications_pending)
{
    cell_unsigned(out, notes_pending(&AGENT(row)->notes));
    return true;
}

SCALAR(notifications_dropped)
{
    cell_counter(out, AGENT(row)->notes.dropped);
    return true;
}

/* A moment or a text that is a member of struct agent: ${about} is its offset. */
static const void *member(const struct mib_column *column, const struct agent *a)
{
    const size_t *offset = column->about;
    return (const char *)a + *offset;
}

SCALAR(moment)
{
    cell_time(out, *(const int64_t *)member(column, AGENT(row)));
    return true;
}

SCALAR(error)
{
    cell_text(out, *(const struct text *const *)member(column, AGENT(row)));
    return true;
}

SCALAR(alarms)
{
    const struct agent *a = AGENT(row);
    bool state = a->state_alarm || a->state_damaged || keep_is_late(&a->keep);
    cell_bits(out, dispatch_process(&a->dispatch).alarms | (state ? ALARM_STATE : 0) |
                       (a->lacking_secrets > 0 ? ALARM_SECRETS : 0));
    return true;
}

static const void *the_row(const void *agent, uint64_t index, unsigned long *found)
{
    *found = 0;
    return index == 0 ? agent : NULL;
}

struct mib_table scalar_table(const struct agent *a)
{
    static const unsigned long entry[] = {OID_SCALARS};
    static const enum verdict up = VERDICT_UP, down = VERDICT_DOWN, unknown = VERDICT_UNKNOWN,
                              disabled = VERDICT_DISABLED;
    static const size_t started_at = offsetof(struct agent, started_at),
                        changed_at = offsetof(struct agent, table_changed_at),
                        loaded_at = offsetof(struct agent, config_loaded_at),
                        config_error = offsetof(struct agent, config_error),
                        set_error = offsetof(struct agent, set_error);
    static const struct mib_column columns[] = {
        {1, version, NULL},
        {2, instance, NULL},
        {3, moment, &started_at},
        {4, rows, NULL},
        {5, tally, &up},
        {6, tally, &down},
        {7, tally, &unknown},
        {8, tally, &disabled},
        {9, in_flight, NULL},
        {10, scheduler_lag, NULL},
        {11, polls_total, NULL},
        {12, next_index, NULL},
        {13, moment, &changed_at},
        {14, event_last, NULL},
        {15, notifications_pending, NULL},
        {16, moment, &loaded_at},
        {17, error, &config_error},
        {18, error, &set_error},
        {19, alarms, NULL},
        {20, notifications_dropped, NULL},
    };
    return (struct mib_table){"emailMonAgent", entry, OID_COUNT(entry), columns, OID_COUNT(columns), the_row, a};
}
