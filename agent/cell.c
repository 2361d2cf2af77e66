#include "cell.h"

#include <string.h>
#include <time.h>

void cell_integer(struct cell *c, int64_t value)
{
    c->kind = CELL_INTEGER;
    c->integer = value;
}

void cell_unsigned(struct cell *c, uint64_t value)
{
    c->kind = CELL_UNSIGNED;
    c->number = value < UINT32_MAX ? value : UINT32_MAX;
}

void cell_counter(struct cell *c, uint32_t value)
{
    c->kind = CELL_COUNTER;
    c->number = value;
}

void cell_counter64(struct cell *c, uint64_t value)
{
    c->kind = CELL_COUNTER64;
    c->number = value;
}

static void octets(struct cell *c, const void *bytes, size_t n)
{
    c->kind = CELL_OCTETS;
    c->octets = bytes;
    c->length = n;
}

void cell_string(struct cell *c, const char *text)
{
    octets(c, text, strlen(text));
}

void cell_text(struct cell *c, const struct text *text)
{
    octets(c, text_bytes(text), text_length(text));
}

void cell_time(struct cell *c, int64_t wall_ms)
{
    enum { NEVER_OCTETS = 8 };
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;

    memset(c->room, 0, sizeof c->room);
    if (wall_ms <= 0 || gmtime_r(&seconds, &utc) == NULL) {
        octets(c, c->room, NEVER_OCTETS);
        return;
    }
    int year = utc.tm_year + 1900;
    const int parts[] = {year >> 8,
                         year & 0xff,
                         utc.tm_mon + 1,
                         utc.tm_mday,
                         utc.tm_hour,
                         utc.tm_min,
                         utc.tm_sec,
                         (int)(wall_ms % 1000 / 100),
                         '+',
                         0,
                         0};
    for (size_t i = 0; i < CELL_ROOM; i++)
        c->room[i] = (unsigned char)parts[i];
    octets(c, c->room, CELL_ROOM);
}

void cell_bits(struct cell *c, uint32_t mask)
{
    unsigned octet = 0;
    for (unsigned bit = 0; bit < 8; bit++) {
        if (mask & 1U << bit)
            octet |= 0x80U >> bit;
    }
    c->room[0] = (unsigned char)octet;
    octets(c, c->room, 1);
}
