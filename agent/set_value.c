/* Values of a SET as settings: the right type, and what the setting itself demands. */
#include "set_row.h"

bool set_value_wrong_type(struct mistake *why, enum setting_id id, const char *right)
{
    return mistake_make(why, MISTAKE_TYPE, id, "of another type; %s is right", right);
}

/* Bit i of the MIB is bit i of the mask; octets that are all zero may follow or be left out (RFC 3417 s. 8). */
static bool put_bits(struct draft *d, enum setting_id id, const struct set_variable *v, struct mistake *why)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < v->length; i++) {
        unsigned octet = (unsigned char)v->octets[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            if ((octet & 0x80U >> bit) == 0)
                continue;
            if (i > 0 || (settings[id].max & 1U << bit) == 0)
                return mistake_make(why, MISTAKE_VALUE, id, "bit %zu has no name; one of bits 0 to 3 is right",
                                    8 * i + bit);
            mask |= 1U << bit;
        }
    }
    return draft_put_number(d, id, mask, why);
}

static bool put_word(struct draft *d, enum setting_id id, const struct set_variable *v, struct mistake *why)
{
    if (v->integer < 0)
        return mistake_make(why, MISTAKE_VALUE, id, "%lld is none of its numbers; %u to %u are right",
                            (long long)v->integer, (unsigned)settings[id].min, (unsigned)settings[id].max);
    return draft_put_number(d, id, (uint32_t)v->integer, why);
}

bool set_value_put(struct draft *d, enum setting_id id, const struct set_variable *v, struct mistake *why)
{
    switch (settings[id].kind) {
    case KIND_TEXT:
    case KIND_SECRET:
        return v->type == SET_OCTETS ? draft_put_text(d, id, v->octets, v->length, why)
                                     : set_value_wrong_type(why, id, "an OCTET STRING");
    case KIND_NUMBER:
        return v->type == SET_UNSIGNED ? draft_put_number(d, id, v->number, why)
                                       : set_value_wrong_type(why, id, "Unsigned32");
    case KIND_NOTIFY:
        return v->type == SET_OCTETS ? put_bits(d, id, v, why) : set_value_wrong_type(why, id, "BITS");
    case KIND_TRUTH:
    case KIND_SECURITY:
    case KIND_PROTOCOL:
        break;
    }
    return v->type == SET_INTEGER ? put_word(d, id, v, why) : set_value_wrong_type(why, id, "INTEGER");
}
