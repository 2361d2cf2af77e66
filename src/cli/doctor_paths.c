#include "doctor_paths.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "configuration.h"
#include "key_map.h"
#include "trial_setup.h"

enum { SHOW_EVERY_MS = 250 };

/* --- which --- */

static uint64_t mix_leg(uint64_t seed, const struct definition *d, enum leg leg)
{
    struct leg_settings to;
    definition_leg(d, leg, &to);
    const uint32_t numbers[] = {to.port, (uint32_t)to.security, leg == LEG_INCOMING ? (uint32_t)to.protocol : 0};
    return key_mix(key_mix(seed, to.server, strlen(to.server) + 1), numbers, sizeof numbers);
}

/* Both legs' servers, ports and securities. */
static uint64_t pair_of(const struct definition *d)
{
    return mix_leg(mix_leg(0, d, LEG_SMTP), d, LEG_INCOMING);
}

static void add_path(struct doctor_paths *p, size_t monitor)
{
    if (p->count < PATHS_MAX)
        p->list[p->count++] = (struct tried_path){.monitor = monitor};
}

/* Without memory to know pairs by each monitor is one. */
static void choose_pairs(struct doctor_paths *p, const struct config *config)
{
    struct key_map seen = {0};
    for (size_t i = 0; i < config->wanted_count; i++) {
        const struct definition *d = config->wanted[i].definition;
        if (!definition_is_on(d))
            continue;
        p->monitors++;
        const uint64_t pair = pair_of(d);
        if (key_map_get(&seen, pair) != NULL)
            continue;
        (void)key_map_put(&seen, pair, p);
        p->pairs++;
        add_path(p, i);
    }
    key_map_clear(&seen);
}

bool paths_choose(struct doctor_paths *p, const struct config *config, const char *name)
{
    if (name == NULL) {
        choose_pairs(p, config);
        return true;
    }
    size_t monitor = configuration_find(config, name);
    if (monitor == config->wanted_count)
        return false;
    p->monitors = p->pairs = 1;
    add_path(p, monitor);
    return true;
}

/* --- trying them --- */

struct crowd {
    struct doctor_paths *paths;
    const struct trial_options *options; /* what all have in common */
    atomic_size_t next, done;
    int done_fd; /* rung when one is done */
};

static void leg_ended(void *owner, enum leg leg, const struct leg_outcome *outcome)
{
    struct tried_path *path = owner;
    struct tried_leg *tried = &path->legs[leg - LEG_SMTP];
    leg_outcome_clear(&tried->outcome);
    tried->outcome = *outcome;
    tried->outcome.failure = failure_copy(&outcome->failure);
    tried->talked = true;
}

static const struct trial_events events = {.leg = leg_ended};

/* One of the threads: takes the next path until there is none. */
static void *try_paths(void *owner)
{
    struct crowd *c = owner;
    for (size_t i; (i = atomic_fetch_add(&c->next, 1)) < c->paths->count;) {
        struct tried_path *path = &c->paths->list[i];
        struct trial_options options = *c->options;
        options.definition = path->definition;
        options.events = &events;
        options.owner = path;
        trial_run(&options, &path->result);
        explicit_bzero(&options.test_key, sizeof options.test_key);
        atomic_fetch_add(&c->done, 1);
        (void)eventfd_write(c->done_fd, 1);
    }
    return NULL;
}

static void show_progress(const struct crowd *c, const struct terminal *terminal, uint64_t began_ms)
{
    if (terminal->moves)
        (void)fprintf(terminal->out, "\r\x1B[Ktrying the mail paths: %zu of %zu, %" PRIu64 " s", atomic_load(&c->done),
                      c->paths->count, (monotonic_now_ms() - began_ms) / 1000);
    (void)fflush(terminal->out);
}

/* Until all are done; Ctrl-C, or the end of our patience, ends them by ${stop_fd}. */
static void await(struct crowd *c, int stop_fd, int signals, const struct terminal *terminal)
{
    const uint64_t began_ms = monotonic_now_ms();
    struct pollfd fds[] = {{.fd = c->done_fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    eventfd_t unused;
    while (atomic_load(&c->done) < c->paths->count) {
        show_progress(c, terminal, began_ms);
        (void)poll(fds, sizeof fds / sizeof fds[0], SHOW_EVERY_MS);
        (void)eventfd_read(c->done_fd, &unused);
        if (c->paths->stopped || c->paths->late)
            continue;
        c->paths->stopped = (fds[1].revents & POLLIN) != 0;
        c->paths->late = monotonic_now_ms() - began_ms > PATHS_LIMIT_S * UINT64_C(1000);
        if (c->paths->stopped || c->paths->late) {
            fds[1].fd = -1;
            (void)eventfd_write(stop_fd, 1);
        }
    }
    if (terminal->moves)
        (void)fputs("\r\x1B[K", terminal->out);
}

/* With as many threads as there are; false: there is none. */
static bool run_crowd(struct crowd *c, int stop_fd, int signals, const struct terminal *terminal)
{
    pthread_t threads[PATHS_AT_ONCE];
    size_t n = 0, most = c->paths->count < PATHS_AT_ONCE ? c->paths->count : PATHS_AT_ONCE;
    while (n < most && pthread_create(&threads[n], NULL, try_paths, c) == 0)
        n++;
    if (n > 0)
        await(c, stop_fd, signals, terminal);
    for (size_t i = 0; i < n; i++)
        (void)pthread_join(threads[i], NULL);
    return n > 0;
}

static bool *chosen_monitors(const struct doctor_paths *p, const struct config *config)
{
    bool *chosen = calloc(config->wanted_count + 1, sizeof *chosen);
    for (size_t i = 0; chosen != NULL && i < p->count; i++)
        chosen[p->list[i].monitor] = true;
    return chosen;
}

/* Definitions as they are with their passwords. */
static void settle_definitions(struct doctor_paths *p, const struct config *config)
{
    for (size_t i = 0; i < p->count; i++) {
        struct tried_path *path = &p->list[i];
        path->definition = definition_ref(config->wanted[path->monitor].definition);
        for (enum leg leg = LEG_SMTP; leg <= LEG_INCOMING; leg++) {
            definition_leg(path->definition, leg, &path->legs[leg - LEG_SMTP].to);
            leg_outcome_init(&path->legs[leg - LEG_SMTP].outcome);
        }
        path->result.failure = failure_none;
    }
}

void paths_try(struct doctor_paths *p, struct config *config, const struct terminal *terminal)
{
    char hello_name[HOST_NAME_MAX_BYTES];
    struct trial_options options = {0};
    struct crowd crowd = {.paths = p, .options = &options, .done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), signals = trial_signals();
    bool *chosen = chosen_monitors(p, config);
    bool ready = chosen != NULL && trial_setup(config, chosen, signals, hello_name, &options);
    free(chosen);
    settle_definitions(p, config);
    if (ready && stop_fd >= 0 && crowd.done_fd >= 0 && signals >= 0) {
        options.stop_fd = stop_fd;
        options.arrival_s = PATHS_ARRIVAL_S;
        p->tried = run_crowd(&crowd, stop_fd, signals, terminal);
    }
    trial_setup_end(&options);
    const int fds[] = {crowd.done_fd, stop_fd, signals};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
}

void paths_clear(struct doctor_paths *p)
{
    for (size_t i = 0; i < p->count; i++) {
        failure_clear(&p->list[i].result.failure);
        leg_outcome_clear(&p->list[i].legs[0].outcome);
        leg_outcome_clear(&p->list[i].legs[1].outcome);
        definition_unref(p->list[i].definition);
    }
    p->count = 0;
}
