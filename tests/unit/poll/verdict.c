/*
 * The verdict.  Rows with sentences say what must hold; every combination of look, send and history is then held
 * against the rules written a second time, as plain conditions.
 */
#include "verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UP = VERDICT_UP, DOWN = VERDICT_DOWN, UNKNOWN = VERDICT_UNKNOWN };

static const struct failure smtp_refused = {.leg = LEG_SMTP, .stage = STAGE_RCPT_TO, .cause = CAUSE_PERMANENT};
static const struct failure smtp_broken = {.leg = LEG_SMTP, .stage = STAGE_AFTER_DOT, .cause = CAUSE_CLOSED};
static const struct failure in_refused = {.leg = LEG_INCOMING, .stage = STAGE_CONNECT, .cause = CAUSE_REFUSED};
static const struct failure in_use = {.leg = LEG_INCOMING, .stage = STAGE_AUTH, .cause = CAUSE_IN_USE};
static const struct failure in_unread = {.leg = LEG_INCOMING, .stage = STAGE_FETCH, .cause = CAUSE_OVERSIZE};
static const struct failure in_undeleted = {.leg = LEG_INCOMING, .stage = STAGE_DELETE, .cause = CAUSE_PERMANENT};
static const struct failure own_look = {.leg = LEG_LOCAL, .stage = STAGE_LOCAL, .cause = CAUSE_NAME_SERVER};
static const struct failure own_send = {.leg = LEG_LOCAL, .stage = STAGE_LOCAL, .cause = CAUSE_RESOURCES};
static const struct failure not_delivered = {
    .leg = LEG_DELIVERY, .stage = STAGE_DELIVERY, .cause = CAUSE_NOT_DELIVERED};
static const struct failure awaiting = {.leg = LEG_DELIVERY, .stage = STAGE_DELIVERY, .cause = CAUSE_AWAITING_PROOF};
static const struct failure none = {.leg = LEG_NONE, .stage = STAGE_NONE, .cause = CAUSE_NONE};

/* --- polls, told in one word --- */

enum poll_look { FIRST, FOUND, UNDELETABLE, NOTHING, PENDING, UNREAD, MISSING, REFUSED, IN_USE, OWN };

static struct look_outcome look_of(enum poll_look l)
{
    static const struct look_outcome looks[] = {
        [FIRST] = {.kind = LOOK_NOT_MADE},
        [FOUND] = {.kind = LOOK_FOUND},
        [UNDELETABLE] = {.kind = LOOK_FOUND, .undeleted = true},
        [NOTHING] = {.kind = LOOK_NOTHING_EXPECTED},
        [PENDING] = {.kind = LOOK_PENDING},
        [UNREAD] = {.kind = LOOK_UNFINISHED},
        [MISSING] = {.kind = LOOK_MISSING},
        [REFUSED] = {.kind = LOOK_FAILED},
        [IN_USE] = {.kind = LOOK_FAILED},
        [OWN] = {.kind = LOOK_OWN},
    };
    struct look_outcome o = looks[l];
    o.failure = l == UNREAD ? in_unread : l == REFUSED ? in_refused : l == IN_USE ? in_use : l == OWN ? own_look : none;
    o.deletion = l == UNDELETABLE ? in_undeleted : none;
    return o;
}

static struct send_outcome send_of(enum send_kind kind)
{
    return (struct send_outcome){.kind = kind,
                                 .failure = kind == SEND_MAYBE    ? smtp_broken
                                            : kind == SEND_FAILED ? smtp_refused
                                            : kind == SEND_OWN    ? own_send
                                                                  : none};
}

/* --- rows with sentences: a few polls of one row --- */

struct poll {
    enum poll_look look;
    enum send_kind send;
    int verdict;
    enum proof proof;
    const struct failure *failure;
};

enum { POLLS_MAX = 7 };

struct play {
    const char *sentence;
    uint32_t failures_before_down;
    struct poll polls[POLLS_MAX]; /* ended by one without a failure pointer */
};

#define SENT  SEND_SENT
#define ONLY  PROOF_SEND_ONLY
#define ROUND PROOF_ROUND_TRIP
#define NO    PROOF_NONE

static const struct play plays[] = {
    {"a first probe that is accepted makes a row up, by sending only", 1, {{FIRST, SENT, UP, ONLY, &none}}},
    {"a first probe that is refused makes a row down", 1, {{FIRST, SEND_FAILED, DOWN, NO, &smtp_refused}}},
    {"a probe found proves a round trip", 1, {{FIRST, SENT, UP, ONLY, &none}, {FOUND, SENT, UP, ROUND, &none}}},
    {"a missing probe makes a row down, and the next one found makes it up again",
     1,
     {{FIRST, SENT, UP, ONLY, &none}, {MISSING, SENT, DOWN, NO, &not_delivered}, {FOUND, SENT, UP, ROUND, &none}}},
    {"after a refused send the row awaits proof until a probe is found",
     1,
     {{FIRST, SENT, UP, ONLY, &none},
      {FOUND, SEND_FAILED, DOWN, NO, &smtp_refused},
      {NOTHING, SENT, DOWN, NO, &awaiting},
      {FOUND, SENT, UP, ROUND, &none}}},
    {"a connection that broke after the dot is down at once; a probe that arrives anyway makes the row up",
     1,
     {{FIRST, SENT, UP, ONLY, &none}, {FOUND, SEND_MAYBE, DOWN, NO, &smtp_broken}, {FOUND, SENT, UP, ROUND, &none}}},
    {"a probe of uncertain fate that does not arrive is no evidence: the next poll decides",
     1,
     {{FIRST, SENT, UP, ONLY, &none},
      {FOUND, SEND_MAYBE, DOWN, NO, &smtp_broken},
      {NOTHING, SENT, DOWN, NO, &awaiting},
      {MISSING, SENT, DOWN, NO, &not_delivered},
      {FOUND, SENT, UP, ROUND, &none}}},
    {"a kept up keeps its proof",
     1,
     {{FIRST, SENT, UP, ONLY, &none},
      {FOUND, SENT, UP, ROUND, &none},
      {PENDING, SENT, UP, ROUND, &none},
      {IN_USE, SENT, UP, ROUND, &in_use}}},
    {"a mailbox in use keeps the verdict for three polls and makes the row down in the fourth",
     1,
     {{FIRST, SENT, UP, ONLY, &none},
      {IN_USE, SENT, UP, ONLY, &in_use},
      {IN_USE, SENT, UP, ONLY, &in_use},
      {IN_USE, SEND_OWN, UP, ONLY, &in_use},
      {IN_USE, SENT, DOWN, NO, &in_use}}},
    {"a fault of this machine keeps the verdict for three polls, then it is unknown, never down",
     1,
     {{FIRST, SENT, UP, ONLY, &none},
      {OWN, SENT, UP, ONLY, &own_look},
      {FOUND, SEND_OWN, UP, ONLY, &own_send},
      {OWN, SEND_SKIPPED, UP, ONLY, &own_look},
      {OWN, SENT, UNKNOWN, NO, &own_look},
      {OWN, SENT, UNKNOWN, NO, &own_look},
      {FOUND, SENT, UP, ROUND, &none}}},
    {"one other poll begins the count of a keep rule anew",
     1,
     {{FIRST, SENT, UP, ONLY, &none},
      {OWN, SENT, UP, ONLY, &own_look},
      {OWN, SENT, UP, ONLY, &own_look},
      {IN_USE, SENT, UP, ONLY, &in_use},
      {OWN, SENT, UP, ONLY, &own_look},
      {OWN, SENT, UP, ONLY, &own_look},
      {OWN, SENT, UP, ONLY, &own_look}}},
    {"found probes that cannot be deleted count as found three times, and in the fourth poll the row is down",
     1,
     {{FIRST, SENT, UP, ONLY, &none},
      {UNDELETABLE, SENT, UP, ROUND, &in_undeleted},
      {UNDELETABLE, SENT, UP, ROUND, &in_undeleted},
      {UNDELETABLE, SENT, UP, ROUND, &in_undeleted},
      {UNDELETABLE, SENT, DOWN, NO, &in_undeleted},
      {FOUND, SENT, UP, ROUND, &none}}},
    {"a mailbox not read to its end keeps the verdict for three polls",
     1,
     {{FIRST, SENT, UP, ONLY, &none},
      {UNREAD, SENT, UP, ONLY, &in_unread},
      {UNREAD, SENT, UP, ONLY, &in_unread},
      {UNREAD, SENT, UP, ONLY, &in_unread},
      {UNREAD, SENT, DOWN, NO, &in_unread}}},
    {"a row without a verdict that lacks a password is unknown and not up",
     1,
     {{OWN, SENT, UNKNOWN, NO, &own_look}, {OWN, SENT, UNKNOWN, NO, &own_look}, {FOUND, SENT, UP, ROUND, &none}}},
    {"a row without a verdict becomes up as soon as its first probe is accepted",
     1,
     {{FIRST, SEND_OWN, UNKNOWN, NO, &own_send}, {NOTHING, SENT, UP, ONLY, &none}}},
    {"a failed look makes a row down, whether the probe was sent or not",
     1,
     {{FIRST, SENT, UP, ONLY, &none},
      {REFUSED, SENT, DOWN, NO, &in_refused},
      {REFUSED, SEND_OWN, DOWN, NO, &in_refused},
      {REFUSED, SEND_FAILED, DOWN, NO, &smtp_refused},
      {PENDING, SENT, DOWN, NO, &awaiting},
      {FOUND, SENT, UP, ROUND, &none}}},
    {"three failures in a row make a row down that allows two",
     3,
     {{FIRST, SENT, UP, ONLY, &none},
      {REFUSED, SENT, UP, ONLY, &in_refused},
      {MISSING, SENT, UP, ONLY, &not_delivered},
      {FOUND, SEND_FAILED, DOWN, NO, &smtp_refused}}},
    {"kept polls neither count as failures nor end them",
     2,
     {{FIRST, SENT, UP, ONLY, &none},
      {FOUND, SEND_FAILED, UP, ONLY, &smtp_refused},
      {NOTHING, SENT, UP, ONLY, &none},
      {OWN, SENT, UP, ONLY, &own_look},
      {MISSING, SENT, DOWN, NO, &not_delivered}}},
    {"a poll called up begins the failures anew",
     2,
     {{FIRST, SENT, UP, ONLY, &none},
      {FOUND, SEND_FAILED, UP, ONLY, &smtp_refused},
      {FOUND, SENT, UP, ROUND, &none},
      {MISSING, SENT, UP, ROUND, &not_delivered},
      {FOUND, SENT, UP, ROUND, &none}}},
    {"a row that has no verdict keeps none while failures_before_down holds",
     2,
     {{FIRST, SEND_FAILED, UNKNOWN, NO, &smtp_refused}, {NOTHING, SEND_FAILED, DOWN, NO, &smtp_refused}}},
};

static void play(void **state)
{
    const struct play *p = *state;
    struct history h;
    history_init(&h);
    for (size_t i = 0; i < POLLS_MAX && p->polls[i].failure != NULL; i++) {
        const struct poll *poll = &p->polls[i];
        struct look_outcome look = look_of(poll->look);
        struct send_outcome send = send_of(poll->send);
        struct judgement j = verdict_judge(&look, &send, &h, p->failures_before_down);
        if (j.next.verdict != (enum verdict)poll->verdict || j.next.proof != poll->proof ||
            !failure_same(&j.failure, poll->failure))
            fail_msg("poll %zu: %s, %s, %s %s", i + 1, verdict_word(j.next.verdict), proof_word(j.next.proof),
                     stage_word(j.failure.stage), cause_word(j.failure.cause));
        failure_clear(&j.failure);
        h = j.next;
    }
}

/* --- every combination, against the rules once more --- */

struct expected {
    struct history next;
    bool failed;
    struct failure failure;
};

static void expect_kept(const struct history *h, struct expected *e)
{
    e->next.verdict = h->judged ? h->verdict : VERDICT_UNKNOWN;
    e->next.proof = h->judged ? h->proof : PROOF_NONE;
}

static void expect_down(const struct history *h, uint32_t limit, const struct failure *why, struct expected *e)
{
    e->failed = true;
    e->failure = *why;
    e->next.failures = h->failures + 1;
    if (h->failures + 1 < limit) {
        expect_kept(h, e);
        return;
    }
    e->next.verdict = VERDICT_DOWN;
    e->next.proof = PROOF_NONE;
    e->next.judged = e->next.settled_once = true;
}

static void expect_up(enum proof proof, struct expected *e)
{
    e->next.verdict = VERDICT_UP;
    e->next.proof = proof;
    e->next.failures = 0;
    e->next.judged = e->next.settled_once = true;
}

static void expect_unknown(struct expected *e)
{
    e->next.verdict = VERDICT_UNKNOWN;
    e->next.proof = PROOF_NONE;
    e->next.failures = 0;
}

static uint8_t one_more(uint8_t count)
{
    return count > 3 ? count : (uint8_t)(count + 1);
}

static struct expected expect(const struct look_outcome *look, const struct send_outcome *send, const struct history *h,
                              uint32_t limit)
{
    struct expected e = {.next = *h, .failure = none};
    e.next.own_kept = e.next.in_use_kept = e.next.undeleted_kept = e.next.unfinished_kept = 0;
    const bool own_sending = send->kind == SEND_OWN || send->kind == SEND_SKIPPED;

    if (send->kind == SEND_FAILED || send->kind == SEND_MAYBE) {
        expect_down(h, limit, &send->failure, &e);
    } else if (look->kind == LOOK_FAILED && look->failure.cause == CAUSE_IN_USE) {
        e.next.in_use_kept = one_more(h->in_use_kept);
        if (h->in_use_kept < 3)
            expect_kept(h, &e);
        else
            expect_down(h, limit, &look->failure, &e);
        e.failure = look->failure;
    } else if (look->kind == LOOK_FAILED) {
        expect_down(h, limit, &look->failure, &e);
    } else if (look->kind == LOOK_MISSING) {
        expect_down(h, limit, &not_delivered, &e);
    } else if (own_sending || look->kind == LOOK_OWN) {
        e.next.own_kept = one_more(h->own_kept);
        if (h->own_kept < 3)
            expect_kept(h, &e);
        else
            expect_unknown(&e);
        e.failure = send->kind == SEND_OWN ? send->failure : look->failure;
    } else if (look->kind == LOOK_UNFINISHED) {
        e.next.unfinished_kept = one_more(h->unfinished_kept);
        if (h->unfinished_kept < 3)
            expect_kept(h, &e);
        else
            expect_down(h, limit, &look->failure, &e);
        e.failure = look->failure;
    } else if (look->kind == LOOK_FOUND && look->undeleted) {
        e.next.undeleted_kept = one_more(h->undeleted_kept);
        if (h->undeleted_kept < 3)
            expect_up(PROOF_ROUND_TRIP, &e);
        else
            expect_down(h, limit, &look->deletion, &e);
        e.failure = look->deletion;
    } else if (look->kind == LOOK_FOUND) {
        expect_up(PROOF_ROUND_TRIP, &e);
    } else if (look->kind == LOOK_NOT_MADE || !h->judged) {
        expect_up(PROOF_SEND_ONLY, &e);
    } else {
        expect_kept(h, &e);
        if (e.next.verdict == VERDICT_DOWN)
            e.failure = awaiting;
    }
    return e;
}

/* Sending is to blame for a down until something else is, or a probe is found. */
static bool expect_awaiting(const struct history *h, const struct expected *e, const struct send_outcome *send)
{
    if (e->next.verdict != VERDICT_DOWN)
        return false;
    if (e->failed)
        return send->kind == SEND_FAILED || send->kind == SEND_MAYBE;
    return h->awaiting_proof;
}

static void compare(const struct look_outcome *look, const struct send_outcome *send, const struct history *h,
                    uint32_t limit)
{
    struct judgement j = verdict_judge(look, send, h, limit);
    struct expected e = expect(look, send, h, limit);
    e.next.awaiting_proof = expect_awaiting(h, &e, send);
    bool same = j.next.verdict == e.next.verdict && j.next.proof == e.next.proof && j.failed == e.failed &&
                j.next.judged == e.next.judged && j.next.settled_once == e.next.settled_once &&
                j.next.failures == e.next.failures && j.next.own_kept == e.next.own_kept &&
                j.next.in_use_kept == e.next.in_use_kept && j.next.undeleted_kept == e.next.undeleted_kept &&
                j.next.unfinished_kept == e.next.unfinished_kept && j.next.awaiting_proof == e.next.awaiting_proof &&
                failure_same(&j.failure, &e.failure);
    if (!same)
        fail_msg("look %d send %d undeleted %d from %s judged %d failures %u of %u: %s %s, expected %s %s", look->kind,
                 send->kind, look->undeleted, verdict_word(h->verdict), h->judged, h->failures, limit,
                 verdict_word(j.next.verdict), cause_word(j.failure.cause), verdict_word(e.next.verdict),
                 cause_word(e.failure.cause));
    failure_clear(&j.failure);
}

/* Every past that the outcome may depend on. */
static void with_every_history(const struct look_outcome *look, const struct send_outcome *send)
{
    static const struct history pasts[] = {
        {.verdict = VERDICT_UNKNOWN, .proof = PROOF_NONE},
        {.verdict = VERDICT_UNKNOWN, .proof = PROOF_NONE, .judged = true, .settled_once = true},
        {.verdict = VERDICT_UP, .proof = PROOF_SEND_ONLY, .judged = true, .settled_once = true},
        {.verdict = VERDICT_UP, .proof = PROOF_ROUND_TRIP, .judged = true, .settled_once = true},
        {.verdict = VERDICT_DOWN, .proof = PROOF_NONE, .judged = true, .settled_once = true},
        {.verdict = VERDICT_DOWN, .proof = PROOF_NONE, .judged = true, .settled_once = true, .awaiting_proof = true},
        {.verdict = VERDICT_UP, .proof = PROOF_ROUND_TRIP, .settled_once = true}, /* another path */
        {.verdict = VERDICT_DOWN, .proof = PROOF_NONE, .settled_once = true},
    };
    enum { PASTS = sizeof pasts / sizeof pasts[0], COUNTS = KEEP_POLLS + 2 };
    for (unsigned i = 0; i < PASTS * COUNTS * COUNTS * 4 * 3; i++) {
        struct history h = pasts[i % PASTS];
        h.own_kept = h.unfinished_kept = (uint8_t)(i / PASTS % COUNTS);
        h.in_use_kept = h.undeleted_kept = (uint8_t)(i / PASTS / COUNTS % COUNTS);
        h.failures = i / PASTS / COUNTS / COUNTS % 4;
        compare(look, send, &h, i / PASTS / COUNTS / COUNTS / 4 + 1);
    }
}

static void every_combination(void **state)
{
    (void)state;
    for (enum poll_look l = FIRST; l <= OWN; l++) {
        for (enum send_kind s = SEND_SENT; s <= SEND_SKIPPED; s++) {
            struct look_outcome look = look_of(l);
            struct send_outcome send = send_of(s);
            with_every_history(&look, &send);
        }
    }
}

static void own_faults_are_never_down(void **state)
{
    (void)state;
    for (enum send_kind s = SEND_SENT; s <= SEND_SKIPPED; s++) {
        if (s == SEND_MAYBE || s == SEND_FAILED)
            continue;
        struct history h;
        history_init(&h);
        for (int i = 0; i < 20; i++) {
            struct look_outcome look = look_of(OWN);
            struct send_outcome send = send_of(s);
            struct judgement j = verdict_judge(&look, &send, &h, 1);
            assert_int_equal(j.next.verdict, VERDICT_UNKNOWN);
            assert_false(j.failed);
            failure_clear(&j.failure);
            h = j.next;
        }
    }
}

static void failures_keep_their_words(void **state)
{
    (void)state;
    struct look_outcome look = look_of(REFUSED);
    struct send_outcome send = send_of(SEND_SENT);
    struct history h;
    history_init(&h);
    failure_detail(&look.failure, "port 993");
    failure_reply(&look.failure, "go away", strlen("go away"));
    struct judgement j = verdict_judge(&look, &send, &h, 1);
    failure_clear(&look.failure);
    assert_string_equal(text_bytes(j.failure.reply), "go away");
    assert_string_equal(text_bytes(j.failure.detail), "port 993");
    failure_clear(&j.failure);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        {"every combination of look, send and history comes out as the rules say", every_combination, NULL, NULL, NULL},
        {"this machine's own faults are never called down", own_faults_are_never_down, NULL, NULL, NULL},
        {"the deciding failure keeps its words after the outcomes are gone", failures_keep_their_words, NULL, NULL,
         NULL},
    };
    enum { PLAYS = sizeof plays / sizeof plays[0], OTHERS = sizeof others / sizeof others[0] };
    struct CMUnitTest tests[PLAYS + OTHERS];
    memcpy(tests, others, sizeof others);
    for (size_t i = 0; i < PLAYS; i++) {
        union {
            const struct play *row;
            void *state;
        } both = {.row = &plays[i]};
        tests[OTHERS + i] =
            (struct CMUnitTest){.name = plays[i].sentence, .test_func = play, .initial_state = both.state};
    }
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
