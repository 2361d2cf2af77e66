/* What the verdict makes of each fault of a server: the table of tests/faults, without a server. */
#include "faults.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void judge(const struct look_outcome *look, const struct send_outcome *send, const struct fault_row *row,
                  unsigned polls, struct history *h)
{
    const struct failure expected = fault_failure(row);
    struct judgement j = verdict_judge(look, send, h, 1);
    if (j.next.verdict != fault_verdict(row->course, polls) || !failure_same(&j.failure, &expected))
        fail_msg("poll %u: %s, %s %s", polls, verdict_word(j.next.verdict), stage_word(j.failure.stage),
                 cause_word(j.failure.cause));
    failure_clear(&j.failure);
    *h = j.next;
}

static void comes_to(void **state)
{
    const struct fault *f = *state;
    struct look_outcome look = {.kind = LOOK_NOT_MADE, .failure = failure_none, .deletion = failure_none};
    struct send_outcome send = {.kind = SEND_SENT, .failure = failure_none};
    struct history h;
    history_init(&h);
    h = verdict_judge(&look, &send, &h, 1).next;
    assert_int_equal(h.verdict, VERDICT_UP);
    fault_outcomes(f->row, &look, &send);
    for (unsigned polls = 1; polls <= FAULT_POLLS; polls++)
        judge(&look, &send, f->row, polls, &h);
}

int main(void)
{
    static struct fault faults[FAULTS_MAX];
    static char names[FAULTS_MAX][FAULT_NAME_MAX];
    static struct CMUnitTest tests[FAULTS_MAX];
    size_t n = faults_all(faults);
    for (size_t i = 0; i < n; i++) {
        fault_name(&faults[i], names[i]);
        tests[i] = (struct CMUnitTest){.name = names[i], .test_func = comes_to, .initial_state = &faults[i]};
    }
    return _cmocka_run_group_tests("faults and the verdict", tests, n, NULL, NULL);
}
