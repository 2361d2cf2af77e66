/*
 * Counts what a program built with AddressSanitizer has on its heap: preload it behind libasan, and map the file that
 * $EMAILMON_HEAP names.  Two numbers stand there: octets now, and at most since somebody else last wrote it.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* <sanitizer/allocator_interface.h>, which gcc does not ship. */
int __sanitizer_install_malloc_and_free_hooks(void (*taken)(const volatile void *, size_t),
                                              void (*given)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *p);

struct heap {
    _Atomic int64_t now, most;
};

static struct heap *heap;

static void taken(const volatile void *p, size_t n)
{
    (void)p;
    int64_t now = atomic_fetch_add(&heap->now, (int64_t)n) + (int64_t)n;
    int64_t most = atomic_load(&heap->most);
    while (now > most && !atomic_compare_exchange_weak(&heap->most, &most, now)) {
    }
}

static void given(const volatile void *p)
{
    if (p != NULL)
        atomic_fetch_sub(&heap->now, (int64_t)__sanitizer_get_allocated_size(p));
}

static struct heap *map(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    void *at = mmap(NULL, sizeof(struct heap), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    return at != MAP_FAILED ? at : NULL;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("EMAILMON_HEAP");
    heap = path != NULL ? map(path) : NULL;
    if (heap == NULL || !__sanitizer_install_malloc_and_free_hooks(taken, given)) {
        (void)fprintf(stderr, "heap: cannot count into %s\n", path != NULL ? path : "$EMAILMON_HEAP");
        _exit(99);
    }
}
