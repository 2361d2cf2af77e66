#include "fake_mail.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake_parts.h"

enum { EVENTS = 256, BACKLOG = 4096, DRIP_MS = 100 };

static const struct {
    void (*greet)(struct connection *c);
    void (*line)(struct connection *c, char *line, size_t n);
} protocols[FAKE_PROTOCOLS] = {
    [FAKE_SMTP] = {smtp_greet, smtp_line},
    [FAKE_POP3] = {pop3_greet, pop3_line},
    [FAKE_IMAP] = {imap_greet, imap_line},
};

uint64_t fake_now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- bytes --- */

bool fake_buffer_add(struct fake_buffer *b, const char *bytes, size_t n)
{
    if (n == 0)
        return true;
    if (b->first + b->count + n > b->room) {
        size_t room = 2 * (b->count + n) + 256;
        char *more = malloc(room);
        if (more == NULL)
            return false;
        if (b->count > 0)
            memcpy(more, b->bytes + b->first, b->count);
        free(b->bytes);
        b->bytes = more;
        b->first = 0;
        b->room = room;
    }
    memcpy(b->bytes + b->first + b->count, bytes, n);
    b->count += n;
    return true;
}

void fake_buffer_clear(struct fake_buffer *b)
{
    free(b->bytes);
    *b = (struct fake_buffer){0};
}

static void take(struct fake_buffer *b, size_t n)
{
    b->first += n;
    b->count -= n;
    if (b->count == 0)
        fake_buffer_clear(b);
}

unsigned fake_fault(const struct connection *c, enum fake_fault fault)
{
    return c->fake->faults[fault];
}

/* --- what is said --- */

static void wait_for_socket(struct connection *c, bool yes)
{
    struct epoll_event e = {.events = EPOLLIN | (yes ? EPOLLOUT : 0), .data.ptr = c};
    if (c->waits != yes)
        (void)epoll_ctl(c->fake->epoll, EPOLL_CTL_MOD, c->fd, &e);
    c->waits = yes;
}

static void be_late(struct connection *c, unsigned ms)
{
    struct fake_mail *f = c->fake;
    if (c->late)
        return;
    c->late = true;
    c->due_ms = fake_now_ms() + ms;
    c->next_late = NULL;
    c->prev_late = f->last_late;
    *(f->last_late != NULL ? &f->last_late->next_late : &f->late) = c;
    f->last_late = c;
}

static void be_in_time(struct connection *c)
{
    struct fake_mail *f = c->fake;
    if (!c->late)
        return;
    c->late = false;
    *(c->prev_late != NULL ? &c->prev_late->next_late : &f->late) = c->next_late;
    *(c->next_late != NULL ? &c->next_late->prev_late : &f->last_late) = c->prev_late;
}

static void begin_tls(struct connection *c)
{
    c->securing = false;
    c->shaking = true;
    c->secure = fake_secure_new(c->fake->tls, c->fd);
    c->gone = c->gone || c->secure == NULL;
}

static ssize_t send_some(struct connection *c)
{
    const char *bytes = c->out.bytes + c->out.first;
    size_t n = !c->drips ? c->out.count : c->prompt > 0 ? c->prompt : 1;
    return c->secure != NULL ? fake_secure_send(c->secure, bytes, n) : send(c->fd, bytes, n, MSG_NOSIGNAL);
}

static void flush(struct connection *c)
{
    while (!c->late && !c->shaking && !c->gone && c->out.count > 0) {
        ssize_t sent = send_some(c);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            wait_for_socket(c, true);
            return;
        }
        if (sent <= 0) {
            c->gone = true;
            return;
        }
        take(&c->out, (size_t)sent);
        c->prompt -= c->prompt < (size_t)sent ? c->prompt : (size_t)sent;
        if (c->drips)
            be_late(c, DRIP_MS);
    }
    if (c->out.count == 0) {
        wait_for_socket(c, false);
        c->gone = c->gone || c->closing;
        if (c->securing && !c->gone)
            begin_tls(c);
    }
}

void fake_say_bytes(struct connection *c, const char *bytes, size_t n)
{
    if (fake_fault(c, FAULT_SILENT) != 0)
        return;
    if (!fake_buffer_add(&c->out, bytes, n))
        c->gone = true;
    if (fake_fault(c, FAULT_DELAY_MS) != 0)
        be_late(c, fake_fault(c, FAULT_DELAY_MS));
}

void fake_say(struct connection *c, const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (n > 0 && (size_t)n < sizeof line)
        fake_say_bytes(c, line, (size_t)n);
}

void fake_close(struct connection *c)
{
    c->closing = true;
}

void fake_drop(struct connection *c)
{
    c->gone = true;
}

bool fake_offers_tls(const struct connection *c)
{
    return c->secure == NULL && fake_fault(c, FAULT_TLS) == 2;
}

void fake_secure_next(struct connection *c)
{
    c->securing = true;
}

/* --- connections --- */

static void connection_free(struct connection *c)
{
    struct fake_mail *f = c->fake;
    be_in_time(c);
    fake_logout(c);
    *(c->previous != NULL ? &c->previous->next : &f->connections) = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    fake_secure_free(c->secure);
    if (c->resets)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    /* Closing is not enough while a child of the test has not yet become another program. */
    (void)epoll_ctl(f->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    (void)close(c->fd);
    fake_buffer_clear(&c->in);
    fake_buffer_clear(&c->out);
    fake_buffer_clear(&c->data);
    free(c);
    f->counts[COUNT_OPEN]--;
}

static void count_connection(struct fake_mail *f, enum fake_protocol protocol)
{
    f->counts[COUNT_SMTP_CONNECTIONS + protocol]++;
    if (++f->counts[COUNT_OPEN] > f->counts[COUNT_OPEN_MOST])
        f->counts[COUNT_OPEN_MOST] = f->counts[COUNT_OPEN];
}

static void greet(struct connection *c)
{
    c->greeted = true;
    if (!fake_breaks(c, PHASE_GREETING))
        protocols[c->protocol].greet(c);
}

static bool welcome(struct fake_mail *f, enum fake_protocol protocol, int fd)
{
    struct connection *c = calloc(1, sizeof *c);
    int one = 1;
    if (c == NULL)
        return false;
    *c = (struct connection){.fake = f, .fd = fd, .protocol = protocol, .next = f->connections};
    if (c->next != NULL)
        c->next->previous = c;
    f->connections = c;
    count_connection(f, protocol);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    (void)epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &e);
    c->gone = fake_fault(c, FAULT_GREETING_DROP) != 0;
    if (!c->gone && fake_fault(c, FAULT_TLS) == 1)
        begin_tls(c);
    else if (!c->gone)
        greet(c);
    flush(c);
    if (c->gone)
        connection_free(c);
    return true;
}

static void accept_all(struct fake_mail *f, enum fake_protocol protocol)
{
    for (int fd; (fd = accept4(f->listeners[protocol], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
        if (!welcome(f, protocol, fd))
            (void)close(fd);
}

static void serve_lines(struct connection *c)
{
    while (!c->gone && !c->closing && !c->securing && !c->deaf && c->in.count > 0) {
        char *line = c->in.bytes + c->in.first, *end = memchr(line, '\n', c->in.count);
        if (end == NULL) {
            c->gone = c->in.count > FAKE_LINE_MAX;
            return;
        }
        size_t whole = (size_t)(end - line) + 1, n = whole - 1;
        if (n > 0 && line[n - 1] == '\r')
            n--;
        line[n] = '\0';
        protocols[c->protocol].line(c, line, n);
        take(&c->in, whole);
    }
}

/* A handshake before the greeting; one after STARTTLS is followed by the client's words. */
static void shake(struct connection *c)
{
    if (fake_breaks(c, PHASE_TLS)) { /* what it says then goes out plain */
        fake_secure_free(c->secure);
        c->secure = NULL;
        c->shaking = false;
        c->deaf = true;
        return;
    }
    int done = fake_secure_shake(c->secure);
    c->gone = done < 0;
    c->shaking = done == 0;
    if (done == 1 && !c->greeted)
        greet(c);
}

static bool hear_once(struct connection *c)
{
    char *input = c->fake->input;
    size_t room = sizeof c->fake->input;
    ssize_t n = c->secure != NULL ? fake_secure_recv(c->secure, input, room) : recv(c->fd, input, room, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        c->gone = true;
    if (n <= 0)
        return false;
    if (!c->deaf && !fake_buffer_add(&c->in, input, (size_t)n))
        c->gone = true;
    serve_lines(c);
    return !c->gone;
}

/* What TLS has taken from the socket already makes that not readable again. */
static void hear(struct connection *c)
{
    while (hear_once(c) && c->secure != NULL) {
    }
}

/* --- the thread --- */

static void serve_event(struct fake_mail *f, const struct epoll_event *e)
{
    uint64_t at = (uint64_t)(uintptr_t)e->data.ptr;
    if (at < FAKE_PROTOCOLS) {
        accept_all(f, (enum fake_protocol)at);
        return;
    }
    if (e->data.ptr == f)
        return; /* the wake-up: f->ending says the rest */
    struct connection *c = e->data.ptr;
    if (c->shaking)
        shake(c);
    if (!c->shaking && !c->gone && (e->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        hear(c);
    flush(c);
    if (c->gone)
        connection_free(c);
}

static int serve_late(struct fake_mail *f)
{
    uint64_t now = fake_now_ms();
    while (f->late != NULL && f->late->due_ms <= now) {
        struct connection *c = f->late;
        be_in_time(c);
        flush(c);
        if (c->gone)
            connection_free(c);
    }
    return f->late == NULL ? -1 : (int)(f->late->due_ms - now);
}

static void *serve(void *owner)
{
    struct fake_mail *f = owner;
    struct epoll_event events[EVENTS];
    (void)pthread_mutex_lock(&f->mutex);
    while (!f->ending) {
        int wait_ms = serve_late(f);
        (void)pthread_mutex_unlock(&f->mutex);
        int n = epoll_wait(f->epoll, events, EVENTS, wait_ms);
        (void)pthread_mutex_lock(&f->mutex);
        for (int i = 0; i < n && !f->ending; i++)
            serve_event(f, &events[i]);
    }
    while (f->connections != NULL)
        connection_free(f->connections);
    (void)pthread_mutex_unlock(&f->mutex);
    return NULL;
}

/* --- start and stop --- */

static bool listen_at(struct fake_mail *f, enum fake_protocol protocol, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    f->listeners[protocol] = fd;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        return false;
    f->ports[protocol] = ntohs(at.sin_port);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = (void *)(uintptr_t)protocol};
    return epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static void fake_free(struct fake_mail *f)
{
    const int fds[] = {f->epoll, f->wake};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    for (unsigned i = 0; i < FAKE_PROTOCOLS; i++) {
        if (f->listeners[i] >= 0)
            (void)close(f->listeners[i]);
        if (f->fillers[i] >= 0)
            (void)close(f->fillers[i]);
    }
    box_free_all(f);
    fake_tls_free(f->tls);
    (void)pthread_mutex_destroy(&f->mutex);
    free(f);
}

struct fake_mail *fake_start(const uint16_t ports[FAKE_PROTOCOLS])
{
    struct fake_mail *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    (void)pthread_mutex_init(&f->mutex, NULL);
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    f->tls = fake_tls_new();
    bool good = f->epoll >= 0 && f->wake >= 0 && f->tls != NULL;
    for (unsigned i = 0; i < FAKE_PROTOCOLS; i++)
        f->listeners[i] = f->fillers[i] = -1;
    for (unsigned i = 0; i < FAKE_PROTOCOLS && good; i++)
        good = listen_at(f, i, ports[i]);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = f};
    if (good && epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->wake, &e) == 0 && pthread_create(&f->thread, NULL, serve, f) == 0)
        return f;
    fake_free(f);
    return NULL;
}

void fake_stop(struct fake_mail *f)
{
    if (f == NULL)
        return;
    (void)pthread_mutex_lock(&f->mutex);
    f->ending = true;
    (void)pthread_mutex_unlock(&f->mutex);
    (void)!eventfd_write(f->wake, 1);
    (void)pthread_join(f->thread, NULL);
    fake_free(f);
}

/* --- what tests ask and set --- */

bool fake_write_certificate(const struct fake_mail *f, const char *path)
{
    return fake_tls_write(f->tls, path);
}

uint16_t fake_port(const struct fake_mail *f, enum fake_protocol protocol)
{
    return f->ports[protocol];
}

void fake_set(struct fake_mail *f, enum fake_fault fault, unsigned number)
{
    (void)pthread_mutex_lock(&f->mutex);
    f->faults[fault] = number;
    (void)pthread_mutex_unlock(&f->mutex);
}

uint64_t fake_counted(struct fake_mail *f, enum fake_count count)
{
    (void)pthread_mutex_lock(&f->mutex);
    uint64_t so_far = f->counts[count];
    (void)pthread_mutex_unlock(&f->mutex);
    return so_far;
}

static const struct {
    const char *word, *text;
} faults[FAKE_FAULTS] = {
#define FAULT(enumerator, word, text) [FAULT_##enumerator] = {word, text},
#include "fake_fault.def"
};

const char *fake_fault_word(enum fake_fault fault)
{
    return faults[fault].word;
}

const char *fake_fault_text(enum fake_fault fault)
{
    return faults[fault].text;
}

bool fake_fault_named(const char *word, enum fake_fault *fault)
{
    for (unsigned i = 0; i < FAKE_FAULTS; i++) {
        *fault = i;
        if (strcmp(word, faults[i].word) == 0)
            return true;
    }
    return false;
}
