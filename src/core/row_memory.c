#include "row_memory.h"

#include <string.h>

const struct memory_column memory_columns[] = {
#define MEMORY(name_, member_, kind_, min_, max_)                                                                      \
    {.name = #name_,                                                                                                   \
     .kind = MEMORY_##kind_,                                                                                           \
     .min = (min_),                                                                                                    \
     .max = (max_),                                                                                                    \
     .offset = offsetof(struct row_memory, member_),                                                                   \
     .bytes = sizeof((struct row_memory *)NULL)->member_},
#include "row_memory.def"
};

const size_t memory_column_count = sizeof memory_columns / sizeof memory_columns[0];

void history_init(struct history *h)
{
    *h = (struct history){.verdict = VERDICT_UNKNOWN, .proof = PROOF_NONE};
}

void row_memory_init(struct row_memory *m)
{
    *m = (struct row_memory){.first_poll = true};
    history_init(&m->history);
}

int64_t row_memory_integer(const struct row_memory *m, const struct memory_column *column)
{
    const char *member = (const char *)m + column->offset;
    uint32_t word;
    int64_t moment;
    switch (column->kind) {
    case MEMORY_BYTE:
        return *(const uint8_t *)member;
    case MEMORY_WORD:
        memcpy(&word, member, sizeof word);
        return word;
    case MEMORY_MOMENT:
        memcpy(&moment, member, sizeof moment);
        return moment;
    case MEMORY_BYTES:
    case MEMORY_SAMPLE:
        break;
    }
    return 0;
}

bool row_memory_put_integer(struct row_memory *m, const struct memory_column *column, int64_t value)
{
    char *member = (char *)m + column->offset;
    const uint32_t word = (uint32_t)value;
    if (column->kind == MEMORY_BYTES || column->kind == MEMORY_SAMPLE || value < column->min || value > column->max)
        return false;
    if (column->kind == MEMORY_BYTE)
        *(uint8_t *)member = (uint8_t)value;
    else if (column->kind == MEMORY_WORD)
        memcpy(member, &word, sizeof word);
    else
        memcpy(member, &value, sizeof value);
    return true;
}

const void *row_memory_bytes(const struct row_memory *m, const struct memory_column *column)
{
    return (const char *)m + column->offset;
}

bool row_memory_put_bytes(struct row_memory *m, const struct memory_column *column, const void *bytes, size_t n)
{
    if (column->kind != MEMORY_BYTES || n != column->bytes)
        return false;
    memcpy((char *)m + column->offset, bytes, n);
    return true;
}

const struct sample *row_memory_sample(const struct row_memory *m, const struct memory_column *column)
{
    return column->kind == MEMORY_SAMPLE ? row_memory_bytes(m, column) : NULL;
}

bool row_memory_put_sample(struct row_memory *m, const struct memory_column *column, const struct sample *sample)
{
    if (column->kind != MEMORY_SAMPLE)
        return false;
    memcpy((char *)m + column->offset, sample, sizeof *sample);
    return true;
}
