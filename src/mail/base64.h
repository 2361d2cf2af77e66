/* Base64 of RFC 4648 s. 4, strict: no white space, right padding, unused bits zero.  Private to src/mail. */
#ifndef EMAILMON_BASE64_H
#define EMAILMON_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/** base64_length(n): How many characters ${n} octets make, without the NUL. */
size_t base64_length(size_t n);

/** base64_write(bytes, n, out, size): Encode, with a NUL; false when it does not fit in ${size} octets. */
bool base64_write(const void *bytes, size_t n, char *out, size_t size);

/** base64_read(text, n, out, size, length): Decode ${n} characters; false when they are no base64 or the octets do not
 *  fit in ${size}.  None make none. */
bool base64_read(const char *text, size_t n, void *out, size_t size, size_t *length);

#endif
