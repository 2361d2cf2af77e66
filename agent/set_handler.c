#include "set_handler.h"

#include <stdlib.h>
#include <string.h>

#include "agent_parts.h"
#include "oid.h"

static const char set_data_name[] = "emailmon-set";

int set_error(enum mistake_kind kind)
{
    static const int errors[] = {
        [MISTAKE_NONE] = SNMP_ERR_NOERROR,
        [MISTAKE_TYPE] = SNMP_ERR_WRONGTYPE,
        [MISTAKE_LENGTH] = SNMP_ERR_WRONGLENGTH,
        [MISTAKE_VALUE] = SNMP_ERR_WRONGVALUE,
        [MISTAKE_MISSING] = SNMP_ERR_INCONSISTENTVALUE,
        [MISTAKE_INCONSISTENT] = SNMP_ERR_INCONSISTENTVALUE,
        [MISTAKE_NOT_WRITABLE] = SNMP_ERR_NOTWRITABLE,
        [MISTAKE_NEVER] = SNMP_ERR_NOCREATION,
        [MISTAKE_ABSENT] = SNMP_ERR_INCONSISTENTNAME,
        [MISTAKE_RESOURCES] = SNMP_ERR_RESOURCEUNAVAILABLE,
        [MISTAKE_SAVE] = SNMP_ERR_COMMITFAILED,
        [MISTAKE_UNDO] = SNMP_ERR_UNDOFAILED,
    };
    return errors[kind];
}

/* --- variables --- */

static void read_value(struct set_variable *v, const netsnmp_variable_list *vb)
{
    v->type = SET_OTHER;
    switch (vb->type) {
    case ASN_INTEGER:
        v->type = SET_INTEGER;
        v->integer = *vb->val.integer;
        break;
    case ASN_UNSIGNED: /* Gauge32 has the same tag */
        v->type = SET_UNSIGNED;
        v->number = (uint32_t)*vb->val.integer;
        break;
    case ASN_OCTET_STR:
        v->type = SET_OCTETS;
        v->octets = vb->val_len > 0 ? (const char *)vb->val.string : "";
        v->length = vb->val_len;
        break;
    }
}

static void read_variable(struct set_variable *v, const struct mib_table *t, const netsnmp_variable_list *vb)
{
    size_t n = t->entry_length;
    *v = (struct set_variable){.is_instance = vb->name_length == n + 2};
    if (vb->name_length > n)
        v->column = vb->name[n];
    if (vb->name_length > n + 1)
        v->index = vb->name[n + 1];
    read_value(v, vb);
}

/** What Net-SNMP has of a SET, as the phases want it; values belong to Net-SNMP. */
struct set_list {
    struct set_variable *variables;
    netsnmp_request_info **requests;
    size_t count;
};

static void free_list(struct set_list *l)
{
    free(l->variables);
    free(l->requests);
}

static bool make_list(struct set_list *l, const struct agent *a, netsnmp_request_info *requests)
{
    size_t n = 1;
    for (const netsnmp_request_info *r = requests->next; r != NULL; r = r->next)
        n++;
    *l = (struct set_list){.variables = calloc(n, sizeof *l->variables),
                           .requests = calloc(n, sizeof(netsnmp_request_info *))};
    if (l->variables == NULL || l->requests == NULL) {
        free_list(l);
        return false;
    }
    for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
        read_variable(&l->variables[l->count], &a->tables.config, r->requestvb);
        l->requests[l->count++] = r;
    }
    return true;
}

/* --- phases --- */

static void free_request(void *request)
{
    set_free(request);
}

/* The SET hangs on what Net-SNMP keeps of the transaction. */
static struct set_request *begin(struct agent *a, netsnmp_agent_request_info *info)
{
    struct set_request *s = set_new(a);
    if (s == NULL)
        return NULL;
    netsnmp_data_list *data = netsnmp_create_data_list(set_data_name, s, free_request);
    if (data == NULL) {
        set_free(s);
        return NULL;
    }
    netsnmp_agent_add_list_data(info, data);
    return s;
}

static void test(struct agent *a, netsnmp_agent_request_info *info, netsnmp_request_info *requests,
                 bool (*phase)(struct set_request *s, const struct set_variable *v, size_t n, struct set_fault *fault))
{
    struct set_list list;
    struct set_fault fault = {0};
    struct set_request *s =
        info->mode == MODE_SET_RESERVE1 ? begin(a, info) : netsnmp_agent_get_list_data(info, set_data_name);
    if (s == NULL || !make_list(&list, a, requests)) {
        netsnmp_set_request_error(info, requests, SNMP_ERR_RESOURCEUNAVAILABLE);
        return;
    }
    if (!phase(s, list.variables, list.count, &fault))
        netsnmp_set_request_error(info, list.requests[fault.place], set_error(fault.why.kind));
    free_list(&list);
}

void set_handle(void *agent, netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
    struct agent *a = agent;
    struct set_fault fault;
    struct set_request *s = netsnmp_agent_get_list_data(info, set_data_name);
    switch (info->mode) {
    case MODE_SET_RESERVE1:
        test(a, info, requests, set_take);
        break;
    case MODE_SET_RESERVE2:
        test(a, info, requests, set_check);
        break;
    case MODE_SET_ACTION:
        if (s == NULL || !set_commit(s, &fault))
            netsnmp_set_request_error(info, requests, SNMP_ERR_COMMITFAILED);
        break;
    case MODE_SET_UNDO:
        if (s == NULL || !set_undo(s, &fault))
            netsnmp_set_request_error(info, requests, SNMP_ERR_UNDOFAILED);
        break;
    case MODE_SET_COMMIT:
        if (s != NULL)
            set_finish(s);
        break;
    case MODE_SET_FREE:
        if (s != NULL)
            set_drop(s);
        break;
    }
}
