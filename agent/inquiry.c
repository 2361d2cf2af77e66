#include "inquiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netsnmp.h"
#include "oid.h"
#include "text.h"

enum { ANSWER_US = 1000000, TRIES = 2, VERSION_NUMBER = 1, ROWS_NUMBER = 4 };

static const oid up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
static const oid version_of[] = {OID_SCALARS, VERSION_NUMBER, 0};
static const oid rows_of[] = {OID_SCALARS, ROWS_NUMBER, 0};
static const oid target_domain[] = {1, 3, 6, 1, 6, 3, 12, 1, 2, 1, 2}; /* snmpTargetAddrTDomain, RFC 3413 */

void inquiry_begin(enum quiet_files files)
{
    (void)setenv("MIBS", "", 1);
    quiet_library(files);
    init_snmp("emailmon");
}

void inquiry_subtree(char *dst, size_t size)
{
    static const oid root[] = {MIB_OID_ROOT};
    size_t used = 0;
    dst[0] = '\0';
    for (size_t i = 0; i < OID_COUNT(root) && used < size; i++)
        used += (size_t)snprintf(dst + used, size - used, ".%lu", (unsigned long)root[i]);
}

static void ask_by_community(netsnmp_session *wanted, char *community)
{
    wanted->version = SNMP_VERSION_2c;
    wanted->community = (unsigned char *)community;
    wanted->community_len = strlen(community);
}

/* The level is the one thing of snmp.conf that the library does not take by itself. */
static void ask_by_user(netsnmp_session *wanted, char *user)
{
    const int level = netsnmp_ds_get_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_SECLEVEL);
    wanted->version = SNMP_VERSION_3;
    wanted->securityName = user;
    wanted->securityNameLen = strlen(user);
    if (level > 0)
        wanted->securityLevel = level;
}

/* The library copies what it is given, but takes it as something that may be changed. */
static struct session_list *open_session(const struct inquiry *who)
{
    netsnmp_session wanted;
    struct session_list *made = NULL;
    char *peer = strdup(who->peer), *name = strdup(who->community != NULL ? who->community : who->user);
    snmp_sess_init(&wanted);
    wanted.peername = peer;
    wanted.retries = TRIES - 1;
    wanted.timeout = ANSWER_US;
    if (peer != NULL && name != NULL) {
        if (who->community != NULL)
            ask_by_community(&wanted, name);
        else
            ask_by_user(&wanted, name);
        made = snmp_sess_open(&wanted);
        explicit_bzero(name, strlen(name));
    }
    free(name);
    free(peer);
    return made;
}

/* NULL: nobody answered. */
static netsnmp_pdu *ask(struct session_list *session, netsnmp_pdu *question)
{
    netsnmp_pdu *answer = NULL;
    if (question == NULL)
        return NULL;
    if (snmp_sess_synch_response(session, question, &answer) == STAT_SUCCESS)
        return answer;
    if (answer != NULL)
        snmp_free_pdu(answer);
    return NULL;
}

static bool is_named(const netsnmp_variable_list *v, const oid *name, size_t n)
{
    return snmp_oid_compare(v->name, v->name_length, name, n) == 0;
}

static void take_table(const netsnmp_pdu *pdu, struct inquiry_answer *answer)
{
    bool version = false, rows = false;
    answer->answered = true;
    for (const netsnmp_variable_list *v = pdu->variables; v != NULL; v = v->next_variable) {
        if (is_named(v, version_of, OID_COUNT(version_of)) && v->type == ASN_OCTET_STR) {
            (void)text_printable(answer->version, sizeof answer->version, v->val.string, v->val_len);
            version = true;
        } else if (is_named(v, rows_of, OID_COUNT(rows_of)) && v->type == ASN_GAUGE) {
            answer->rows = (uint32_t)*v->val.integer;
            rows = true;
        }
    }
    answer->shown = version && rows;
}

static void ask_for_table(struct session_list *session, struct inquiry_answer *answer)
{
    netsnmp_pdu *question = snmp_pdu_create(SNMP_MSG_GET);
    if (question != NULL) {
        (void)snmp_add_null_var(question, up_time, OID_COUNT(up_time));
        (void)snmp_add_null_var(question, version_of, OID_COUNT(version_of));
        (void)snmp_add_null_var(question, rows_of, OID_COUNT(rows_of));
    }
    netsnmp_pdu *pdu = ask(session, question);
    if (pdu == NULL)
        return;
    take_table(pdu, answer);
    snmp_free_pdu(pdu);
}

static void ask_for_targets(struct session_list *session, struct inquiry_answer *answer)
{
    netsnmp_pdu *question = snmp_pdu_create(SNMP_MSG_GETNEXT);
    if (question != NULL)
        (void)snmp_add_null_var(question, target_domain, OID_COUNT(target_domain));
    netsnmp_pdu *pdu = ask(session, question);
    if (pdu == NULL)
        return;
    const netsnmp_variable_list *v = pdu->variables;
    answer->targets = v != NULL && v->type == ASN_OBJECT_ID &&
                      netsnmp_oid_is_subtree(target_domain, OID_COUNT(target_domain), v->name, v->name_length) == 0;
    snmp_free_pdu(pdu);
}

static void explain(struct session_list *session, struct inquiry_answer *answer)
{
    char *words = NULL;
    int unused_errno, unused_code;
    snmp_sess_error(session, &unused_errno, &unused_code, &words);
    if (words != NULL)
        (void)text_printable(answer->why, sizeof answer->why, words, strlen(words));
    free(words);
}

void inquiry_ask(const struct inquiry *who, struct inquiry_answer *answer)
{
    *answer = (struct inquiry_answer){.why = "it cannot be asked"};
    struct session_list *session = open_session(who);
    if (session == NULL)
        return;
    ask_for_table(session, answer);
    if (answer->answered)
        ask_for_targets(session, answer);
    else
        explain(session, answer);
    (void)snmp_sess_close(session);
}
