/*
 * The inside of the agent, for the files that it is made of: agent.c (thread, loop), agent_queues.c (what other threads
 * tell), agent_edit.c (what the file says), agent_restore.c (what the state knew), set.c (what managers SET),
 * agent_session.c and agent_wait.c (AgentX), agent_scalars.c, agent_notify.c (notifications).  All of it belongs to the
 * agent thread alone.
 */
#ifndef EMAILMON_AGENT_PARTS_H
#define EMAILMON_AGENT_PARTS_H

#include <pthread.h>
#include <semaphore.h>

#include "agent.h"
#include "dispatch.h"
#include "keep.h"
#include "notes.h"
#include "outbox.h"
#include "set.h"
#include "tables.h"

/** What the queues that the agent reads have in common. */
struct inbox {
    struct queue *queue;
    bool ready; /* may hold something */
};

/** The AgentX session, as agent_session.c sees it. */
struct master {
    bool connected;
    bool complained;      /* one warning while there is no master, not one an attempt */
    bool registering;     /* what the library complains of now is about our tables */
    bool refused;         /* ... and it did: the master serves them for somebody else */
    bool hanging;         /* it left something unanswered for too long */
    bool pinging;         /* a ping is on its way */
    uint64_t next_try_ms; /* monotonic */
    uint64_t heard_ms;    /* monotonic: when the master last answered */
};

struct agent {
    struct agent_options options; /* its texts are these: */
    char *agentx, *version, *instance;
    pthread_t thread;
    sem_t started; /* posted when ${start_error} is final */
    const char *start_error;

    struct monitors *set;
    struct event_log *events;
    struct tables tables;
    struct mib_table scalars;
    struct notes notes;
    struct dispatch dispatch;        /* orders, to the workers, and how they are */
    struct outbox *journal;          /* of struct journal_entry, to the store */
    struct keep keep;                /* saves, to the store */
    struct set_request *open_set;    /* the SET that is neither done nor dropped; NULL: none */
    const struct restored *restored; /* one reference, until the file was taken over; NULL: nothing, or it was */
    struct inbox notices, reports, news, saved;
    struct master master;

    bool state_alarm;       /* the state cannot be written */
    bool state_damaged;     /* it was, and a new one took its place: an alarm until the next start */
    size_t lacking_secrets; /* rows that are on and lack a password */
    size_t half_made;       /* rows that are notReady */
    uint64_t next_sweep_ms; /* monotonic: when they are looked at again */
    int64_t started_at;     /* wall clock, as the following */
    int64_t table_changed_at;
    int64_t config_loaded_at;
    const struct text *config_error;
    const struct text *set_error;

    bool stopping;       /* NOTICE_STOP came */
    uint64_t stop_by_ms; /* monotonic */
};

/** agent_edit.c: a notice's monitors become one edit; orders follow. */
void agent_take_file(struct agent *a, const struct notice *notice);
void agent_take_file_error(struct agent *a, const struct notice *notice);
void agent_take_definition(struct agent *a, const struct notice *notice);

/**
 * agent_restore.c: agent_restore(a): What the state knew, before anything else; false: memory.
 * agent_serial(a, name): The serial of the row with that name: the one that the state knows, or a new one.
 * agent_restored_wanted(a, notice): The first file's monitors (an array to be freed by agent_free_wanted()), with the
 * AdminStatus that a manager gave them; NULL: memory.
 * agent_restore_status(a, change): A new row shows what it showed.  agent_restored_file(a): The file was taken over:
 * rows of it that are not there any more are gone, and what the state knew is let go.
 * agent_journal(a, entry): Post it.  agent_settle(a, seq): The notification of that event is no concern any more.
 */
bool agent_restore(struct agent *a);
uint64_t agent_serial(void *owner, const char *name);
void agent_restore_status(struct agent *a, const struct change *change);
struct wanted *agent_restored_wanted(const struct agent *a, const struct notice *notice);
void agent_free_wanted(struct wanted *wanted, size_t n);
void agent_restored_file(struct agent *a);
void agent_journal(struct agent *a, const struct journal_entry *entry);
void agent_settle(struct agent *a, uint32_t seq);

/** agent_edit.c: agent_drop_half_made(a, now_ms): Rows that were notReady for HALF_MADE_MS go. */
enum { HALF_MADE_MS = 5 * 60 * 1000 };
void agent_drop_half_made(struct agent *a, uint64_t now_ms);

/** agent_edit.c: For those who publish an edit: agent_count_change(agent, change): what is counted of rows.
 *  agent_tell_change(agent, change): that, and all that follows from a change at once.
 *  agent_set_error(a, why): What emailMonLastSetError says from now on. */
void agent_count_change(void *agent, const struct change *change);
void agent_tell_change(void *agent, const struct change *change);
void agent_set_error(struct agent *a, const char *why);

/** agent_queues.c: agent_take_all(a): Take a bounded share of what the queues hold; inboxes with more stay ready.
 *  agent_has_mail(a): whether any is ready. */
void agent_take_all(struct agent *a);
bool agent_has_mail(const struct agent *a);

/** agent_scalars.c: the table of scalars; its row is ${a}. */
struct mib_table scalar_table(const struct agent *a);

/**
 * agent_session.c: agent_session_open(a): Set Net-SNMP up and register the tables; NULL or what failed.
 * agent_session_tend(a, now_ms): Connect when it is time for it; notice a master that hangs.
 * agent_session_hangs(a): An answer did not come in time.  Means nothing of a session that is closed already: the
 * library then calls every request that was open timed out.
 * agent_session_cut(a): Have the session end as if the master had gone, without waiting for it.
 * agent_session_close(a): Say goodbye to the master, if it listens; free.
 */
const char *agent_session_open(struct agent *a);
void agent_session_tend(struct agent *a, uint64_t now_ms);
void agent_session_hangs(struct agent *a);
void agent_session_cut(struct agent *a);
void agent_session_close(struct agent *a);

/** agent_wait.c: agent_session_wait(a, wait_ms): Wait for descriptors, serve what came, run timers. */
void agent_session_wait(struct agent *a, int wait_ms);

/** agent_notify.c: agent_notify(a, event): Queue one.  agent_notify_pump(a, now_ms): Send what may leave now. */
void agent_notify(struct agent *a, const struct event *event);
void agent_notify_pump(struct agent *a, uint64_t now_ms);

#endif
