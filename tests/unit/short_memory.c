#include "short_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned fails_at, allocations;
static bool failed;

void memory_fails_at(unsigned n)
{
    fails_at = n;
    allocations = 0;
    failed = false;
}

bool memory_has_failed(void)
{
    return failed;
}

unsigned memory_allocations(void)
{
    return allocations;
}

static bool is_short(void)
{
    if (++allocations != fails_at)
        return false;
    failed = true;
    errno = ENOMEM;
    return true;
}

/* What the linker puts in the place of each allocator (--wrap), and the real one. */
#define WRAPPED(type, name, parameters, arguments)                                                                     \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters                                                                                      \
    {                                                                                                                  \
        return is_short() ? NULL : __real_##name arguments;                                                            \
    }

WRAPPED(void *, malloc, (size_t n), (n))
WRAPPED(void *, calloc, (size_t n, size_t size), (n, size))
WRAPPED(void *, realloc, (void *old, size_t n), (old, n))
WRAPPED(void *, reallocarray, (void *old, size_t n, size_t size), (old, n, size))
WRAPPED(char *, strdup, (const char *s), (s))
WRAPPED(char *, strndup, (const char *s, size_t n), (s, n))
