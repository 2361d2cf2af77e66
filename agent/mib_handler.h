/*
 * Net-SNMP's side of a MIB table: one registration a table, one call for all variables of a request.
 */
#ifndef EMAILMON_MIB_HANDLER_H
#define EMAILMON_MIB_HANDLER_H

#include "mib_table.h"
#include "netsnmp.h"

/** mib_register(t): Have Net-SNMP ask for ${t}, which must stay where it is.  Read-only: a SET is answered
 * notWritable. */
bool mib_register(const struct mib_table *t);

/** cell_type(c): its ASN.1 tag.  cell_put(vb, c): Give ${vb} the value; false: memory. */
u_char cell_type(const struct cell *c);
bool cell_put(netsnmp_variable_list *vb, const struct cell *c);

#endif
