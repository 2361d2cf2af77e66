/* Memory that is short now and then in the worker's thread: nobody goes down for it, and all comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "scene.h"
#include "side_by_side.h"

enum { ROWS = 20, SHORT_MS = 4000 };

/* One of so many allocations of the worker's thread fails; 0: none. */
static unsigned one_in;
static unsigned failed;
static uint64_t seed;

static bool is_worker(void)
{
    static __thread char name[16];
    if (name[0] == '\0')
        (void)prctl(PR_GET_NAME, name);
    return strcmp(name, "worker") == 0;
}

static bool fails(void)
{
    unsigned of = __atomic_load_n(&one_in, __ATOMIC_ACQUIRE); /* with it, the seed */
    if (of == 0 || !is_worker())
        return false;
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    bool this_one = (seed >> 33) % of == 0;
    if (this_one)
        __atomic_add_fetch(&failed, 1, __ATOMIC_RELAXED);
    return this_one;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *old, size_t n);
void *__real_reallocarray(void *old, size_t n, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *old, size_t n);
void *__wrap_reallocarray(void *old, size_t n, size_t bytes);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    return fails() ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *old, size_t n)
{
    return fails() ? NULL : __real_realloc(old, n);
}

void *__wrap_reallocarray(void *old, size_t n, size_t bytes)
{
    return fails() ? NULL : __real_reallocarray(old, n, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

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

/* Rows that are polled without a pause, some of them changed, removed, made anew. */
static void go_on(struct scene *s)
{
    for (uint64_t until_ms = monotonic_now_ms() + SHORT_MS; monotonic_now_ms() < until_ms; scene_rest(s, 50)) {
        for (int32_t i = 1; i <= ROWS; i++)
            scene_poll(s, i);
        int32_t i = (int32_t)(monotonic_now_ms() % ROWS) + 1;
        scene_remove(s, i);
        put_row(s, i, i % 2 == 0 ? "" : "smtp.auth=true smtp.username=u smtp.password=p");
    }
}

static void play(struct scene *s, unsigned of, uint64_t of_seed)
{
    for (int32_t i = 1; i <= ROWS; i++)
        put_row(s, i, "smtp.auth=true smtp.username=u smtp.password=p");
    for (int32_t i = 1; i <= ROWS; i++)
        scene_polled(s, i, 1);
    seed = of_seed;
    __atomic_store_n(&one_in, of, __ATOMIC_RELEASE);
    go_on(s);
    __atomic_store_n(&one_in, 0, __ATOMIC_RELAXED);
    assert_true(__atomic_load_n(&failed, __ATOMIC_RELAXED) > ROWS);
    if (!scene_until(s, all_are_up, s, SCENE_WAIT_MS))
        for (int32_t i = 1; i <= ROWS; i++)
            scene_is(s, i, VERDICT_UP, LEG_NONE, STAGE_NONE, CAUSE_NONE);
    for (int32_t i = 1; i <= ROWS; i++)
        assert_int_equal(s->rows[i].down, 0);
}

static void rarely(void **state)
{
    play(*state, 100, 1);
}

static void often(void **state)
{
    play(*state, 20, 2);
}

static void very_often(void **state)
{
    play(*state, 4, 3);
}

static int setup_imap(void **state)
{
    return scene_setup_of(state, "imap");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"one allocation in a hundred fails: POP3", rarely, scene_setup, scene_teardown, NULL},
        {"one allocation in a hundred fails: IMAP", rarely, setup_imap, scene_teardown, NULL},
        {"one allocation in twenty fails: POP3", often, scene_setup, scene_teardown, NULL},
        {"one allocation in twenty fails: IMAP", often, setup_imap, scene_teardown, NULL},
        {"one allocation in four fails: POP3", very_often, scene_setup, scene_teardown, NULL},
        {"one allocation in four fails: IMAP", very_often, setup_imap, scene_teardown, NULL},
    };
    return side_by_side("memory that is short now and then", tests, sizeof tests / sizeof tests[0]);
}
