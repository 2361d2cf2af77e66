/*
 * The token of a probe: handle(8) | time(5) | nonce(8) | mac(16) in lower-case base32, 60 characters
 * after "em1.".  The MAC (HMAC-SHA-256, cut to 16 octets) proves that this installation wrote it for
 * this very row; all else in a mail proves nothing.
 */
#ifndef EMAILMON_TOKEN_H
#define EMAILMON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_CHARS = 60, TOKEN_HANDLE_BYTES = 8, TOKEN_NONCE_BYTES = 8, TOKEN_MAC_BYTES = 16, TOKEN_SHORT_CHARS = 20 };

/** What tokens are sealed with: the installation's id and a key derived from its master key. */
struct token_key {
    uint8_t key[32];
    uint8_t instance[16];
};

struct token {
    uint8_t handle[TOKEN_HANDLE_BYTES]; /* names the row, to those who have the key */
    uint8_t nonce[TOKEN_NONCE_BYTES];
    uint8_t mac[TOKEN_MAC_BYTES];
    uint64_t time_s; /* since 1970; 40 bits */
};

/** A key made ready to seal with: five times as fast as beginning with the key each time.  One thread.
 *  token_sealer_new(key): ${key} is copied; NULL: no memory.  token_sealer_free(s): wipes it; NULL is none. */
struct token_sealer;
struct token_sealer *token_sealer_new(const struct token_key *key);
void token_sealer_free(struct token_sealer *s);

/** token_handle(s, serial, handle): The handle of a row: the first 8 octets of HMAC(key, "handle" | serial). */
bool token_handle(struct token_sealer *s, uint64_t serial, uint8_t handle[TOKEN_HANDLE_BYTES]);

/** token_make(s, serial, handle, time_s, t): A fresh token with a random nonce, of the row with this handle.  False: no
 *  randomness, no memory. */
bool token_make(struct token_sealer *s, uint64_t serial, const uint8_t handle[TOKEN_HANDLE_BYTES], uint64_t time_s,
                struct token *t);

/** token_verify(s, serial, t): Whether ${t} was made with the key of ${s} for the row ${serial}.  Constant time in the
 *  MAC.  UNTOLD: there was no memory to tell; that proves nothing. */
enum token_proof { TOKEN_FALSE, TOKEN_TRUE, TOKEN_UNTOLD };
enum token_proof token_verify(struct token_sealer *s, uint64_t serial, const struct token *t);

/** token_write(t, out): 60 characters and a NUL.  token_read(bytes, n, t): the reverse, from exactly 60 characters,
 *  upper case accepted, unused bits zero; false otherwise. */
void token_write(const struct token *t, char out[TOKEN_CHARS + 1]);
bool token_read(const char *bytes, size_t n, struct token *t);

/** token_same(a, b): every octet equal. */
bool token_same(const struct token *a, const struct token *b);

#endif
