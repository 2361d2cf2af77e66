/*
 * A running snmpd, asked as a console asks it: what of emailmon it shows.  For `emailmon doctor`; one thread, one
 * question at a time, in a process without an agent.
 */
#ifndef EMAILMON_INQUIRY_H
#define EMAILMON_INQUIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quiet.h"

/** Who asks: by a community (SNMPv2c), or as a user (SNMPv3, with level and passphrases of snmp.conf). */
struct inquiry {
    const char *peer;      /* "127.0.0.1:161", or what else snmpget takes */
    const char *community; /* NULL: by ${user} */
    const char *user;
};

struct inquiry_answer {
    bool answered;    /* it did, whatever it said; false: ${why} */
    bool shown;       /* emailMonVersion and emailMonRows: */
    char version[64]; /* printable */
    uint32_t rows;
    bool targets; /* SNMP-TARGET-MIB has an address; false may also mean that it is hidden */
    char why[128];
};

/** inquiry_begin(files): Once, before the first question, while there is one thread (it sets an environment variable)
 *  and the files of the administrator can be read.  inquiry_ask(who, answer): takes some 2 s when nobody answers. */
void inquiry_begin(enum quiet_files files);
void inquiry_ask(const struct inquiry *who, struct inquiry_answer *answer);

/** inquiry_subtree(dst, size): Where EMAIL-MONITOR-MIB hangs, as snmpd.conf names it: ".1.3.6.1.4...". */
void inquiry_subtree(char *dst, size_t size);

#endif
