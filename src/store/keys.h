/*
 * The key file: who this installation is (a random id) and one random master key, made once, 0600.  Everything else
 * that is sealed or proven is so with a key derived from the master under a label.
 */
#ifndef EMAILMON_KEYS_H
#define EMAILMON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_BYTES = 32, INSTANCE_BYTES = 16, INSTANCE_TEXT_MAX = 37 };

struct keys {
    uint8_t instance[INSTANCE_BYTES]; /* an UUID, RFC 4122 version 4 */
    uint8_t master[KEY_BYTES];
};

/**
 * keys_load(path, make, keys, why, size): Read the key file; when it is not there and ${make}, make it (complete or
 * not at all: temporary file, fsync, rename, fsync of the folder).  Refused: a file that group or others may read or
 * write, that is not whole, that is owned by somebody else.  False: one line in ${why} that names the path, the
 * cause and the mend.
 */
bool keys_load(const char *path, bool make, struct keys *keys, char *why, size_t size);

/** keys_random(keys): A key pair for one call, kept nowhere.  False: no randomness. */
bool keys_random(struct keys *keys);

/** keys_derive(keys, label, out): HMAC-SHA-256(master, label).  False: no memory.  Labels: "probe", "test", "seal". */
bool keys_derive(const struct keys *keys, const char *label, uint8_t out[KEY_BYTES]);

/** keys_instance_text(keys, out): "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx". */
void keys_instance_text(const struct keys *keys, char out[INSTANCE_TEXT_MAX]);

/** keys_wipe(keys): Forget. */
void keys_wipe(struct keys *keys);

#endif
