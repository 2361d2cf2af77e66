/*
 * Logging in, by every mechanism, against a server that asks and answers anything.
 *
 * The input is text.  Four octets come first, of which six bits count (as in drive.h):
 *   1  the mechanisms that the server offers, a bit each   2  1: under TLS; 2: plaintext_auth; 4: POP3 or IMAP; 8: the
 *   last login was refused; 16: the memory holds the same offer   3  the mechanism that worked last   4  the password
 * Each line behind is a word of the server's: " " a challenge, to be put in base64; "=" one as it stands; "f", "v" an
 * honest server's of SCRAM; "+" accepted; "-" refused; "!" the mechanism refused; "~" refused for now.
 */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "exchange.h"
#include "must.h"
#include "proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* ASCII; younger than Unicode 3.2; normalised by SASLprep; prohibited by it; empty; longer than a hash's block. */
static const char *const passwords[] = {
    "secret-word",
    "\xF0\x9F\x94\x91 key",
    "\xC2\xAA\xC2\xA0"
    "b",
    "a\xE2\x80\x8E"
    "b",
    "",
    "a long password that is longer than the block of any hash, which is 64 octets"};

struct play {
    struct leg_settings leg;
    struct login_memory memory;
    struct login *login;
    struct proof proof;
    unsigned offered, attempts;
    bool secured, proved; /* the last words of a server that knows the password were said */
    enum mechanism mechanism;
};

static void check_line(struct play *p, const char *line)
{
    char octets[SASL_LINE_MAX], shown[SASL_LINE_MAX];
    size_t n = strlen(line), length = 0;
    must(n <= SASL_LINE_MAX);
    must(base64_read(line, strcmp(line, "=") == 0 ? 0 : n, octets, sizeof octets, &length));
    proof_hear(&p->proof, octets, length);
    length = login_mask(p->login, line, n, shown, sizeof shown);
    must(n < 2 || strcmp(shown, "****") == 0);
}

static bool pick(struct play *p)
{
    char line[SASL_LINE_MAX + 1];
    struct failure why = failure_none;
    p->mechanism = login_pick(p->login, p->offered, p->secured, &why);
    must((p->mechanism == MECHANISM_NONE) == failure_is(&why));
    failure_clear(&why);
    if (p->mechanism == MECHANISM_NONE)
        return false;
    must((p->offered & mechanism_bit(p->mechanism)) != 0 && ++p->attempts <= 2);
    must(p->secured || p->leg.plaintext_auth || mechanism_is_challenge(p->mechanism));
    p->proof = (struct proof){.sha256 = p->mechanism == MECHANISM_SCRAM_SHA_256};
    p->proved = false;
    if (login_first(p->login, line))
        check_line(p, line);
    return true;
}

static bool answer(struct play *p, const char *challenge, size_t n)
{
    char line[SASL_LINE_MAX + 1];
    struct failure why = failure_none;
    bool well = login_answer(p->login, challenge, n, line, &why);
    must(well != failure_is(&why));
    must(well || why.stage == STAGE_AUTH);
    if (well)
        check_line(p, line);
    failure_clear(&why);
    return well;
}

static bool challenge(struct play *p, const char *octets, size_t n)
{
    char line[2048];
    return base64_write(octets, n, line, sizeof line) && answer(p, line, strlen(line));
}

static bool prove(struct play *p)
{
    char final[PROOF_MESSAGE_MAX];
    struct response prepared = {0};
    struct failure why = failure_none;
    struct exchange x;
    /* SASLprep is the client's own: what it makes of the password is what a server holds. */
    if (!exchange_begin(&x, MECHANISM_PLAIN, "user", p->leg.password, NULL, &why))
        abort();
    prepared = x.password;
    proof_final(&p->proof, prepared.bytes, final);
    exchange_end(&x);
    p->proved = challenge(p, final, strlen(final));
    return p->proved;
}

static bool accept(struct play *p)
{
    struct failure why = failure_none;
    bool well = login_accepted(p->login, &why);
    must(well != failure_is(&why));
    must(!well || p->proved || !mechanism_proves_server(p->mechanism));
    must(!well || (p->memory.worked == p->mechanism && p->memory.offered == p->offered && !p->memory.refused));
    failure_clear(&why);
    return false;
}

static bool refuse(struct play *p, enum cause cause, bool mechanism_itself)
{
    const struct failure why = failure_make(LEG_SMTP, STAGE_AUTH, cause, 535);
    bool again = login_refused(p->login, &why, mechanism_itself);
    must(!again || cause != CAUSE_TEMPORARY);
    return again && pick(p);
}

/* One word of the server's; false: it was the last. */
static bool hear(struct play *p, const char *line, size_t n)
{
    const char *first;
    switch (n > 0 ? line[0] : '\0') {
    case ' ':
        return challenge(p, line + 1, n - 1);
    case '=':
        return answer(p, line + 1, n - 1);
    case 'f':
        first = proof_first(&p->proof);
        return challenge(p, first, strlen(first));
    case 'v':
        return prove(p);
    case '+':
        return accept(p);
    case '-':
        return refuse(p, CAUSE_BAD_CREDENTIALS, false);
    case '!':
        return refuse(p, CAUSE_PERMANENT, true);
    case '~':
        return refuse(p, CAUSE_TEMPORARY, false);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    enum { HEAD = 4 };
    static struct sasl_cache *cache;
    if (n < HEAD)
        return 0;
    if (cache == NULL)
        cache = sasl_cache_new();
    struct play p = {.offered = bytes[0] & 0x1F, .secured = (bytes[1] & 1) != 0};
    p.leg = (struct leg_settings){.leg = (bytes[1] & 4) != 0 ? LEG_INCOMING : LEG_SMTP,
                                  .auth = true,
                                  .username = "user",
                                  .password = passwords[(bytes[3] & 0x3F) % (sizeof passwords / sizeof passwords[0])],
                                  .plaintext_auth = (bytes[1] & 2) != 0};
    p.memory = (struct login_memory){.worked = (bytes[2] & 0x3F) % (MECHANISM_COUNT + 1),
                                     .refused = (bytes[1] & 8) != 0,
                                     .offered = (bytes[1] & 16) != 0 ? p.offered : 0};
    p.login = login_begin(&p.leg, &p.memory, cache);
    must(p.login != NULL);
    const char *at = (const char *)bytes + HEAD, *end = (const char *)bytes + n;
    for (bool more = pick(&p); more && at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop != NULL ? stop : end) - at);
        more = hear(&p, at, length);
        at = stop != NULL ? stop + 1 : end;
    }
    login_free(p.login);
    return 0;
}
