/* Numbers and durations as people write them. */
#include <string.h>

#include "text.h"

/* Digits of s[0..n) as a number; false when there is another character, none at all, or too many. */
static bool take_digits(const char *s, size_t n, uint64_t *value)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, 10U, &v) || __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
            return false;
    }
    *value = v;
    return n > 0;
}

bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    uint64_t v;
    if (!take_digits(text, strlen(text), &v) || v < min || v > max)
        return false;
    *value = v;
    return true;
}

bool duration_parse(const char *text, uint64_t *value_s)
{
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

    size_t n = strlen(text);
    uint64_t factor = 1, v;
    for (size_t i = 0; n > 0 && i < sizeof units / sizeof units[0]; i++) {
        if (text[n - 1] == units[i].letter) {
            factor = units[i].seconds;
            n--;
            break;
        }
    }
    if (!take_digits(text, n, &v) || __builtin_mul_overflow(v, factor, &v))
        return false;
    *value_s = v;
    return true;
}
