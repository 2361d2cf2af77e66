/*
 * What a poll costs a program that uses libcurl: its multi interface, driven by epoll, as its manual recommends for
 * many connections.  It looks for the mail by IMAP, deletes it, and sends another.
 *
 *     bench_curl_client SMTP-PORT IMAP-PORT POLLS POLLS-A-SECOND
 */
#include <curl/curl.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "pace.h"

enum { EVENTS = 64, REPLY_MAX = 4096, TEXT_MAX = 256 };

/* libcurl makes one command of each transfer, and keeps the connection for the next one. */
enum step { STEP_FETCH, STEP_STORE, STEP_EXPUNGE, STEP_SEND };

static const char mail[] =
    "From: <emailmon@lab.test>\r\nTo: <probe@fake.test>\r\nDate: Thu, 26 Nov 2026 08:11:15 +0000\r\n"
    "Message-ID: <0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab@probe.emailmon>\r\n"
    "X-Emailmon-Probe: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\n"
    "Subject: emailmon probe\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
    "Precedence: bulk\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
    "This mail was sent by emailmon, which finds out whether mail gets through.\r\nIt is deleted as soon as it is "
    "found; if you see it, nobody looks into this mailbox.\r\n";

struct poll {
    CURL *easy;
    enum step step;
    char user[32];
    unsigned uid;
    size_t reply_bytes, sent_bytes;
    char reply[REPLY_MAX];
    struct curl_slist *to;
};

static struct {
    int epoll;
    CURLM *multi;
    int64_t due_ms; /* -1: libcurl waits for nothing but sockets */
    const char *smtp_port, *imap_port;
    uint64_t ended;
} all;

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- what libcurl asks of its driver --- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *known)
{
    struct epoll_event e = {.events = (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U),
                            .data.fd = fd};
    (void)easy;
    (void)owner;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(all.epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (epoll_ctl(all.epoll, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) != 0)
        err(1, "epoll_ctl");
    (void)curl_multi_assign(all.multi, fd, &all);
    return 0;
}

static int on_timer(CURLM *multi, long wait_ms, void *owner)
{
    (void)multi;
    (void)owner;
    all.due_ms = wait_ms < 0 ? -1 : now_ms() + wait_ms;
    return 0;
}

/* --- one poll --- */

static size_t take_reply(char *bytes, size_t size, size_t n, void *owner)
{
    struct poll *p = owner;
    size_t room = sizeof p->reply - 1 - p->reply_bytes, taken = n < room ? n : room;
    memcpy(p->reply + p->reply_bytes, bytes, taken);
    p->reply_bytes += taken;
    p->reply[p->reply_bytes] = '\0';
    return size * n;
}

static size_t give_mail(char *bytes, size_t size, size_t n, void *owner)
{
    struct poll *p = owner;
    size_t left = sizeof mail - 1 - p->sent_bytes, given = size * n < left ? size * n : left;
    memcpy(bytes, mail + p->sent_bytes, given);
    p->sent_bytes += given;
    return given;
}

static void set_send(struct poll *p)
{
    char url[TEXT_MAX], to[TEXT_MAX];
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%s/[127.0.0.1]", all.smtp_port);
    (void)snprintf(to, sizeof to, "<%s@fake.test>", p->user);
    curl_easy_reset(p->easy);
    p->to = curl_slist_append(NULL, to);
    (void)curl_easy_setopt(p->easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(p->easy, CURLOPT_MAIL_FROM, "<emailmon@lab.test>");
    (void)curl_easy_setopt(p->easy, CURLOPT_MAIL_RCPT, p->to);
    (void)curl_easy_setopt(p->easy, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(p->easy, CURLOPT_READFUNCTION, give_mail);
    (void)curl_easy_setopt(p->easy, CURLOPT_READDATA, p);
    (void)curl_easy_setopt(p->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(sizeof mail - 1));
    (void)curl_easy_setopt(p->easy, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(p->easy, CURLOPT_FORBID_REUSE, 1L);
}

static void set_command(struct poll *p)
{
    char url[TEXT_MAX], command[TEXT_MAX];
    if (p->step == STEP_FETCH)
        (void)snprintf(command, sizeof command,
                       "UID FETCH 1:* (UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID "
                       "X-EMAILMON-PROBE)])");
    else
        (void)snprintf(command, sizeof command,
                       p->step == STEP_STORE ? "UID STORE %u +FLAGS.SILENT (\\Deleted)" : "UID EXPUNGE %u", p->uid);
    (void)snprintf(url, sizeof url, "imap://127.0.0.1:%s/INBOX", all.imap_port);
    (void)curl_easy_setopt(p->easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(p->easy, CURLOPT_USERNAME, p->user);
    (void)curl_easy_setopt(p->easy, CURLOPT_PASSWORD, "anything");
    (void)curl_easy_setopt(p->easy, CURLOPT_CUSTOMREQUEST, command);
    (void)curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, take_reply);
    (void)curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
    (void)curl_easy_setopt(p->easy, CURLOPT_FORBID_REUSE, p->step == STEP_EXPUNGE ? 1L : 0L);
}

static void go(struct poll *p)
{
    p->reply_bytes = 0;
    if (p->step == STEP_SEND)
        set_send(p);
    else
        set_command(p);
    (void)curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
    if (curl_multi_add_handle(all.multi, p->easy) != CURLM_OK)
        errx(1, "curl_multi_add_handle");
}

static void begin(uint64_t n, bool looks)
{
    struct poll *p = calloc(1, sizeof *p);
    if (p == NULL || (p->easy = curl_easy_init()) == NULL)
        errx(1, "memory");
    p->step = looks ? STEP_FETCH : STEP_SEND;
    (void)snprintf(p->user, sizeof p->user, "client%d.%llu", (int)getpid(), (unsigned long long)n);
    go(p);
}

static void finished(struct poll *p, CURLcode result)
{
    const char *uid = strstr(p->reply, "(UID ");
    if (result != CURLE_OK)
        errx(1, "step %d: %s", (int)p->step, curl_easy_strerror(result));
    if (p->step == STEP_FETCH && uid != NULL)
        p->uid = (unsigned)strtoul(uid + strlen("(UID "), NULL, 10);
    (void)curl_multi_remove_handle(all.multi, p->easy);
    if (p->step != STEP_SEND) {
        p->step++;
        go(p);
        return;
    }
    curl_slist_free_all(p->to);
    curl_easy_cleanup(p->easy);
    free(p);
    all.ended++;
}

/* --- all of them --- */

static void turn(int wait_ms)
{
    struct epoll_event events[EVENTS];
    int running, left;
    if (all.due_ms >= 0) {
        int64_t until_ms = all.due_ms - now_ms();
        wait_ms = wait_ms < 0 || until_ms < wait_ms ? (int)(until_ms < 0 ? 0 : until_ms) : wait_ms;
    }
    int n = epoll_wait(all.epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < n; i++)
        (void)curl_multi_socket_action(all.multi, events[i].data.fd,
                                       (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                                           (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                                           (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
                                       &running);
    if (all.due_ms >= 0 && all.due_ms <= now_ms()) {
        all.due_ms = -1;
        (void)curl_multi_socket_action(all.multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (CURLMsg *m; (m = curl_multi_info_read(all.multi, &left)) != NULL;) {
        struct poll *p = NULL;
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
        finished(p, m->data.result);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5)
        errx(2, "SMTP-PORT IMAP-PORT POLLS POLLS-A-SECOND");
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    all.epoll = epoll_create1(EPOLL_CLOEXEC);
    all.multi = curl_multi_init();
    all.due_ms = -1;
    all.smtp_port = argv[1];
    all.imap_port = argv[2];
    (void)curl_multi_setopt(all.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(all.multi, CURLMOPT_TIMERFUNCTION, on_timer);
    pace_clients(&(struct clients){begin, turn, &all.ended}, strtoul(argv[3], NULL, 10), (unsigned)atoi(argv[4]));
    (void)curl_multi_cleanup(all.multi);
    curl_global_cleanup();
    return 0;
}
