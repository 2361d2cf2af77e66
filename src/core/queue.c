#include "queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
    pthread_mutex_t mutex; /* guards first, count and the records; held for one copy */
    int fd;
    size_t capacity, record_bytes;
    size_t first, count;
    unsigned char *records; /* a ring */
};

struct queue *queue_new(size_t capacity, size_t record_bytes)
{
    struct queue *q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    q->capacity = capacity;
    q->record_bytes = record_bytes;
    q->records = calloc(capacity, record_bytes);
    if (q->records == NULL)
        goto free_queue;
    q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (q->fd < 0)
        goto free_records;
    if (pthread_mutex_init(&q->mutex, NULL) != 0)
        goto close_fd;
    return q;

close_fd:
    (void)close(q->fd);
free_records:
    free(q->records);
free_queue:
    free(q);
    return NULL;
}

static unsigned char *record_at(const struct queue *q, size_t place)
{
    return q->records + (q->first + place) % q->capacity * q->record_bytes;
}

void queue_free(struct queue *q, void (*drop)(void *record))
{
    if (q == NULL)
        return;
    for (size_t i = 0; drop != NULL && i < q->count; i++)
        drop(record_at(q, i));
    /* Records may have held secrets. */
    explicit_bzero(q->records, q->capacity * q->record_bytes);
    (void)pthread_mutex_destroy(&q->mutex);
    (void)close(q->fd);
    free(q->records);
    free(q);
}

bool queue_post(struct queue *q, const void *record)
{
    (void)pthread_mutex_lock(&q->mutex);
    bool fits = q->count < q->capacity, first = q->count == 0;
    if (fits) {
        memcpy(record_at(q, q->count), record, q->record_bytes);
        q->count++;
    }
    (void)pthread_mutex_unlock(&q->mutex);
    /* Behind the first one the reader was told already.  A counter at its limit cannot take more, but is readable,
     * which is all that matters. */
    if (first)
        (void)!eventfd_write(q->fd, 1);
    return fits;
}

bool queue_take(struct queue *q, void *record)
{
    (void)pthread_mutex_lock(&q->mutex);
    bool any = q->count > 0;
    if (any) {
        memcpy(record, record_at(q, 0), q->record_bytes);
        q->first = (q->first + 1) % q->capacity;
        q->count--;
    }
    (void)pthread_mutex_unlock(&q->mutex);
    return any;
}

int queue_fd(const struct queue *q)
{
    return q->fd;
}

void queue_drain(struct queue *q)
{
    eventfd_t counter;
    (void)!eventfd_read(q->fd, &counter);
}
