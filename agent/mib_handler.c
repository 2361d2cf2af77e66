#include "mib_handler.h"

#include <string.h>

#include "oid.h"

u_char cell_type(const struct cell *c)
{
    static const u_char types[] = {
        [CELL_INTEGER] = ASN_INTEGER,     [CELL_UNSIGNED] = ASN_UNSIGNED, [CELL_COUNTER] = ASN_COUNTER,
        [CELL_COUNTER64] = ASN_COUNTER64, [CELL_OCTETS] = ASN_OCTET_STR,
    };
    return types[c->kind];
}

bool cell_put(netsnmp_variable_list *vb, const struct cell *c)
{
    int integer = (int)c->integer;
    unsigned number = (unsigned)c->number;
    struct counter64 halves = {.high = c->number >> 32, .low = c->number & 0xffffffffUL};
    const void *value = NULL;
    size_t length = 0;

    switch (c->kind) {
    case CELL_INTEGER:
        value = &integer;
        length = sizeof integer;
        break;
    case CELL_UNSIGNED:
    case CELL_COUNTER:
        value = &number;
        length = sizeof number;
        break;
    case CELL_COUNTER64:
        value = &halves;
        length = sizeof halves;
        break;
    case CELL_OCTETS:
        value = c->octets;
        length = c->length;
        break;
    }
    return snmp_set_var_typed_value(vb, cell_type(c), value, length) == 0;
}

static void answer_get(const struct mib_table *t, netsnmp_agent_request_info *info, netsnmp_request_info *request,
                       int64_t wall_ms)
{
    netsnmp_variable_list *vb = request->requestvb;
    struct cell cell;
    switch (mib_table_get(t, vb->name, vb->name_length, wall_ms, &cell)) {
    case MIB_FOUND:
        if (!cell_put(vb, &cell))
            netsnmp_set_request_error(info, request, SNMP_ERR_GENERR);
        return;
    case MIB_NO_OBJECT:
        netsnmp_set_request_error(info, request, SNMP_NOSUCHOBJECT);
        return;
    case MIB_NO_INSTANCE:
    case MIB_END:
        netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
        return;
    }
}

/* Behind the last variable the request stays as it is: Net-SNMP then asks whoever comes next. */
static void answer_next(const struct mib_table *t, netsnmp_agent_request_info *info, netsnmp_request_info *request,
                        int64_t wall_ms)
{
    netsnmp_variable_list *vb = request->requestvb;
    struct cell cell;
    struct mib_place place;
    oid name[OID_MAX];

    if (mib_table_next(t, vb->name, vb->name_length, request->inclusive != 0, wall_ms, &place, &cell) != MIB_FOUND)
        return;
    memcpy(name, t->entry, t->entry_length * sizeof *name);
    name[t->entry_length] = place.column;
    name[t->entry_length + 1] = place.index;
    if (snmp_set_var_objid(vb, name, t->entry_length + 2) != 0 || !cell_put(vb, &cell))
        netsnmp_set_request_error(info, request, SNMP_ERR_GENERR);
}

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
                  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
    const struct mib_served *served = handler->myvoid;
    const struct mib_table *t = served->table;
    int64_t wall_ms = wall_now_ms(); /* one moment for all variables of the request */
    (void)registration;
    if (info->mode != MODE_GET && info->mode != MODE_GETNEXT) {
        if (served->set != NULL)
            served->set(served->owner, info, requests);
        return SNMP_ERR_NOERROR;
    }
    for (netsnmp_request_info *request = requests; request != NULL; request = request->next) {
        if (request->processed)
            continue;
        if (info->mode == MODE_GET)
            answer_get(t, info, request, wall_ms);
        else
            answer_next(t, info, request, wall_ms);
    }
    return SNMP_ERR_NOERROR;
}

bool mib_register(struct mib_served *s)
{
    const struct mib_table *t = s->table;
    netsnmp_handler_registration *registration = netsnmp_create_handler_registration(
        t->name, handle, t->entry, t->entry_length, s->set != NULL ? HANDLER_CAN_RWRITE : HANDLER_CAN_RONLY);
    if (registration == NULL)
        return false;
    registration->handler->myvoid = s; /* Net-SNMP only hands it back */
    return netsnmp_register_handler(registration) == MIB_REGISTERED_OK;
}
