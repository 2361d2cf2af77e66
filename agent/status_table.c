/*
 * emailMonStatusTable, which augments emailMonTable: what emailmon found out.
 */
#include "oid.h"
#include "tables.h"

static void read_word(const struct status *s, const struct status_column *column, int64_t wall_ms, struct cell *out)
{
    cell_integer(out, status_integer(s, column, wall_ms));
}

static void read_gauge(const struct status *s, const struct status_column *column, int64_t wall_ms, struct cell *out)
{
    cell_unsigned(out, (uint64_t)status_integer(s, column, wall_ms));
}

static void read_counter(const struct status *s, const struct status_column *column, int64_t wall_ms, struct cell *out)
{
    cell_counter(out, (uint32_t)status_integer(s, column, wall_ms));
}

static void read_time(const struct status *s, const struct status_column *column, int64_t wall_ms, struct cell *out)
{
    cell_time(out, status_integer(s, column, wall_ms));
}

static void read_text(const struct status *s, const struct status_column *column, int64_t wall_ms, struct cell *out)
{
    (void)wall_ms;
    cell_text(out, status_text(s, column));
}

static bool read_status(const struct mib_column *column, const void *row, int64_t wall_ms, struct cell *out)
{
    static void (*const read[])(const struct status *s, const struct status_column *column, int64_t wall_ms,
                                struct cell *out) = {
        [STATUS_VERDICT] = read_word,    [STATUS_PROOF] = read_word, [STATUS_LEG] = read_word,
        [STATUS_STAGE] = read_word,      [STATUS_CAUSE] = read_word, [STATUS_GAUGE] = read_gauge,
        [STATUS_COUNTER] = read_counter, [STATUS_DAYS] = read_word,  [STATUS_TIME] = read_time,
        [STATUS_AGE] = read_gauge,       [STATUS_TEXT] = read_text,
    };
    const struct status_column *about = column->about;
    read[about->kind](&((const struct monitor *)row)->status, about, wall_ms, out);
    return true;
}

struct mib_table status_table(struct mib_column *columns, const struct monitors *set)
{
    static const unsigned long entry[] = {OID_STATUS, 1};
    for (size_t i = 0; i < status_column_count; i++)
        columns[i] = (struct mib_column){status_columns[i].column, read_status, &status_columns[i]};
    return (struct mib_table){"emailMonStatusTable", entry, OID_COUNT(entry), columns, status_column_count,
                              monitor_from,          set};
}
