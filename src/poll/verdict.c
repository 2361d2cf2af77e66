#include "verdict.h"

/* Sets of kinds. */
#define LOOK(kind)      (1U << LOOK_##kind)
#define SEND(kind)      (1U << SEND_##kind)
#define ANY_LOOK        (~0U)
#define SEND_NOT_FAILED (SEND(SENT) | SEND(OWN) | SEND(SKIPPED))

/* What must be so beside the two kinds. */
enum condition {
    ALWAYS,
    MAILBOX_IN_USE, /* the look failed because another session has the mailbox */
    UNDELETED,      /* no found probe could be deleted */
    NEVER_JUDGED    /* the row has not been up or down since it was started or its path changed */
};

/* What a rule says of the row. */
enum ruling {
    KEEP, /* the verdict stays */
    UP_SENT,
    UP_PROVEN,
    DOWN,
    UNKNOWN
};

/* Which polls in a row a keep rule counts; each count is set to 0 by a poll that the rule does not decide. */
enum keep { KEEP_NONE, KEEP_OWN, KEEP_IN_USE, KEEP_UNDELETED, KEEP_UNFINISHED, KEEP_COUNT };

/* Whose failure decides. */
enum blame {
    NOBODY,
    THE_SEND,
    THE_LOOK,
    THE_DELETION,
    THE_DELIVERY, /* between the two legs: the probe is missing */
    THE_WAITING   /* nobody; but a row that stays down waits for a probe */
};

struct rule {
    unsigned looks, sends;
    enum condition condition;
    enum keep keep;
    enum ruling meanwhile; /* for KEEP_POLLS polls in a row, when keep is not KEEP_NONE */
    enum ruling ruling;    /* after these; at once, when keep is KEEP_NONE */
    enum blame blame;
};

/* The first that matches decides.  Down is evidence that the mail service as seen from here failed; what this machine
 * lacks, and what it could not look at, never is. */
static const struct rule rules[] = {
    /* The sending leg failed, or broke where nobody knows what became of the probe: whatever the look says. */
    {ANY_LOOK, SEND(FAILED) | SEND(MAYBE), ALWAYS, KEEP_NONE, KEEP, DOWN, THE_SEND},
    /* A person reading the mailbox is no fault, unless it never ends. */
    {LOOK(FAILED), SEND_NOT_FAILED, MAILBOX_IN_USE, KEEP_IN_USE, KEEP, DOWN, THE_LOOK},
    {LOOK(FAILED), SEND_NOT_FAILED, ALWAYS, KEEP_NONE, KEEP, DOWN, THE_LOOK},
    /* Mail gets through; but a mailbox from which nothing can be deleted fills up. */
    {LOOK(FOUND), SEND(SENT), UNDELETED, KEEP_UNDELETED, UP_PROVEN, DOWN, THE_DELETION},
    {LOOK(MISSING), SEND_NOT_FAILED, ALWAYS, KEEP_NONE, KEEP, DOWN, THE_DELIVERY},
    /* This machine's own fault. */
    {LOOK(OWN), SEND(SENT), ALWAYS, KEEP_OWN, KEEP, UNKNOWN, THE_LOOK},
    {ANY_LOOK, SEND(OWN), ALWAYS, KEEP_OWN, KEEP, UNKNOWN, THE_SEND},
    {ANY_LOOK, SEND(SKIPPED), ALWAYS, KEEP_OWN, KEEP, UNKNOWN, THE_LOOK},
    /* A mailbox that is never read to its end proves nothing, and that is the server's doing. */
    {LOOK(UNFINISHED), SEND(SENT), ALWAYS, KEEP_UNFINISHED, KEEP, DOWN, THE_LOOK},
    {LOOK(FOUND), SEND(SENT), ALWAYS, KEEP_NONE, KEEP, UP_PROVEN, NOBODY},
    {LOOK(NOT_MADE), SEND(SENT), ALWAYS, KEEP_NONE, KEEP, UP_SENT, NOBODY},
    /* The look proves nothing: a row without a verdict rests on what it sent, any other keeps what it has. */
    {LOOK(NOTHING_EXPECTED) | LOOK(PENDING), SEND(SENT), NEVER_JUDGED, KEEP_NONE, KEEP, UP_SENT, NOBODY},
    {LOOK(NOTHING_EXPECTED) | LOOK(PENDING), SEND(SENT), ALWAYS, KEEP_NONE, KEEP, KEEP, THE_WAITING},
};

static bool holds(enum condition condition, const struct look_outcome *look, const struct history *h)
{
    switch (condition) {
    case ALWAYS:
        return true;
    case MAILBOX_IN_USE:
        return look->failure.cause == CAUSE_IN_USE;
    case UNDELETED:
        return look->undeleted;
    case NEVER_JUDGED:
        return !h->judged;
    }
    return false;
}

static const struct rule *find_rule(const struct look_outcome *look, const struct send_outcome *send,
                                    const struct history *h)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if ((rules[i].looks >> look->kind & 1) != 0 && (rules[i].sends >> send->kind & 1) != 0 &&
            holds(rules[i].condition, look, h))
            return &rules[i];
    }
    return NULL;
}

/* Counts this poll for the rule's keep, sets the other counts to 0; returns what the rule says of this poll. */
static enum ruling count_kept(const struct rule *rule, struct history *h)
{
    uint8_t *const counts[KEEP_COUNT] = {[KEEP_OWN] = &h->own_kept,
                                         [KEEP_IN_USE] = &h->in_use_kept,
                                         [KEEP_UNDELETED] = &h->undeleted_kept,
                                         [KEEP_UNFINISHED] = &h->unfinished_kept};
    for (enum keep k = KEEP_NONE + 1; k < KEEP_COUNT; k++) {
        if (k != rule->keep)
            *counts[k] = 0;
    }
    if (rule->keep == KEEP_NONE)
        return rule->ruling;
    uint8_t *count = counts[rule->keep];
    if (*count <= KEEP_POLLS)
        ++*count;
    return *count <= KEEP_POLLS ? rule->meanwhile : rule->ruling;
}

/* A verdict that is kept is one about the present path, or none. */
static void keep_verdict(struct history *h)
{
    if (h->judged)
        return;
    h->verdict = VERDICT_UNKNOWN;
    h->proof = PROOF_NONE;
}

static void set_verdict(struct history *h, enum verdict verdict, enum proof proof)
{
    h->verdict = verdict;
    h->proof = proof;
    if (verdict == VERDICT_UP || verdict == VERDICT_DOWN)
        h->judged = h->settled_once = true;
}

static void apply(enum ruling ruling, uint32_t failures_before_down, struct history *h)
{
    switch (ruling) {
    case KEEP:
        keep_verdict(h);
        break;
    case UP_SENT:
    case UP_PROVEN:
        h->failures = 0;
        set_verdict(h, VERDICT_UP, ruling == UP_PROVEN ? PROOF_ROUND_TRIP : PROOF_SEND_ONLY);
        break;
    case DOWN:
        if (h->failures < UINT32_MAX)
            h->failures++;
        if (h->failures >= failures_before_down)
            set_verdict(h, VERDICT_DOWN, PROOF_NONE);
        else
            keep_verdict(h);
        break;
    case UNKNOWN: /* not called down: the failures before it are in a row no more */
        h->failures = 0;
        set_verdict(h, VERDICT_UNKNOWN, PROOF_NONE);
        break;
    }
}

/* The failure to show: the one of the leg to blame; one made here where no leg failed. */
static struct failure blamed(enum blame blame, const struct look_outcome *look, const struct send_outcome *send,
                             const struct history *next)
{
    struct failure waiting = failure_make(LEG_DELIVERY, STAGE_DELIVERY, CAUSE_AWAITING_PROOF, 0);
    switch (blame) {
    case NOBODY:
        break;
    case THE_SEND:
        return failure_copy(&send->failure);
    case THE_LOOK:
        return failure_copy(&look->failure);
    case THE_DELETION:
        return failure_copy(&look->deletion);
    case THE_DELIVERY:
        if (failure_is(&look->failure))
            return failure_copy(&look->failure);
        return failure_make(LEG_DELIVERY, STAGE_DELIVERY, CAUSE_NOT_DELIVERED, 0);
    case THE_WAITING:
        if (next->verdict != VERDICT_DOWN)
            break;
        if (next->awaiting_proof)
            failure_detail(&waiting, "the SMTP server accepts mail again");
        return waiting;
    }
    return failure_none;
}

struct judgement verdict_judge(const struct look_outcome *look, const struct send_outcome *send,
                               const struct history *history, uint32_t failures_before_down)
{
    struct judgement j = {.next = *history, .failure = failure_none};
    const struct rule *rule = find_rule(look, send, history);
    if (rule == NULL)
        return j; /* no such kinds */

    enum ruling ruling = count_kept(rule, &j.next);
    apply(ruling, failures_before_down, &j.next);
    j.failed = ruling == DOWN;
    /* Down because of sending, until a probe is found; a failure of another kind takes its place. */
    if (j.next.verdict != VERDICT_DOWN || (j.failed && rule->blame != THE_SEND))
        j.next.awaiting_proof = false;
    else if (j.failed)
        j.next.awaiting_proof = true;
    j.failure = blamed(rule->blame, look, send, &j.next);
    return j;
}
