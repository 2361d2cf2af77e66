#include "dns_peer.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, HEADER = 12, SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5 };

struct datagram {
    unsigned char bytes[1500];
    size_t n;
    size_t question_end;
    unsigned type;
    char label[64]; /* the first, in lower case */
};

static void put(struct datagram *d, const void *bytes, size_t n)
{
    if (d->n + n > sizeof d->bytes)
        abort();
    memcpy(d->bytes + d->n, bytes, n);
    d->n += n;
}

static void put16(struct datagram *d, unsigned v)
{
    const unsigned char two[2] = {(unsigned char)(v >> 8), (unsigned char)v};
    put(d, two, sizeof two);
}

/* The name is that of the question: a pointer to behind the header (RFC 1035 s. 4.1.4). */
static void put_record(struct datagram *d, unsigned type, unsigned ttl_s, const void *data, size_t n)
{
    put16(d, 0xC000 | HEADER);
    put16(d, type);
    put16(d, 1);
    put16(d, ttl_s >> 16);
    put16(d, ttl_s & 0xFFFF);
    put16(d, (unsigned)n);
    put(d, data, n);
    d->bytes[7]++;
}

static void put_v4(struct datagram *d, unsigned ttl_s, unsigned last)
{
    const unsigned char address[4] = {192, 0, 2, (unsigned char)last};
    if (d->type == TYPE_A)
        put_record(d, TYPE_A, ttl_s, address, sizeof address);
}

static void put_v6(struct datagram *d, unsigned ttl_s, unsigned last)
{
    const unsigned char address[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = (unsigned char)last};
    if (d->type == TYPE_AAAA)
        put_record(d, TYPE_AAAA, ttl_s, address, sizeof address);
}

static void both(struct datagram *d)
{
    put_v4(d, 300, 1);
    put_v6(d, 300, 1);
}

static void brief(struct datagram *d)
{
    put_v4(d, 0, 1);
}

static void many(struct datagram *d)
{
    for (unsigned i = 1; i <= 20; i++)
        put_v4(d, 300, i);
    for (unsigned i = 1; i <= 10; i++)
        put_v6(d, 300, i);
}

/* The alias' target is "both.test", written behind the records. */
static void alias(struct datagram *d)
{
    static const unsigned char target[] = "\4both\4test";
    static const unsigned char v4[4] = {192, 0, 2, 1};
    size_t at = d->n + 12;
    put_record(d, TYPE_CNAME, 300, target, sizeof target);
    if (d->type != TYPE_A)
        return;
    put16(d, (unsigned)(0xC000 | at));
    put16(d, TYPE_A);
    put16(d, 1);
    put16(d, 0);
    put16(d, 300);
    put16(d, sizeof v4);
    put(d, v4, sizeof v4);
    d->bytes[7]++;
}

static void loop_of_alias(struct datagram *d)
{
    static const unsigned char own[2] = {0xC0, HEADER};
    put_record(d, TYPE_CNAME, 300, own, sizeof own);
}

static void set_rcode(struct datagram *d, unsigned rcode)
{
    d->bytes[3] = (unsigned char)((d->bytes[3] & 0xF0) | rcode);
}

static void nx(struct datagram *d)
{
    set_rcode(d, NXDOMAIN);
}

static void nodata(struct datagram *d)
{
    (void)d;
}

static void servfail(struct datagram *d)
{
    set_rcode(d, SERVFAIL);
}

static void refused(struct datagram *d)
{
    set_rcode(d, REFUSED);
}

static void empty(struct datagram *d)
{
    d->n = 0;
}

static void garbage(struct datagram *d)
{
    d->bytes[7] = 9; /* promises records that do not come */
}

static void otherid(struct datagram *d)
{
    d->bytes[0] ^= 0x5A;
    both(d);
}

static void silent(struct datagram *d)
{
    d->n = SIZE_MAX;
}

static void only4(struct datagram *d)
{
    put_v4(d, 300, 4);
    if (d->type != TYPE_A)
        silent(d);
}

static void half4(struct datagram *d)
{
    put_v4(d, 300, 4);
    if (d->type != TYPE_A)
        servfail(d);
}

static const struct behaviour {
    const char *label;
    void (*answer)(struct datagram *d);
} behaviours[] = {
    {"both", both},       {"brief", brief},     {"many", many},         {"alias", alias},     {"loop", loop_of_alias},
    {"nx", nx},           {"nodata", nodata},   {"servfail", servfail}, {"refused", refused}, {"empty", empty},
    {"garbage", garbage}, {"otherid", otherid}, {"silent", silent},     {"only4", only4},     {"half4", half4},
};

static bool read_question(struct datagram *d)
{
    size_t at = HEADER;
    if (d->n < HEADER + 5)
        return false;
    size_t length = d->bytes[at];
    for (size_t i = 0; i < length && i < sizeof d->label - 1; i++)
        d->label[i] = (char)(d->bytes[at + 1 + i] | 0x20);
    while (at < d->n && d->bytes[at] != 0)
        at += d->bytes[at] + 1U;
    if (at + 5 > d->n)
        return false;
    d->type = (unsigned)d->bytes[at + 1] << 8 | d->bytes[at + 2];
    d->n = at + 5;
    d->bytes[2] = (unsigned char)(0x80 | d->bytes[2]); /* an answer */
    d->bytes[3] = 0x80;
    return true;
}

static void answer(struct dns_peer *p)
{
    struct datagram d = {.n = 0};
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    ssize_t n = recvfrom(p->fd, d.bytes, sizeof d.bytes, 0, (struct sockaddr *)&from, &length);
    d.n = n > 0 ? (size_t)n : 0;
    if (!read_question(&d))
        return;
    __atomic_add_fetch(&p->questions, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&p->failing, __ATOMIC_SEQ_CST) != 0) {
        servfail(&d);
    } else {
        for (size_t i = 0; i < sizeof behaviours / sizeof behaviours[0]; i++)
            if (strcmp(behaviours[i].label, d.label) == 0)
                behaviours[i].answer(&d);
    }
    if (d.n != SIZE_MAX)
        (void)sendto(p->fd, d.bytes, d.n, 0, (struct sockaddr *)&from, length);
}

static void *serve(void *argument)
{
    struct dns_peer *p = argument;
    struct pollfd wait[2] = {{.fd = p->fd, .events = POLLIN}, {.fd = p->stop[0], .events = POLLIN}};
    while (poll(wait, 2, -1) > 0 && wait[1].revents == 0)
        answer(p);
    return NULL;
}

void dns_peer_start(struct dns_peer *p)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof own;
    *p = (struct dns_peer){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        getsockname(p->fd, (struct sockaddr *)&own, &n) != 0 || pipe(p->stop) != 0)
        abort();
    int room = 1 << 20;
    (void)setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    (void)snprintf(p->servers, sizeof p->servers, "127.0.0.1:%u", (unsigned)ntohs(own.sin_port));
    if (pthread_create(&p->thread, NULL, serve, p) != 0)
        abort();
}

void dns_peer_stop(struct dns_peer *p)
{
    (void)!write(p->stop[1], "s", 1);
    (void)pthread_join(p->thread, NULL);
    close(p->fd);
    close(p->stop[0]);
    close(p->stop[1]);
}
