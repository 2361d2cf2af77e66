/*
 * The verdict: one pure function over one readable table.  What a look and a send came to, and the row's history, go
 * in; the new verdict, what it rests on, and the new history come out.  It knows no clock, socket, file or thread.
 */
#ifndef EMAILMON_VERDICT_H
#define EMAILMON_VERDICT_H

#include "failure.h"
#include "row_memory.h"

enum look_kind {
    LOOK_NOT_MADE,         /* the first poll of a row only sends */
    LOOK_FOUND,            /* at least one own probe was found */
    LOOK_NOTHING_EXPECTED, /* nothing is certainly outstanding: the look proves nothing */
    LOOK_PENDING,          /* what is outstanding is too young to be missed */
    LOOK_UNFINISHED,       /* something is missing, but mails are left that were not inspected: failure */
    LOOK_MISSING,          /* something certainly accepted is not there: failure, or failure_none for a plain one */
    LOOK_FAILED,           /* the incoming leg failed: failure */
    LOOK_OWN               /* this machine's own fault: failure */
};

enum send_kind {
    SEND_SENT,   /* accepted for certain (or, with a full mailbox, all but DATA was) */
    SEND_MAYBE,  /* the connection broke after the final dot: failure */
    SEND_FAILED, /* refused or failed: failure */
    SEND_OWN,    /* this machine's own fault: failure */
    SEND_SKIPPED /* not tried, because the look ended in a fault of this machine that hits sending too */
};

struct look_outcome {
    enum look_kind kind;
    struct failure failure;  /* of LOOK_FAILED, LOOK_OWN, LOOK_UNFINISHED, LOOK_MISSING */
    bool undeleted;          /* every deletion of found probes was refused or without effect ... */
    struct failure deletion; /* ... and why */
};

struct send_outcome {
    enum send_kind kind;
    struct failure failure;
};

/** For how many polls in a row a keep rule keeps the verdict. */
enum { KEEP_POLLS = 3 };

struct judgement {
    struct history next; /* next.verdict is the verdict */
    bool failed;         /* the rules call this poll down (also while failures_before_down keeps the verdict) */
    /* The deciding failure of this poll, kept or not; failure_none: none.  Owned: failure_clear(). */
    struct failure failure;
};

/**
 * verdict_judge(look, send, history, failures_before_down): Pure; copies failures.
 * Polls that a keep rule decides neither add to ${history}->failures nor end them; a poll called unknown ends them.
 * A row that was not judged keeps no verdict but unknown.
 */
struct judgement verdict_judge(const struct look_outcome *look, const struct send_outcome *send,
                               const struct history *history, uint32_t failures_before_down);

#endif
