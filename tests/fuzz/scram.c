/* What a server says first in SCRAM: taken only when it continues our nonce and keeps the bounds. */
#include <stdlib.h>
#include <string.h>

#include "scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char nonce[] = "r0";
    struct scram_first f = {0};
    struct failure why = failure_none;
    bool taken = scram_read_first((const char *)bytes, n, nonce, sizeof nonce - 1, &f, &why);
    if (taken == failure_is(&why))
        abort();
    if (taken && (n < 5 || memcmp(bytes, "r=r0", 4) != 0 || f.count < SCRAM_COUNT_MIN || f.count > SCRAM_COUNT_MAX ||
                  f.salt_bytes == 0 || f.salt_bytes > SCRAM_SALT_MAX))
        abort();
    failure_clear(&why);
    return 0;
}
