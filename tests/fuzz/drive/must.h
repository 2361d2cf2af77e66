/* What must always be true: abort() when it is not, so that libFuzzer keeps the input. */
#ifndef EMAILMON_FUZZ_MUST_H
#define EMAILMON_FUZZ_MUST_H

#include <stdbool.h>
#include <stdlib.h>

static inline void must(bool holds)
{
    if (!holds)
        abort();
}

#endif
