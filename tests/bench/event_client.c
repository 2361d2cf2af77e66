/*
 * The least that a poll can cost: an event-driven client that says what emailmon says, word for word, and does nothing
 * else.  No name, no deadline, no failure, no mail is looked at.
 *
 *     bench_event_client imap|pop3 SMTP-PORT IMAP-OR-POP3-PORT POLLS POLLS-A-SECOND
 *
 * Each poll has a mailbox of its own, with one mail that was sent before the measuring begins.  It looks for that,
 * deletes it, and sends another.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pace.h"

enum { EVENTS = 64, REPLY_MAX = 4096, OUTPUT_MAX = 2048 };

/* When the last line begins with ${until}: remember the number behind ${behind}, if any, and say ${say}, where $ stands
 * for the user and # for the number.  Without ${until} the server's end is awaited. */
struct step {
    const char *until, *behind, *say;
};

static const struct step imap_steps[] = {
    {"* OK", NULL, "A1 LOGIN $ anything\r\n"},
    {"A1 OK", NULL,
     "A2 SELECT INBOX\r\nA3 UID FETCH 1:* (UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID "
     "X-EMAILMON-PROBE)])\r\n"},
    {"A3 OK", "(UID ", "A4 UID STORE # +FLAGS.SILENT (\\Deleted)\r\nA5 UID EXPUNGE #\r\nA6 LOGOUT\r\n"},
    {NULL, NULL, NULL},
};
static const struct step pop3_steps[] = {
    {"+OK", NULL, "CAPA\r\n"},
    {".", NULL, "USER $\r\n"},
    {"+OK", NULL, "PASS anything\r\n"},
    {"+OK", NULL, "STAT\r\nUIDL\r\n"},
    {".", "+OK ", "TOP # 0\r\n"},
    {".", NULL, "DELE #\r\nQUIT\r\n"},
    {NULL, NULL, NULL},
};
static const struct step smtp_steps[] = {
    {"220 ", NULL, "EHLO [127.0.0.1]\r\n"},
    {"250 ", NULL, "MAIL FROM:<emailmon@lab.test> SIZE=676\r\nRCPT TO:<$@fake.test>\r\nDATA\r\n"},
    {"354 ", NULL,
     "Received: by emailmon; Thu, 26 Nov 2026 08:11:15 +0000\r\n"
     "From: <emailmon@lab.test>\r\nTo: <$@fake.test>\r\nDate: Thu, 26 Nov 2026 08:11:15 +0000\r\n"
     "Message-ID: <0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab@probe.emailmon>\r\n"
     "X-Emailmon-Probe: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\n"
     "Subject: emailmon probe\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
     "Precedence: bulk\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
     "This mail was sent by emailmon, which finds out whether mail gets through.\r\nIt is deleted as soon as it is "
     "found; if you see it, nobody looks into this mailbox.\r\n.\r\n"},
    {"250 ", NULL, "QUIT\r\n"},
    {NULL, NULL, NULL},
};

struct talk {
    int fd;
    const struct step *step;
    bool looks; /* and sends when that is over */
    unsigned number;
    char user[32];
    size_t reply_bytes;
    char reply[REPLY_MAX];
};

static struct {
    int epoll;
    const struct step *look;
    uint16_t look_port, smtp_port;
    uint64_t ended;
} all;

static struct talk *begin(const char *user, bool looks)
{
    struct sockaddr_in there = {.sin_family = AF_INET,
                                .sin_port = htons(looks ? all.look_port : all.smtp_port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct talk *t = malloc(sizeof *t);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = t};
    int one = 1;
    if (t == NULL)
        err(1, "memory");
    t->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    t->step = looks ? all.look : smtp_steps;
    t->looks = looks;
    t->number = 0;
    t->reply_bytes = 0;
    (void)snprintf(t->user, sizeof t->user, "%s", user);
    if (t->fd < 0 || setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
        (connect(t->fd, (struct sockaddr *)&there, sizeof there) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(all.epoll, EPOLL_CTL_ADD, t->fd, &e) != 0)
        err(1, "connect");
    return t;
}

static void end(struct talk *t)
{
    (void)close(t->fd);
    if (t->looks)
        (void)begin(t->user, false);
    else
        all.ended++;
    free(t);
}

/* Whether the last line is whole, and the one that is awaited. */
static bool is_answered(const struct talk *t)
{
    if (t->step->until == NULL || t->reply_bytes == 0 || t->reply[t->reply_bytes - 1] != '\n')
        return false;
    const char *before = memrchr(t->reply, '\n', t->reply_bytes - 1), *line = before != NULL ? before + 1 : t->reply;
    return strncmp(line, t->step->until, strlen(t->step->until)) == 0;
}

static size_t fill_in(const struct talk *t, char output[OUTPUT_MAX])
{
    size_t n = 0;
    for (const char *at = t->step->say; *at != '\0' && n < OUTPUT_MAX - sizeof t->user; at++)
        if (*at == '$')
            n += (size_t)sprintf(output + n, "%s", t->user);
        else if (*at == '#')
            n += (size_t)sprintf(output + n, "%u", t->number);
        else
            output[n++] = *at;
    return n;
}

static void go_on(struct talk *t)
{
    char output[OUTPUT_MAX];
    const char *at = t->step->behind != NULL ? strstr(t->reply, t->step->behind) : NULL;
    if (at != NULL)
        t->number = (unsigned)strtoul(at + strlen(t->step->behind), NULL, 10);
    size_t n = fill_in(t, output);
    if (send(t->fd, output, n, MSG_NOSIGNAL) != (ssize_t)n)
        err(1, "send");
    t->reply_bytes = 0;
    t->step++;
}

static void hear(struct talk *t)
{
    ssize_t n = recv(t->fd, t->reply + t->reply_bytes, sizeof t->reply - 1 - t->reply_bytes, 0);
    if (n < 0)
        err(1, "recv");
    t->reply_bytes += (size_t)n;
    t->reply[t->reply_bytes] = '\0';
    if (is_answered(t))
        go_on(t);
    else if (n == 0 && t->step->until == NULL)
        end(t);
    else if (n == 0)
        errx(1, "closed, waiting for \"%s\": %s", t->step->until, t->reply);
}

static void turn(int wait_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(all.epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < n; i++)
        hear(events[i].data.ptr);
}

static void begin_nth(uint64_t n, bool looks)
{
    char user[32];
    (void)snprintf(user, sizeof user, "client%d.%llu", (int)getpid(), (unsigned long long)n);
    (void)begin(user, looks);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        errx(2, "imap|pop3 SMTP-PORT IMAP-OR-POP3-PORT POLLS POLLS-A-SECOND");
    all.epoll = epoll_create1(EPOLL_CLOEXEC);
    all.look = strcmp(argv[1], "imap") == 0 ? imap_steps : pop3_steps;
    all.smtp_port = (uint16_t)atoi(argv[2]);
    all.look_port = (uint16_t)atoi(argv[3]);
    pace_clients(&(struct clients){begin_nth, turn, &all.ended}, strtoul(argv[4], NULL, 10), (unsigned)atoi(argv[5]));
    return 0;
}
