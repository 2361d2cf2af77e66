#include "tables.h"

void tables_init(struct tables *t, const struct monitors *set, const struct event_log *events)
{
    t->config = config_table(t->config_columns, set);
    t->status = status_table(t->status_columns, set);
    t->events = event_table(events);
}

const void *monitor_from(const void *set, uint64_t index, unsigned long *found)
{
    if (index > INT32_MAX)
        return NULL;
    const struct monitor *row = monitors_at(set, monitors_lower(set, (int64_t)index));
    if (row != NULL)
        *found = (unsigned long)row->index;
    return row;
}
