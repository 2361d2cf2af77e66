#include "yaml_json.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ESCAPE_BYTES = 6, PAIR_BYTES = 2 * ESCAPE_BYTES, WIDE_BYTES = 4 }; /* \uXXXX; two; a character in UTF-8 */

/* \uXXXX as a number; -1: it is none. */
static int32_t escape_of(const char *s)
{
    int32_t value = 0;
    if (s[0] != '\\' || s[1] != 'u')
        return -1;
    for (size_t i = 2; i < ESCAPE_BYTES; i++) {
        if (!isxdigit((unsigned char)s[i]))
            return -1;
        value = value * 16 + (isdigit((unsigned char)s[i]) ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10);
    }
    return value;
}

/* The character that the two escapes at ${s} stand for; 0: they are none. */
static uint32_t pair_of(const char *s)
{
    int32_t high = escape_of(s), low = escape_of(s + ESCAPE_BYTES);
    if (high < 0xD800 || high > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return 0;
    return 0x10000 + (((uint32_t)high - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
}

/* The next pair at or behind ${at}; ${n}: there is none.  A backslash takes the character behind it with it. */
static size_t next_pair(const char *bytes, size_t n, size_t at)
{
    while (at < n) {
        const char *slash = memchr(bytes + at, '\\', n - at);
        if (slash == NULL)
            break;
        at = (size_t)(slash - bytes);
        if (n - at < PAIR_BYTES)
            break;
        if (pair_of(bytes + at) != 0)
            return at;
        at += 2;
    }
    return n;
}

bool json_has_pairs(const char *bytes, size_t n)
{
    size_t blank = 0;
    while (blank < n && strchr(" \t\r\n", bytes[blank]) != NULL && bytes[blank] != '\0')
        blank++;
    return blank < n && bytes[blank] == '{' && next_pair(bytes, n, blank) < n;
}

void json_join_pairs(char *bytes, size_t n)
{
    for (size_t at = next_pair(bytes, n, 0); at < n; at = next_pair(bytes, n, at + PAIR_BYTES)) {
        char joined[PAIR_BYTES + 1];
        (void)snprintf(joined, sizeof joined, "\\U%08X\\0", (unsigned)pair_of(bytes + at));
        memcpy(bytes + at, joined, PAIR_BYTES);
    }
}

size_t json_drop_nuls(char *text, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        bool behind_wide = used >= WIDE_BYTES && ((unsigned char)text[used - WIDE_BYTES] & 0xF8) == 0xF0;
        if (text[i] != '\0' || !behind_wide)
            text[used++] = text[i];
    }
    return used;
}
