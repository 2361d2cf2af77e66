#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    uint32_t references; /* atomic */
    uint32_t length;
    char bytes[];
};

/* References are counted in what everybody else sees as constant. */
static struct text *counted(const struct text *t)
{
    union {
        const struct text *shown;
        struct text *held;
    } both = {.shown = t};
    return both.held;
}

const struct text *text_new(const char *bytes, size_t n)
{
    if (n == 0 || n >= UINT32_MAX)
        return NULL;
    struct text *t = malloc(sizeof *t + n + 1);
    if (t == NULL)
        return NULL;
    t->references = 1;
    t->length = (uint32_t)n;
    memcpy(t->bytes, bytes, n);
    t->bytes[n] = '\0';
    return t;
}

const struct text *text_ref(const struct text *t)
{
    if (t != NULL)
        __atomic_add_fetch(&counted(t)->references, 1, __ATOMIC_RELAXED);
    return t;
}

void text_unref(const struct text *t)
{
    /* Acquire and release: whoever frees must see all that the other holders did. */
    if (t != NULL && __atomic_sub_fetch(&counted(t)->references, 1, __ATOMIC_ACQ_REL) == 0)
        free(counted(t));
}

const char *text_bytes(const struct text *t)
{
    return t == NULL ? "" : t->bytes;
}

size_t text_length(const struct text *t)
{
    return t == NULL ? 0 : t->length;
}

bool text_equal(const struct text *a, const struct text *b)
{
    return text_length(a) == text_length(b) && memcmp(text_bytes(a), text_bytes(b), text_length(a)) == 0;
}

bool text_copy(char *dst, size_t size, const char *src)
{
    if (size == 0)
        return false;
    size_t n = strlen(src);
    bool fits = n < size;
    if (!fits)
        n = 0;
    memcpy(dst, src, n);
    dst[n] = '\0';
    return fits;
}

/* The length of the UTF-8 character at p (RFC 3629 s. 4), 0 when there is none, and its code point. */
static size_t take_character(const unsigned char *p, size_t n, uint32_t *code)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least; /* smaller ones are overlong forms */
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

    for (size_t extra = 0; extra < sizeof forms / sizeof forms[0] && extra < n; extra++) {
        if ((p[0] & forms[extra].mask) != forms[extra].lead)
            continue;
        uint32_t c = p[0] & (unsigned char)~forms[extra].mask;
        for (size_t i = 1; i <= extra; i++) {
            if ((p[i] & 0xC0) != 0x80)
                return 0;
            c = c << 6 | (p[i] & 0x3F);
        }
        if (c < forms[extra].least || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF)
            return 0;
        *code = c;
        return extra + 1;
    }
    return 0;
}

/* The length of a character that may be shown as it is; 0: none is there, or a control character (C0, DEL, C1). */
static size_t take_shown(const unsigned char *p, size_t n)
{
    uint32_t code;
    size_t length = take_character(p, n, &code);
    if (length == 0 || code < 0x20 || (code >= 0x7F && code < 0xA0))
        return 0;
    return length;
}

static size_t escape(char *dst, size_t size, const unsigned char *p, size_t n, bool ascii)
{
    size_t used = 0;
    if (size == 0)
        return 0;
    for (size_t i = 0; i < n;) {
        char escaped[sizeof "\\xNN"];
        size_t length = take_shown(p + i, n - i);
        bool as_is = length == 1 || (length > 1 && !ascii);
        size_t need = as_is ? length : sizeof escaped - 1;
        if (used + need >= size)
            break;
        if (!as_is)
            (void)snprintf(escaped, sizeof escaped, "\\x%02X", (unsigned)p[i]);
        memcpy(dst + used, as_is ? (const char *)p + i : escaped, need);
        used += need;
        i += as_is ? length : 1;
    }
    dst[used] = '\0';
    return used;
}

size_t text_printable(char *dst, size_t size, const void *bytes, size_t n)
{
    return escape(dst, size, bytes, n, true);
}

size_t text_readable(char *dst, size_t size, const void *bytes, size_t n)
{
    return escape(dst, size, bytes, n, false);
}

bool text_is_clean(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    for (size_t i = 0; i < n;) {
        size_t length = take_shown(p + i, n - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

size_t text_cut(const char *bytes, size_t n, size_t max)
{
    if (n <= max)
        return n;
    size_t cut = max;
    while (cut > 0 && ((unsigned char)bytes[cut] & 0xC0) == 0x80)
        cut--;
    return cut;
}
