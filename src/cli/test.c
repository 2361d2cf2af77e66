/* emailmon test: one whole round trip of one monitor, in the foreground, without any state. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "command.h"
#include "configuration.h"
#include "host_name.h"
#include "keys.h"
#include "secrets.h"
#include "trial_view.h"

/* Ctrl-C ends the trial, which then deletes its probe. */
static int catch_interrupts(void)
{
    sigset_t set;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Probes of a test are known to a running emailmon by the same key file; without it only to this call. */
static bool make_test_key(const char *key_file, struct token_key *key)
{
    char why[512];
    struct keys keys;
    if (!keys_load(key_file, false, &keys, why, sizeof why) && !keys_random(&keys))
        return false;
    memcpy(key->instance, keys.instance, sizeof key->instance);
    bool ok = keys_derive(&keys, "test", key->key);
    keys_wipe(&keys);
    return ok;
}

static void ignore_ready(void *owner, const struct wanted *monitor)
{
    (void)owner;
    (void)monitor;
}

/* False: memory. */
static bool fetch_secrets(struct config *config, size_t monitor, int stop_fd)
{
    bool *which = calloc(config->source_count + 1, sizeof *which);
    if (which == NULL)
        return false;
    for (size_t i = 0; i < config->source_count; i++)
        which[i] = config->sources[i].monitor == monitor;
    secrets_fetch(config, which, NULL, ignore_ready, NULL, stop_fd);
    free(which);
    return true;
}

static int exit_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_UP:
        return EXIT_UP;
    case VERDICT_DOWN:
        return EXIT_DOWN;
    case VERDICT_UNKNOWN:
    case VERDICT_DISABLED:
        break;
    }
    return EXIT_UNKNOWN;
}

static int try_monitor(struct config *config, size_t monitor, bool trace, int stop_fd)
{
    char name[HOST_NAME_MAX_BYTES];
    struct trial_result result = {0};
    struct trial_options options = {.dns = config->general.dns,
                                    .ca_file = config->general.ca_file,
                                    .hello_name = name,
                                    .stop_fd = stop_fd,
                                    .events = trace ? &trial_view_traced : &trial_view_events};
    host_name(name);
    if (!fetch_secrets(config, monitor, stop_fd) || !make_test_key(config->general.key_file, &options.test_key)) {
        (void)fprintf(stderr, "emailmon: no memory, or no random numbers\n");
        return EXIT_UNKNOWN;
    }
    struct trial_view view;
    const struct terminal t = terminal_of(stdout);
    options.definition = config->wanted[monitor].definition;
    trial_view_init(&view, &t, options.definition, trace);
    options.owner = &view;
    trial_run(&options, &result);
    trial_view_result(&view, &result);
    int status = exit_of(result.verdict);
    failure_clear(&result.failure);
    explicit_bzero(&options.test_key, sizeof options.test_key);
    return fflush(stdout) == 0 ? status : EXIT_UNKNOWN;
}

int command_test(const struct arguments *a)
{
    (void)setlocale(LC_CTYPE, "");
    struct config *config = configuration_read(a->file, true);
    if (config == NULL)
        return EXIT_MISTAKE;
    size_t monitor = configuration_find(config, a->name);
    int status = EXIT_MISTAKE, stop_fd = -1;
    if (monitor == config->wanted_count) {
        (void)fprintf(stderr, "emailmon: no monitor is called %s in %s; names are told by `emailmon status`\n", a->name,
                      a->file);
    } else {
        stop_fd = catch_interrupts();
        status = try_monitor(config, monitor, a->trace, stop_fd);
    }
    if (stop_fd >= 0)
        (void)close(stop_fd);
    config_free(config);
    return status;
}
