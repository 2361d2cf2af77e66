/*
 * The AgentX session: set up quietly and independently of any configuration of Net-SNMP on the machine, opened again
 * soon after the master is back, and never waited for longer than ANSWER_TIMEOUT_S.
 */
#include <string.h>
#include <sys/socket.h>

#include "agent_parts.h"
#include "forget.h"
#include "master_probe.h"
#include "mib_handler.h"
#include "oid.h"
#include "quiet.h"
#include "set_handler.h"

enum {
    RETRY_MS = 100,          /* between two attempts to reach a master that is not there */
    RETRY_HUNG_MS = 1000,    /* ... or that is there and does not answer */
    RETRY_REFUSED_MS = 5000, /* ... or that does not register our tables */
    ANSWER_TIMEOUT_S = 2,    /* opening and closing a session and registering wait for the master that long */
    PROBE_MS = 1000,
    PING_AFTER_MS = 15000, /* without a word from the master */
    PING_TIMEOUT_S = 10,
    GOODBYE_US = 300000 /* the last word is not worth more */
};

/* Who the callbacks work for.  Not their argument: Net-SNMP frees whatever that points to when it shuts down. */
static struct agent *served;

/* Net-SNMP's own lines; those about connecting are ours (on_session). */
static int on_log(int major, int minor, void *message, void *unused)
{
    const struct snmp_log_message *m = message;
    (void)major;
    (void)minor;
    (void)unused;
    if (served->master.registering)
        served->master.refused = true;
    else if (m->priority <= LOG_WARNING)
        log_write(served->options.log, m->priority <= LOG_ERR ? LOG_LINE_ERROR : LOG_LINE_WARNING, "net-snmp: %.*s",
                  (int)strcspn(m->msg, "\n"), m->msg);
    return SNMPERR_SUCCESS;
}

static void on_connected(struct agent *a)
{
    main_session->retries = 0; /* a stream needs none, and a notification must not be sent twice */
    main_session->timeout = ANSWER_TIMEOUT_S * 1000000L;
    forget_packets(main_session);
    a->master = (struct master){.connected = true,
                                .complained = a->master.complained,
                                .refused = a->master.refused,
                                .heard_ms = monotonic_now_ms()};
    notes_all_due(&a->notes);
}

static void on_lost(struct agent *a)
{
    if (!a->master.connected)
        return;
    bool refused = a->master.refused;
    a->master = (struct master){.complained = true, .refused = refused};
    notes_all_due(&a->notes);
    if (refused)
        a->master.next_try_ms = monotonic_now_ms() + RETRY_REFUSED_MS;
    else
        log_write(a->options.log, LOG_LINE_WARNING, "lost the AgentX master at %s; notifications waiting: %zu",
                  a->options.agentx, notes_pending(&a->notes));
}

static int on_session(int major, int minor, void *session, void *unused)
{
    (void)major;
    (void)session;
    (void)unused;
    if (minor == SNMPD_CALLBACK_INDEX_START)
        on_connected(served);
    else {
        set_settle(served); /* its end will never come */
        on_lost(served);
    }
    return SNMPERR_SUCCESS;
}

static void be_a_subagent(void)
{
    static const int on[] = {NETSNMP_DS_AGENT_ROLE, NETSNMP_DS_AGENT_NO_ROOT_ACCESS,
                             NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS};
    for (size_t i = 0; i < OID_COUNT(on); i++)
        (void)netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, on[i], 1);
}

static bool register_tables(struct agent *a)
{
    static struct mib_served tables[] = {{0}, {.set = set_handle}, {0}, {0}};
    const struct mib_table *const all[] = {&a->scalars, &a->tables.config, &a->tables.status, &a->tables.events};
    for (size_t i = 0; i < OID_COUNT(all); i++) {
        tables[i].table = all[i];
        tables[i].owner = a;
        if (!mib_register(&tables[i]))
            return false;
    }
    return true;
}

static void register_callbacks(void)
{
    (void)snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
    (void)netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_WARNING);
    (void)snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_session, NULL);
    (void)snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_session, NULL);
}

const char *agent_session_open(struct agent *a)
{
    served = a;
    quiet_library(QUIET_ALONE);
    be_a_subagent();
    if (init_agent("emailmon") != 0)
        return "Net-SNMP's agent library cannot be set up";
    register_callbacks();
    /* After init_agent(), which sets another value, and before init_snmp(): the library's own pings would wait for
     * their answer, and its own attempts to connect come a second apart. */
    (void)netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, 0);
    (void)netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_RETRIES, 0);
    (void)netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_TIMEOUT, ANSWER_TIMEOUT_S);
    if (!register_tables(a))
        return "Net-SNMP refuses to register a table";
    /* This connects, without a time limit and without telling the master what is registered: to nobody, therefore. */
    (void)netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, "unix:/");
    init_snmp("emailmon");
    (void)netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, a->options.agentx);
    return NULL;
}

/* A session in which our tables are not ours is of no use, and is tried again: the other emailmon may end. */
static void register_with_master(struct agent *a)
{
    bool was_refused = a->master.refused;
    a->master.refused = false;
    a->master.registering = true;
    register_mib_reattach();
    a->master.registering = false;
    if (!a->master.connected)
        return; /* lost on the way */
    if (!a->master.refused) {
        a->master.complained = false;
        log_write(a->options.log, LOG_LINE_NOTICE, "connected to the AgentX master at %s", a->options.agentx);
        return;
    }
    if (!was_refused)
        log_write(a->options.log, LOG_LINE_ERROR,
                  "the AgentX master at %s does not register emailmon's tables: does another emailmon serve them?",
                  a->options.agentx);
    agent_session_cut(a);
}

static void try_to_connect(struct agent *a, uint64_t now_ms)
{
    if (master_probe(a->options.agentx, PROBE_MS) && subagent_open_master_session() == 0) {
        register_with_master(a);
        return;
    }
    uint64_t failed_ms = monotonic_now_ms();
    a->master.next_try_ms = failed_ms + (failed_ms - now_ms < RETRY_HUNG_MS ? RETRY_MS : RETRY_HUNG_MS);
    if (!a->master.complained)
        log_write(a->options.log, LOG_LINE_WARNING, "no AgentX master at %s; emailmon connects as soon as there is one",
                  a->options.agentx);
    a->master.complained = true;
}

void agent_session_hangs(struct agent *a)
{
    if (a->master.connected)
        a->master.hanging = true;
}

static int on_pong(int operation, netsnmp_session *session, int request_id, netsnmp_pdu *pdu, void *owner)
{
    struct agent *a = owner;
    (void)session;
    (void)request_id;
    (void)pdu;
    a->master.pinging = false;
    if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
        a->master.heard_ms = monotonic_now_ms();
    else if (operation == NETSNMP_CALLBACK_OP_TIMED_OUT)
        agent_session_hangs(a);
    return 1;
}

/* A master that is gone without a word (TCP), or hangs, would never be noticed otherwise. */
static void ping(struct agent *a)
{
    netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_PING);
    if (pdu == NULL)
        return;
    pdu->version = AGENTX_PROTOCOL;
    pdu->sessid = main_session->sessid;
    pdu->reqid = snmp_get_next_reqid();
    pdu->transid = snmp_get_next_transid();
    pdu->flags |= UCD_MSG_FLAG_PDU_TIMEOUT;
    pdu->time = PING_TIMEOUT_S;
    a->master.pinging = true;
    if (snmp_async_send(main_session, pdu, on_pong, a) == 0) {
        snmp_free_pdu(pdu);
        a->master.pinging = false;
        a->master.heard_ms = monotonic_now_ms();
    }
}

void agent_session_tend(struct agent *a, uint64_t now_ms)
{
    if (!a->master.connected) {
        if (now_ms >= a->master.next_try_ms && !a->stopping)
            try_to_connect(a, now_ms);
        return;
    }
    if (a->master.hanging) {
        log_write(a->options.log, LOG_LINE_WARNING, "the AgentX master does not answer");
        a->master.hanging = false;
        agent_session_cut(a);
    } else if (!a->master.pinging && now_ms - a->master.heard_ms >= PING_AFTER_MS) {
        ping(a);
    }
}

/* The library then reads the end of the stream, and does all that it does when the master goes. */
void agent_session_cut(struct agent *a)
{
    const netsnmp_transport *transport =
        main_session == NULL ? NULL : snmp_sess_transport(snmp_sess_pointer(main_session));
    if (a->master.connected && transport != NULL)
        (void)shutdown(transport->sock, SHUT_RDWR);
}

void agent_session_close(struct agent *a)
{
    if (main_session != NULL && !a->master.hanging)
        main_session->timeout = GOODBYE_US;
    else
        agent_session_cut(a);
    snmp_shutdown("emailmon");
    shutdown_agent();
    (void)snmp_unregister_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL, 1);
}
