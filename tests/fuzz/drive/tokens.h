/* Tokens that are really sealed, for a fuzzer that can seal none. */
#ifndef EMAILMON_FUZZ_TOKENS_H
#define EMAILMON_FUZZ_TOKENS_H

#include "look.h"

/** tokens_write(digit, out): The token '0' to '9': '0' to '3' are own probes that are to be deleted, '4' and '5' own
 *  that are to stay for now, the others were sealed by somebody else.  False: ${digit} is none. */
bool tokens_write(char digit, char out[TOKEN_CHARS + 1]);

/** tokens_judge(mail): What the owner of these tokens says of a mail: by its first one that is his. */
enum disposal tokens_judge(const struct mail_facts *mail);

#endif
