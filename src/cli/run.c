/* emailmon run: waits for signals and prints the log, while the engine's threads work. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "command.h"
#include "configuration.h"
#include "engine.h"
#include "service.h"
#include "signals.h"

/* Blocked before any thread starts, so that all of them inherit it and only the descriptor tells. */
static int catch_signals(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a write that fails */
    return signals_catch(numbers, sizeof numbers / sizeof numbers[0]);
}

/* As many descriptors as this user may have. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Returns when told to end. */
static void serve(struct engine *engine, struct log *log, int signals)
{
    struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = log_fd(log), .events = POLLIN}};
    struct signalfd_siginfo info;
    for (;;) {
        (void)poll(fds, 2, -1);
        log_print(log);
        while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
            if (info.ssi_signo != SIGHUP) {
                log_write(log, LOG_LINE_NOTICE, "ending: %s", strsignal((int)info.ssi_signo));
                return;
            }
            engine_reload(engine);
        }
    }
}

static int run(const char *path, struct config *config, struct log *log, int signals)
{
    char why[512];
    log_write(log, LOG_LINE_NOTICE, "emailmon %s starts; monitors in %s: %zu", EMAILMON_VERSION, path,
              config->wanted_count);
    struct engine *engine = engine_start(path, config, log, why, sizeof why);
    log_print(log);
    if (engine == NULL) {
        (void)fprintf(stderr, "emailmon: %s\n", why);
        return EXIT_MISTAKE;
    }
    service_ready();
    serve(engine, log, signals);
    service_stopping();
    engine_stop(engine);
    return 0;
}

int command_run(const struct arguments *a)
{
    int status = EXIT_MISTAKE;
    raise_descriptors();
    struct config *config = configuration_read(a->file, true);
    if (config == NULL)
        return EXIT_MISTAKE;
    int signals = catch_signals();
    struct log *log = log_new();
    if (signals >= 0 && log != NULL) {
        status = run(a->file, config, log, signals);
    } else {
        (void)fprintf(stderr, "emailmon: it cannot start: %s\n", strerror(errno));
        config_free(config);
    }
    log_free(log);
    if (signals >= 0)
        (void)close(signals);
    return status;
}
