/* Memory that is short now and then in the worker's thread, for libraries too: nobody goes down for it, and all comes
 * back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "short_memory.h"
#include "side_by_side.h"

enum { ROWS = 20, SHORT_MS = 4000 };

static bool all_are_up(void *owner)
{
    const struct scene *s = owner;
    for (int32_t i = 1; i <= ROWS; i++) {
        const struct status *st = &s->rows[i].status;
        if (st->verdict != VERDICT_UP || st->proof != PROOF_ROUND_TRIP || st->failure_leg != LEG_NONE)
            return false;
    }
    return true;
}

static void put_row(struct scene *s, int32_t i, const char *words)
{
    char of_row[256];
    (void)snprintf(of_row, sizeof of_row, "name=row%d smtp.to=box%d@test incoming.username=box%d interval=1 %s", i,
                   i / 2, i / 2, words);
    scene_put(s, i, of_row);
}

static bool has_failed(uint64_t began_ms)
{
    uint64_t past_ms = monotonic_now_ms() - began_ms;
    return past_ms >= SHORT_MS && (memory_failures_there() > 0 || past_ms >= SCENE_WAIT_MS);
}

/* Rows that are polled without a pause, some of them changed, removed, made anew, until memory has been short. */
static void go_on(struct scene *s)
{
    for (uint64_t began_ms = monotonic_now_ms(); !has_failed(began_ms); scene_rest(s, 50)) {
        for (int32_t i = 1; i <= ROWS; i++)
            scene_poll(s, i);
        int32_t i = (int32_t)(monotonic_now_ms() % ROWS) + 1;
        scene_remove(s, i);
        put_row(s, i, i % 2 == 0 ? "" : "smtp.auth=true smtp.username=u smtp.password=p");
    }
}

static void play(struct scene *s, unsigned one_in, uint64_t seed)
{
    for (int32_t i = 1; i <= ROWS; i++)
        put_row(s, i, "smtp.auth=true smtp.username=u smtp.password=p");
    for (int32_t i = 1; i <= ROWS; i++)
        scene_polled(s, i, 1);
    memory_fails_often("worker", one_in, seed);
    go_on(s);
    unsigned failures = memory_failures_there();
    memory_fails_often("worker", 0, 0);
    assert_true(failures > 0);
    if (!scene_until(s, all_are_up, s, SCENE_WAIT_MS))
        for (int32_t i = 1; i <= ROWS; i++)
            scene_is(s, i, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    for (int32_t i = 1; i <= ROWS; i++)
        assert_int_equal(s->rows[i].down, 0);
}

static void rarely(void **state)
{
    play(*state, 1000, 1);
}

static void often(void **state)
{
    play(*state, 200, 2);
}

static void very_often(void **state)
{
    play(*state, 50, 3);
}

static int setup_imap(void **state)
{
    return scene_setup_of(state, "imap");
}

static int teardown(void **state)
{
    memory_fails_often("worker", 0, 0); /* also when something was wrong */
    return scene_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"one allocation in a thousand fails: POP3", rarely, scene_setup, teardown, NULL},
        {"one allocation in a thousand fails: IMAP", rarely, setup_imap, teardown, NULL},
        {"one allocation in two hundred fails: POP3", often, scene_setup, teardown, NULL},
        {"one allocation in two hundred fails: IMAP", often, setup_imap, teardown, NULL},
        {"one allocation in fifty fails: POP3", very_often, scene_setup, teardown, NULL},
        {"one allocation in fifty fails: IMAP", very_often, setup_imap, teardown, NULL},
    };
    return side_by_side("memory that is short now and then", tests, sizeof tests / sizeof tests[0]);
}
