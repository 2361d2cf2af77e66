#include "sasl.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange.h"
#include "gsasl_step.h"
#include "scram.h"

/* --- small things --- */

bool response_set(struct response *r, const void *bytes, size_t n)
{
    response_free(r);
    r->bytes = malloc(n + 1);
    if (r->bytes == NULL)
        return false;
    memcpy(r->bytes, bytes, n);
    r->bytes[n] = '\0';
    r->n = n;
    return true;
}

void response_free(struct response *r)
{
    if (r->bytes != NULL)
        explicit_bzero(r->bytes, r->n);
    free(r->bytes);
    *r = (struct response){0};
}

bool exchange_fail(struct failure *why, enum cause cause, const char *detail)
{
    failure_clear(why);
    *why = cause == CAUSE_RESOURCES ? failure_make(LEG_LOCAL, STAGE_LOCAL, cause, 0)
                                    : failure_make(LEG_NONE, STAGE_AUTH, cause, 0);
    if (detail != NULL)
        failure_detail(why, "%s", detail);
    return false;
}

/* --- PLAIN and LOGIN --- */

static bool server_begins(struct exchange *x, struct failure *why)
{
    (void)x, (void)why;
    return true;
}

/* PLAIN (RFC 4616): an empty identity to act as, user name, password, a NUL between. */
static bool plain_begin(struct exchange *x, struct failure *why)
{
    struct response user = {0};
    if (!gsasl_prepare(x->username, &user, why))
        return false;
    size_t n = 1 + user.n + 1 + x->password.n;
    char *message = malloc(n + 1);
    if (message == NULL) {
        response_free(&user);
        return exchange_fail(why, CAUSE_RESOURCES, NULL);
    }
    message[0] = '\0';
    memcpy(message + 1, user.bytes, user.n + 1);
    memcpy(message + 1 + user.n + 1, x->password.bytes, x->password.n + 1);
    x->first = (struct response){message, n};
    x->complete = true;
    response_free(&user);
    return true;
}

static bool plain_answer(struct exchange *x, const char *challenge, size_t n, struct response *answer,
                         struct failure *why)
{
    (void)x, (void)challenge, (void)n, (void)answer;
    return exchange_fail(why, CAUSE_MALFORMED, "one challenge too many");
}

/* LOGIN has no RFC, and its prompts come in many spellings: the first is answered by the user name, the second by the
 * password, whatever they say. */
static bool login_answers(struct exchange *x, const char *challenge, size_t n, struct response *answer,
                          struct failure *why)
{
    (void)challenge, (void)n;
    if (x->challenges > 1)
        return exchange_fail(why, CAUSE_MALFORMED, "one challenge too many");
    if (x->challenges == 0)
        return gsasl_prepare(x->username, answer, why);
    x->complete = true;
    return response_set(answer, x->password.bytes, x->password.n) || exchange_fail(why, CAUSE_RESOURCES, NULL);
}

/* --- CRAM-MD5 (RFC 2195): libgsasl's refuses passwords with characters that are younger than Unicode 3.2 --- */

enum { MD5_BYTES = 16 };

/* The user name, a space, the keyed hash in hexadecimal. */
static bool write_digest(struct response *answer, const char *user, size_t n, const uint8_t digest[MD5_BYTES])
{
    size_t length = n + 1 + (size_t)2 * MD5_BYTES;
    char *line = malloc(length + 1);
    if (line == NULL)
        return false;
    memcpy(line, user, n);
    line[n] = ' ';
    for (size_t i = 0; i < MD5_BYTES; i++)
        (void)snprintf(line + n + 1 + 2 * i, 3, "%02x", digest[i]);
    *answer = (struct response){line, length};
    return true;
}

static bool cram_answer(struct exchange *x, const char *challenge, size_t n, struct response *answer,
                        struct failure *why)
{
    struct response user = {0};
    uint8_t digest[MD5_BYTES];
    if (x->challenges > 0)
        return exchange_fail(why, CAUSE_MALFORMED, "one challenge too many");
    if (n == 0)
        return exchange_fail(why, CAUSE_MALFORMED, "CRAM-MD5: an empty challenge");
    if (HMAC(EVP_md5(), x->password.bytes, (int)x->password.n, (const uint8_t *)challenge, n, digest, NULL) == NULL)
        return exchange_fail(why, CAUSE_RESOURCES, NULL); /* that there is MD5 was seen before */
    if (!gsasl_prepare(x->username, &user, why))
        return false;
    x->complete = write_digest(answer, user.bytes, user.n, digest);
    response_free(&user);
    return x->complete || exchange_fail(why, CAUSE_RESOURCES, NULL);
}

/* --- the table --- */

struct kind {
    const char *name;
    bool is_challenge, proves_server;
    bool (*begin)(struct exchange *x, struct failure *why);
    bool (*answer)(struct exchange *x, const char *challenge, size_t n, struct response *answer, struct failure *why);
};

static const struct kind kinds[MECHANISM_COUNT] = {
    [MECHANISM_SCRAM_SHA_256] = {"SCRAM-SHA-256", true, true, scram_begin, scram_answer},
    [MECHANISM_SCRAM_SHA_1] = {"SCRAM-SHA-1", true, true, scram_begin, scram_answer},
    [MECHANISM_CRAM_MD5] = {"CRAM-MD5", true, false, server_begins, cram_answer},
    [MECHANISM_PLAIN] = {"PLAIN", false, false, plain_begin, plain_answer},
    [MECHANISM_LOGIN] = {"LOGIN", false, false, server_begins, login_answers},
};

const char *mechanism_name(enum mechanism m)
{
    return m < MECHANISM_COUNT ? kinds[m].name : "";
}

enum mechanism mechanism_named(const char *bytes, size_t n)
{
    for (unsigned m = 0; m < MECHANISM_COUNT; m++)
        if (strlen(kinds[m].name) == n && strncasecmp(kinds[m].name, bytes, n) == 0)
            return (enum mechanism)m;
    return MECHANISM_NONE;
}

unsigned mechanism_bit(enum mechanism m)
{
    return m < MECHANISM_COUNT ? 1U << m : 0;
}

bool mechanism_is_challenge(enum mechanism m)
{
    return m < MECHANISM_COUNT && kinds[m].is_challenge;
}

bool mechanism_is_available(enum mechanism m)
{
    if (m != MECHANISM_CRAM_MD5)
        return m < MECHANISM_COUNT;
    errno = 0;
    EVP_MD *md5 = EVP_MD_fetch(NULL, "MD5", NULL); /* which a libcrypto bound to FIPS 140 lacks */
    EVP_MD_free(md5);
    return md5 != NULL || errno == ENOMEM; /* short memory is no lack: it shows when the mechanism is used */
}

bool mechanism_proves_server(enum mechanism m)
{
    return m < MECHANISM_COUNT && kinds[m].proves_server;
}

bool exchange_begin(struct exchange *x, enum mechanism m, const char *username, const char *password,
                    struct sasl_cache *cache, struct failure *why)
{
    *x = (struct exchange){.mechanism = m, .username = username, .cache = cache};
    if (gsasl_prepare(password, &x->password, why) && kinds[m].begin(x, why))
        return true;
    exchange_end(x);
    return false;
}

bool exchange_answer(struct exchange *x, const char *challenge, size_t n, struct response *answer, struct failure *why)
{
    if (!kinds[x->mechanism].answer(x, challenge, n, answer, why))
        return false;
    x->challenges++;
    return true;
}

void exchange_end(struct exchange *x)
{
    gsasl_close(x);
    response_free(&x->password);
    response_free(&x->first);
    *x = (struct exchange){0};
}
