/* The part of libgsasl that we use: SCRAM's steps and SASLprep.  Private to src/mail. */
#ifndef EMAILMON_GSASL_STEP_H
#define EMAILMON_GSASL_STEP_H

#include "exchange.h"

/** gsasl_open(x, why): Start the library's session for x->mechanism with x's user name; gsasl_close(x) wipes what it
 *  was given and ends it; safe when there is none. */
bool gsasl_open(struct exchange *x, struct failure *why);
void gsasl_close(struct exchange *x);

/** gsasl_give_salted(x, hex): The salted password, for the next step.  False: memory. */
bool gsasl_give_salted(struct exchange *x, const char *hex);

/** gsasl_advance(x, input, n, output, done, why): One step; ${done}: it was the last.  False: memory, preparation, or
 *  what the server sent. */
bool gsasl_advance(struct exchange *x, const char *input, size_t n, struct response *output, bool *done,
                   struct failure *why);

/** gsasl_prepare(text, out, why): SASLprep (RFC 4013).  ASCII stays as it is; so do characters that Unicode 3.2 did not
 *  have: they are in passwords that servers take. */
bool gsasl_prepare(const char *text, struct response *out, struct failure *why);

#endif
