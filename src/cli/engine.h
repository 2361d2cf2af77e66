/*
 * The engine of `emailmon run`: the queues and the threads, made in the order in which they need each other and
 * ended in the order in which nothing is lost.
 */
#ifndef EMAILMON_ENGINE_H
#define EMAILMON_ENGINE_H

#include "config.h"
#include "log.h"

struct engine;

/** engine_start(path, config, log, why, size): Take over ${config} of the file ${path}, start all threads.  NULL:
 *  one line in ${why}, and nothing runs. */
struct engine *engine_start(const char *path, struct config *config, struct log *log, char *why, size_t size);

/** engine_reload(e): Read the file again; the service manager is told when it begins and when it is done. */
void engine_reload(struct engine *e);

/** engine_stop(e): End everything: polls are given up, what is known is on disk.  About 3 s at most. */
void engine_stop(struct engine *e);

#endif
