#include "agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "agent_parts.h"

enum {
    IDLE_MS = 1000,
    RETRY_POST_MS = 10, /* a queue was full; nobody tells when there is room */
    RECONNECT_TICK_MS = 50
};

static void free_agent(struct agent *a)
{
    text_unref(a->config_error);
    text_unref(a->set_error);
    dispatch_clear(&a->dispatch);
    outbox_free(a->journal, journal_entry_drop);
    keep_clear(&a->keep);
    restored_unref(a->restored);
    notes_clear(&a->notes);
    event_log_free(a->events);
    monitors_free(a->set);
    free(a->agentx);
    free(a->version);
    free(a->instance);
    free(a);
}

static struct agent *new_agent(const struct agent_options *options)
{
    struct agent *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->options = *options;
    a->options.agentx = a->agentx = strdup(options->agentx);
    a->options.version = a->version = strdup(options->version);
    a->options.instance = a->instance = strdup(options->instance);
    a->set = monitors_new(agent_serial, a);
    a->events = event_log_new(EVENT_LOG_SETTLED);
    a->restored = restored_ref(options->restored);
    a->state_damaged = options->restored != NULL && options->restored->damaged;
    a->journal = outbox_new(options->journal, sizeof(struct journal_entry));
    bool orders = dispatch_init(&a->dispatch, options->orders, options->workers);
    bool keeps = keep_init(&a->keep, options->saves, options->saved);
    if (!a->agentx || !a->version || !a->instance || !a->set || !a->events || !orders || !a->journal || !keeps ||
        !agent_restore(a)) {
        free_agent(a);
        return NULL;
    }
    tables_init(&a->tables, a->set, a->events);
    a->scalars = scalar_table(a);
    a->notices = (struct inbox){options->notices, true};
    a->reports = (struct inbox){options->reports, true};
    a->news = (struct inbox){options->news, true};
    a->saved = (struct inbox){options->saved, true};
    a->started_at = wall_now_ms();
    return a;
}

static int sooner(int a, int b)
{
    if (a < 0)
        return b;
    return b < 0 || a < b ? a : b;
}

static int wait_ms(const struct agent *a, uint64_t now_ms)
{
    if (agent_has_mail(a))
        return 0;
    int wait = a->stopping ? RECONNECT_TICK_MS : IDLE_MS;
    if (dispatch_waits(&a->dispatch) || outbox_waiting(a->journal) > 0 || outbox_waiting(a->keep.saves) > 0)
        wait = sooner(wait, RETRY_POST_MS);
    if (!a->master.connected)
        return sooner(wait, RECONNECT_TICK_MS);
    return sooner(wait, notes_wait_ms(&a->notes, now_ms));
}

/* The end: the workers have stopped and told all, and what they told is with the master, unless there is none; what is
 * to be kept is with the store.  None of that is waited for very long, but to tell the workers: one that does not know
 * goes on for ever. */
static bool is_over(const struct agent *a, uint64_t now_ms)
{
    if (!a->stopping)
        return false;
    if (now_ms >= a->stop_by_ms)
        return !dispatch_waits(&a->dispatch);
    return a->dispatch.stopped == a->dispatch.workers && !agent_has_mail(a) && outbox_waiting(a->keep.saves) == 0 &&
           (!a->master.connected || notes_pending(&a->notes) == 0);
}

static void serve(struct agent *a)
{
    uint64_t now_ms = monotonic_now_ms();
    while (!is_over(a, now_ms)) {
        agent_session_tend(a, now_ms);
        agent_take_all(a);
        agent_drop_half_made(a, now_ms);
        dispatch_flush(&a->dispatch);
        (void)outbox_flush(a->journal);
        (void)outbox_flush(a->keep.saves);
        agent_notify_pump(a, now_ms);
        agent_session_wait(a, wait_ms(a, now_ms));
        now_ms = monotonic_now_ms();
    }
}

static void *run(void *owner)
{
    struct agent *a = owner;
    (void)prctl(PR_SET_NAME, "agent");
    const char *error = agent_session_open(a);
    a->start_error = error;
    (void)sem_post(&a->started); /* from here on nobody else looks at a, but to join */
    if (error == NULL) {
        serve(a);
        if (notes_pending(&a->notes) > 0)
            log_write(a->options.log, LOG_LINE_WARNING, "notifications not delivered before the end: %zu",
                      notes_pending(&a->notes));
    }
    agent_session_close(a);
    set_settle(a);
    return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct agent *a)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&a->thread, NULL, run, a);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

struct agent *agent_start(const struct agent_options *options, char *why, size_t size)
{
    struct agent *a = new_agent(options);
    if (a == NULL) {
        (void)text_copy(why, size, "out of memory");
        return NULL;
    }
    (void)setenv("MIBS", "", 1); /* Net-SNMP's only switch for loading no MIB files */
    (void)sem_init(&a->started, 0, 0);
    int error = start_thread(a);
    if (error != 0) {
        (void)snprintf(why, size, "the agent thread cannot be started: %s", strerror(error));
        goto destroy;
    }
    while (sem_wait(&a->started) != 0 && errno == EINTR)
        continue;
    if (a->start_error == NULL)
        return a;
    (void)text_copy(why, size, a->start_error);
    (void)pthread_join(a->thread, NULL);
destroy:
    (void)sem_destroy(&a->started);
    free_agent(a);
    return NULL;
}

void agent_stop(struct agent *a)
{
    if (a == NULL)
        return;
    (void)pthread_join(a->thread, NULL);
    (void)sem_destroy(&a->started);
    free_agent(a);
}
