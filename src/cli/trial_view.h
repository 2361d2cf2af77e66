/*
 * What `emailmon test` shows while a trial goes on: each step with its time, with --trace the conversation too; on a
 * terminal also what it waits for, in a line that is written over.
 */
#ifndef EMAILMON_TRIAL_VIEW_H
#define EMAILMON_TRIAL_VIEW_H

#include "terminal.h"
#include "trial.h"

enum { TRIAL_VIEW_SAID_MAX = 8 };

struct trial_view {
    struct terminal t;
    const struct definition *definition;
    bool trace;
    enum leg leg;     /* whose steps are shown; LEG_NONE: none yet */
    enum stage stage; /* the step under way; STAGE_NONE: none */
    bool open;        /* its line has no end yet */
    uint64_t stage_began_ms;
    unsigned looks; /* told so far */

    bool waits; /* for what the next looks are made */
    enum trial_wait wait;
    uint64_t wait_began_ms, again_ms; /* again: when the next look begins */
    bool fleeting;                    /* the line that the cursor is in is to be written over */

    /* Lines of ours whose step is not told yet: a step begins with what we say in it. */
    char *said[TRIAL_VIEW_SAID_MAX];
    size_t said_count;
};

/** trial_view_init(v, t, definition, trace): Nothing has been shown yet. */
void trial_view_init(struct trial_view *v, const struct terminal *t, const struct definition *definition, bool trace);

/** The events of a trial; their owner is a struct trial_view.  trial_view_traced also has the conversation. */
extern const struct trial_events trial_view_events, trial_view_traced;

/** trial_view_result(v, result): The last lines. */
void trial_view_result(struct trial_view *v, const struct trial_result *result);

#endif
