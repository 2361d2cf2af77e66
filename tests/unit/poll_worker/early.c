/* A server that answers what it cannot have read yet. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "scene.h"

enum { BETWEEN_US = 60000 }; /* shorter than the patience for the disk, which holds the message back */

/* One conversation: what is said, once what was heard holds ${after}. */
static const struct {
    const char *after, *say;
} lines[] = {
    {NULL, "220 early.test\r\n"},
    {"EHLO", "250-early.test\r\n250 PIPELINING\r\n"},
    {"DATA\r\n", "250 ok\r\n250 ok\r\n354 go on\r\n"},
    {NULL, "250 2.0.0 taken, I am sure\r\n"},
};

static void *serve(void *owner)
{
    const int *listener = owner;
    char heard[8192];
    size_t n = 0;
    int fd = accept(*listener, NULL, NULL);
    for (size_t i = 0; fd >= 0 && i < sizeof lines / sizeof lines[0]; i++) {
        heard[n] = '\0';
        while (lines[i].after != NULL && strstr(heard, lines[i].after) == NULL) {
            ssize_t got = recv(fd, heard + n, sizeof heard - 1 - n, 0);
            if (got <= 0)
                break;
            n += (size_t)got;
            heard[n] = '\0';
        }
        if (lines[i].after == NULL && i > 0)
            (void)usleep(BETWEEN_US);
        (void)send(fd, lines[i].say, strlen(lines[i].say), MSG_NOSIGNAL);
    }
    while (fd >= 0 && recv(fd, heard, sizeof heard, 0) > 0)
        continue;
    if (fd >= 0)
        (void)close(fd);
    return NULL;
}

static void an_early_yes(void **state)
{
    struct scene *s = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char words[32];
    pthread_t thread;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, &listener), 0);

    s->no_receipts = true;
    (void)snprintf(words, sizeof words, "smtp.port=%u", (unsigned)ntohs(address.sin_port));
    scene_put(s, 1, words);
    scene_polled(s, 1, 1);
    scene_is(s, 1, VERDICT_DOWN, LEG_SMTP, STAGE_DATA, CAUSE_MALFORMED);
    assert_int_equal(s->rows[1].status.sent, 0);
    assert_int_equal(s->rows[1].status.outstanding, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a yes to a message that has not left yet is no acceptance", an_early_yes, scene_setup, scene_teardown, NULL},
    };
    return cmocka_run_group_tests_name("early", tests, NULL, NULL);
}
