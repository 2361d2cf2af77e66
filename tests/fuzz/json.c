/*
 * Pairs of escapes in JSON: joining them keeps every place, leaves none, and comes to the character that the pair
 * stands for.
 */
#include "yaml_json.h"

#include <stdint.h>
#include <string.h>

#include "config_parts.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Nothing changes but what pairs are written with, and no line end comes or goes. */
static void check_joined(const char *before, const char *after, size_t n)
{
    static const char pair[] = "\\u0123456789abcdefABCDEF";
    for (size_t i = 0; i < n; i++) {
        must(before[i] == after[i] || memchr(pair, before[i], sizeof pair - 1) != NULL);
        must(after[i] != '\n' || before[i] == '\n');
    }
}

static void check_nuls(const char *text, size_t n)
{
    char *copy = malloc(n);
    must(copy != NULL);
    memcpy(copy, text, n);
    size_t left = json_drop_nuls(copy, n);
    must(left <= n && (memchr(text, '\0', n) != NULL || (left == n && memcmp(copy, text, n) == 0)));
    free(copy);
}

/* The reader joins them before libyaml sees the text. */
static void check_reads(const char *text, size_t n)
{
    struct complaints complaints = {0};
    struct config *c = config_parse(text, n, &complaints);
    must((c == NULL) == complaints_any(&complaints));
    complaints_end(&complaints);
    config_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *text = (const char *)bytes;
    char *joined = malloc(n);
    must(joined != NULL);
    memcpy(joined, text, n);
    json_join_pairs(joined, n);
    check_joined(text, joined, n);
    must(!json_has_pairs(joined, n));
    check_nuls(text, n);
    if (json_has_pairs(text, n))
        check_reads(text, n);
    free(joined);
    return 0;
}
