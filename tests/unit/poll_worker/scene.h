/*
 * A scene for the worker thread: the real one, between a fake agent and a fake store (both played by the test's own
 * thread) and a fake mail server on loopback.
 */
#ifndef EMAILMON_TEST_SCENE_H
#define EMAILMON_TEST_SCENE_H

#include "fake_mail.h"
#include "worker.h"

enum { SCENE_ROWS = 2100, SCENE_WAIT_MS = 10000 };

/** What the agent knows of a row. */
struct seen {
    uint64_t serial;
    struct status status;
    unsigned reports;
    unsigned up, down, unknown;      /* events */
    unsigned probes[PROBE_LOST + 1]; /* how many got into each state, by the journal */
    struct probe_record last;        /* the last of them */
    unsigned gone;
    struct sampling sampling; /* of the last status in the journal */
};

struct scene {
    const struct scene *beside; /* another worker of this process, which is open as long as this one; NULL: none */
    struct fake_mail *fake;
    struct worker *worker;
    struct lock_table *locks;
    struct handover *handover;
    struct refusals *refusals;
    struct queue *orders, *receipts, *reports, *journal;
    struct seen rows[SCENE_ROWS]; /* by index */
    struct process_report process;
    struct token_key key, test_key;
    bool stopped;
    bool no_receipts; /* the disk hangs */
    unsigned journal_entries;
    struct log *log; /* NULL: none */
    const char *dns;
    const char *ca_file;
    const struct restored *restored; /* the scene's own: what the state knows at a start; NULL: nothing */
    const char *type;                /* of mailboxes, where a row does not say it: "pop3" (the default) or "imap" */
    unsigned in_flight, per_host;
    uint64_t next_serial;
};

/** scene_open(s): start the fake server and the worker; ${s}->dns, in_flight, per_host (0: 1000, 10) are the caller's.
 *  scene_fake(s): the fake server alone, before the rest.
 *  scene_close(s): stop the worker, checking that it ends in time; free all. */
void scene_open(struct scene *s);
void scene_fake(struct scene *s);
void scene_close(struct scene *s);

/** scene_restart(s, restored): The worker ends and another one begins, which finds ${restored} (taken over); mailboxes
 *  are as they were, serials of rows too, and of the rest nothing is known. */
void scene_restart(struct scene *s, const struct restored *restored);

/** scene_define(s, words): a definition for the fake server: mailbox "probe", interval 86400, with ${words}
 *  ("key=value key=value", no spaces in values) over it. */
const struct definition *scene_define(const struct scene *s, const char *words);

/** scene_put(s, index, words): ORDER_PUT, a new serial when the row is new.  scene_put_waiting(s, index, words): the
 *  same row, whose incoming password is being fetched.  scene_poll(s, index): ORDER_POLL.  scene_remove. */
void scene_put(struct scene *s, int32_t index, const char *words);
void scene_put_waiting(struct scene *s, int32_t index, const char *words);
void scene_poll(struct scene *s, int32_t index);
void scene_remove(struct scene *s, int32_t index);
void scene_order(struct scene *s, enum order_kind kind, int32_t index, const struct definition *definition);

/** scene_pump(s): take what the worker said, answer the journal.  scene_until(s, holds, owner, ms): pump until
 *  ${holds}(owner); false: it did not within ${ms}. */
void scene_pump(struct scene *s);
bool scene_until(struct scene *s, bool (*holds)(void *owner), void *owner, unsigned ms);

/**
 * scene_polled(s, index, polls): wait until so many polls of the row have ended.
 * scene_poll_once(s, index): poll now, wait.
 * scene_rest(s, ms): pump so long.
 */
void scene_polled(struct scene *s, int32_t index, uint32_t polls);
void scene_poll_once(struct scene *s, int32_t index);
void scene_rest(struct scene *s, unsigned ms);

/** scene_reaches(s, number, least): wait until ${number}, a member of ${s}, is at least so much.  scene_counts(s,
 *  count, least): the same for what the fake server counts. */
void scene_reaches(struct scene *s, const unsigned *number, unsigned least);
void scene_counts(struct scene *s, enum fake_count count, uint64_t least);

/** scene_break(s, leg, phase, act): how the fake server breaks its conversations from now on, POP3 and IMAP alike.
 *  scene_lose(s, leg, phase, act): it does what it was asked for, and breaks instead of saying so.  scene_mend(s): not
 *  any more. */
void scene_break(struct scene *s, enum leg leg, enum fake_phase phase, enum fake_act act);
void scene_lose(struct scene *s, enum leg leg, enum fake_phase phase, enum fake_act act);
void scene_mend(struct scene *s);

/** scene_is(s, index, verdict, leg, stage, cause): assert the row's verdict and its failure. */
void scene_is(const struct scene *s, int32_t index, enum verdict verdict, enum leg leg, enum stage stage,
              enum cause cause);

/** scene_descriptors(): open ones of this process. */
unsigned scene_descriptors(void);

/** Setup and teardown of cmocka: *state is a scene that is open. */
int scene_setup(void **state);
int scene_setup_of(void **state, const char *type);
int scene_teardown(void **state);

#endif
