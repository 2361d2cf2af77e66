#include "leg_status.h"

void leg_status_of(const struct status *s, struct leg_status legs[LEG_STATUSES])
{
    legs[0] = (struct leg_status){
        .label = "sending",
        .leg = LEG_SMTP,
        .stage = (enum stage)s->smtp_stage,
        .cause = (enum cause)s->smtp_cause,
        .reply = s->smtp_reply,
        .tls_version = s->smtp_tls_version,
        .mechanism = s->smtp_mechanism,
        .cert_days = s->smtp_cert_days,
        .phases = {{"connect", s->smtp_connect_ms},
                   {"TLS", s->smtp_tls_ms},
                   {"login", s->smtp_auth_ms},
                   {"data", s->smtp_data_ms},
                   {"whole", s->send_ms}},
    };
    legs[1] = (struct leg_status){
        .label = "looking",
        .leg = LEG_INCOMING,
        .stage = (enum stage)s->in_stage,
        .cause = (enum cause)s->in_cause,
        .reply = s->in_reply,
        .tls_version = s->in_tls_version,
        .mechanism = s->in_mechanism,
        .cert_days = s->in_cert_days,
        .phases = {{"connect", s->in_connect_ms},
                   {"TLS", s->in_tls_ms},
                   {"login", s->in_login_ms},
                   {"search", s->in_search_ms},
                   {"delete", s->in_delete_ms},
                   {"whole", s->look_ms}},
    };
}
