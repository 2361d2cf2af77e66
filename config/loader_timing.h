/*
 * The loader with clocks of its own, for tests that cannot wait a minute.
 */
#ifndef EMAILMON_LOADER_TIMING_H
#define EMAILMON_LOADER_TIMING_H

#include "loader.h"
#include "secret_command.h"

struct loader_timing {
    struct command_limits commands;
    unsigned retry_ms; /* after which secrets that failed are tried again */
    unsigned room_ms;  /* after which a full queue is tried again */
};

/** loader_start_timed(path, first, notices, log, reread, timing): loader_start() with ${timing}. */
struct loader *loader_start_timed(const char *path, struct config *first, struct queue *notices, struct log *log,
                                  void (*reread)(void), const struct loader_timing *timing);

#endif
