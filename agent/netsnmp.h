/*
 * Net-SNMP's headers, which do not stand our warnings, and what its library exports without a header.
 */
#ifndef EMAILMON_NETSNMP_H
#define EMAILMON_NETSNMP_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wredundant-decls"
/* In this order: each needs those in front. */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/library/large_fd_set.h>
#pragma GCC diagnostic pop

/* The AgentX session to the master, NULL while there is none; and how it is opened: 0 when it is. */
extern netsnmp_session *main_session;
extern int subagent_open_master_session(void);

/* RFC 2741 s. 6.1, 6.2.16 */
enum agentx_type { AGENTX_NOTIFY = 12, AGENTX_PING = 13, AGENTX_RESPONSE = 18 };
enum { AGENTX_NO_ERROR = 0, AGENTX_PROTOCOL = 0xC1 }; /* the number by which Net-SNMP tells AgentX from SNMP */

#endif
