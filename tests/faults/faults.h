/* The table of faults (faults.def), each cell of it by itself. */
#ifndef EMAILMON_FAULTS_H
#define EMAILMON_FAULTS_H

#include "fake_mail.h"
#include "records.h"
#include "verdict.h"

enum { PHASE_RESOLVE = FAKE_PHASES /* the name server's, and not the mail server's */ };
enum { FAULTS_MAX = 512, FAULT_NAME_MAX = 96, FAULT_POLLS = KEEP_POLLS + 1 };

enum fault_way { WAY_CLEAR, WAY_LOGIN, WAY_TLS, WAY_STARTTLS, WAY_NO_UIDPLUS, WAY_NO_ROUTE };
enum fault_course { COURSE_UP, COURSE_DOWN, COURSE_KEPT_DOWN, COURSE_KEPT_UNKNOWN, COURSE_UP_DOWN };

/** What is on record of the probe: at last (enum probe_state), or never. */
enum { PROBE_NOT_SENT = 0 };

/** A row of the table. */
struct fault_row {
    enum leg leg;
    unsigned protocols; /* which of them: bits by enum fake_protocol */
    enum fault_way way;
    unsigned phase; /* enum fake_phase, or PHASE_RESOLVE */
    unsigned nth;
    unsigned acts; /* which of them: bits by enum fake_act */
    enum send_kind send;
    enum look_kind look;
    enum stage stage;
    enum cause cause;
    unsigned probe;
    enum fault_course course;
};

struct fault {
    const struct fault_row *row;
    enum fake_protocol protocol;
    enum fake_act act;
};

/** faults_all(faults): Every cell; returns how many. */
size_t faults_all(struct fault faults[FAULTS_MAX]);

/** fault_name(f, name): "imap fetch 3 close: found, fetch closed". */
void fault_name(const struct fault *f, char name[FAULT_NAME_MAX]);

/** fault_outcomes(row, look, send): What the two legs came to; owns nothing. */
void fault_outcomes(const struct fault_row *row, struct look_outcome *look, struct send_outcome *send);

/** fault_failure(row): The failure that decides the poll; failure_none: none does. */
struct failure fault_failure(const struct fault_row *row);

/** fault_verdict(course, polls): The verdict after so many broken polls in a row, 1 to FAULT_POLLS.
 *  fault_keeps(course): Whether the last differs from the first. */
enum verdict fault_verdict(enum fault_course course, unsigned polls);
bool fault_keeps(enum fault_course course);

#endif
