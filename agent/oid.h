/*
 * Where things stand in EMAIL-MONITOR-MIB.  Sub-identifiers are unsigned long, as Net-SNMP has them.
 */
#ifndef EMAILMON_OID_H
#define EMAILMON_OID_H

#include "oid_root.h"

#define OID_NOTIFICATIONS MIB_OID_ROOT, 0    /* notification N is .N below it; N is the event's kind */
#define OID_SCALARS       MIB_OID_ROOT, 1, 1 /* a scalar N is .N.0 */
#define OID_CONFIG        MIB_OID_ROOT, 1, 2 /* emailMonTable; its entry is .1 */
#define OID_STATUS        MIB_OID_ROOT, 1, 3 /* emailMonStatusTable */
#define OID_EVENTS        MIB_OID_ROOT, 1, 4 /* emailMonEventTable */

enum { OID_MAX = 32 }; /* sub-identifiers of any name in the module, with room for a long root */

#define OID_COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The root, objects, a table, its entry, a column, an index. */
_Static_assert(OID_COUNT(((unsigned long[]){MIB_OID_ROOT})) + 5 <= OID_MAX, "EMAILMON_OID_ROOT is too long");

#endif
