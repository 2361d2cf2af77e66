/*
 * The inside of the SMTP machine, for the files that it is made of: smtp.c (the table of steps), smtp_auth.c,
 * smtp_mail.c.  The functions named below are entries of that table: say_...() sends a command, the others hear its
 * reply and return the next step.  Private to src/mail.
 */
#ifndef EMAILMON_SMTP_MACHINE_H
#define EMAILMON_SMTP_MACHINE_H

#include "smtp.h"
#include "smtp_reply.h"

enum smtp_step {
    GREETING,
    EHLO,
    HELO,
    START_TLS,
    AUTH,
    MAIL,
    RCPT,
    DATA,
    MESSAGE,
    LONE_DOT,
    RSET,
    QUIT,
    STAY /* no new step: the same reply again, or something else is wanted */
};

struct smtp {
    struct session base;
    struct smtp_task task;
    char address[64]; /* the local one */
    enum smtp_step step;
    struct smtp_reply reply;
    struct smtp_offers offers;
    bool grouped;           /* MAIL, RCPT and DATA were said at once (RFC 2920) */
    struct failure refusal; /* of the first that was refused in the group */
    enum mechanism mechanism;
    bool response_owed;  /* AUTH: the client begins, and its first words are not out yet */
    bool response_apart; /* AUTH: they go by themselves, the command was too long with them */
    const char *line;    /* the last of the reply, while it is heard */
    size_t line_bytes;
    bool early; /* MESSAGE: the server spoke before anything of it left, and nothing does */
    bool dot_gone;
    enum smtp_fate fate;
};

/**
 * smtp_fail_with(m, why): Fail with ${why} (moved), or with what a group's first refusal decided already; say QUIT
 * unless the protocol is broken (smtp_is_protocol_error(cause)).
 * smtp_fail_reply(m, cause): with the present reply.  smtp_fail_detail(m, cause, detail): with what emailmon knows.
 * smtp_refused(m): with the present reply and what its code means, smtp_cause(code).
 */
void smtp_fail_with(struct smtp *m, struct failure *why);
void smtp_fail_reply(struct smtp *m, enum cause cause);
void smtp_fail_detail(struct smtp *m, enum cause cause, const char *detail);
enum smtp_step smtp_refused(struct smtp *m);
enum cause smtp_cause(int32_t code);
bool smtp_is_protocol_error(enum cause cause);

void smtp_say_auth(struct smtp *m);
enum smtp_step smtp_hear_auth(struct smtp *m);
enum smtp_step smtp_auth_refused(struct smtp *m);

void smtp_say_mail(struct smtp *m);
void smtp_say_rcpt(struct smtp *m);
void smtp_say_data(struct smtp *m);
void smtp_say_message(struct smtp *m);
void smtp_say_lone_dot(struct smtp *m);
enum smtp_step smtp_hear_rcpt(struct smtp *m);
enum smtp_step smtp_hear_data(struct smtp *m);
enum smtp_step smtp_hear_message(struct smtp *m);
enum smtp_step smtp_hear_lone_dot(struct smtp *m);
enum smtp_step smtp_group_refused(struct smtp *m);
enum smtp_step smtp_message_refused(struct smtp *m);

/** smtp_message_gone(m): All that was said is sent: the final dot too. */
void smtp_message_gone(struct smtp *m);

#endif
