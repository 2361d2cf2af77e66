/* emailmon test: one whole round trip of one monitor, in the foreground, without any state. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "configuration.h"
#include "trial_setup.h"
#include "trial_view.h"

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

static bool set_up(struct config *config, size_t monitor, int stop_fd, char hello_name[HOST_NAME_MAX_BYTES],
                   struct trial_options *options)
{
    bool *chosen = calloc(config->wanted_count, sizeof *chosen);
    if (chosen == NULL)
        return false;
    chosen[monitor] = true;
    bool ok = trial_setup(config, chosen, stop_fd, hello_name, options);
    free(chosen);
    return ok;
}

static int try_monitor(struct config *config, size_t monitor, bool trace, int stop_fd)
{
    char name[HOST_NAME_MAX_BYTES];
    struct trial_result result = {0};
    struct trial_options options;
    if (!set_up(config, monitor, stop_fd, name, &options)) {
        (void)fprintf(stderr, "emailmon: no memory, or no random numbers\n");
        return EXIT_UNKNOWN;
    }
    struct trial_view view;
    const struct terminal t = terminal_of(stdout);
    options.definition = config->wanted[monitor].definition;
    options.events = trace ? &trial_view_traced : &trial_view_events;
    trial_view_init(&view, &t, options.definition, trace);
    options.owner = &view;
    trial_run(&options, &result);
    trial_view_result(&view, &result);
    int status = exit_of(result.verdict);
    failure_clear(&result.failure);
    trial_setup_end(&options);
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
        configuration_lacks(a->file, a->name);
    } else {
        stop_fd = trial_signals(); /* Ctrl-C ends the trial, which then deletes its probe */
        status = try_monitor(config, monitor, a->trace, stop_fd);
    }
    if (stop_fd >= 0)
        (void)close(stop_fd);
    config_free(config);
    return status;
}
