/*
 * Plays a session against a server that says whatever the fuzzer wants, and holds it to what must always be true: it
 * ends at most once, says why, in printable ASCII, and no password leaves without TLS unless that is allowed.
 *
 * The input: one octet of settings (1 and 2: security; 4: plaintext_auth; 8: SMTP without login; 0x10, 0x20, 0x40: the
 * target's own), four of piece lengths less one, then what the server says; "$" stands for the client's tag.
 */
#ifndef EMAILMON_FUZZ_DRIVE_H
#define EMAILMON_FUZZ_DRIVE_H

#include <stddef.h>
#include <stdint.h>

#include "look.h"

enum { DRIVE_HEAD = 5 };

/** drive_leg(input, n, leg): The settings that the input's first octet names, for a leg of kind ${which}. */
void drive_leg(const uint8_t *input, size_t n, enum leg which, struct leg_settings *leg);

/** drive(s, leg, input, n): Play ${s}, check, and free it. */
void drive(struct session *s, const struct leg_settings *leg, const uint8_t *input, size_t n);

/** drive_look(input, n, new): A whole look by ${new}, twice with one drop memory: what it remembers matters, too. */
void drive_look(const uint8_t *input, size_t n, struct session *(*new)(const struct look_task *));

#endif
