#include "trial_setup.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "secrets.h"
#include "signals.h"

int trial_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    (void)signal(SIGPIPE, SIG_IGN);
    return signals_catch(numbers, sizeof numbers / sizeof numbers[0]);
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
static bool fetch_secrets(struct config *config, const bool *chosen, int stop_fd)
{
    bool *which = calloc(config->source_count + 1, sizeof *which);
    if (which == NULL)
        return false;
    for (size_t i = 0; i < config->source_count; i++)
        which[i] = chosen[config->sources[i].monitor];
    secrets_fetch(config, which, NULL, ignore_ready, NULL, stop_fd);
    free(which);
    return true;
}

bool trial_setup(struct config *config, const bool *chosen, int stop_fd, char hello_name[HOST_NAME_MAX_BYTES],
                 struct trial_options *options)
{
    *options = (struct trial_options){
        .dns = config->general.dns, .ca_file = config->general.ca_file, .hello_name = hello_name, .stop_fd = stop_fd};
    host_name(hello_name);
    return fetch_secrets(config, chosen, stop_fd) && make_test_key(config->general.key_file, &options->test_key);
}

void trial_setup_end(struct trial_options *options)
{
    explicit_bzero(&options->test_key, sizeof options->test_key);
}
