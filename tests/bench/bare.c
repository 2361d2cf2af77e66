/*
 * A bare subagent, to compare with: what Net-SNMP alone costs.  One table of rows in a sorted array behind one
 * low-level handler: GET, GETNEXT, and SETs that make rows or change them, in memory.
 * bench_bare SOCKET ROWS COLUMN:TAG:OCTETS...; TAG is the BER tag of the column's values, OCTETS the length of those
 * that are texts.  Says "serving" when it does, and ends by a signal.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netsnmp.h"

enum { COLUMNS_MAX = 64, DECIMAL = 10 };

struct column {
    oid number;
    u_char tag;
    size_t octets;
};

struct value {
    long number;
    char *octets;
    size_t length;
};

struct row {
    oid index;
    struct value values[]; /* one a column */
};

/* Beside emailmon's module, and as long as the names of emailmon's tables. */
static const oid table_oid[] = {1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 2526, 1, 1};
static const oid entry[] = {1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 2526, 1, 1, 1};
enum { ENTRY_LENGTH = sizeof entry / sizeof entry[0] };

static struct {
    struct column columns[COLUMNS_MAX];
    size_t column_count;
    struct row **rows; /* in the order of their indexes */
    size_t count, room;
} table;

static void die(const char *why)
{
    (void)fprintf(stderr, "bench_bare: %s\n", why);
    exit(EXIT_FAILURE);
}

/* --- rows --- */

static size_t row_from(oid index)
{
    size_t low = 0, high = table.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table.rows[middle]->index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct row *row_add(oid index)
{
    struct row *row = calloc(1, sizeof *row + table.column_count * sizeof row->values[0]);
    if (table.count == table.room) {
        table.room = table.room == 0 ? 1024 : 2 * table.room;
        table.rows = reallocarray(table.rows, table.room, sizeof(struct row *));
    }
    if (row == NULL || table.rows == NULL)
        die("no memory");
    size_t place = row_from(index);
    memmove(table.rows + place + 1, table.rows + place, (table.count++ - place) * sizeof(struct row *));
    table.rows[place] = row;
    row->index = index;
    return row;
}

/* The place of the first column with that number or a greater one. */
static size_t column_from(oid number)
{
    size_t i = 0;
    while (i < table.column_count && table.columns[i].number < number)
        i++;
    return i;
}

static void fill(long rows)
{
    static char text[256];
    memset(text, 'x', sizeof text - 1);
    for (long index = 1; index <= rows; index++) {
        struct row *row = row_add((oid)index);
        for (size_t i = 0; i < table.column_count; i++)
            row->values[i] = (struct value){.number = index, .octets = text, .length = table.columns[i].octets};
    }
}

/* --- GET and GETNEXT --- */

static void put(netsnmp_variable_list *vb, const struct row *row, size_t column)
{
    const struct value *v = &row->values[column];
    const struct counter64 wide = {.low = (u_long)v->number};
    const u_char tag = table.columns[column].tag;
    if (tag == ASN_OCTET_STR)
        (void)snmp_set_var_typed_value(vb, tag, v->octets, v->length);
    else if (tag == ASN_COUNTER64)
        (void)snmp_set_var_typed_value(vb, tag, &wide, sizeof wide);
    else
        (void)snmp_set_var_typed_value(vb, tag, &v->number, sizeof v->number);
}

/* Whether a name is that of a variable of the table: ENTRY.column.index. */
static bool is_instance(const netsnmp_variable_list *vb)
{
    return vb->name_length == ENTRY_LENGTH + 2 && snmp_oid_compare(vb->name, ENTRY_LENGTH, entry, ENTRY_LENGTH) == 0;
}

static void get(netsnmp_agent_request_info *info, netsnmp_request_info *request)
{
    netsnmp_variable_list *vb = request->requestvb;
    size_t column = is_instance(vb) ? column_from(vb->name[ENTRY_LENGTH]) : table.column_count;
    if (column == table.column_count || table.columns[column].number != vb->name[ENTRY_LENGTH]) {
        (void)netsnmp_set_request_error(info, request, SNMP_NOSUCHOBJECT);
        return;
    }
    size_t place = row_from(vb->name[ENTRY_LENGTH + 1]);
    if (place < table.count && table.rows[place]->index == vb->name[ENTRY_LENGTH + 1])
        put(vb, table.rows[place], column);
    else
        (void)netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
}

static void get_next(netsnmp_request_info *request)
{
    netsnmp_variable_list *vb = request->requestvb;
    size_t column = 0, place = 0;
    if (vb->name_length > ENTRY_LENGTH) {
        column = column_from(vb->name[ENTRY_LENGTH]);
        bool same = column < table.column_count && table.columns[column].number == vb->name[ENTRY_LENGTH];
        if (same && vb->name_length > ENTRY_LENGTH + 1)
            place = row_from(vb->name[ENTRY_LENGTH + 1] + 1);
    }
    if (place == table.count) {
        place = 0;
        column++;
    }
    if (column >= table.column_count || table.count == 0)
        return;
    oid name[ENTRY_LENGTH + 2];
    memcpy(name, entry, sizeof entry);
    name[ENTRY_LENGTH] = table.columns[column].number;
    name[ENTRY_LENGTH + 1] = table.rows[place]->index;
    (void)snmp_set_var_objid(vb, name, ENTRY_LENGTH + 2);
    put(vb, table.rows[place], column);
}

/* --- SET --- */

static void check(netsnmp_agent_request_info *info, netsnmp_request_info *request)
{
    const netsnmp_variable_list *vb = request->requestvb;
    size_t column = is_instance(vb) ? column_from(vb->name[ENTRY_LENGTH]) : table.column_count;
    if (column == table.column_count || table.columns[column].number != vb->name[ENTRY_LENGTH])
        (void)netsnmp_set_request_error(info, request, SNMP_ERR_NOTWRITABLE);
    else if (table.columns[column].tag != vb->type)
        (void)netsnmp_set_request_error(info, request, SNMP_ERR_WRONGTYPE);
}

static void change(const netsnmp_request_info *request)
{
    const netsnmp_variable_list *vb = request->requestvb;
    oid index = vb->name[ENTRY_LENGTH + 1];
    size_t place = row_from(index);
    struct row *row = place < table.count && table.rows[place]->index == index ? table.rows[place] : row_add(index);
    struct value *v = &row->values[column_from(vb->name[ENTRY_LENGTH])];
    if (vb->type != ASN_OCTET_STR) {
        v->number = *vb->val.integer;
        return;
    }
    free(v->octets);
    v->length = vb->val_len;
    v->octets = malloc(v->length + 1);
    if (v->octets == NULL)
        die("no memory");
    memcpy(v->octets, vb->val.string, v->length);
}

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
                  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
    (void)handler;
    (void)registration;
    for (netsnmp_request_info *request = requests; request != NULL; request = request->next) {
        if (info->mode == MODE_GET)
            get(info, request);
        else if (info->mode == MODE_GETNEXT)
            get_next(request);
        else if (info->mode == MODE_SET_RESERVE1)
            check(info, request);
        else if (info->mode == MODE_SET_ACTION)
            change(request);
    }
    return SNMP_ERR_NOERROR;
}

/* --- its life --- */

static void connect_to(const char *socket)
{
    (void)setenv("MIBS", "", 1);
    (void)netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    (void)netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    set_persistent_directory("/dev/null");
    snmp_disable_log();
    (void)netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);
    (void)netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
    (void)netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, socket);
    if (init_agent("bench_bare") != 0)
        die("Net-SNMP cannot be set up");
    netsnmp_handler_registration *registration = netsnmp_create_handler_registration(
        "bare", handle, table_oid, sizeof table_oid / sizeof table_oid[0], HANDLER_CAN_RWRITE);
    if (registration == NULL || netsnmp_register_handler(registration) != MIB_REGISTERED_OK)
        die("Net-SNMP cannot register the table");
    init_snmp("bench_bare");
    if (main_session == NULL)
        die("no master");
}

static void take_column(const char *word)
{
    char *rest;
    struct column *c = &table.columns[table.column_count++];
    c->number = strtoul(word, &rest, DECIMAL);
    if (*rest == ':')
        c->tag = (u_char)strtoul(rest + 1, &rest, DECIMAL);
    if (*rest == ':')
        c->octets = strtoul(rest + 1, &rest, DECIMAL);
    if (*rest != '\0' || c->tag == 0 || c->octets > UINT8_MAX)
        die(word);
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 3 + COLUMNS_MAX)
        die("usage: bench_bare SOCKET ROWS COLUMN:TAG:OCTETS... (in the order of columns)");
    for (int i = 3; i < argc; i++)
        take_column(argv[i]);
    fill(strtol(argv[2], NULL, DECIMAL));
    connect_to(argv[1]);
    (void)puts("serving");
    (void)fflush(stdout);
    for (;;)
        (void)agent_check_and_process(1);
}
