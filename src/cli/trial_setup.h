/*
 * What `emailmon test` and `emailmon doctor` need for trials: passwords, the key of test probes, signals.
 */
#ifndef EMAILMON_TRIAL_SETUP_H
#define EMAILMON_TRIAL_SETUP_H

#include "config.h"
#include "host_name.h"
#include "trial.h"

/** trial_signals(): From now on Ctrl-C and SIGTERM come by this descriptor, and to no thread made afterwards; -1: they
 *  cannot. */
int trial_signals(void);

/**
 * trial_setup(config, chosen, stop_fd, hello_name, options): Fetch the passwords of those monitors for which
 * ${chosen}[i] is true, and fill in what trials of them have in common; ${hello_name} and ${config} outlive them.
 * False: memory, or no random numbers.  trial_setup_end(options): Wipe the key.
 */
bool trial_setup(struct config *config, const bool *chosen, int stop_fd, char hello_name[HOST_NAME_MAX_BYTES],
                 struct trial_options *options);
void trial_setup_end(struct trial_options *options);

#endif
