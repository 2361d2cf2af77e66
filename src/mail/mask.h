/* What must not be shown of a server's words: texts that it may repeat.  Private to src/mail. */
#ifndef EMAILMON_MASK_H
#define EMAILMON_MASK_H

#include <stdbool.h>
#include <stddef.h>

/* The password as written and as prepared, both in base64 too, and the lines of two attempts. */
enum { MASK_TEXTS_MAX = 16 };

struct mask {
    struct {
        char *bytes;
        size_t n;
        bool base64; /* "=" behind it is part of it */
    } texts[MASK_TEXTS_MAX];
    size_t count;
};

/**
 * mask_add(m, bytes, n): Hide ${bytes} from now on.  mask_add_base64(m, text): hide this base64, with or without "=".
 * mask_add_encoded(m, bytes, n): hide the base64 of ${bytes}.  Empty ones hide nothing.  False: no memory, no room.
 * mask_write(m, bytes, n, dst, size): Make ${bytes} printable with what is hidden as ****, cut to ${size} - 1 octets;
 * return the length.  mask_free(m): wipes.
 */
bool mask_add(struct mask *m, const char *bytes, size_t n);
bool mask_add_base64(struct mask *m, const char *text);
bool mask_add_encoded(struct mask *m, const char *bytes, size_t n);
size_t mask_write(const struct mask *m, const char *bytes, size_t n, char *dst, size_t size);
void mask_free(struct mask *m);

#endif
