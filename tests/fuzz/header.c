/* Headers and dates: the same tokens whatever the pieces, and never out of bounds. */
#include "header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void feed(struct header *h, const uint8_t *bytes, size_t n, size_t piece)
{
    header_begin(h);
    for (size_t at = 0; at < n; at += piece) {
        size_t length = n - at < piece ? n - at : piece;
        uint8_t *copy = malloc(length);
        if (copy == NULL)
            abort();
        memcpy(copy, bytes + at, length);
        header_feed(h, copy, length);
        free(copy);
    }
    header_end(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct header whole, pieces;
    int64_t wall_ms;
    if (n == 0)
        return 0;
    feed(&whole, bytes + 1, n - 1, n);
    feed(&pieces, bytes + 1, n - 1, (size_t)bytes[0] + 1);
    if (whole.facts.token_count != pieces.facts.token_count || whole.facts.arrived_ms != pieces.facts.arrived_ms)
        abort();
    for (size_t i = 0; i < whole.facts.token_count; i++)
        if (!token_same(&whole.facts.tokens[i], &pieces.facts.tokens[i]))
            abort();
    (void)header_date((const char *)bytes, n, &wall_ms);
    return 0;
}
