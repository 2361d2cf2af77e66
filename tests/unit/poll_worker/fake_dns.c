#include "fake_dns.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 12, MESSAGE = 512, TYPE_A = 1, SERVFAIL = 2, NXDOMAIN = 3, BREAKS = 32, NAME_MAX_BYTES = 64 };

struct fake_dns {
    int fd, wake;
    pthread_t thread;
    pthread_mutex_t mutex; /* of what follows */
    struct {
        char name[NAME_MAX_BYTES];
        enum fake_act act;
    } breaks[BREAKS];
    size_t break_count;
};

/* RFC 1035 s. 4.1: the question comes back, with one record when it asks for an IPv4 address.  Returns where the
 * question's name ends; 0: it does not. */
static size_t name_end(const unsigned char message[MESSAGE], size_t n)
{
    size_t end = HEADER;
    while (end < n && message[end] != 0)
        end += message[end] + 1U;
    return end + 5 <= n ? end : 0;
}

static size_t answer(unsigned char message[MESSAGE], size_t end, unsigned code)
{
    static const unsigned char record[] = {0xC0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1};
    end += 5;
    if (end + sizeof record > MESSAGE)
        return 0;
    bool has_record = message[end - 3] == TYPE_A && code == 0;
    message[2] = 0x85;
    message[3] = (unsigned char)(0x80 | code);
    memset(message + 6, 0, 6);
    message[7] = has_record;
    if (!has_record)
        return end;
    memcpy(message + end, record, sizeof record);
    return end + sizeof record;
}

/* How questions for the name are to be answered; FAKE_ACTS: well. */
static enum fake_act act_for(struct fake_dns *d, const unsigned char message[MESSAGE], size_t end)
{
    char name[MESSAGE] = "";
    size_t n = 0;
    for (size_t at = HEADER; at < end; at += message[at] + 1U) {
        memcpy(name + n, message + at + 1, message[at]);
        n += message[at];
        name[n++] = '.';
    }
    name[n > 0 ? n - 1 : 0] = '\0';
    enum fake_act act = FAKE_ACTS;
    (void)pthread_mutex_lock(&d->mutex);
    for (size_t i = 0; i < d->break_count; i++)
        if (strcasecmp(name, d->breaks[i].name) == 0)
            act = d->breaks[i].act;
    (void)pthread_mutex_unlock(&d->mutex);
    return act;
}

/* Turns the question in ${message} into its answer; 0: there is none. */
static size_t reply(struct fake_dns *d, unsigned char message[MESSAGE], size_t n)
{
    size_t end = name_end(message, n);
    if (end == 0)
        return 0;
    switch (act_for(d, message, end)) {
    case ACT_SILENCE:
        return 0;
    case ACT_PERMANENT:
        return answer(message, end, NXDOMAIN);
    case ACT_TEMPORARY:
        return answer(message, end, SERVFAIL);
    case ACT_MALFORMED:
        return answer(message, end, 0) > 0 ? HEADER + 1 : 0; /* the half of it */
    default:
        return answer(message, end, 0);
    }
}

static void *serve(void *owner)
{
    struct fake_dns *d = owner;
    struct pollfd fds[] = {{.fd = d->fd, .events = POLLIN}, {.fd = d->wake, .events = POLLIN}};
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        unsigned char message[MESSAGE];
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(d->fd, message, sizeof message, 0, (struct sockaddr *)&from, &size);
        size_t length = n > HEADER ? reply(d, message, (size_t)n) : 0;
        if (length > 0)
            (void)!sendto(d->fd, message, length, 0, (struct sockaddr *)&from, size);
    }
    return NULL;
}

struct fake_dns *fake_dns_start(char servers[32])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    struct fake_dns *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    (void)pthread_mutex_init(&d->mutex, NULL);
    d->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    d->wake = eventfd(0, EFD_CLOEXEC);
    if (d->fd >= 0 && d->wake >= 0 && bind(d->fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        getsockname(d->fd, (struct sockaddr *)&at, &size) == 0 && pthread_create(&d->thread, NULL, serve, d) == 0) {
        (void)snprintf(servers, 32, "127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
        return d;
    }
    (void)close(d->fd);
    (void)close(d->wake);
    (void)pthread_mutex_destroy(&d->mutex);
    free(d);
    return NULL;
}

void fake_dns_stop(struct fake_dns *d)
{
    (void)!eventfd_write(d->wake, 1);
    (void)pthread_join(d->thread, NULL);
    (void)close(d->fd);
    (void)close(d->wake);
    (void)pthread_mutex_destroy(&d->mutex);
    free(d);
}

bool fake_dns_break(struct fake_dns *d, const char *name, enum fake_act act)
{
    bool fits = d->break_count < BREAKS;
    (void)pthread_mutex_lock(&d->mutex);
    if (fits) {
        (void)snprintf(d->breaks[d->break_count].name, NAME_MAX_BYTES, "%s", name);
        d->breaks[d->break_count++].act = act;
    }
    (void)pthread_mutex_unlock(&d->mutex);
    return fits;
}
