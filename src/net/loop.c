#include "loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "loop_uv.h"

struct watch {
    uv_poll_t poll;
    void (*ready)(void *owner);
    void *owner;
};

static uint64_t hr_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static uint64_t span(uint64_t from_ms, uint64_t to_ms)
{
    return to_ms > from_ms ? to_ms - from_ms : 0;
}

static void stay_awake(uv_idle_t *idle)
{
    (void)idle;
}

/*
 * libuv runs timers before it looks at sockets.  A process that was stopped would thus find its deadlines passed
 * while the answers wait unread; so the timer only marks, and the check behind the following poll for I/O decides.
 */
static void on_alarm(uv_timer_t *alarm)
{
    struct loop *l = alarm->data;
    uint64_t at_ms, now_ms = uv_now(&l->uv);
    if (!deadlines_next(l, &at_ms) || at_ms > now_ms)
        return; /* the heartbeat */
    l->marked = true;
    l->marked_ms = now_ms;
    (void)uv_idle_start(&l->idle, stay_awake);
}

void loop_arm(struct loop *l)
{
    uint64_t at_ms;
    if (!deadlines_next(l, &at_ms)) {
        (void)uv_timer_stop(&l->alarm);
        return;
    }
    uint64_t wait_ms = span(uv_now(&l->uv), at_ms);
    if (l->patient.count > 0 && wait_ms > LOOP_HEARTBEAT_MS)
        wait_ms = LOOP_HEARTBEAT_MS;
    (void)uv_timer_start(&l->alarm, on_alarm, wait_ms, 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *l = prepare->data;
    loop_arm(l);
    int timeout_ms = uv_backend_timeout(&l->uv);
    l->prepared_ms = hr_now_ms();
    l->planned_ms = timeout_ms < 0 ? UINT64_MAX - l->prepared_ms : (uint64_t)timeout_ms;
    l->refreshed = l->counted = false;
}

/* What a turn took beyond its planned wait: in callbacks, or stopped (SIGSTOP, a paused machine) in the poll itself. */
static uint64_t turn_lag_ms(const struct loop *l, uint64_t now_ms)
{
    uint64_t polled_ms = l->refreshed ? l->polled_ms : uv_now(&l->uv);
    return span(l->checked_ms, l->prepared_ms) + span(l->prepared_ms + l->planned_ms, polled_ms) +
           span(polled_ms, now_ms);
}

static void on_check(uv_check_t *check)
{
    struct loop *l = check->data;
    uint64_t now_ms = hr_now_ms();
    uint64_t lag_ms = turn_lag_ms(l, now_ms);
    l->checked_ms = now_ms;
    l->counted = true;
    if (lag_ms > LOOP_STALL_MS) {
        l->stalls++;
        l->stood_ms += lag_ms;
    }
    if (!l->marked)
        return;
    l->marked = false;
    (void)uv_idle_stop(&l->idle);
    deadlines_decide(l);
}

/* libuv writes with write(2): to a connection that is gone, that would end the process instead of failing. */
static void block_pipe_signal(void)
{
    sigset_t pipe_signal;
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
}

static void on_nothing(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

/* libuv ends the process when it finds no memory for a larger table of descriptors (uv__io_start).  So the table gets
 * its size here, where nothing is at stake yet: enough for thousands of connections. */
static void reserve_descriptors(struct loop *l)
{
    uv_poll_t poll;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, LOOP_DESCRIPTORS);
    if (high >= 0 && uv_poll_init(&l->uv, &poll, high) == 0) {
        (void)uv_poll_start(&poll, UV_READABLE, on_nothing);
        uv_close((uv_handle_t *)&poll, NULL);
        (void)uv_run(&l->uv, UV_RUN_NOWAIT); /* finishes the closing */
    }
    if (high >= 0)
        (void)close(high);
    if (fd >= 0)
        (void)close(fd);
}

struct loop *loop_new(void)
{
    struct loop *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    if (uv_loop_init(&l->uv) != 0) {
        free(l);
        return NULL;
    }
    block_pipe_signal();
    reserve_descriptors(l);
    /* None of these can fail; the alarm alone keeps the loop running. */
    (void)uv_prepare_init(&l->uv, &l->prepare);
    (void)uv_check_init(&l->uv, &l->check);
    (void)uv_idle_init(&l->uv, &l->idle);
    (void)uv_timer_init(&l->uv, &l->alarm);
    l->prepare.data = l->check.data = l->idle.data = l->alarm.data = l;
    (void)uv_prepare_start(&l->prepare, on_prepare);
    (void)uv_check_start(&l->check, on_check);
    uv_unref((uv_handle_t *)&l->prepare);
    uv_unref((uv_handle_t *)&l->check);
    uv_unref((uv_handle_t *)&l->idle);
    return l;
}

void loop_run(struct loop *l)
{
    uv_update_time(&l->uv);
    l->checked_ms = hr_now_ms();
    loop_arm(l);
    (void)uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
    uv_stop(&l->uv);
}

void loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    (void)uv_timer_stop(&l->alarm);
    (void)uv_idle_stop(&l->idle);
    uv_close((uv_handle_t *)&l->prepare, NULL);
    uv_close((uv_handle_t *)&l->check, NULL);
    uv_close((uv_handle_t *)&l->idle, NULL);
    uv_close((uv_handle_t *)&l->alarm, NULL);
    /* The second turn is for what uv_stop() left: a stop that was asked for ends the first one before it began. */
    (void)uv_run(&l->uv, UV_RUN_NOWAIT);
    (void)uv_run(&l->uv, UV_RUN_NOWAIT);
    (void)uv_loop_close(&l->uv);
    deadlines_free(l);
    free(l);
}

uint64_t loop_now_ms(const struct loop *l)
{
    return uv_now(&l->uv);
}

void loop_refresh(struct loop *l)
{
    if (!l->refreshed) {
        l->polled_ms = uv_now(&l->uv);
        l->refreshed = true;
    }
    uv_update_time(&l->uv);
}

uint32_t loop_stalls(const struct loop *l)
{
    return l->stalls + (!l->counted && turn_lag_ms(l, hr_now_ms()) > LOOP_STALL_MS);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    (void)events;
    /* libuv stops watching a descriptor with an error pending; whoever reads it will see the error. */
    if (status < 0)
        (void)uv_poll_start(poll, UV_READABLE, on_readable);
    w->ready(w->owner);
}

static void free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

struct watch *loop_watch(struct loop *l, int fd, void (*ready)(void *owner), void *owner)
{
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    if (uv_poll_init(&l->uv, &w->poll, fd) != 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    w->ready = ready;
    w->owner = owner;
    (void)uv_poll_start(&w->poll, UV_READABLE, on_readable);
    return w;
}

void watch_free(struct watch *w)
{
    if (w != NULL)
        uv_close((uv_handle_t *)&w->poll, free_watch);
}
