#include "status.h"

#include <string.h>

const struct status_column status_columns[] = {
#define STATUS(member_, object_, column_, kind_, text_)                                                                \
    {.object = object_,                                                                                                \
     .member = #member_,                                                                                               \
     .column = column_,                                                                                                \
     .kind = STATUS_##kind_,                                                                                           \
     .offset = offsetof(struct status, member_),                                                                       \
     .text = text_},
#include "status.def"
};

const size_t status_column_count = sizeof status_columns / sizeof status_columns[0];

static const uint32_t age_never = UINT32_MAX; /* served for a moment that never was */

static const struct text **text_slot(struct status *s, const struct status_column *column)
{
    return (const struct text **)(void *)((char *)s + column->offset);
}

void status_init(struct status *s)
{
    *s = (struct status){
        .verdict = VERDICT_UNKNOWN,
        .proof = PROOF_NONE,
        .failure_leg = LEG_NONE,
        .failure_stage = STAGE_NONE,
        .failure_cause = CAUSE_NONE,
        .smtp_stage = STAGE_NONE,
        .smtp_cause = CAUSE_NONE,
        .in_stage = STAGE_NONE,
        .in_cause = CAUSE_NONE,
        .smtp_cert_days = CERT_DAYS_NONE,
        .in_cert_days = CERT_DAYS_NONE,
    };
}

void status_clear(struct status *s)
{
    for (size_t i = 0; i < status_column_count; i++) {
        if (status_columns[i].kind == STATUS_TEXT)
            text_unref(*text_slot(s, &status_columns[i]));
    }
    status_init(s);
}

void status_copy(struct status *to, const struct status *from)
{
    if (to == from)
        return;
    status_clear(to);
    *to = *from;
    for (size_t i = 0; i < status_column_count; i++) {
        if (status_columns[i].kind == STATUS_TEXT)
            (void)text_ref(*text_slot(to, &status_columns[i]));
    }
}

void status_set_text(const struct text **slot, const struct text *text)
{
    const struct text *before = *slot;
    *slot = text;
    text_unref(before);
}

static int64_t age_s(int64_t moment_ms, int64_t wall_ms)
{
    if (moment_ms == 0)
        return age_never;
    int64_t age = (wall_ms - moment_ms) / 1000;
    if (age < 0)
        return 0;
    return age < age_never ? age : age_never - 1;
}

int64_t status_integer(const struct status *s, const struct status_column *column, int64_t wall_ms)
{
    const char *member = (const char *)s + column->offset;
    uint32_t number;
    int32_t days;
    int64_t time_ms;

    switch (column->kind) {
    case STATUS_VERDICT:
    case STATUS_PROOF:
    case STATUS_LEG:
    case STATUS_STAGE:
    case STATUS_CAUSE:
        return *(const uint8_t *)member;
    case STATUS_GAUGE:
    case STATUS_COUNTER:
        memcpy(&number, member, sizeof number);
        return number;
    case STATUS_DAYS:
        memcpy(&days, member, sizeof days);
        return days;
    case STATUS_TIME:
    case STATUS_AGE:
        memcpy(&time_ms, member, sizeof time_ms);
        return column->kind == STATUS_TIME ? time_ms : age_s(time_ms, wall_ms);
    case STATUS_TEXT:
        break;
    }
    return 0;
}

const struct text *status_text(const struct status *s, const struct status_column *column)
{
    const struct text *text = NULL;
    if (column->kind == STATUS_TEXT)
        memcpy(&text, (const char *)s + column->offset, sizeof text);
    return text;
}

int64_t status_moment(const struct status *s, const struct status_column *column)
{
    int64_t time_ms;
    memcpy(&time_ms, (const char *)s + column->offset, sizeof time_ms);
    return time_ms;
}

/* The numbers that an integer column can have. */
static void bounds(enum status_kind kind, int64_t *min, int64_t *max)
{
    *min = 0;
    *max = INT64_MAX;
    switch (kind) {
    case STATUS_VERDICT:
        *min = VERDICT_UP;
        *max = VERDICT_DISABLED;
        break;
    case STATUS_PROOF:
        *min = PROOF_NONE;
        *max = PROOF_ROUND_TRIP;
        break;
    case STATUS_LEG:
        *min = LEG_NONE;
        *max = LEG_LOCAL;
        break;
    case STATUS_STAGE:
        *min = STAGE_NONE;
        *max = STAGE_END - 1;
        break;
    case STATUS_CAUSE:
        *min = CAUSE_NONE;
        *max = CAUSE_END - 1;
        break;
    case STATUS_GAUGE:
    case STATUS_COUNTER:
        *max = UINT32_MAX;
        break;
    case STATUS_DAYS:
        *min = INT32_MIN;
        *max = INT32_MAX;
        break;
    case STATUS_TIME:
    case STATUS_AGE:
        break;
    case STATUS_TEXT:
        *max = -1;
        break;
    }
}

bool status_put_integer(struct status *s, const struct status_column *column, int64_t value)
{
    char *member = (char *)s + column->offset;
    int64_t min, max;
    bounds(column->kind, &min, &max);
    if (value < min || value > max)
        return false;
    if (max <= UINT8_MAX) {
        *(uint8_t *)member = (uint8_t)value;
    } else if (max <= UINT32_MAX) {
        uint32_t number = (uint32_t)value; /* DAYS too: the same bits */
        memcpy(member, &number, sizeof number);
    } else {
        memcpy(member, &value, sizeof value);
    }
    return true;
}

void status_put_text(struct status *s, const struct status_column *column, const struct text *text)
{
    status_set_text(text_slot(s, column), text);
}

const char *verdict_word(enum verdict v)
{
    static const char *const words[] = {
        [VERDICT_UP] = "up", [VERDICT_DOWN] = "down", [VERDICT_UNKNOWN] = "unknown", [VERDICT_DISABLED] = "disabled"};
    return v >= VERDICT_UP && v <= VERDICT_DISABLED ? words[v] : "?";
}

const char *proof_word(enum proof p)
{
    static const char *const words[] = {
        [PROOF_NONE] = "none", [PROOF_SEND_ONLY] = "sendOnly", [PROOF_ROUND_TRIP] = "roundTrip"};
    return p >= PROOF_NONE && p <= PROOF_ROUND_TRIP ? words[p] : "?";
}
