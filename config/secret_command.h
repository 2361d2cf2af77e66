/*
 * Commands that print a password: several at once, each bounded in time and in what it prints, each in a process
 * group of its own that ends with it.  For secrets.c.
 */
#ifndef EMAILMON_SECRET_COMMAND_H
#define EMAILMON_SECRET_COMMAND_H

#include "secrets.h"

struct command_limits {
    unsigned at_once; /* commands */
    unsigned run_ms;  /* of each */
};

/** What came of one command. */
struct command_result {
    bool good;
    const char *bytes; /* good: what it printed; wiped after the call */
    size_t n;
    const char *why; /* not good: one line for a person */
};

/**
 * commands_run(limits, commands, n, ended, owner, stop_fd): Run ${commands}[0..n) (argument lists; the program is
 * looked for in PATH), ${ended} gets each when it has ended.  Standard input is /dev/null; what is written to standard
 * error is for ${why}.  Returns when all ended, or ${stop_fd} (-1: none) is readable: then what runs is killed,
 * ${ended} is not called for it, nor for what has not begun.
 */
void commands_run(const struct command_limits *limits, char *const *const *commands, size_t n,
                  void (*ended)(void *owner, size_t which, const struct command_result *result), void *owner,
                  int stop_fd);

/** secrets_fetch_within(...): secrets_fetch() with limits of its own. */
void secrets_fetch_within(const struct command_limits *limits, struct config *c, const bool *which, bool *failed,
                          void (*ready)(void *owner, const struct wanted *monitor), void *owner, int stop_fd);

#endif
