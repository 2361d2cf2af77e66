/* The certificates that a row has seen: days left, and the events that warn of their end. */
#include <stdlib.h>
#include <string.h>

#include "row_parts.h"

static struct certificate_memory *memory_of(struct row *r, enum leg leg)
{
    return &r->certificates[leg - LEG_SMTP];
}

static int32_t *days_of(struct row *r, enum leg leg)
{
    return leg == LEG_SMTP ? &r->status.smtp_cert_days : &r->status.in_cert_days;
}

/* A leg that did not come as far as TLS leaves what is known, counted down to now. */
void row_certificate(struct row *r, enum leg leg, const struct leg_outcome *outcome, const struct moment *now)
{
    struct certificate_memory *memory = memory_of(r, leg);
    if (outcome != NULL && outcome->tls.has_certificate)
        memory->expires_s = outcome->tls.expires_s;
    *days_of(r, leg) = memory->expires_s == 0 ? CERT_DAYS_NONE : tls_days_left(memory->expires_s, now->wall_ms / 1000);
}

void row_certificate_forget(struct row *r, enum leg leg)
{
    free(memory_of(r, leg)->warned);
    *memory_of(r, leg) = (struct certificate_memory){0};
    *days_of(r, leg) = CERT_DAYS_NONE;
}

/* What was said of this certificate; a free place, or the oldest one, for one that was not warned of yet.  NULL: memory
 * is short, and the next poll warns. */
static uint8_t *warning_of(struct certificate_memory *of_leg, const uint8_t sha256[32])
{
    if (of_leg->warned == NULL)
        of_leg->warned = calloc(1, sizeof *of_leg->warned);
    struct certificates_warned *memory = of_leg->warned;
    if (memory == NULL)
        return NULL;
    for (size_t i = 0; i < CERTIFICATES_WARNED_MAX; i++) {
        if (memory->places[i].warning != CERTIFICATE_FINE &&
            memcmp(memory->places[i].sha256_start, sha256, sizeof memory->places[i].sha256_start) == 0)
            return &memory->places[i].warning;
    }
    uint8_t place = memory->next;
    memory->next = (uint8_t)((place + 1) % CERTIFICATES_WARNED_MAX);
    memcpy(memory->places[place].sha256_start, sha256, sizeof memory->places[place].sha256_start);
    memory->places[place].warning = CERTIFICATE_FINE;
    return &memory->places[place].warning;
}

static const struct text *days_text(enum leg leg, int32_t days)
{
    struct failure line = failure_none;
    const char *server = leg == LEG_SMTP ? "the SMTP server" : "the incoming server";
    if (days < 0)
        failure_detail(&line, "the certificate of %s has expired (%d days left)", server, (int)days);
    else
        failure_detail(&line, "the certificate of %s has %d whole days left", server, (int)days);
    return line.detail;
}

bool row_certificate_event(struct row *r, enum leg leg, const struct leg_outcome *outcome, const struct moment *now,
                           struct event *event)
{
    const int32_t days = *days_of(r, leg);
    if (outcome == NULL || !outcome->tls.has_certificate || days >= CERTIFICATE_WARN_DAYS)
        return false;
    enum certificate_warning warning = days < 0 ? CERTIFICATE_ENDED : CERTIFICATE_ENDS_SOON;
    uint8_t *said = warning_of(memory_of(r, leg), outcome->tls.sha256);
    if (said == NULL || *said >= warning)
        return false;
    *said = (uint8_t)warning;

    row_event(r, EVENT_CERTIFICATE, (enum verdict)r->status.verdict, now, event);
    event->leg = (uint8_t)leg;
    event->stage = STAGE_TLS;
    event->cause = warning == CERTIFICATE_ENDED ? CAUSE_CERT_EXPIRED : CAUSE_NONE;
    event->text = days_text(leg, days);
    return true;
}

void row_certificates_keep(const struct row *r, struct row_memory *memory)
{
    for (unsigned i = 0; i < WHOLE_LEGS; i++) {
        memory->certificates[i].expires_s = r->certificates[i].expires_s;
        if (r->certificates[i].warned != NULL)
            memory->certificates[i].warned = *r->certificates[i].warned;
    }
}

bool row_certificates_restore(struct row *r, const struct row_memory *memory)
{
    static const struct certificates_warned none;
    for (unsigned i = 0; i < WHOLE_LEGS; i++) {
        const struct certificates_warned *warned = &memory->certificates[i].warned;
        r->certificates[i].expires_s = memory->certificates[i].expires_s;
        if (memcmp(warned, &none, sizeof none) == 0)
            continue;
        if (r->certificates[i].warned == NULL)
            r->certificates[i].warned = malloc(sizeof *warned);
        if (r->certificates[i].warned == NULL)
            return false;
        *r->certificates[i].warned = *warned;
    }
    return true;
}
