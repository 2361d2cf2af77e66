#include "forget.h"

#include <dlfcn.h>
#include <string.h>

static int (*receive)(netsnmp_transport *t, void *buffer, int size, void **opaque, int *opaque_bytes);

/* The library frees its buffer after each packet, and gets the same memory for the next. */
static int receive_clean(netsnmp_transport *t, void *buffer, int size, void **opaque, int *opaque_bytes)
{
    if (size > 0)
        explicit_bzero(buffer, (size_t)size);
    return receive(t, buffer, size, opaque, opaque_bytes);
}

void forget_packets(netsnmp_session *session)
{
    netsnmp_transport *t = snmp_sess_transport(snmp_sess_pointer(session));
    if (t == NULL || t->f_recv == receive_clean)
        return;
    receive = t->f_recv;
    t->f_recv = receive_clean;
}

/* Stands in front of the library's function of that name, for the library too: the program's symbols come first. */
void snmp_free_var_internals(netsnmp_variable_list *variable)
{
    static void (*library)(netsnmp_variable_list * variable);
    if (library == NULL) {
        void *found = dlsym(RTLD_NEXT, "snmp_free_var_internals");
        memcpy(&library, &found, sizeof found); /* C has no cast from an object to a function */
    }
    if (variable != NULL && variable->type == ASN_OCTET_STR && variable->val.string != NULL)
        explicit_bzero(variable->val.string, variable->val_len);
    library(variable);
}
