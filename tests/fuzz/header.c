/*
 * Headers, tokens and dates: the same facts whatever the pieces, and never out of bounds.  The first octet is the
 * length of the pieces less one; "%0" to "%9" stand for tokens (tokens.h).
 */
#include "header.h"

#include <stdlib.h>
#include <string.h>

#include "must.h"
#include "tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MAIL_MAX = 16384 };

static size_t expand(const uint8_t *bytes, size_t n, char mail[MAIL_MAX])
{
    size_t used = 0;
    for (size_t i = 0; i < n && used + TOKEN_CHARS + 1 < MAIL_MAX; i++) {
        if (bytes[i] == '%' && i + 1 < n && tokens_write((char)bytes[i + 1], mail + used)) {
            used += TOKEN_CHARS;
            i++;
        } else {
            mail[used++] = (char)bytes[i];
        }
    }
    return used;
}

/* From buffers of their very size, so that reading past one is seen. */
static void feed(struct header *h, const char *mail, size_t n, size_t piece)
{
    header_begin(h);
    for (size_t at = 0; at < n; at += piece) {
        size_t length = n - at < piece ? n - at : piece;
        char *copy = malloc(length);
        must(copy != NULL);
        memcpy(copy, mail + at, length);
        header_feed(h, copy, length);
        free(copy);
    }
    header_end(h);
}

static void check_token(const struct token *t)
{
    char text[TOKEN_CHARS + 1];
    struct token again;
    token_write(t, text);
    must(token_read(text, TOKEN_CHARS, &again) && token_same(t, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct header whole, pieces;
    static char mail[MAIL_MAX];
    int64_t wall_ms;
    if (n == 0)
        return 0;
    size_t length = expand(bytes + 1, n - 1, mail);
    feed(&whole, mail, length, length);
    feed(&pieces, mail, length, (size_t)bytes[0] + 1);
    must(whole.facts.token_count == pieces.facts.token_count && whole.facts.token_count <= LOOK_TOKENS_MAX);
    must(whole.facts.arrived_ms == pieces.facts.arrived_ms);
    for (size_t i = 0; i < whole.facts.token_count; i++) {
        must(token_same(&whole.facts.tokens[i], &pieces.facts.tokens[i]));
        check_token(&whole.facts.tokens[i]);
    }
    (void)tokens_judge(&whole.facts);
    (void)header_date((const char *)bytes, n, &wall_ms);
    return 0;
}
