#include "behind.h"

#include <unistd.h>

static const char marks[] = {[false] = '0', [true] = '1'};

bool behind_read(int lock_fd)
{
    char mark = marks[false];
    return pread(lock_fd, &mark, 1, 0) == 1 && mark == marks[true];
}

bool behind_write(int lock_fd, bool behind)
{
    return pwrite(lock_fd, &marks[behind], 1, 0) == 1;
}
