/*
 * emailmon doctor: what is wrong, in the order in which things need each other, each with its mend.  A check is a
 * function that says what it found; doctor.c has the list of them.
 */
#ifndef EMAILMON_DOCTOR_H
#define EMAILMON_DOCTOR_H

#include "command.h"
#include "config.h"
#include "doctor_conf.h"
#include "doctor_paths.h"
#include "doctor_user.h"
#include "terminal.h"

/** The worse the greater. */
enum mark {
    MARK_OK,
    MARK_UNCLEAR, /* it could not be judged, and why not */
    MARK_WARNING,
    MARK_WRONG,
    MARK_COUNT
};

struct doctor {
    const struct arguments *arguments;
    const char *file; /* of the configuration */
    const char *snmpd_file;
    struct config *config; /* NULL: it has mistakes */
    char **complaints;     /* mistakes of the file, in lines */
    size_t complaint_count;
    struct doctor_user user; /* as whom everything is judged */
    struct snmpd_conf snmpd;
    struct doctor_paths paths;

    /* What a check found out, for those behind it. */
    bool running;          /* an emailmon has the state */
    bool agentx;           /* snmpd takes us as a subagent */
    bool passwords_closed; /* a password file cannot be read, which was said */
    bool targets;          /* SNMP-TARGET-MIB shows where notifications go */
    char peer[128];        /* where snmpd showed the table; "": nowhere */

    struct terminal terminal;
    const char *check; /* the word of the one under way; "" once it has said something */
    size_t said;       /* of what is not ok: in this check */
    size_t left_out;
    size_t marks[MARK_COUNT]; /* checks by the worst that they said */
    enum mark worst;          /* of this check */
};

typedef void doctor_check(struct doctor *d);

/** The list (doctor.c): those of this machine; those of the mail path, for which d->paths were tried. */
struct doctor_item {
    const char *word;
    doctor_check *check;
};

doctor_check doctor_file, doctor_passwords;                                                  /* doctor_files.c */
doctor_check doctor_state;                                                                   /* doctor_state.c */
doctor_check doctor_agentx, doctor_view, doctor_traps;                                       /* doctor_snmpd.c */
doctor_check doctor_names, doctor_ports, doctor_certificates, doctor_logins, doctor_mailbox; /* doctor_mail.c */
doctor_check doctor_untried; /* the same, when there is nothing to tell of them */
doctor_check doctor_clock;   /* doctor_clock.c */

/** doctor_say.c: doctor_begin(d, word), doctor_end(d): around a check.
 * doctor_say(d, mark, format, ...): One line of the check under way: what was found.
 * doctor_mend(d, format, ...): How what was said last is mended.
 * doctor_split(d, mark, line): Both, of a line "what is wrong; what would be right". */
enum { DOCTOR_SAID_MAX = 5 }; /* lines of one check that are not ok; the others are counted */
void doctor_begin(struct doctor *d, const char *word);
void doctor_end(struct doctor *d);
void doctor_say(struct doctor *d, enum mark mark, const char *format, ...) __attribute__((format(printf, 3, 4)));
void doctor_mend(struct doctor *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
void doctor_split(struct doctor *d, enum mark mark, const char *line);

/** doctor_sum(d): The last lines: how many of what, and what to do next. */
void doctor_sum(struct doctor *d);

#endif
