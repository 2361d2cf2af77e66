/*
 * What every text passes through: escapes, UTF-8, base64, masks, numbers, the shapes of hosts and addresses.  The first
 * octet is a size, the second an octet that is a secret.
 */
#include <string.h>

#include "base64.h"
#include "mask.h"
#include "must.h"
#include "syntax.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { HEAD = 2, ROOM = 4096 };

static bool is_printable(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7E)
            return false;
    return true;
}

/* Printable ASCII that fits, as much of it as fits, no escape cut; what is clean already stays as it is. */
static void check_escapes(const char *bytes, size_t n, size_t size)
{
    char *shown = malloc(size + 1), whole[ROOM];
    must(shown != NULL);
    memset(shown, 'x', size + 1);
    size_t all = text_printable(whole, sizeof whole, bytes, n), length = text_printable(shown, size, bytes, n);
    must(size == 0 ? length == 0 : length < size && shown[length] == '\0');
    must(shown[size] == 'x' && memcmp(shown, whole, length) == 0);
    must(length == all || length + strlen("\\xNN") >= size);
    must(is_printable(whole, all));
    length = text_readable(whole, sizeof whole, bytes, n);
    must(text_is_clean(whole, length));
    must(!text_is_clean(bytes, n) || (length == n && memcmp(whole, bytes, n) == 0));
    length = text_cut(bytes, n, size);
    must(length <= n && length <= size && (!text_is_clean(bytes, n) || text_is_clean(bytes, length)));
    free(shown);
}

/* What is read is written again as it was, and there is no room for more. */
static void check_base64(const char *bytes, size_t n)
{
    char octets[ROOM], again[ROOM];
    size_t length;
    if (base64_read(bytes, n, octets, sizeof octets, &length)) {
        must(base64_write(octets, length, again, sizeof again) && strlen(again) == n && memcmp(again, bytes, n) == 0);
        must(length == 0 || !base64_read(bytes, n, octets, length - 1, &length));
    }
    must(base64_write(bytes, n, again, base64_length(n) + 1) && !base64_write(bytes, n, octets, base64_length(n)));
    must(base64_read(again, strlen(again), octets, sizeof octets, &length) && length == n);
    must(memcmp(octets, bytes, n) == 0);
}

/* A secret is not to be seen in what is shown; but stars, or the digits of an escape, may make one by chance. */
static void check_mask(const char *bytes, size_t n, const char *secret, size_t secret_bytes)
{
    enum { LONG_ENOUGH = 6 };
    struct mask m = {0};
    char shown[ROOM];
    must(mask_add(&m, secret, secret_bytes) && mask_add_encoded(&m, secret, secret_bytes));
    size_t length = mask_write(&m, bytes, n, shown, sizeof shown);
    must(length < sizeof shown && strlen(shown) == length && is_printable(shown, length));
    bool by_chance = secret_bytes < LONG_ENOUGH || memchr(secret, '*', secret_bytes) != NULL || !is_printable(bytes, n);
    must(by_chance || memmem(shown, length, secret, secret_bytes) == NULL);
    mask_free(&m);
}

/* Whatever has one of the shapes can stand in a line of a protocol. */
static void check_shapes(const char *bytes, size_t n)
{
    bool shaped = syntax_is_host(bytes, n) || syntax_is_address(bytes, n);
    must(!shaped || (n > 0 && text_is_clean(bytes, n)));
    must(!syntax_is_name(bytes, n) || !syntax_is_ipv4(bytes, n));
    if (syntax_is_host(bytes, n)) {
        const char *bare = bytes;
        size_t length = n;
        syntax_bare_host(&bare, &length);
        must(length > 0 && bare >= bytes && bare + length <= bytes + n && syntax_is_host(bare, length));
    }
}

static void check_numbers(const char *text)
{
    uint64_t value = 0, seconds = 0;
    if (number_parse(text, 5, 1000000, &value))
        must(value >= 5 && value <= 1000000 && duration_parse(text, &seconds) && seconds == value);
    else
        must(value == 0);
    (void)duration_parse(text, &seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < HEAD || n > ROOM / 4)
        return 0;
    char *text = strndup((const char *)bytes + HEAD, n - HEAD), *exact = malloc(n - HEAD);
    must(text != NULL && exact != NULL);
    memcpy(exact, bytes + HEAD, n - HEAD);
    n -= HEAD;
    size_t at = bytes[1] < n ? bytes[1] : n;
    check_escapes(exact, n, bytes[0]);
    check_base64(exact, n);
    check_mask(exact, at, exact + at, n - at);
    check_shapes(exact, n);
    check_numbers(text);
    free(exact);
    free(text);
    return 0;
}
