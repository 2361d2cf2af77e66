/*
 * Text: counted immutable texts that threads may share, and the few bounded helpers by which text is copied, checked,
 * escaped and parsed.  All lengths are in octets.
 */
#ifndef EMAILMON_TEXT_H
#define EMAILMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An immutable, counted text.  Any thread may hold and release references. */
struct text;

/**
 * text_new(bytes, n): Return a text with ${n} octets and one reference, or NULL when memory is short or ${n} is 0
 * (NULL *is* the empty text).
 * text_ref(t): Take one more reference; returns ${t}.  text_unref(t): give one back, the last frees.  Both accept NULL.
 * text_bytes(t): the octets, NUL-terminated; "" for NULL.  text_length(t): how many; 0 for NULL.
 * text_equal(a, b): the same octets.
 */
const struct text *text_new(const char *bytes, size_t n);
const struct text *text_ref(const struct text *t);
void text_unref(const struct text *t);
const char *text_bytes(const struct text *t);
size_t text_length(const struct text *t);
bool text_equal(const struct text *a, const struct text *b);

/** text_copy(dst, size, src): Copy with the NUL; false (and dst "") when it does not fit. */
bool text_copy(char *dst, size_t size, const char *src);

/**
 * text_printable(dst, size, bytes, n): Write ${bytes} as printable ASCII: 0x20-0x7E stay, all else becomes \xNN.  Cut
 * to ${size} - 1 octets, never inside an escape.  Return the length written.
 */
size_t text_printable(char *dst, size_t size, const void *bytes, size_t n);

/** text_readable(dst, size, bytes, n): The same, but whole UTF-8 characters stay too;
 * for words that are not a server's. */
size_t text_readable(char *dst, size_t size, const void *bytes, size_t n);

/** text_is_clean(bytes, n): UTF-8 (RFC 3629, no surrogates, no overlong form) without
 * control characters (C0, DEL, C1). */
bool text_is_clean(const char *bytes, size_t n);

/** text_cut(bytes, n, max): Return the greatest length <= ${max} and <= ${n} that does not split a UTF-8 character. */
size_t text_cut(const char *bytes, size_t n, size_t max);

/** number_parse(text, min, max, value): Decimal digits only, no sign, no space; false leaves ${value} alone. */
bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/** duration_parse(text, value_s): Seconds as "90", "90s", "5m", "1h", "7d"; false leaves ${value_s} alone. */
bool duration_parse(const char *text, uint64_t *value_s);

/**
 * time_print_utc(dst, size, wall_ms): "2026-11-24T03:11:55Z"; "never" for 0.
 * wall_now_ms(): milliseconds since 1970 UTC (CLOCK_REALTIME); monotonic_now_ms(): CLOCK_MONOTONIC.
 */
void time_print_utc(char *dst, size_t size, int64_t wall_ms);
int64_t wall_now_ms(void);
uint64_t monotonic_now_ms(void);

#endif
