/*
 * The loader thread: reads and checks the file, fetches secrets, tries failed ones again every 60 s; tells the agent
 * by notices.  Short-lived work never blocks the other threads.
 */
#ifndef EMAILMON_LOADER_H
#define EMAILMON_LOADER_H

#include "config.h"
#include "log.h"
#include "queue.h"
#include "records.h"

struct loader;

/** loader_start(path, first, notices, log, reread): ${first} is the config that main has read already (taken over, also
 * when NULL is returned: memory, descriptors).  The texts of its general settings live until loader_stop(), but
 * ${first} itself may go at once.  ${reread}: called by the thread when the file was read again, taken or refused. */
struct loader *loader_start(const char *path, struct config *first, struct queue *notices, struct log *log,
                            void (*reread)(void));

/** loader_reload(l): Read the file again (SIGHUP).  Changes of what is not about
 * monitors are logged as needing a restart. */
void loader_reload(struct loader *l);

/** loader_stop(l): End the thread, killing commands; free. */
void loader_stop(struct loader *l);

#endif
