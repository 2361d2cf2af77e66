/*
 * Net-SNMP's side of a MIB table: one registration a table, one call for all variables of a request.
 */
#ifndef EMAILMON_MIB_HANDLER_H
#define EMAILMON_MIB_HANDLER_H

#include "mib_table.h"
#include "netsnmp.h"

/** A table as it is served.  ${set} gets each phase of a SET (info->mode); NULL: a SET is answered notWritable. */
struct mib_served {
    const struct mib_table *table;
    void (*set)(void *owner, netsnmp_agent_request_info *info, netsnmp_request_info *requests);
    void *owner;
};

/** mib_register(s): Have Net-SNMP ask for ${s}, which must stay where it is, and so must its table. */
bool mib_register(struct mib_served *s);

/** cell_type(c): its ASN.1 tag.  cell_put(vb, c): Give ${vb} the value; false: memory. */
u_char cell_type(const struct cell *c);
bool cell_put(netsnmp_variable_list *vb, const struct cell *c);

#endif
