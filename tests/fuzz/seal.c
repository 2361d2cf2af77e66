/*
 * Sealed passwords: any octets are refused; a sealed text opens as it was, and with any octet changed, or in another
 * place, it does not.  The first three octets: which octet changes, to what, and how many of the text are hidden from
 * it.
 */
#include "seal.h"

#include <stdlib.h>
#include <string.h>

#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { HEAD = 3, SERIAL = 7, COLUMN = 25, TEXT_MAX = 255 };

/* From a buffer of its very size, into one. */
static bool opens(const struct sealer *s, uint64_t serial, unsigned column, const uint8_t *sealed, size_t n,
                  const uint8_t *text)
{
    size_t text_bytes = n > SEAL_MORE_BYTES ? n - SEAL_MORE_BYTES : 0;
    uint8_t *from = malloc(n);
    char *to = malloc(text_bytes);
    must(from != NULL && to != NULL);
    memcpy(from, sealed, n);
    bool ok = unseal(s, serial, column, from, n, to);
    must(!ok || memcmp(to, text, text_bytes) == 0);
    for (size_t i = 0; i < text_bytes && !ok && n >= SEAL_MORE_BYTES; i++)
        must(to[i] == '\0');
    free(from);
    free(to);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct keys keys = {.instance = "instance", .master = "master"};
    static struct sealer sealer;
    uint8_t sealed[TEXT_MAX + SEAL_MORE_BYTES];
    if (n < HEAD || n > HEAD + TEXT_MAX || (sealer.key[0] == 0 && !sealer_init(&sealer, &keys)))
        return 0;
    const uint8_t *text = bytes + HEAD;
    n -= HEAD;
    must(!opens(&sealer, SERIAL, COLUMN, text, n, text));
    must(seal(&sealer, SERIAL, COLUMN, text, n, sealed));
    n += SEAL_MORE_BYTES;
    must(opens(&sealer, SERIAL, COLUMN, sealed, n, text));
    must(!opens(&sealer, SERIAL + 1, COLUMN, sealed, n, text) && !opens(&sealer, SERIAL, COLUMN + 1, sealed, n, text));
    must(bytes[2] == 0 || bytes[2] > n || !opens(&sealer, SERIAL, COLUMN, sealed, n - bytes[2], text));
    sealed[bytes[0] % n] ^= bytes[1];
    must(opens(&sealer, SERIAL, COLUMN, sealed, n, text) == (bytes[1] == 0));
    return 0;
}
