/*
 * The commands of emailmon, and what each is given.  A command returns the exit status.
 */
#ifndef EMAILMON_COMMAND_H
#define EMAILMON_COMMAND_H

#include <stdbool.h>

/** 0, 2, 3 are those of monitoring plugins; 1 is a mistake of whoever called. */
enum exit_status { EXIT_UP = 0, EXIT_MISTAKE = 1, EXIT_DOWN = 2, EXIT_UNKNOWN = 3 };

struct arguments {
    const char *file;   /* -c FILE */
    const char *name;   /* of a monitor; NULL: none given */
    const char *output; /* -o FILE; NULL: not given */
    bool json, watch, trace;
    const char *as; /* for doctor, all of them; NULL: not given */
    const char *snmpd_conf, *snmpd, *community, *user;
};

int command_run(const struct arguments *a);
int command_check(const struct arguments *a);
int command_test(const struct arguments *a);
int command_status(const struct arguments *a);
int command_doctor(const struct arguments *a);
int command_export(const struct arguments *a);
int command_report(const struct arguments *a);
int command_mib(const struct arguments *a);
int command_version(const struct arguments *a);

#endif
