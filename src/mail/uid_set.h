/*
 * A set of IMAP uids as ranges, in ascending order, that neither touch nor overlap.  Private to src/mail.
 */
#ifndef EMAILMON_UID_SET_H
#define EMAILMON_UID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uid_range {
    uint32_t low, high; /* both inside */
};

struct uid_set {
    struct uid_range *ranges;
    size_t count, size;
};

/**
 * uid_set_add(s, low, high), uid_set_remove(s, low, high): Put a range in, take it out; an empty one (low > high) does
 * nothing.  False: memory; the set is as it was.
 * uid_set_has(s, uid).  uid_set_total(s): how many uids.
 * uid_set_copy(to, from): Replace ${to}.  False: memory; ${to} is as it was.
 * uid_set_clear(s): Empty it and give the memory back; a zeroed set is an empty one.
 */
bool uid_set_add(struct uid_set *s, uint32_t low, uint32_t high);
bool uid_set_remove(struct uid_set *s, uint32_t low, uint32_t high);
bool uid_set_has(const struct uid_set *s, uint32_t uid);
uint64_t uid_set_total(const struct uid_set *s);
bool uid_set_copy(struct uid_set *to, const struct uid_set *from);
void uid_set_clear(struct uid_set *s);

/** uid_set_newest(s, most, out): Make ${out} the highest ${most} uids of ${s}.  False: memory. */
bool uid_set_newest(const struct uid_set *s, uint32_t most, struct uid_set *out);

/**
 * uid_set_write(s, first, dst, size): Write ranges from number ${first} on as an IMAP sequence-set ("1:3,7"), as many
 * as fit ${size} octets with the NUL (at least 22).  Return the number of the first range not written.
 */
size_t uid_set_write(const struct uid_set *s, size_t first, char *dst, size_t size);

#endif
