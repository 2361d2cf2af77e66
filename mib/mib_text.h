/*
 * EMAIL-MONITOR-MIB.txt as it is installed, inside the program: what `emailmon mib` prints.
 */
#ifndef EMAILMON_MIB_TEXT_H
#define EMAILMON_MIB_TEXT_H

/** The whole file, NUL-terminated; its root is that of the build (EMAILMON_OID_ROOT). */
extern const char mib_text[];

#endif
