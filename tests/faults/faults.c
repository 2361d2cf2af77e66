#include "faults.h"

#include <stdio.h>

/* The words of the table's columns that name several at once. */
enum {
#define ACT(enumerator, word, smtp, pop3, imap, tls) enumerator = 1 << ACT_##enumerator,
#include "fake_act.def"
    POP3 = 1 << FAKE_POP3,
    IMAP = 1 << FAKE_IMAP
};

/* The other leg is well: the probe of the first poll is found, a new one is sent. */
#define SEND(way_, phase_, nth_, acts_, send_, stage_, cause_, probe_, course_)                                        \
    {LEG_SMTP,     1U << FAKE_SMTP, WAY_##way_,     PHASE_##phase_, nth_,           acts_,                             \
     SEND_##send_, LOOK_FOUND,      STAGE_##stage_, CAUSE_##cause_, PROBE_##probe_, COURSE_##course_},
#define LOOK(protocols_, way_, phase_, nth_, acts_, look_, stage_, cause_, probe_, course_)                            \
    {LEG_INCOMING, protocols_,   WAY_##way_,     PHASE_##phase_, nth_,           acts_,                                \
     SEND_SENT,    LOOK_##look_, STAGE_##stage_, CAUSE_##cause_, PROBE_##probe_, COURSE_##course_},

static const struct fault_row rows[] = {
#include "faults.def"
};

size_t faults_all(struct fault faults[FAULTS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (enum fake_protocol p = 0; p < FAKE_PROTOCOLS; p++)
            for (enum fake_act a = 0; a < FAKE_ACTS && n < FAULTS_MAX; a++)
                if ((rows[i].protocols >> p & 1) != 0 && (rows[i].acts >> a & 1) != 0)
                    faults[n++] = (struct fault){.row = &rows[i], .protocol = p, .act = a};
    return n;
}

void fault_name(const struct fault *f, char name[FAULT_NAME_MAX])
{
    static const char *const ways[] = {
        "", "with login ", "by TLS ", "by STARTTLS ", "without UIDPLUS ", "without a route "};
    static const char *const courses[] = {"up", "down", "kept, then down", "kept, then unknown", "up, then down"};
    const struct fault_row *r = f->row;
    const char *phase = r->phase == PHASE_RESOLVE ? "resolve" : fake_phase_word(r->phase);
    (void)snprintf(name, FAULT_NAME_MAX, "%s %s%s %u %s: %s %s: %s", fake_protocol_word(f->protocol), ways[r->way],
                   phase, r->nth, fake_act_word(f->act), stage_word(r->stage), cause_word(r->cause),
                   courses[r->course]);
}

static enum leg leg_of(const struct fault_row *row)
{
    return row->stage == STAGE_LOCAL ? LEG_LOCAL : row->leg;
}

void fault_outcomes(const struct fault_row *row, struct look_outcome *look, struct send_outcome *send)
{
    const struct failure failure =
        row->cause == CAUSE_NONE ? failure_none : failure_make(leg_of(row), row->stage, row->cause, 0);
    const bool incoming = row->leg == LEG_INCOMING;
    *look = (struct look_outcome){.kind = row->look, .failure = failure_none, .deletion = failure_none};
    *send = (struct send_outcome){.kind = row->send, .failure = incoming ? failure_none : failure};
    if (row->look != LOOK_FOUND)
        look->failure = failure;
    else if (incoming && row->stage == STAGE_DELETE) {
        look->undeleted = true;
        look->deletion = failure;
    }
}

struct failure fault_failure(const struct fault_row *row)
{
    struct look_outcome look;
    struct send_outcome send;
    fault_outcomes(row, &look, &send);
    return row->leg == LEG_SMTP ? send.failure : look.undeleted ? look.deletion : look.failure;
}

enum verdict fault_verdict(enum fault_course course, unsigned polls)
{
    const bool still = polls <= KEEP_POLLS;
    switch (course) {
    case COURSE_UP:
        break;
    case COURSE_DOWN:
        return VERDICT_DOWN;
    case COURSE_KEPT_DOWN:
    case COURSE_UP_DOWN:
        return still ? VERDICT_UP : VERDICT_DOWN;
    case COURSE_KEPT_UNKNOWN:
        return still ? VERDICT_UP : VERDICT_UNKNOWN;
    }
    return VERDICT_UP;
}

bool fault_keeps(enum fault_course course)
{
    return fault_verdict(course, 1) != fault_verdict(course, FAULT_POLLS);
}
