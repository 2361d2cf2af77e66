/*
 * Passwords at rest: AES-256-GCM, with a key that is kept apart from the state, bound to the installation, the row
 * and the setting, so that a sealed password is of no use in another row's place.
 */
#ifndef EMAILMON_SEAL_H
#define EMAILMON_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys.h"

enum { SEAL_NONCE_BYTES = 12, SEAL_TAG_BYTES = 16, SEAL_MORE_BYTES = SEAL_NONCE_BYTES + SEAL_TAG_BYTES };

struct sealer {
    uint8_t key[KEY_BYTES];
    uint8_t instance[INSTANCE_BYTES];
};

/** sealer_init(s, keys): False: no memory.  sealer_wipe(s): forget. */
bool sealer_init(struct sealer *s, const struct keys *keys);
void sealer_wipe(struct sealer *s);

/**
 * seal(s, serial, column, text, n, out): Write ${n} + SEAL_MORE_BYTES octets (nonce, sealed text, tag).  False: no
 * randomness, no memory.
 * unseal(s, serial, column, sealed, n, out): Write ${n} - SEAL_MORE_BYTES octets.  False: sealed with another key, for
 * another row or setting, or changed since; with errno ENOMEM: no memory to tell.  ${out} is wiped.
 */
bool seal(const struct sealer *s, uint64_t serial, unsigned column, const void *text, size_t n, uint8_t *out);
bool unseal(const struct sealer *s, uint64_t serial, unsigned column, const uint8_t *sealed, size_t n, char *out);

#endif
