#include "quiet.h"

#include "netsnmp.h"
#include "oid.h"

static void switch_on(const int *switches, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, switches[i], 1);
}

void quiet_library(enum quiet_files files)
{
    static const int write_nothing[] = {NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE};
    /* Who does not keep a state reads no configuration either: so the library has it. */
    static const int read_nothing[] = {NETSNMP_DS_LIB_DONT_READ_CONFIGS, NETSNMP_DS_LIB_DONT_PERSIST_STATE,
                                       NETSNMP_DS_LIB_DISABLE_CONFIG_LOAD};
    switch_on(write_nothing, OID_COUNT(write_nothing));
    if (files == QUIET_ALONE)
        switch_on(read_nothing, OID_COUNT(read_nothing));
    (void)netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_MIBDIRS, "");
    set_persistent_directory("/dev/null"); /* it would make a folder for certificates there, whatever stands above */
    snmp_disable_log();
}
