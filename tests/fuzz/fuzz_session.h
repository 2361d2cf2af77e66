/*
 * Any bytes as a server: the first octet chooses a task, the second the pieces in which the rest is fed.  The session
 * must end or wait, never crash, and keep within its caps.
 */
#ifndef EMAILMON_FUZZ_SESSION_H
#define EMAILMON_FUZZ_SESSION_H

#include <stdlib.h>
#include <string.h>

#include "session.h"

static inline void fuzz_act(struct session *s, enum want *want)
{
    size_t n;
    do {
        (void)session_output(s, &n);
        session_sent(s, n);
        if (*want == WANT_TLS)
            *want = session_secured(s);
        else if (*want == WANT_HOLD)
            *want = session_resume(s);
    } while (*want == WANT_TLS || *want == WANT_HOLD);
    (void)session_output(s, &n);
    session_sent(s, n);
}

/* Plays ${s} and frees it. */
static inline void fuzz_play(struct session *s, const uint8_t *bytes, size_t n, size_t piece)
{
    enum want want = session_start(s, "192.0.2.1");
    fuzz_act(s, &want);
    for (size_t at = 0; at < n;) {
        size_t length = piece == 0 || piece > n - at ? n - at : piece;
        uint8_t *exact = malloc(length);
        if (exact == NULL)
            abort();
        memcpy(exact, bytes + at, length);
        want = session_feed(s, exact, length);
        free(exact);
        fuzz_act(s, &want);
        at += length;
    }
    want = session_eof(s);
    if (want != WANT_CLOSE && want != WANT_FAILED)
        abort();
    if ((want == WANT_FAILED) != failure_is(session_failure(s)) || (want == WANT_CLOSE) != session_settled(s))
        abort();
    session_free(s);
}

#endif
