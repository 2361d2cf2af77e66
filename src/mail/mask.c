#include "mask.h"

#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "text.h"

static const char hidden[] = "****";

static bool add(struct mask *m, const char *bytes, size_t n, bool base64)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->texts[i].n == n && m->texts[i].base64 == base64 && memcmp(m->texts[i].bytes, bytes, n) == 0)
            return true;
    if (n == 0)
        return true;
    char *copy = m->count < MASK_TEXTS_MAX ? malloc(n) : NULL;
    if (copy == NULL)
        return false;
    memcpy(copy, bytes, n);
    m->texts[m->count].bytes = copy;
    m->texts[m->count].n = n;
    m->texts[m->count++].base64 = base64;
    return true;
}

bool mask_add(struct mask *m, const char *bytes, size_t n)
{
    return add(m, bytes, n, false);
}

bool mask_add_base64(struct mask *m, const char *text)
{
    return add(m, text, strcspn(text, "="), true);
}

bool mask_add_encoded(struct mask *m, const char *bytes, size_t n)
{
    size_t size = base64_length(n) + 1;
    char *text = malloc(size);
    if (text == NULL)
        return false;
    bool well = base64_write(bytes, n, text, size) && mask_add_base64(m, text);
    explicit_bzero(text, size);
    free(text);
    return well;
}

/* How many octets at the beginning of ${bytes} are to be hidden: the longest text that stands there. */
static size_t secret_length(const struct mask *m, const char *bytes, size_t n)
{
    size_t longest = 0;
    for (size_t i = 0; i < m->count; i++) {
        size_t length = m->texts[i].n;
        if (length > n || m->texts[i].bytes[0] != bytes[0] || memcmp(m->texts[i].bytes, bytes, length) != 0)
            continue;
        for (unsigned padding = 0; m->texts[i].base64 && padding < 2 && length < n && bytes[length] == '='; padding++)
            length++;
        if (length > longest)
            longest = length;
    }
    return longest;
}

size_t mask_write(const struct mask *m, const char *bytes, size_t n, char *dst, size_t size)
{
    size_t written = 0;
    if (size == 0)
        return 0;
    dst[0] = '\0';
    for (size_t at = 0; at < n;) {
        size_t secret = secret_length(m, bytes + at, n - at);
        const char *shown = secret > 0 ? hidden : bytes + at;
        size_t added = text_printable(dst + written, size - written, shown, secret > 0 ? sizeof hidden - 1 : 1);
        if (added == 0)
            break;
        written += added;
        at += secret > 0 ? secret : 1;
    }
    return written;
}

void mask_free(struct mask *m)
{
    for (size_t i = 0; i < m->count; i++) {
        explicit_bzero(m->texts[i].bytes, m->texts[i].n);
        free(m->texts[i].bytes);
    }
    *m = (struct mask){0};
}
