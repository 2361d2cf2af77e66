#include "short_memory.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <cmocka.h>

/* Of this thread alone: a server that a test talks to has all the memory it wants. */
static _Thread_local struct {
    unsigned from, until; /* these allocations fail; 0: none */
    unsigned count;
    bool failed, spared;
} memory;

static void fail_from(unsigned from, unsigned until)
{
    memory.from = from;
    memory.until = until;
    memory.count = 0;
    memory.failed = memory.spared = false;
}

void memory_fails_at(unsigned n)
{
    fail_from(n, n);
}

void memory_fails_from(unsigned n)
{
    fail_from(n, UINT_MAX);
}

bool memory_has_failed(void)
{
    return memory.failed;
}

unsigned memory_allocations(void)
{
    return memory.count;
}

void memory_spare(bool on)
{
    memory.spared = on;
}

/* --- another thread --- */

/* What is not atomic is written while nobody is aimed at, and then only by the thread itself. */
static struct {
    const char *thread;
    unsigned nth, one_in; /* one of them is 0 */
    uint64_t seed;
    unsigned failures; /* atomic */
    bool on;           /* atomic */
} there;

static void aim(const char *thread, unsigned nth, unsigned one_in, uint64_t seed)
{
    __atomic_store_n(&there.on, false, __ATOMIC_SEQ_CST);
    there.thread = thread;
    there.nth = nth;
    there.one_in = one_in;
    there.seed = seed;
    __atomic_store_n(&there.failures, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&there.on, nth + one_in > 0, __ATOMIC_SEQ_CST);
}

void memory_fails_in(const char *thread, unsigned n)
{
    aim(thread, n, 0, 0);
}

void memory_fails_often(const char *thread, unsigned one_in, uint64_t seed)
{
    aim(thread, 0, one_in, seed);
}

unsigned memory_failures_there(void)
{
    return __atomic_load_n(&there.failures, __ATOMIC_SEQ_CST);
}

static bool is_thread_named(const char *thread)
{
    char name[16];
    return prctl(PR_GET_NAME, name) == 0 && strcmp(name, thread) == 0;
}

static bool is_hit(void)
{
    if (there.one_in == 0)
        return there.nth > 0 && --there.nth == 0;
    there.seed = there.seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (there.seed >> 33) % there.one_in == 0;
}

static bool is_short_there(void)
{
    if (!__atomic_load_n(&there.on, __ATOMIC_SEQ_CST) || !is_thread_named(there.thread) || !is_hit())
        return false;
    (void)__atomic_add_fetch(&there.failures, 1, __ATOMIC_SEQ_CST);
    return true;
}

static bool is_short_here(void)
{
    if (memory.spared || ++memory.count < memory.from || memory.count > memory.until)
        return false;
    return memory.failed = true;
}

static bool is_short(void)
{
    if (!is_short_here() && !is_short_there())
        return false;
    errno = ENOMEM;
    return true;
}

/* --- the allocators: the executable's go before those of libc, also for libraries --- */

/* The real one is the sanitizer's, where there is one. */
#define ALLOCATOR(name, parameters, arguments)                                                                         \
    __attribute__((weak)) void *__interceptor_##name parameters;                                                       \
    void *__libc_##name parameters;                                                                                    \
    void *name parameters                                                                                              \
    {                                                                                                                  \
        if (is_short())                                                                                                \
            return NULL;                                                                                               \
        return __interceptor_##name != NULL ? __interceptor_##name arguments : __libc_##name arguments;                \
    }

ALLOCATOR(malloc, (size_t n), (n))
ALLOCATOR(calloc, (size_t n, size_t size), (n, size))
ALLOCATOR(realloc, (void *old, size_t n), (old, n))

/* Those that are made of the above in libc, but not in a sanitizer. */
void *reallocarray(void *old, size_t n, size_t size)
{
    return size == 0 || n <= SIZE_MAX / size ? realloc(old, n * size) : NULL;
}

char *strndup(const char *s, size_t n)
{
    size_t length = strnlen(s, n);
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, s, length);
    copy[length] = '\0';
    return copy;
}

char *strdup(const char *s)
{
    return strndup(s, strlen(s));
}

/* --- scenes --- */

enum { ALLOCATIONS_MAX = 100000 };

static void check(const struct short_scene *scene, void *stage, bool done)
{
    if (scene->check != NULL)
        scene->check(stage, done);
}

/* Returns whether the scene came to its end without a failing allocation. */
static bool play(const struct short_scene *scene, unsigned n, void (*fails)(unsigned n))
{
    memory_fails_at(0);
    void *stage = scene->begin != NULL ? scene->begin() : NULL;
    fails(n);
    bool done = scene->act(stage), over = !memory_has_failed();
    memory_fails_at(0);
    if (!done && over)
        fail_msg("not done with all the memory it wants");
    check(scene, stage, done);
    if (!done) {
        if (!scene->act(stage))
            fail_msg("allocation %u failed, and nothing can be done afterwards", n);
        check(scene, stage, true);
    }
    if (scene->end != NULL)
        scene->end(stage);
    return over;
}

void short_memory_test(void **state)
{
    static const struct {
        void (*fails)(unsigned n);
        unsigned each; /* of so many first ones each; beyond them a library repeats itself, and samples do */
    } ways[] = {{memory_fails_at, 300}, {memory_fails_from, 30}};
    (void)play(*state, 0, memory_fails_at); /* what libraries make once is there then */
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        unsigned n = 1;
        while (!play(*state, n, ways[i].fails) && n < ALLOCATIONS_MAX)
            n += 1 + n / ways[i].each;
        assert_true(n > 1 && n < ALLOCATIONS_MAX);
    }
}
