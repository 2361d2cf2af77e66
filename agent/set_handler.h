/*
 * Net-SNMP's side of a SET: its phases, variables and error codes.
 */
#ifndef EMAILMON_SET_HANDLER_H
#define EMAILMON_SET_HANDLER_H

#include "draft.h"
#include "netsnmp.h"

/** set_handle(agent, info, requests): One phase of a SET of emailMonTable: struct mib_served's set. */
void set_handle(void *agent, netsnmp_agent_request_info *info, netsnmp_request_info *requests);

/** set_error(kind): What SNMP answers for a mistake (RFC 3416 s. 4.2.5). */
int set_error(enum mistake_kind kind);

#endif
