/*
 * Net-SNMP's library, as it is when nobody asked it to speak, to write files, or to follow those of the machine.
 */
#ifndef EMAILMON_QUIET_H
#define EMAILMON_QUIET_H

enum quiet_files {
    QUIET_ALONE,     /* no file of the machine has a say */
    QUIET_AS_CONSOLE /* snmp.conf has one, as for snmpget: users, passphrases, timeouts */
};

/** quiet_library(files): Before init_snmp(): no file is written, and nothing goes to standard error or syslog. */
void quiet_library(enum quiet_files files);

#endif
