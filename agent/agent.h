/*
 * The agent thread: owns definitions and the table of statuses, runs Net-SNMP as an AgentX subagent (RFC 2741).  It
 * answers every GET from memory that it owns, and never waits for the network or the disk; only a SET waits for its own
 * commit, KEEP_WAIT_MS at most.
 */
#ifndef EMAILMON_AGENT_H
#define EMAILMON_AGENT_H

#include "log.h"
#include "queue.h"
#include "records.h"
#include "restored.h"

struct agent_options {
    struct log *log;
    const char *agentx;                                   /* "unix:/var/agentx/master" or "tcp:127.0.0.1:705" */
    const char *version;                                  /* emailMonVersion */
    const char *instance;                                 /* emailMonInstance */
    uint64_t (*serial_of)(void *owner, const char *name); /* for rows that the state does not know */
    void *serial_owner;
    uint32_t history_s;              /* what samples cover, as the workers know it */
    const struct restored *restored; /* what the state knew; NULL: nothing */
    struct queue *notices;           /* of struct notice: read by the agent */
    struct queue *reports;           /* of struct report: read by the agent */
    struct queue *news;              /* of struct news: read by the agent */
    struct queue *saved;             /* of struct saved: read by the agent */
    struct queue *const *orders;     /* of struct order: each read by the worker of that number; the array is copied */
    size_t workers;                  /* 1..WORKERS_MAX */
    struct queue *journal;           /* of struct journal_entry: read by the store */
    struct queue *saves;             /* of struct save: read by the store */
};

struct agent;

/** agent_start(options, why, size): Make the thread; options are copied, texts too; queues outlive it.  NULL: one
 *  line in ${why}.  A master that is not there is no failure: it is connected to as soon as it is.
 *  One agent at a time.  Sets the environment variable MIBS, so call it while no other thread reads the environment. */
struct agent *agent_start(const struct agent_options *options, char *why, size_t size);

/** agent_stop(a): After NOTICE_STOP: wait for the thread (at most 2 s while the master hangs), free. */
void agent_stop(struct agent *a);

#endif
