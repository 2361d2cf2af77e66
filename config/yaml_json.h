/*
 * The one thing in which JSON is no YAML and that is met in the field: characters beyond U+FFFF as two escapes
 * (RFC 8259 s. 7), which is how many programs write all that is not ASCII.
 */
#ifndef EMAILMON_YAML_JSON_H
#define EMAILMON_YAML_JSON_H

#include <stdbool.h>
#include <stddef.h>

/** json_has_pairs(bytes, n): Whether the text begins as JSON does and has such a pair in it.
 *  json_join_pairs(bytes, n): Make each YAML's own escape and a NUL, "\U0001F4E7\0": as long
 *  as the pair, so that all places stay. */
bool json_has_pairs(const char *bytes, size_t n);
void json_join_pairs(char *bytes, size_t n);

/** json_drop_nuls(text, n): Take the NULs behind such characters out of a scalar; returns the new length. */
size_t json_drop_nuls(char *text, size_t n);

#endif
