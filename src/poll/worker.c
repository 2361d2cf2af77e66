#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "group.h"

enum { TICK_MS = 1000, TRIM_TICKS = 20, ORDERS_A_TURN = 1000, STUCK_AGAIN_MS = 1000, STOP_AGAIN_MS = 10 };

/* Polls that wait for a slot, beside those at work: a few kilobytes each. */
enum { WAITING_MAX = 16384 };

/* --- what the others use --- */

struct moment worker_now(const struct worker *w)
{
    return (struct moment){.mono_ms = loop_now_ms(w->with.loop), .wall_ms = wall_now_ms()};
}

void worker_wake(struct worker *w)
{
    if (w->stopping || w->awake)
        return; /* setting it again would move it behind what comes all the time */
    w->awake = true;
    deadline_set(w->starts, 0);
}

/* Who waits for a slot at a host is not at work: a slow one must not hold up those of all others. */
bool worker_has_room(const struct worker *w)
{
    unsigned waiting = hosts_waiting(w->with.hosts);
    return w->in_flight < w->options.in_flight + (waiting < WAITING_MAX ? waiting : WAITING_MAX);
}

/* Not for all rows at once: whatever was lacking would be lacking again. */
uint64_t worker_second_try_ms(void)
{
    uint32_t random = 0;
    (void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
    return SECOND_TRY_LEAST_MS + random % (SECOND_TRY_MOST_MS - SECOND_TRY_LEAST_MS);
}

/* --- its end --- */

static void end_if_emptied(struct worker *w)
{
    struct report stopped = {.kind = REPORT_STOPPED};
    bool in_time = loop_now_ms(w->with.loop) - w->stop_ms < STOP_AFTER_DOT_MS + STOP_FLUSH_MS;
    if ((!out_flush(w) || !queue_post(w->options.reports, &stopped)) && in_time) {
        deadline_set(w->flush, STOP_AGAIN_MS);
        return;
    }
    size_t left = outbox_waiting(w->journal);
    if (left > 0)
        log_write(w->options.log, LOG_LINE_ERROR, "%zu entries of the journal found no room before the end", left);
    loop_stop(w->with.loop);
}

void worker_check_stopped(struct worker *w)
{
    if (!w->stopping || w->stopped || sends_matter(w))
        return;
    w->stopped = true;
    deadline_set(w->flush, 0);
}

static void stop(struct worker *w)
{
    if (w->stopping)
        return;
    w->stopping = true;
    w->stop_ms = loop_now_ms(w->with.loop);
    deadline_clear(w->starts);
    for (size_t i = 0; i < w->rows.room; i++) {
        struct watched *x = w->rows.slots[i].value;
        if (x != NULL && x->poll != NULL)
            poll_stop(x->poll);
    }
    for (size_t i = 0; i < w->groups.room; i++)
        for (struct group *g = w->groups.slots[i].value; g != NULL; g = g->same)
            look_give_up(g);
    worker_check_stopped(w);
}

/* --- orders and receipts --- */

/* An order for which there is no memory stays the first one until there is: later ones may rest on it. */
static bool carry_out(struct worker *w, const struct order *order)
{
    if (order->kind == ORDER_STOP) {
        stop(w);
        return true;
    }
    bool done = w->stopping || worker_order(w, order);
    if (w->stopping)
        definition_unref(order->definition);
    if (done)
        return true;
    log_write(w->options.log, LOG_LINE_ERROR, "row %d: out of memory: tried again in a second", (int)order->index);
    w->stuck = *order;
    w->is_stuck = true;
    deadline_set(w->more_orders, STUCK_AGAIN_MS);
    return false;
}

static void take_orders(void *owner)
{
    struct worker *w = owner;
    struct order order;
    queue_drain(w->options.orders);
    if (w->is_stuck) {
        w->is_stuck = false;
        if (!carry_out(w, &w->stuck))
            return;
    }
    for (unsigned n = 0; queue_take(w->options.orders, &order); n++) {
        if (!carry_out(w, &order))
            return;
        if (n == ORDERS_A_TURN) {
            deadline_set(w->more_orders, 0);
            break;
        }
    }
    worker_wake(w);
}

static void orders_came(void *owner)
{
    struct worker *w = owner;
    if (w->is_stuck)
        queue_drain(w->options.orders); /* they wait, as the first one does */
    else
        take_orders(w);
}

static void receipts_came(void *owner)
{
    struct worker *w = owner;
    struct receipt receipt;
    queue_drain(w->options.receipts);
    while (queue_take(w->options.receipts, &receipt))
        tickets_came(w->tickets, receipt.ticket);
    tickets_serve(w->tickets);
}

/* --- clocks --- */

static void starts_due(void *owner)
{
    worker_starts(owner);
}

static void ticked(void *owner)
{
    struct worker *w = owner;
    if (w->stopping)
        return;
    out_process(w);
    gone_expire(w);
    moves_came(w);
    if (++w->ticks % TRIM_TICKS == 0 && w->options.number == 0)
        (void)malloc_trim(0); /* polls come in waves; what they took is given back between */
    deadline_set(w->tick, TICK_MS);
}

static void flush_due(void *owner)
{
    struct worker *w = owner;
    if (w->stopped)
        end_if_emptied(w);
    else
        (void)out_flush(w);
}

/* --- the thread --- */

/* Monitors that are unknown from the start make no event: who reads the log should know why all the same. */
static void tell_of_authorities(const struct worker *w)
{
    struct failure why;
    char line[FAILURE_TEXT_MAX + 1];
    if (tls_ready(w->with.tls, loop_now_ms(w->with.loop), &why))
        return;
    (void)failure_print(&why, line, sizeof line);
    log_write(w->options.log, LOG_LINE_WARNING, "tls.ca_file: %s; monitors that verify certificates wait for it", line);
    failure_clear(&why);
}

static void one_waits(void *owner)
{
    worker_wake(owner); /* there may be room for another */
}

static bool make_net(struct worker *w)
{
    w->with.loop = loop_new();
    if (w->with.loop == NULL)
        return false;
    w->with.resolver = resolver_new(w->with.loop, w->options.dns, &w->why);
    w->with.tls = w->with.resolver != NULL ? tls_new(w->options.ca_file, &w->why) : NULL;
    if (w->with.tls != NULL)
        tell_of_authorities(w);
    w->with.hosts = hosts_new(w->options.per_host, one_waits, w);
    w->with.locks = locks_new(w->options.locks, w->with.loop);
    w->with.refusals = w->options.refusals;
    return w->with.tls != NULL && w->with.hosts != NULL && w->with.locks != NULL;
}

static bool make_own(struct worker *w)
{
    struct loop *l = w->with.loop;
    w->schedule = schedule_new(w->options.workers);
    w->tickets = tickets_new(l);
    w->cache = sasl_cache_new();
    w->sealer = token_sealer_new(&w->options.key);
    w->test_sealer = token_sealer_new(&w->options.test_key);
    explicit_bzero(&w->options.key, sizeof w->options.key); /* the sealers have them */
    explicit_bzero(&w->options.test_key, sizeof w->options.test_key);
    w->journal = outbox_new(w->options.journal, sizeof(struct journal_entry));
    w->orders = loop_watch(l, queue_fd(w->options.orders), orders_came, w);
    w->receipts = loop_watch(l, queue_fd(w->options.receipts), receipts_came, w);
    w->moves = bell_new(l, moves_came, w);
    w->starts = deadline_new(l, starts_due, w);
    w->more_orders = deadline_new(l, take_orders, w);
    w->tick = deadline_new(l, ticked, w);
    w->flush = deadline_new(l, flush_due, w);
    return w->schedule != NULL && w->tickets != NULL && w->cache != NULL && w->sealer != NULL &&
           w->test_sealer != NULL && w->journal != NULL && w->orders != NULL && w->receipts != NULL &&
           w->moves != NULL && w->starts != NULL && w->more_orders != NULL && w->tick != NULL && w->flush != NULL &&
           getrandom(w->group_seeds, sizeof w->group_seeds, 0) == (ssize_t)sizeof w->group_seeds &&
           token_handle(w->test_sealer, 0, w->test_handle);
}

static bool make(struct worker *w)
{
    if (!make_net(w) || !make_own(w)) {
        if (!failure_is(&w->why))
            w->why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
        return false;
    }
    handover_listen(w->options.handover, w->options.number, w->moves);
    gone_restore(w);
    deadline_exact(w->starts, true);
    deadline_set(w->tick, 0);
    deadline_set(w->more_orders, 0);
    return true;
}

static void unmake(struct worker *w)
{
    watched_forget_all(w);
    moves_free(w);
    handover_listen(w->options.handover, w->options.number, NULL);
    bell_free(w->moves);
    if (w->is_stuck)
        definition_unref(w->stuck.definition);
    deadline_free(w->starts);
    deadline_free(w->more_orders);
    deadline_free(w->tick);
    deadline_free(w->flush);
    watch_free(w->orders);
    watch_free(w->receipts);
    outbox_free(w->journal, journal_entry_drop);
    token_sealer_free(w->test_sealer);
    token_sealer_free(w->sealer);
    sasl_cache_free(w->cache);
    tickets_free(w->tickets);
    schedule_free(w->schedule);
    locks_free(w->with.locks);
    hosts_free(w->with.hosts);
    tls_free(w->with.tls);
    resolver_free(w->with.resolver);
    loop_free(w->with.loop);
}

/* For who looks at a process by its threads. */
static void name_thread(unsigned number)
{
    char name[16] = "worker"; /* the kernel keeps so much */
    if (number > 0)
        (void)snprintf(name, sizeof name, "worker %u", number + 1);
    (void)prctl(PR_SET_NAME, name);
}

static void *work(void *owner)
{
    struct worker *w = owner;
    name_thread(w->options.number);
    bool made = make(w);
    bool failed = failure_is(&w->why);
    (void)sem_post(&w->started);
    if (made && !failed)
        loop_run(w->with.loop);
    unmake(w);
    return NULL;
}

/* --- who starts and stops it --- */

static void worker_free(struct worker *w)
{
    for (size_t i = 0; i < sizeof w->texts / sizeof w->texts[0]; i++)
        free(w->texts[i]);
    restored_unref(w->restored);
    (void)sem_destroy(&w->started);
    failure_clear(&w->why);
    explicit_bzero(&w->options, sizeof w->options); /* keys */
    free(w);
}

/* False: memory. */
static bool own_texts(struct worker *w)
{
    const char **const texts[] = {&w->options.dns, &w->options.ca_file, &w->options.hello_name};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        w->texts[i] = strdup(*texts[i] != NULL ? *texts[i] : "");
        if (w->texts[i] == NULL)
            return false;
        *texts[i] = w->texts[i];
    }
    return true;
}

static struct worker *worker_new(const struct worker_options *options)
{
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->options = *options;
    w->restored = restored_ref(options->restored);
    w->why = failure_none;
    list_init(&w->ready);
    list_init(&w->looked);
    list_init(&w->leaving);
    list_init(&w->awaited);
    list_init(&w->dirty);
    list_init(&w->sends);
    list_init(&w->gone);
    (void)sem_init(&w->started, 0, 0);
    if (own_texts(w))
        return w;
    worker_free(w);
    return NULL;
}

/* Signals are the main thread's; and a server that closes must not end the process by SIGPIPE. */
static bool start_thread(struct worker *w)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&w->thread, NULL, work, w) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

struct worker *worker_start(const struct worker_options *options, struct failure *why)
{
    *why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    struct worker *w = worker_new(options);
    if (w == NULL)
        return NULL;
    if (!start_thread(w)) {
        worker_free(w);
        return NULL;
    }
    while (sem_wait(&w->started) != 0) {
    }
    /* Written before the semaphore was posted. */
    if (!failure_is(&w->why)) {
        *why = failure_none;
        return w;
    }
    (void)pthread_join(w->thread, NULL);
    failure_move(why, &w->why);
    worker_free(w);
    return NULL;
}

void worker_stop(struct worker *w)
{
    if (w == NULL)
        return;
    (void)pthread_join(w->thread, NULL);
    worker_free(w);
}
