/*
 * Memory that runs short: the Nth allocation of a thread fails, be it the program's own or one inside a library.  Link
 * with short_memory, which stands in the place of libc's allocators.
 */
#ifndef EMAILMON_TEST_SHORT_MEMORY_H
#define EMAILMON_TEST_SHORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** memory_fails_at(n): From now on this thread's ${n}th allocation fails, once; 0: none does.  memory_fails_from(n):
 * all from the ${n}th on do.  memory_has_failed(): it came to that.  memory_allocations(): how many since then. */
void memory_fails_at(unsigned n);
void memory_fails_from(unsigned n);
bool memory_has_failed(void);
unsigned memory_allocations(void);

/** memory_spare(on): What this thread allocates until memory_spare(false) neither fails nor counts: it is the test's
 * own. */
void memory_spare(bool on);

/**
 * memory_fails_in(thread, n): The same for another thread, of the name that it has given itself, from the next
 * allocation on; 0: none fails.  memory_fails_often(thread, one_in, seed): One in so many of its allocations fails, by
 * chance; 0: none.  memory_failures_there(): how many have failed there since either call.
 */
void memory_fails_in(const char *thread, unsigned n);
void memory_fails_often(const char *thread, unsigned one_in, uint64_t seed);
unsigned memory_failures_there(void);

/** What a part of the program does, and what must be there before and after. */
struct short_scene {
    void *(*begin)(void);                  /* what is there before; or NULL: nothing */
    bool (*act)(void *stage);              /* false: it could not be done */
    void (*check)(void *stage, bool done); /* after each act(): all is done, or nothing is lost; or NULL */
    void (*end)(void *stage);              /* frees the stage; or NULL */
};

/**
 * SHORT_MEMORY(name, .act = ..., ...): A cmocka test: the scene is played with all the memory it wants; then again and
 * again with the first, the second, ... of its allocations failing, until it needs no more; then with all failing from
 * the first, the second, ... on.  What could not be done must be done when it is tried again with memory.
 */
#define SHORT_MEMORY(sentence, ...)                                                                                    \
    {                                                                                                                  \
        .name = sentence, .test_func = short_memory_test, .initial_state = &(struct short_scene)                       \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }

void short_memory_test(void **state);

#endif
