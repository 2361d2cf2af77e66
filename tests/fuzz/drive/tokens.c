#include "tokens.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS = 10, OWN = 6, DELETED = 4 };

static struct token_sealer *own, *other;

static bool prepare(void)
{
    static const struct token_key own_key = {.key = "own", .instance = "own"};
    static const struct token_key other_key = {.key = "other", .instance = "other"};
    own = token_sealer_new(&own_key);
    other = token_sealer_new(&other_key);
    return own != NULL && other != NULL;
}

/* Made once; the row's serial is the digit. */
static const struct token *token_of(size_t digit)
{
    static struct token tokens[TOKENS];
    static bool made;
    if (!made && !prepare())
        abort();
    for (size_t i = 0; !made && i < TOKENS; i++) {
        struct token_sealer *sealer = i < OWN ? own : other;
        uint8_t handle[TOKEN_HANDLE_BYTES];
        if (!token_handle(sealer, i, handle) || !token_make(sealer, i, handle, 1700000000 + i, &tokens[i]))
            abort();
    }
    made = true;
    return &tokens[digit];
}

bool tokens_write(char digit, char out[TOKEN_CHARS + 1])
{
    if (digit < '0' || digit > '9')
        return false;
    token_write(token_of((size_t)(digit - '0')), out);
    return true;
}

enum disposal tokens_judge(const struct mail_facts *mail)
{
    for (size_t i = 0; i < mail->token_count; i++) {
        for (size_t row = 0; row < OWN; row++) {
            const struct token *t = &mail->tokens[i];
            if (memcmp(t->handle, token_of(row)->handle, sizeof t->handle) == 0 &&
                token_verify(own, row, t) == TOKEN_TRUE)
                return row < DELETED ? DISPOSAL_DELETE : DISPOSAL_LATER;
        }
    }
    return DISPOSAL_LEAVE;
}
