/*
 * Notifications: what each carries, and how it reaches the master so that none is lost (RFC 2741 s. 6.2.10: the master
 * answers an AgentX-Notify with a Response).
 */
#include <string.h>

#include "agent_parts.h"
#include "event_field.h"
#include "mib_handler.h"
#include "oid.h"

enum { ANSWER_S = 30 }; /* a master that needs longer is taken for hanging */

/** One object of a notification: where it stands, which index it has there, and what of the event it shows. */
struct note_object {
    unsigned long table; /* below the module's objects */
    unsigned long column;
    bool by_seq; /* index: the event's number; else the row's */
    struct event_field field;
};

enum { TABLE_CONFIG = 2, TABLE_STATUS = 3, TABLE_EVENTS = 4 };

static const struct note_object verdict_objects[] = {
    {TABLE_EVENTS, 2, true, EVENT_FIELD(NUMBER, seq)},   /* emailMonEventSeq */
    {TABLE_CONFIG, 2, false, EVENT_FIELD(TEXT, name)},   /* emailMonName */
    {TABLE_CONFIG, 4, false, EVENT_FIELD(TEXT, device)}, /* emailMonDevice */
    {TABLE_STATUS, 1, false, EVENT_FIELD(WORD, new)},    /* emailMonOperStatus */
    {TABLE_STATUS, 2, false, EVENT_FIELD(WORD, proof)},  /* emailMonProof */
    {TABLE_STATUS, 40, false, EVENT_FIELD(WORD, leg)},   /* emailMonFailureLeg */
    {TABLE_STATUS, 7, false, EVENT_FIELD(WORD, stage)},  /* emailMonFailureStage */
    {TABLE_STATUS, 8, false, EVENT_FIELD(WORD, cause)},  /* emailMonFailureCause */
    {TABLE_STATUS, 9, false, EVENT_FIELD(TEXT, text)},   /* emailMonFailureText */
};

static const struct note_object certificate_objects[] = {
    {TABLE_EVENTS, 2, true, EVENT_FIELD(NUMBER, seq)},               /* emailMonEventSeq */
    {TABLE_CONFIG, 2, false, EVENT_FIELD(TEXT, name)},               /* emailMonName */
    {TABLE_CONFIG, 4, false, EVENT_FIELD(TEXT, device)},             /* emailMonDevice */
    {TABLE_STATUS, 38, false, EVENT_FIELD(INTEGER, smtp_cert_days)}, /* emailMonSmtpCertDays */
    {TABLE_STATUS, 39, false, EVENT_FIELD(INTEGER, in_cert_days)},   /* emailMonInCertDays */
};

static bool add_trap_oid(netsnmp_variable_list **variables, const struct event *event)
{
    static const oid trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0}; /* snmpTrapOID.0, RFC 3418 */
    const oid value[] = {OID_NOTIFICATIONS, event->kind};
    return snmp_varlist_add_variable(variables, trap_oid, OID_COUNT(trap_oid), ASN_OBJECT_ID, value, sizeof value) !=
           NULL;
}

static bool add_object(netsnmp_variable_list **variables, const struct note_object *object, const struct event *event)
{
    const oid name[] = {
        MIB_OID_ROOT, 1, object->table, 1, object->column, object->by_seq ? event->seq : (oid)event->row};
    struct cell cell;
    netsnmp_variable_list *vb = snmp_varlist_add_variable(variables, name, OID_COUNT(name), ASN_NULL, NULL, 0);
    event_field_read(&object->field, event, &cell);
    return vb != NULL && cell_put(vb, &cell);
}

static netsnmp_variable_list *variables_of(const struct event *event)
{
    bool is_certificate = event->kind == EVENT_CERTIFICATE;
    const struct note_object *objects = is_certificate ? certificate_objects : verdict_objects;
    size_t count = is_certificate ? OID_COUNT(certificate_objects) : OID_COUNT(verdict_objects);
    netsnmp_variable_list *variables = NULL;

    bool ok = add_trap_oid(&variables, event);
    for (size_t i = 0; ok && i < count; i++)
        ok = add_object(&variables, &objects[i], event);
    if (!ok) {
        snmp_free_varbind(variables);
        return NULL;
    }
    return variables;
}

void agent_notify(struct agent *a, const struct event *event)
{
    /* At a start notifications are there before their rows are. */
    size_t restored = a->restored != NULL ? a->restored->row_count : 0, rows = monitors_count(a->set);
    size_t twice_the_rows = 2 * (rows > restored ? rows : restored);
    size_t limit = twice_the_rows > NOTES_MIN_LIMIT ? twice_the_rows : NOTES_MIN_LIMIT;
    uint32_t dropped;
    if (!notes_add(&a->notes, event, limit, &dropped)) {
        log_write(a->options.log, LOG_LINE_ERROR, "a notification is lost: out of memory (event %u)", event->seq);
        agent_settle(a, event->seq);
    }
    if (dropped != 0)
        agent_settle(a, dropped);
}

/* The agent that callbacks belong to: their ${magic} is the number of a note,
 * because they may come after it is gone. */
static struct agent *sender;

static int on_answer(int operation, netsnmp_session *session, int request_id, netsnmp_pdu *pdu, void *magic)
{
    struct agent *a = sender;
    uint64_t id = (uintptr_t)magic, now_ms = monotonic_now_ms();
    uint32_t seq;
    (void)session;
    (void)request_id;
    if (a == NULL)
        return 1;
    if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || pdu->command != AGENTX_RESPONSE) {
        notes_unsent(&a->notes, id);
        if (operation == NETSNMP_CALLBACK_OP_TIMED_OUT)
            agent_session_hangs(a);
        return 1;
    }
    a->master.heard_ms = now_ms;
    if (pdu->errstat != AGENTX_NO_ERROR)
        notes_refuse(&a->notes, id, now_ms);
    else if (notes_acknowledge(&a->notes, id, &seq))
        agent_settle(a, seq);
    return 1;
}

static bool send_note(const struct note *note)
{
    netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_NOTIFY);
    if (pdu == NULL)
        return false;
    pdu->version = AGENTX_PROTOCOL;
    pdu->sessid = main_session->sessid;
    pdu->reqid = snmp_get_next_reqid();
    pdu->transid = snmp_get_next_transid();
    pdu->flags |= UCD_MSG_FLAG_PDU_TIMEOUT; /* then time is how long to wait for the answer */
    pdu->time = ANSWER_S;
    pdu->variables = variables_of(&note->event);
    union {
        uintptr_t number;
        void *magic;
    } id = {.number = (uintptr_t)note->id};
    if (pdu->variables != NULL && snmp_async_send(main_session, pdu, on_answer, id.magic) != 0)
        return true;
    snmp_free_pdu(pdu);
    return false;
}

void agent_notify_pump(struct agent *a, uint64_t now_ms)
{
    const struct note *note;
    sender = a;
    while (a->master.connected && main_session != NULL && (note = notes_next(&a->notes, now_ms)) != NULL) {
        uint64_t id = note->id;
        if (!send_note(note)) {
            notes_refuse(&a->notes, id, now_ms);
            return;
        }
    }
}
