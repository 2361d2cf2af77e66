/* The rules of columns and rows. */
#include "set_row.h"

#include <stdlib.h>
#include <string.h>

#include "agent_parts.h"
#include "tables.h"

/* --- rows --- */

static struct set_row *find_row(struct set_request *s, unsigned long index)
{
    for (size_t i = s->row_count; i > 0; i--) { /* mostly the one that was named last */
        if ((unsigned long)s->rows[i - 1].index == index)
            return &s->rows[i - 1];
    }
    return NULL;
}

static bool add_row(struct set_request *s, int32_t index)
{
    if (s->row_count == s->row_room) {
        size_t room = s->row_room == 0 ? 4 : 2 * s->row_room;
        struct set_row *rows = reallocarray(s->rows, room, sizeof *rows);
        if (rows == NULL)
            return false;
        s->rows = rows;
        s->row_room = room;
    }
    const struct monitor *there = monitors_find(s->agent->set, index);
    s->rows[s->row_count++] =
        (struct set_row){.index = index,
                         .before = there == NULL ? 0 : there->definition->row_status,
                         .is_file = there != NULL && there->definition->storage == STORAGE_READ_ONLY};
    return true;
}

static bool is_index(const struct set_variable *v)
{
    return v->is_instance && v->index >= 1 && v->index <= INT32_MAX;
}

static bool is_order(const struct set_variable *v)
{
    return v->type == SET_INTEGER && v->integer >= ROW_ORDER_ACTIVE && v->integer <= ROW_ORDER_DESTROY &&
           v->integer != ROW_NOT_READY;
}

bool set_row_open(struct set_request *s, const struct set_variable *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_index(&v[i]))
            continue;
        if (find_row(s, v[i].index) == NULL && !add_row(s, (int32_t)v[i].index))
            return false;
        if (v[i].column == CONFIG_ROW_STATUS && is_order(&v[i]))
            find_row(s, v[i].index)->order = (uint8_t)v[i].integer;
    }
    return true;
}

static bool is_created(const struct set_row *row)
{
    return row->before == 0 && (row->order == ROW_ORDER_CREATE_AND_GO || row->order == ROW_ORDER_CREATE_AND_WAIT);
}

/* --- the columns that are no settings --- */

/* The row's draft, made when a column of it is to change. */
static bool open_draft(struct set_request *s, struct set_row *row, struct mistake *why)
{
    if (row->draft != NULL || row->order == ROW_ORDER_DESTROY)
        return true;
    row->draft = edit_draft(s->edit, row->index, row->before == 0);
    if (row->draft == NULL)
        return mistake_make(why, MISTAKE_RESOURCES, SETTING_COUNT, "out of memory");
    if (row->before == 0)
        row->draft->storage = STORAGE_NON_VOLATILE;
    return true;
}

enum { POLL_NOW_IDLE = 1, POLL_NOW_POLL = 2 };

static bool is_poll_now(const struct set_variable *v)
{
    return v->integer == POLL_NOW_IDLE || v->integer == POLL_NOW_POLL;
}

static bool is_storage(const struct set_variable *v)
{
    return v->integer == STORAGE_VOLATILE || v->integer == STORAGE_NON_VOLATILE;
}

static bool take_poll_now(struct set_request *s, struct set_row *row, const struct set_variable *v, struct mistake *why)
{
    (void)s;
    (void)why;
    row->poll = v->integer == POLL_NOW_POLL;
    return true;
}

static bool take_storage(struct set_request *s, struct set_row *row, const struct set_variable *v, struct mistake *why)
{
    if (!open_draft(s, row, why))
        return false;
    row->draft->storage = (enum storage)v->integer;
    return true;
}

/* RFC 2579, RowStatus: what may follow on what. */
static bool take_row_status(struct set_request *s, struct set_row *row, const struct set_variable *v,
                            struct mistake *why)
{
    bool creates = v->integer == ROW_ORDER_CREATE_AND_GO || v->integer == ROW_ORDER_CREATE_AND_WAIT;
    if (v->integer == ROW_ORDER_DESTROY)
        return true;
    if (creates == (row->before == 0))
        return open_draft(s, row, why);
    return mistake_make(why, MISTAKE_INCONSISTENT, SETTING_COUNT,
                        creates ? "there is such a row; an index that no row has is right (emailMonNextIndex)"
                                : "there is no such row; createAndGo or createAndWait is right");
}

struct plain_column {
    enum config_column number;
    const char *object;
    bool (*is_right)(const struct set_variable *v);
    const char *right;
    bool (*take)(struct set_request *s, struct set_row *row, const struct set_variable *v, struct mistake *why);
};

static const struct plain_column plain_columns[] = {
    {CONFIG_POLL_NOW, "emailMonPollNow", is_poll_now, "idle(1) or poll(2)", take_poll_now},
    {CONFIG_STORAGE_TYPE, "emailMonStorageType", is_storage, "volatile(2) or nonVolatile(3)", take_storage},
    {CONFIG_ROW_STATUS, "emailMonRowStatus", is_order,
     "active(1), notInService(2), createAndGo(4), createAndWait(5) or destroy(6)", take_row_status},
};

static const struct plain_column *plain_column(unsigned long column)
{
    for (size_t i = 0; i < sizeof plain_columns / sizeof plain_columns[0]; i++) {
        if (plain_columns[i].number == column)
            return &plain_columns[i];
    }
    return NULL;
}

const char *set_row_object(unsigned long column)
{
    const struct plain_column *plain = plain_column(column);
    const struct setting *setting = column > UINT16_MAX ? NULL : setting_by_column((unsigned)column);
    return plain != NULL ? plain->object : setting != NULL ? setting->object : "column";
}

/* --- one variable --- */

static bool check_value(struct set_request *s, const struct plain_column *plain, const struct setting *setting,
                        const struct set_variable *v, struct mistake *why)
{
    if (setting != NULL)
        return set_value_put(&s->scratch, setting_id(setting), v, why);
    if (v->type != SET_INTEGER)
        return set_value_wrong_type(why, SETTING_COUNT, "INTEGER");
    if (plain->is_right(v))
        return true;
    return mistake_make(why, MISTAKE_VALUE, SETTING_COUNT, "%lld cannot be set; %s is right", (long long)v->integer,
                        plain->right);
}

/* Whether this column of this row may be set at all now. */
static bool may_be_set(const struct set_row *row, unsigned long column, struct mistake *why)
{
    bool is_status = column == CONFIG_ROW_STATUS;
    if (row->before == 0 && !is_status && !is_created(row))
        return mistake_make(why, MISTAKE_ABSENT, SETTING_COUNT,
                            "there is no such row; emailMonRowStatus createAndGo or createAndWait makes one");
    if (row->is_file && column != CONFIG_POLL_NOW && column != settings[SETTING_enabled].column)
        return mistake_make(why, MISTAKE_NOT_WRITABLE, SETTING_COUNT,
                            "the row is the configuration file's; only emailMonAdminStatus and emailMonPollNow can be "
                            "set");
    if (row->order == ROW_ORDER_DESTROY && !is_status)
        return mistake_make(why, MISTAKE_INCONSISTENT, SETTING_COUNT, "the same request destroys the row");
    return true;
}

static bool apply(struct set_request *s, struct set_row *row, const struct plain_column *plain,
                  const struct setting *setting, const struct set_variable *v, struct mistake *why)
{
    if (plain != NULL)
        return plain->take(s, row, v, why);
    if (!open_draft(s, row, why))
        return false;
    if (row->is_file)
        return draft_override(row->draft, (uint32_t)v->integer, why);
    return set_value_put(row->draft, setting_id(setting), v, why);
}

bool set_row_take(struct set_request *s, const struct set_variable *v, struct mistake *why)
{
    const struct plain_column *plain = plain_column(v->column);
    const struct setting *setting = v->column > UINT16_MAX ? NULL : setting_by_column((unsigned)v->column);
    if (plain == NULL && setting == NULL)
        return mistake_make(why, MISTAKE_NOT_WRITABLE, SETTING_COUNT, "emailMonTable has no such column to set");
    if (!check_value(s, plain, setting, v, why))
        return false;
    if (!is_index(v))
        return mistake_make(why, MISTAKE_NEVER, SETTING_COUNT, "an index from 1 to 2147483647 is right");
    struct set_row *row = find_row(s, v->index);
    return may_be_set(row, v->column, why) && apply(s, row, plain, setting, v, why);
}

/* --- a whole row --- */

static void keep_first(void *owner, const struct mistake *m)
{
    struct mistake *first = owner;
    if (first->kind == MISTAKE_NONE)
        *first = *m;
}

/* A row that was once whole stays notInService, whatever becomes of its columns: it is not half-made. */
static bool finish_status(struct set_row *row, struct mistake *why)
{
    struct mistake first = {.kind = MISTAKE_NONE};
    struct draft *d = row->draft;
    if (row->order == ROW_ORDER_ACTIVE || row->order == ROW_ORDER_CREATE_AND_GO ||
        (row->order == ROW_ORDER_NONE && row->before == ROW_ACTIVE)) {
        d->row_status = ROW_ACTIVE;
        return true; /* edit_check() looks whether it is whole */
    }
    bool may_lack = row->before == ROW_ACTIVE || row->before == ROW_NOT_IN_SERVICE;
    bool is_whole = may_lack || draft_check(d, keep_first, &first) == 0;
    d->row_status = is_whole ? ROW_NOT_IN_SERVICE : ROW_NOT_READY;
    if (is_whole || row->order != ROW_ORDER_NOT_IN_SERVICE)
        return true;
    *why = first;
    return false;
}

static bool will_be_on(const struct set_request *s, const struct set_row *row)
{
    if (row->draft != NULL)
        return row->draft->row_status == ROW_ACTIVE && row->draft->number[SETTING_enabled] == TRUTH_TRUE;
    const struct monitor *there = monitors_find(s->agent->set, row->index);
    return there != NULL && definition_is_on(there->definition);
}

bool set_row_finish(struct set_request *s, struct set_row *row, struct mistake *why, unsigned long *column)
{
    *column = 0;
    if (row->order == ROW_ORDER_DESTROY)
        return edit_remove(s->edit, row->index) || mistake_make(why, MISTAKE_RESOURCES, SETTING_COUNT, "out of memory");
    if (row->draft != NULL && !finish_status(row, why))
        return false;
    if (!row->poll || will_be_on(s, row))
        return true;
    *column = CONFIG_POLL_NOW;
    return mistake_make(why, MISTAKE_INCONSISTENT, SETTING_COUNT,
                        "the row is not polled; one that is active and enabled is right");
}

/* --- whom to blame --- */

/* A rule about two settings names the first; the other may be the one that was set. */
static const struct {
    enum setting_id of, has_part;
} partners[] = {
    {SETTING_smtp_server, SETTING_device},
    {SETTING_in_server, SETTING_device},
    {SETTING_smtp_auth, SETTING_smtp_username},
};

static size_t place_of(const struct set_variable *v, size_t n, int32_t index, unsigned long column)
{
    for (size_t i = n; i > 0; i--) { /* of two the last counts */
        if (v[i - 1].index == (unsigned long)index && v[i - 1].column == column)
            return i - 1;
    }
    return n;
}

size_t set_row_blame(const struct set_variable *v, size_t n, int32_t index, unsigned long column,
                     enum setting_id setting)
{
    if (column == 0 && setting < SETTING_COUNT)
        column = settings[setting].column;
    size_t place = place_of(v, n, index, column);
    for (size_t i = 0; place == n && i < sizeof partners / sizeof partners[0]; i++) {
        if (partners[i].of == setting)
            place = place_of(v, n, index, settings[partners[i].has_part].column);
    }
    if (place == n)
        place = place_of(v, n, index, CONFIG_ROW_STATUS);
    for (size_t i = 0; place == n && i < n; i++) {
        if (v[i].index == (unsigned long)index)
            place = i;
    }
    return place < n ? place : 0;
}
