/*
 * A trial: one whole round trip of one monitor in the foreground, for `emailmon test`: send a
 * probe, look until it arrives, delete it.  Sealed with a key of its own, so that a running
 * emailmon leaves the probe alone.  No state is opened.
 */
#ifndef EMAILMON_TRIAL_H
#define EMAILMON_TRIAL_H

#include "definition.h"
#include "leg.h"
#include "status.h"
#include "token.h"

enum { TRIAL_LOCKED_S = 60, TRIAL_ARRIVAL_S = 60, TRIAL_LOOK_EVERY_S = 5, TRIAL_TICK_MS = 200 };

enum trial_wait {
    TRIAL_WAIT_ARRIVAL, /* the probe was accepted, and is not there yet; TRIAL_ARRIVAL_S at most */
    TRIAL_WAIT_MAILBOX  /* another session has the mailbox; TRIAL_LOCKED_S at most */
};

struct trial_events {
    void (*stage)(void *owner, enum leg leg, enum stage stage);                /* began */
    void (*leg)(void *owner, enum leg leg, const struct leg_outcome *outcome); /* a conversation settled */
    /* A look was in vain, ${waited_s} after what it waits for began; the next one is in ${again_s}. */
    void (*waiting)(void *owner, enum trial_wait what, uint32_t waited_s, uint32_t again_s);
    /* TRIAL_TICK_MS went by, whatever it is doing; NULL: nobody shows that. */
    void (*tick)(void *owner);
    /* A line of the conversation; NULL: no trace. */
    void (*line)(void *owner, enum leg leg, bool from_server, const char *bytes, size_t n);
};

struct trial_options {
    const struct definition *definition;
    const char *dns, *ca_file, *hello_name;
    struct token_key test_key;
    uint32_t arrival_s; /* how long an accepted probe is waited for; 0: TRIAL_ARRIVAL_S */
    int stop_fd;        /* readable: end (Ctrl-C): the probe is still deleted where that is possible; -1: none */
    const struct trial_events *events;
    void *owner;
};

struct trial_result {
    enum verdict verdict; /* up, down, unknown */
    struct failure failure;
    int64_t arrival_ms;                 /* from acceptance until it was seen; -1: never */
    int64_t sent_wall_ms, seen_wall_ms; /* this machine's clock when sending was over, and when the probe was seen */
    int64_t arrived_wall_ms;            /* as the mailbox's server says; INT64_MIN: not seen, or not said */
    uint32_t looks;
    bool deleted;
};

/** trial_run(options, result): Blocks until it is over.  Clear result->failure afterwards. */
void trial_run(const struct trial_options *options, struct trial_result *result);

#endif
