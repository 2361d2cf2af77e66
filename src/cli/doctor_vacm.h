/*
 * What a view of snmpd's configuration shows (RFC 3415 s. 4), as far as it is written in numbers: for who asks before
 * there is a table that could be seen.
 */
#ifndef EMAILMON_DOCTOR_VACM_H
#define EMAILMON_DOCTOR_VACM_H

#include "doctor_conf.h"

enum shown { SHOWN_YES, SHOWN_NO, SHOWN_UNKNOWN };

/** vacm_shows(c, view, name): Whether ${view} of ${c} lets the object ${name} (".1.3.6.1...") through; SHOWN_UNKNOWN: a
 *  line of it has names, or a mask. */
enum shown vacm_shows(const struct snmpd_conf *c, const char *view, const char *name);

#endif
