/*
 * A SET may carry passwords, and Net-SNMP frees what it received, and a dozen copies of it, as it is.  Here it is
 * wiped first.
 */
#ifndef EMAILMON_FORGET_H
#define EMAILMON_FORGET_H

#include "netsnmp.h"

/** forget_packets(session): What ${session}, newly opened, receives is wiped at the latest when it receives again.  The
 *  values of variables are wiped whenever the library frees them, without being asked to.  Agent thread. */
void forget_packets(netsnmp_session *session);

#endif
