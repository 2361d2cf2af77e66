/*
 * The tables of EMAIL-MONITOR-MIB, each a walk over the array in src/core that lists its columns once.
 */
#ifndef EMAILMON_TABLES_H
#define EMAILMON_TABLES_H

#include "event_log.h"
#include "mib_table.h"
#include "monitors.h"
#include "setting.h"

/* Columns of emailMonTable that are no settings. */
enum config_column { CONFIG_POLL_NOW = 31, CONFIG_STORAGE_TYPE = 32, CONFIG_ROW_STATUS = 33 };
enum { CONFIG_COLUMNS = SETTING_COUNT + 3, STATUS_COLUMNS_MAX = 64 };

/* Columns of emailMonEventTable that are named elsewhere. */
enum event_column { EVENT_COLUMN_SEQ = 2 };

/** Columns made once, from settings[] and status_columns[]; a table points to them, so this must stay where it is. */
struct tables {
    struct mib_column config_columns[CONFIG_COLUMNS];
    struct mib_column status_columns[STATUS_COLUMNS_MAX];
    struct mib_table config, status, events;
};

/** tables_init(t, set, events): The three tables over ${set} and ${events}, which outlive ${t}. */
void tables_init(struct tables *t, const struct monitors *set, const struct event_log *events);

/** What tables_init() is made of: one table each.  ${columns} has room for CONFIG_COLUMNS, STATUS_COLUMNS_MAX. */
struct mib_table config_table(struct mib_column *columns, const struct monitors *set);
struct mib_table status_table(struct mib_column *columns, const struct monitors *set);
struct mib_table event_table(const struct event_log *events);

/** monitor_from(set, index, found): The rows of config and status table: mib_table's row_from. */
const void *monitor_from(const void *set, uint64_t index, unsigned long *found);

#endif
