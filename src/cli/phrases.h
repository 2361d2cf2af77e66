/*
 * What several commands say in the same words and colours.
 */
#ifndef EMAILMON_PHRASES_H
#define EMAILMON_PHRASES_H

#include "definition.h"
#include "status.h"
#include "terminal.h"

/** phrase_colour(verdict): good, bad, in doubt, or dim where nobody looks. */
enum colour phrase_colour(enum verdict verdict);

/** phrase_protocol(leg): "SMTP", "POP3", "IMAP". */
const char *phrase_protocol(const struct leg_settings *leg);

/** phrase_leg(dst, size, d, leg): Which server ${leg} of ${d} goes to: "IMAP: mail.example.com port 993, TLS". */
void phrase_leg(char *dst, size_t size, const struct definition *d, enum leg leg);

/** phrase_no_monitor(dst, size, name, file): The state knows none that is called so. */
void phrase_no_monitor(char *dst, size_t size, const char *name, const char *file);

#endif
