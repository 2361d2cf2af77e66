/*
 * SMTP, the client's side of handing over one probe: RFC 5321, 2920 (PIPELINING), 3207 (STARTTLS), 4954 (AUTH), 1870
 * (SIZE), 2034/3463 (enhanced codes).  One transaction a connection.
 */
#ifndef EMAILMON_SMTP_H
#define EMAILMON_SMTP_H

#include "sasl.h"
#include "session.h"

/** What is to be done.  Everything pointed to is the caller's and outlives the session. */
struct smtp_task {
    const struct leg_settings *leg;
    const char
        *hello_name; /* for EHLO: a fully qualified name, or "" (then the address literal of the local address) */
    const char *from, *to;
    const char *message; /* as probe_write() made it */
    size_t message_bytes;
    bool no_data; /* stop before DATA (MAIL, RCPT, RSET, QUIT): the mailbox is full of probes already */
    struct login_memory *memory;
    struct sasl_cache *cache;
};

/** What became of the mail. */
enum smtp_fate {
    SMTP_NOT_SENT,  /* never came so far, or was refused: nothing was delivered for certain */
    SMTP_ACCEPTED,  /* 2xx to the final dot */
    SMTP_UNCERTAIN, /* the connection broke between the final dot and a complete reply (RFC 5321 s. 4.5.3.2.6) */
    SMTP_ENOUGH     /* no_data: MAIL and RCPT were accepted */
};

/**
 * smtp_new(task): Return a session, or NULL when memory is short.  It returns WANT_HOLD once: before the first byte of
 * the message leaves.
 * smtp_fate(s): as far as is known; final once settled, closed or failed.
 */
struct session *smtp_new(const struct smtp_task *task);
enum smtp_fate smtp_fate(const struct session *s);

#endif
