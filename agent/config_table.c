/*
 * emailMonTable: what administrators wrote.  One column a setting, and the three that are no settings.
 */
#include "oid.h"
#include "tables.h"

enum { POLL_NOW_IDLE = 1 };

static void read_number(const struct definition *d, enum setting_id id, struct cell *out)
{
    cell_unsigned(out, definition_number(d, id));
}

static void read_word(const struct definition *d, enum setting_id id, struct cell *out)
{
    cell_integer(out, definition_number(d, id));
}

static void read_bits(const struct definition *d, enum setting_id id, struct cell *out)
{
    cell_bits(out, definition_number(d, id));
}

static void read_text(const struct definition *d, enum setting_id id, struct cell *out)
{
    cell_string(out, definition_text(d, id));
}

static void read_secret(const struct definition *d, enum setting_id id, struct cell *out)
{
    (void)d;
    (void)id;
    cell_string(out, "");
}

static bool is_required(const struct setting *s)
{
    return setting_is_text(s) && s->default_text == NULL;
}

static bool read_setting(const struct mib_column *column, const void *row, int64_t wall_ms, struct cell *out)
{
    static void (*const read[])(const struct definition *d, enum setting_id id, struct cell *out) = {
        [KIND_NUMBER] = read_number, [KIND_TEXT] = read_text,     [KIND_SECRET] = read_secret, [KIND_TRUTH] = read_word,
        [KIND_SECURITY] = read_word, [KIND_PROTOCOL] = read_word, [KIND_NOTIFY] = read_bits,
    };
    const struct setting *s = column->about;
    const struct definition *d = ((const struct monitor *)row)->definition;
    (void)wall_ms;
    if (is_required(s) && !definition_has(d, setting_id(s)))
        return false;
    read[s->kind](d, setting_id(s), out);
    return true;
}

/* PollNow is a button: reading it says nothing. */
static bool read_poll_now(const struct mib_column *column, const void *row, int64_t wall_ms, struct cell *out)
{
    (void)column;
    (void)row;
    (void)wall_ms;
    cell_integer(out, POLL_NOW_IDLE);
    return true;
}

static bool read_storage_type(const struct mib_column *column, const void *row, int64_t wall_ms, struct cell *out)
{
    (void)column;
    (void)wall_ms;
    cell_integer(out, ((const struct monitor *)row)->definition->storage);
    return true;
}

static bool read_row_status(const struct mib_column *column, const void *row, int64_t wall_ms, struct cell *out)
{
    (void)column;
    (void)wall_ms;
    cell_integer(out, ((const struct monitor *)row)->definition->row_status);
    return true;
}

struct mib_table config_table(struct mib_column *columns, const struct monitors *set)
{
    static const unsigned long entry[] = {OID_CONFIG, 1};
    size_t n = 0;
    for (; n < SETTING_COUNT; n++)
        columns[n] = (struct mib_column){settings[n].column, read_setting, &settings[n]};
    columns[n++] = (struct mib_column){CONFIG_POLL_NOW, read_poll_now, NULL};
    columns[n++] = (struct mib_column){CONFIG_STORAGE_TYPE, read_storage_type, NULL};
    columns[n++] = (struct mib_column){CONFIG_ROW_STATUS, read_row_status, NULL};
    return (struct mib_table){"emailMonTable", entry, OID_COUNT(entry), columns, n, monitor_from, set};
}
