#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "exchange.h"
#include "mask.h"

/* Accounts are locked after some wrong passwords: no more than this in one session. */
enum { ATTEMPTS_MAX = 2 };

struct login {
    const struct leg_settings *leg;
    struct login_memory *memory; /* never NULL */
    struct sasl_cache *cache;
    struct login_memory own; /* when the caller has none */
    bool once;               /* the last poll's login was refused, by a server that offered the same */
    unsigned offered;
    bool secured;
    unsigned tried; /* mechanisms, as bits */
    unsigned attempts;
    bool may_try; /* login_pick() may pick (again) */
    bool prefer_plain;
    struct exchange exchange; /* of the picked mechanism; zeroed: none picked */
    enum mechanism picked;
    char *first; /* base64 of the client's first words; NULL: the server begins */
    struct failure refusal;
    struct mask mask;
};

/* --- its life --- */

static bool hide(struct login *l, const char *bytes, size_t n)
{
    return mask_add(&l->mask, bytes, n) && mask_add_encoded(&l->mask, bytes, n);
}

struct login *login_begin(const struct leg_settings *leg, struct login_memory *memory, struct sasl_cache *cache)
{
    struct login *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->leg = leg;
    l->cache = cache;
    l->own.worked = MECHANISM_NONE;
    l->memory = memory != NULL ? memory : &l->own;
    l->may_try = true;
    l->picked = MECHANISM_NONE;
    l->refusal = failure_none;
    if (!hide(l, leg->password, strlen(leg->password))) {
        login_free(l);
        return NULL;
    }
    return l;
}

static void drop_attempt(struct login *l)
{
    exchange_end(&l->exchange);
    if (l->first != NULL)
        explicit_bzero(l->first, strlen(l->first));
    free(l->first);
    l->first = NULL;
    l->picked = MECHANISM_NONE;
}

void login_free(struct login *l)
{
    if (l == NULL)
        return;
    drop_attempt(l);
    failure_clear(&l->refusal);
    mask_free(&l->mask);
    free(l);
}

/* --- which mechanism --- */

static bool is_permitted(const struct login *l, enum mechanism m)
{
    return mechanism_is_challenge(m) || l->secured || l->leg->plaintext_auth;
}

static bool is_usable(const struct login *l, enum mechanism m)
{
    return (l->offered & mechanism_bit(m)) != 0 && (l->tried & mechanism_bit(m)) == 0 && is_permitted(l, m) &&
           mechanism_is_available(m);
}

/* The strongest usable one from ${from} on. */
static enum mechanism strongest(const struct login *l, enum mechanism from)
{
    for (unsigned m = from; m < MECHANISM_COUNT; m++)
        if (is_usable(l, (enum mechanism)m))
            return (enum mechanism)m;
    return MECHANISM_NONE;
}

/* What worked last time comes first while the server's list is the same.  After a refused proof the password itself,
 * where it may be shown: servers offer SCRAM and CRAM-MD5 also for accounts of which they hold only a crypt hash. */
static enum mechanism choose(const struct login *l)
{
    enum mechanism worked = (enum mechanism)l->memory->worked;
    if (l->attempts == 0 && l->memory->offered == l->offered && worked < MECHANISM_NONE && is_usable(l, worked))
        return worked;
    enum mechanism plain = l->prefer_plain ? strongest(l, MECHANISM_PLAIN) : MECHANISM_NONE;
    return plain != MECHANISM_NONE ? plain : strongest(l, MECHANISM_SCRAM_SHA_256);
}

/* None is left.  A second round ends as the first did. */
static enum mechanism none(struct login *l, struct failure *why)
{
    bool forbidden = false;
    for (unsigned m = 0; m < MECHANISM_COUNT; m++)
        forbidden =
            forbidden || ((l->offered & mechanism_bit((enum mechanism)m)) != 0 && !is_permitted(l, (enum mechanism)m));
    failure_clear(why);
    if (failure_is(&l->refusal)) {
        *why = failure_copy(&l->refusal);
        return MECHANISM_NONE;
    }
    *why = failure_make(l->leg->leg, STAGE_AUTH, forbidden ? CAUSE_PLAINTEXT_REFUSED : CAUSE_UNSUPPORTED, 0);
    const char *group = l->leg->leg == LEG_SMTP ? "smtp" : "incoming";
    if (forbidden)
        failure_detail(why,
                       "without TLS the server takes only the password itself: use %s.security, or allow it by "
                       "%s.plaintext_auth",
                       group, group);
    else if (l->offered == 0)
        failure_detail(why, "the server offers no login");
    else
        failure_detail(why, "the server offers no login that is left to try");
    return MECHANISM_NONE;
}

/* Failures of an exchange come without the leg. */
static void complete_failure(const struct login *l, struct failure *why)
{
    if (why->leg == LEG_NONE)
        why->leg = l->leg->leg;
}

static bool encode(struct login *l, const struct response *answer, char line[SASL_LINE_MAX + 1], struct failure *why)
{
    if (!base64_write(answer->bytes, answer->n, line, SASL_LINE_MAX + 1))
        return exchange_fail(why, CAUSE_MALFORMED, "the challenge asks for too long an answer");
    return mask_add_base64(&l->mask, line) || exchange_fail(why, CAUSE_RESOURCES, NULL);
}

static bool make_first(struct login *l)
{
    const struct response *first = &l->exchange.first;
    if (first->bytes == NULL)
        return true;
    size_t size = base64_length(first->n) + sizeof "=";
    l->first = malloc(size);
    if (l->first == NULL || size > SASL_LINE_MAX || !base64_write(first->bytes, first->n, l->first, size))
        return false;
    if (first->n == 0)
        memcpy(l->first, "=", sizeof "=");
    return mask_add_base64(&l->mask, l->first);
}

enum mechanism login_pick(struct login *l, unsigned offered, bool secured, struct failure *why)
{
    drop_attempt(l);
    l->offered = offered;
    l->secured = secured;
    if (l->attempts == 0)
        l->once = l->memory->refused && l->memory->offered == offered;
    enum mechanism m = l->may_try ? choose(l) : MECHANISM_NONE;
    if (m == MECHANISM_NONE)
        return none(l, why);
    if (!exchange_begin(&l->exchange, m, l->leg->username, l->leg->password, l->cache, why)) {
        complete_failure(l, why);
        return MECHANISM_NONE;
    }
    if (!hide(l, l->exchange.password.bytes, l->exchange.password.n) || !make_first(l)) {
        drop_attempt(l);
        (void)exchange_fail(why, CAUSE_RESOURCES, NULL);
        return MECHANISM_NONE;
    }
    l->picked = m;
    return m;
}

/* --- the exchange --- */

bool login_first(struct login *l, char line[SASL_LINE_MAX + 1])
{
    line[0] = '\0';
    return l->first != NULL && text_copy(line, SASL_LINE_MAX + 1, l->first);
}

bool login_answer(struct login *l, const char *challenge, size_t n, char line[SASL_LINE_MAX + 1], struct failure *why)
{
    struct response answer = {0};
    size_t size = n / 4 * 3 + 1, length;
    char *octets = malloc(size);
    line[0] = '\0';
    bool well = false;
    if (octets == NULL)
        (void)exchange_fail(why, CAUSE_RESOURCES, NULL);
    else if (n > SASL_LINE_MAX || !base64_read(challenge, n, octets, size, &length))
        (void)exchange_fail(why, CAUSE_MALFORMED, "the challenge is no base64");
    else if (exchange_answer(&l->exchange, octets, length, &answer, why))
        well = encode(l, &answer, line, why);
    if (!well)
        complete_failure(l, why);
    if (octets != NULL)
        explicit_bzero(octets, size);
    free(octets);
    response_free(&answer);
    return well;
}

void login_wipe_line(char line[SASL_LINE_MAX + 1])
{
    explicit_bzero(line, strlen(line)); /* what is behind it was never written */
}

/* --- how it ended --- */

/* With which mechanism the next poll begins, which has one attempt only: no refusal may keep the
 * right one out for ever.  Password and proof take turns; where no password may be shown, one
 * proof after the other.  NONE: the strongest. */
static enum mechanism next_time(const struct login *l)
{
    if (!mechanism_is_challenge(l->picked))
        return l->attempts == 1 ? MECHANISM_NONE : l->picked;
    enum mechanism plain = strongest(l, MECHANISM_PLAIN);
    return plain != MECHANISM_NONE ? plain : strongest(l, (enum mechanism)(l->picked + 1));
}

/* A server that is busy says nothing about the password, and the password no more to it. */
static bool is_for_now(const struct failure *why)
{
    return why->cause == CAUSE_IN_USE || why->cause == CAUSE_TEMPORARY;
}

bool login_refused(struct login *l, const struct failure *why, bool mechanism_itself)
{
    bool challenge = mechanism_is_challenge(l->picked);
    if (is_for_now(why)) {
        failure_clear(&l->refusal);
        l->refusal = failure_copy(why);
        return l->may_try = false;
    }
    l->attempts++;
    l->tried |= mechanism_bit(l->picked);
    failure_clear(&l->refusal);
    l->refusal = failure_copy(why);
    l->prefer_plain = challenge && !mechanism_itself;
    l->may_try = l->attempts < ATTEMPTS_MAX && (mechanism_itself || (challenge && !l->once)) &&
                 strongest(l, MECHANISM_SCRAM_SHA_256) != MECHANISM_NONE;
    if (!mechanism_itself) {
        l->memory->refused = true;
        l->memory->offered = l->offered;
        l->memory->worked = (uint8_t)next_time(l);
    }
    return l->may_try;
}

bool login_accepted(struct login *l, struct failure *why)
{
    if (mechanism_proves_server(l->picked) && !l->exchange.proved) {
        (void)exchange_fail(why, CAUSE_BAD_SERVER_PROOF, "SCRAM: accepted without a server signature");
        complete_failure(l, why);
        return false;
    }
    if (l->picked == MECHANISM_NONE || !l->exchange.complete) {
        (void)exchange_fail(why, CAUSE_MALFORMED, "accepted before the login was complete");
        complete_failure(l, why);
        return false;
    }
    *l->memory = (struct login_memory){.worked = (uint8_t)l->picked, .offered = l->offered};
    return true;
}

size_t login_mask(const struct login *l, const void *bytes, size_t n, char *dst, size_t size)
{
    return mask_write(&l->mask, bytes, n, dst, size);
}
