/* SMTP's replies (RFC 5321 s. 4.2) and what an EHLO reply offers (s. 4.1.1.1).  Private to src/mail. */
#ifndef EMAILMON_SMTP_REPLY_H
#define EMAILMON_SMTP_REPLY_H

#include "machine.h"

struct smtp_reply {
    int32_t code;
    unsigned lines; /* heard so far */
    size_t text_bytes;
    char text[FAILURE_TEXT_MAX + 1]; /* its words, lines joined by a space; printable, masked, cut */
};

enum smtp_heard { SMTP_MORE, SMTP_DONE, SMTP_MALFORMED, SMTP_OVERSIZE };

/** smtp_reply_begin(r): The next line is the first of a reply.  smtp_reply_line(r, login, bytes, n): One line of it;
 *  ${login} masks, NULL: nothing to mask. */
void smtp_reply_begin(struct smtp_reply *r);
enum smtp_heard smtp_reply_line(struct smtp_reply *r, const struct login *login, const char *bytes, size_t n);

/** What the server offers. */
struct smtp_offers {
    bool pipelining, starttls;
    bool size;           /* it wants to be told the size */
    uint64_t size_limit; /* 0: none, or none that makes sense */
    unsigned mechanisms; /* of AUTH, as bits */
};

/** smtp_offer(o, bytes, n): Take one line of an EHLO reply, behind code and separator.  What is not known is ignored.
 */
void smtp_offer(struct smtp_offers *o, const char *bytes, size_t n);

#endif
