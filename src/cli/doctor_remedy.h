/*
 * What to do about a failure of a mail path: one table, by stage and cause.
 */
#ifndef EMAILMON_DOCTOR_REMEDY_H
#define EMAILMON_DOCTOR_REMEDY_H

#include <stddef.h>

#include "definition.h"
#include "failure.h"

/** Which check a failure belongs to; a leg that failed in one has passed those before it. */
enum mail_check {
    MAIL_NAMES,
    MAIL_PORTS,
    MAIL_CERTIFICATES,
    MAIL_LOGINS,
    MAIL_MAILBOX,
    MAIL_CLOCK, /* of this machine: none of the leg's */
    MAIL_CHECKS
};

/** What the words of a remedy stand for. */
struct remedy_words {
    const char *file; /* of the configuration */
    const char *user; /* as whom emailmon runs */
    const struct definition *definition;
    const struct leg_settings *to; /* the leg that failed */
};

/** remedy_check(f): the check that ${f} belongs to.  remedy_write(f, words, dst, size): How it is mended: what to write
 *  and where; cut to ${size}. */
enum mail_check remedy_check(const struct failure *f);
void remedy_write(const struct failure *f, const struct remedy_words *words, char *dst, size_t size);

#endif
