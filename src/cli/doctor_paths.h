/*
 * The mail paths that doctor tries: a trial (trial.h) of one monitor for each pair of servers, a few at once.
 */
#ifndef EMAILMON_DOCTOR_PATHS_H
#define EMAILMON_DOCTOR_PATHS_H

#include "config.h"
#include "terminal.h"
#include "trial.h"

enum {
    PATHS_MAX = 16,       /* pairs of servers that are tried */
    PATHS_AT_ONCE = 8,    /* trials */
    PATHS_ARRIVAL_S = 30, /* that a probe may take to its mailbox */
    PATHS_LIMIT_S = 120   /* of all of it; what is not over then is given up, its probe deleted if it is there */
};

/** What one leg came to. */
struct tried_leg {
    struct leg_settings to;     /* of the path's definition */
    struct leg_outcome outcome; /* of its last conversation, if there was one */
    bool talked;
};

struct tried_path {
    const struct definition *definition;
    size_t monitor;           /* its place in the file */
    struct tried_leg legs[2]; /* by leg - LEG_SMTP */
    struct trial_result result;
};

struct doctor_paths {
    struct tried_path list[PATHS_MAX];
    size_t count;
    size_t monitors; /* that are on, and stand for these; with a name: 1 */
    size_t pairs;    /* of servers among them */
    bool tried;      /* false: there is none, or memory, threads, random numbers were short */
    bool stopped;    /* by Ctrl-C */
    bool late;       /* time was up */
};

/** paths_choose(p, config, name): The first monitor that is on of each pair of servers (server, port, security of both
 * legs), PATHS_MAX of them; with ${name} that one alone, on or not.  False: there is no such monitor.
 * paths_try(p, config, terminal): Fetch their passwords and try them; ${terminal} shows how far it is.
 * paths_clear(p) */
bool paths_choose(struct doctor_paths *p, const struct config *config, const char *name);
void paths_try(struct doctor_paths *p, struct config *config, const struct terminal *terminal);
void paths_clear(struct doctor_paths *p);

#endif
