/*
 * The inside of a SET, for set.c (phases), set_row.c (the rules of columns and rows) and set_value.c (values).
 */
#ifndef EMAILMON_SET_ROW_H
#define EMAILMON_SET_ROW_H

#include "edit.h"
#include "keep.h"
#include "set.h"

enum set_phase {
    SET_OPEN,
    SET_CHECKED,
    SET_PUBLISHED, /* saved and seen by GET; the worker does not know yet */
    SET_DROPPED,
    SET_DONE
};

/** What a RowStatus asks for (RFC 2579); the first two are states too. */
enum row_order {
    ROW_ORDER_NONE = 0,
    ROW_ORDER_ACTIVE = 1,
    ROW_ORDER_NOT_IN_SERVICE = 2,
    ROW_ORDER_CREATE_AND_GO = 4,
    ROW_ORDER_CREATE_AND_WAIT = 5,
    ROW_ORDER_DESTROY = 6
};

/** A row that the SET names. */
struct set_row {
    int32_t index;
    uint8_t order;       /* enum row_order */
    uint8_t before;      /* enum row_status when the SET came; 0: no such row */
    bool is_file;        /* of the file */
    bool poll;           /* PollNow */
    struct draft *draft; /* the edit's; NULL: nothing of it is to change but for its end */
};

struct set_request {
    struct agent *agent;
    enum set_phase phase;
    struct edit *edit;
    struct draft scratch; /* values are tried on it before anybody asks for their row */
    struct set_row *rows;
    size_t row_count, row_room;
    struct save_batch *save, *undo, *again; /* made ready: a save cannot fail for memory */
    size_t orders, saves;                   /* places reserved in the agent's outboxes */
    bool late;                              /* the save was begun, and nobody knows */
    int64_t table_changed_at;               /* the agent's, before it was published */
};

/** set_value_put(d, id, v, why): The value of a setting, if it has the right type and the setting may have it.
 *  set_value_wrong_type(why, id, right): Always false. */
bool set_value_put(struct draft *d, enum setting_id id, const struct set_variable *v, struct mistake *why);
bool set_value_wrong_type(struct mistake *why, enum setting_id id, const char *right);

/** set_row_open(s, v, n): Note which rows the SET names, and what their RowStatus asks for; false: memory. */
bool set_row_open(struct set_request *s, const struct set_variable *v, size_t n);

/** set_row_take(s, v, why): One variable, by RFC 3416 s. 4.2.5. */
bool set_row_take(struct set_request *s, const struct set_variable *v, struct mistake *why);

/** set_row_finish(s, row, why, column): The row's RowStatus after the SET, once all columns are known; on false
 *  ${column} is the one to blame, or 0: why->setting's. */
bool set_row_finish(struct set_request *s, struct set_row *row, struct mistake *why, unsigned long *column);

/** set_row_blame(v, n, index, column, setting): The place of the variable that a mistake of row
 * ${index} is told of: that of ${column} (of ${setting} when 0), else of a setting that has its part
 * in it, else its RowStatus, else its first. */
size_t set_row_blame(const struct set_variable *v, size_t n, int32_t index, unsigned long column,
                     enum setting_id setting);

/** set_row_object(column): "emailMonName"; "column" when there is none that can be set. */
const char *set_row_object(unsigned long column);

#endif
