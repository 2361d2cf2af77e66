/* Memory that runs short: the Nth allocation of the code under test fails.  Link with the wrappers of
 * short_memory(TARGET) in tests/unit/short_memory.cmake. */
#ifndef EMAILMON_TEST_SHORT_MEMORY_H
#define EMAILMON_TEST_SHORT_MEMORY_H

#include <stdbool.h>

/** memory_fails_at(n): From now on the ${n}th allocation fails, once; 0: none does.  memory_has_failed(): it came to
 * that.  memory_allocations(): how many there were since. */
void memory_fails_at(unsigned n);
bool memory_has_failed(void);
unsigned memory_allocations(void);

#endif
