/* A row and its look: probes that were seen, and what a session came to. */
#include "row_parts.h"

void look_outcome_none(struct look_outcome *out)
{
    *out = (struct look_outcome){.kind = LOOK_NOT_MADE, .failure = failure_none, .deletion = failure_none};
}

void look_outcome_clear(struct look_outcome *out)
{
    failure_clear(&out->failure);
    failure_clear(&out->deletion);
    look_outcome_none(out);
}

/* From acceptance to arrival, by two clocks: less than nothing is 0. */
static void measure_delivery(struct row *r, const struct outstanding *probe, const struct mail_facts *mail)
{
    if (probe->accepted_wall_ms == 0 || mail->arrived_ms == INT64_MIN)
        return;
    int64_t ms = mail->arrived_ms - probe->accepted_wall_ms;
    if (ms < 0)
        ms = 0;
    r->status.delivery_ms = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

enum sighting row_sight(struct row *r, const struct token *t, const struct mail_facts *mail, const struct moment *now,
                        const struct journal *journal)
{
    struct outstanding probe;
    enum sighting sighting = probes_sight(&r->probes, t, now->mono_ms, &probe);
    switch (sighting) {
    case SIGHTING_LATE:
        r->status.late++;
        /* fall through */
    case SIGHTING_FOUND:
        r->status.delivered++;
        measure_delivery(r, &probe, mail);
        row_count_outstanding(r);
        row_journal_probe(r, &probe, PROBE_CONSUMED, 0, journal);
        break;
    case SIGHTING_DUPLICATE:
        r->status.duplicates++;
        break;
    case SIGHTING_STRAY:
        r->status.strays++;
        break;
    }
    return sighting;
}

bool row_misses(const struct row *r, uint64_t look_began_mono_ms)
{
    return r->probes.found == 0 && probes_expected(&r->probes, look_began_mono_ms, row_grace_ms(r)) > 0;
}

/* A session that had begun to read mails has shown that login and mailbox work: what it found stays found. */
static bool read_mails(const struct look_report *report)
{
    return report != NULL && (report->scanned || report->inspected > 0);
}

static struct failure missing(unsigned expected)
{
    struct failure f = failure_make(LEG_DELIVERY, STAGE_DELIVERY, CAUSE_NOT_DELIVERED, 0);
    failure_detail(&f, "%u accepted by the SMTP server, none in the mailbox", expected);
    return f;
}

static struct failure unfinished(const struct look_report *report)
{
    struct failure f = failure_make(LEG_INCOMING, STAGE_FETCH, CAUSE_OVERSIZE, 0);
    failure_detail(&f, "the mailbox could not be read to its end (%u mails read)", report->inspected);
    return f;
}

static void take_found(struct row *r, const struct look_report *report, struct look_outcome *out)
{
    out->kind = LOOK_FOUND;
    r->probes.found = 0;
    switch (report->deletion) {
    case DELETION_REFUSED:
    case DELETION_INEFFECTIVE:
    case DELETION_BROKEN:
        out->undeleted = true;
        out->deletion = failure_copy(&report->deletion_failure);
        break;
    case DELETION_NONE:
    case DELETION_DONE:
    case DELETION_DEFERRED:
        break;
    }
}

static void take_failure(const struct leg_outcome *leg, struct look_outcome *out)
{
    out->failure = failure_copy(&leg->failure);
    out->kind = leg->failure.leg == LEG_INCOMING ? LOOK_FAILED : LOOK_OWN;
    if (!failure_is(&out->failure))
        out->failure = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
}

/* Nothing was found: what that means depends on what was to be found. */
static void take_nothing(struct row *r, const struct look_report *report, uint64_t look_began_mono_ms,
                         struct look_outcome *out)
{
    unsigned expected = probes_expected(&r->probes, look_began_mono_ms, row_grace_ms(r));
    if (expected == 0) {
        out->kind = probes_waiting(&r->probes) > 0 ? LOOK_PENDING : LOOK_NOTHING_EXPECTED;
    } else if (report->scanned && report->finished) {
        out->kind = LOOK_MISSING;
        out->failure = missing(expected);
    } else {
        out->kind = LOOK_UNFINISHED;
        out->failure = unfinished(report);
    }
}

void row_look_ended(struct row *r, const struct leg_outcome *leg, const struct look_report *report,
                    uint64_t look_began_mono_ms, struct look_outcome *out)
{
    look_outcome_none(out);
    const bool failed = report == NULL || failure_is(&leg->failure);
    if (r->probes.found > 0 && (!failed || read_mails(report)))
        take_found(r, report, out);
    else if (failed && (report == NULL || !report->scanned))
        take_failure(leg, out);
    else
        take_nothing(r, report, look_began_mono_ms, out);

    if (report != NULL && report->scanned && report->finished)
        probes_look_ended(&r->probes, look_began_mono_ms, row_grace_ms(r));
}
