#include "gsasl_step.h"

#include <errno.h>
#include <gsasl.h>
#include <string.h>

/* libgsasl has many names for a failed allocation (preparation, parsing, authentication), most of which would be the
 * server's fault or the operator's; errno, which is 0 before the call, has one. */
static bool failed(int error, struct failure *why)
{
    if (error == GSASL_MALLOC_ERROR || errno == ENOMEM)
        return exchange_fail(why, CAUSE_RESOURCES, NULL);
    if (error == GSASL_SASLPREP_ERROR)
        return exchange_fail(why, CAUSE_POLICY, "user name or password cannot be prepared (SASLprep, RFC 4013)");
    return exchange_fail(why, CAUSE_MALFORMED, gsasl_strerror(error));
}

bool gsasl_open(struct exchange *x, struct failure *why)
{
    Gsasl *library = NULL;
    Gsasl_session *session = NULL;
    errno = 0;
    int error = gsasl_init(&library);
    if (error != GSASL_OK)
        return failed(error, why);
    error = gsasl_client_start(library, mechanism_name(x->mechanism), &session);
    if (error == GSASL_OK)
        error = gsasl_property_set(session, GSASL_AUTHID, x->username);
    if (error != GSASL_OK) {
        gsasl_finish(session);
        gsasl_done(library);
        return error == GSASL_UNKNOWN_MECHANISM ? exchange_fail(why, CAUSE_UNSUPPORTED, "not in this libgsasl")
                                                : failed(error, why);
    }
    x->library = library;
    x->session = session;
    return true;
}

/* The library frees its copy of the salted password without wiping it, and shows it as const. */
static void wipe(struct exchange *x)
{
    const char *kept = gsasl_property_fast(x->session, GSASL_SCRAM_SALTED_PASSWORD);
    char *bytes;
    memcpy(&bytes, &kept, sizeof bytes);
    if (bytes != NULL)
        explicit_bzero(bytes, strlen(bytes));
}

void gsasl_close(struct exchange *x)
{
    if (x->session != NULL) {
        wipe(x);
        gsasl_finish(x->session);
    }
    if (x->library != NULL)
        gsasl_done(x->library);
    x->session = x->library = NULL;
}

bool gsasl_give_salted(struct exchange *x, const char *hex)
{
    return gsasl_property_set(x->session, GSASL_SCRAM_SALTED_PASSWORD, hex) == GSASL_OK;
}

bool gsasl_advance(struct exchange *x, const char *input, size_t n, struct response *output, bool *done,
                   struct failure *why)
{
    char *bytes = NULL;
    size_t length = 0;
    errno = 0;
    int error = gsasl_step(x->session, input, n, &bytes, &length);
    *done = error == GSASL_OK;
    bool well = (error == GSASL_OK || error == GSASL_NEEDS_MORE)
                    ? response_set(output, bytes == NULL ? "" : bytes, length) || failed(GSASL_MALLOC_ERROR, why)
                    : failed(error, why);
    if (bytes != NULL)
        explicit_bzero(bytes, length);
    gsasl_free(bytes);
    /* After the server's message libgsasl 2.2 would free some of it twice: rather lost than that. */
    if (!well && input != NULL && why->cause == CAUSE_RESOURCES) {
        wipe(x);
        x->session = NULL;
    }
    return well;
}

bool gsasl_prepare(const char *text, struct response *out, struct failure *why)
{
    const char *c = text;
    while (*c != '\0' && (unsigned char)*c < 0x80)
        c++;
    if (*c == '\0')
        return response_set(out, text, strlen(text)) || exchange_fail(why, CAUSE_RESOURCES, NULL);
    char *prepared = NULL;
    errno = 0;
    int error = gsasl_saslprep(text, 0, &prepared, NULL);
    if (error == GSASL_SASLPREP_ERROR && errno != ENOMEM) /* libgsasl 2.2 has this flag the wrong way round */
        error = gsasl_saslprep(text, GSASL_ALLOW_UNASSIGNED, &prepared, NULL);
    if (error != GSASL_OK)
        return failed(error == GSASL_MALLOC_ERROR ? error : GSASL_SASLPREP_ERROR, why);
    bool well = response_set(out, prepared, strlen(prepared));
    explicit_bzero(prepared, strlen(prepared));
    gsasl_free(prepared);
    return well || exchange_fail(why, CAUSE_RESOURCES, NULL);
}
