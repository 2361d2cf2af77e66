/*
 * Sets of IMAP uids against the simplest one that there is: a bit for each.  The input is steps of three octets: what
 * to do, a low and a high uid.
 */
#include "uid_set.h"

#include <stdlib.h>
#include <string.h>

#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { STEP = 3, UIDS = 256, STEPS_MAX = 200, TEXT_BYTES = 24 };

/* The same uids; ranges in order that neither touch nor overlap. */
static void check(const struct uid_set *s, const bool has[UIDS])
{
    uint64_t total = 0;
    for (uint32_t uid = 0; uid < UIDS; uid++) {
        must(uid_set_has(s, uid) == has[uid]);
        total += has[uid];
    }
    must(uid_set_total(s) == total);
    for (size_t i = 0; i < s->count; i++)
        must(s->ranges[i].low <= s->ranges[i].high && (i == 0 || s->ranges[i].low > s->ranges[i - 1].high + 1));
}

static void check_newest(const struct uid_set *s, const bool has[UIDS], uint32_t most)
{
    struct uid_set newest = {0};
    bool wanted[UIDS] = {false};
    must(uid_set_newest(s, most, &newest));
    for (uint32_t uid = UIDS; uid > 0 && most > 0; uid--) {
        wanted[uid - 1] = has[uid - 1];
        most -= has[uid - 1];
    }
    check(&newest, wanted);
    uid_set_clear(&newest);
}

/* Written in pieces and read again it is the same set. */
static void check_text(const struct uid_set *s, const bool has[UIDS])
{
    struct uid_set again = {0};
    for (size_t next = 0; next < s->count;) {
        char text[TEXT_BYTES];
        size_t first = next;
        next = uid_set_write(s, first, text, sizeof text);
        must(next > first);
        for (char *at = text; *at != '\0'; at += *at == ',') {
            uint32_t low = (uint32_t)strtoul(at, &at, 10), high = *at == ':' ? (uint32_t)strtoul(at + 1, &at, 10) : low;
            must(uid_set_add(&again, low, high));
        }
    }
    check(&again, has);
    uid_set_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct uid_set s = {0}, copy = {0};
    bool has[UIDS] = {false};
    for (size_t i = 0; i + STEP <= n && i < (size_t)STEP * STEPS_MAX; i += STEP) {
        bool adds = (bytes[i] & 1) != 0;
        uint32_t low = bytes[i + 1], high = bytes[i + 2];
        must(adds ? uid_set_add(&s, low, high) : uid_set_remove(&s, low, high));
        for (uint32_t uid = low; uid <= high; uid++)
            has[uid] = adds;
    }
    check(&s, has);
    check_newest(&s, has, n > 0 ? bytes[0] : 0);
    check_text(&s, has);
    must(uid_set_copy(&copy, &s));
    check(&copy, has);
    uid_set_clear(&copy);
    uid_set_clear(&s);
    return 0;
}
