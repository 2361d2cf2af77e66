/* Whether what listens at a socket is an AgentX master, and what else it may be. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "master_hello.h"

enum { WAIT_MS = 300, SAID_MAX = 256, OPEN_TYPE = 1, CLOSE_TYPE = 2 };

static char folder[] = "/tmp/emailmon-hello-XXXXXX", path[64], agentx[80];

/* --- a master that says what it was told --- */

struct master {
    int door;
    const void *answer;
    size_t answer_bytes;
    uint8_t heard[SAID_MAX]; /* all that came, up to the end of the connection */
    size_t heard_bytes;
    pthread_t thread;
};

static void *serve(void *owner)
{
    struct master *m = owner;
    int fd = accept(m->door, NULL, NULL);
    ssize_t n = read(fd, m->heard, sizeof m->heard);
    m->heard_bytes = n > 0 ? (size_t)n : 0;
    if (m->answer_bytes > 0)
        (void)!write(fd, m->answer, m->answer_bytes);
    while ((n = read(fd, m->heard + m->heard_bytes, sizeof m->heard - m->heard_bytes)) > 0)
        m->heard_bytes += (size_t)n;
    (void)close(fd);
    return NULL;
}

static int open_door(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)unlink(path);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static enum hello hello_to(struct master *m, const void *answer, size_t n, int *number)
{
    *m = (struct master){.door = open_door(), .answer = answer, .answer_bytes = n};
    assert_int_equal(pthread_create(&m->thread, NULL, serve, m), 0);
    enum hello hello = master_hello(agentx, WAIT_MS, number);
    assert_int_equal(pthread_join(m->thread, NULL), 0);
    (void)close(m->door);
    return hello;
}

/* A response (18) in network byte order of session 7 with ${error}. */
#define RESPONSE(error)                                                                                                \
    {                                                                                                                  \
        1, 18, 0x10, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 9, (error) >> 8, (error)&0xFF, 0, 0   \
    }

static void a_master_that_takes_the_session_is_told_goodbye(void **state)
{
    static const uint8_t yes[] = RESPONSE(0);
    struct master m;
    int number = -1;
    (void)state;
    assert_int_equal(hello_to(&m, yes, sizeof yes, &number), HELLO_WELCOME);
    assert_int_equal(number, 0);
    assert_int_equal(m.heard[0], 1);
    assert_int_equal(m.heard[1], OPEN_TYPE);
    const uint8_t *bye = m.heard + m.heard_bytes - 24;
    assert_int_equal(bye[1], CLOSE_TYPE);
    assert_int_equal(bye[7], 7);
}

static void a_master_that_takes_nobody_says_so_by_a_number(void **state)
{
    static const uint8_t no[] = RESPONSE(256); /* openFailed */
    uint8_t little[sizeof no];
    struct master m;
    int number;
    (void)state;
    assert_int_equal(hello_to(&m, no, sizeof no, &number), HELLO_DECLINED);
    assert_int_equal(number, 256);
    memcpy(little, no, sizeof no);
    little[2] = 0; /* its own byte order */
    assert_int_equal(hello_to(&m, little, sizeof little, &number), HELLO_DECLINED);
    assert_int_equal(number, 1);
}

static void what_does_not_speak_agentx_is_told_from_what_does_not_speak(void **state)
{
    static const char smtp[] = "220 mail.example.com ESMTP ready to take your mail\r\n";
    static const uint8_t half[] = {1, 18, 0x10};
    struct master m;
    int number;
    (void)state;
    assert_int_equal(hello_to(&m, smtp, sizeof smtp - 1, &number), HELLO_FOREIGN);
    assert_int_equal(hello_to(&m, half, sizeof half, &number), HELLO_FOREIGN);
    assert_int_equal(hello_to(&m, NULL, 0, &number), HELLO_SILENT);
}

static void what_cannot_be_connected_to_is_told_by_its_reason(void **state)
{
    int number, fd = open_door();
    (void)state;
    (void)close(fd); /* the file stays */
    assert_int_equal(master_hello(agentx, WAIT_MS, &number), HELLO_REFUSED);
    assert_int_equal(number, ECONNREFUSED);
    (void)unlink(path);
    assert_int_equal(master_hello(agentx, WAIT_MS, &number), HELLO_NO_SOCKET);
    assert_int_equal(master_hello("tcp:127.0.0.1:1", WAIT_MS, &number), HELLO_REFUSED);
    assert_int_equal(master_hello("tcp:nowhere.invalid:705", WAIT_MS, &number), HELLO_NO_SOCKET);
    assert_int_equal(master_hello("no transport", WAIT_MS, &number), HELLO_NO_SOCKET);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(path, sizeof path, "%s/master", folder);
    (void)snprintf(agentx, sizeof agentx, "unix:%s", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_master_that_takes_the_session_is_told_goodbye),
        cmocka_unit_test(a_master_that_takes_nobody_says_so_by_a_number),
        cmocka_unit_test(what_does_not_speak_agentx_is_told_from_what_does_not_speak),
        cmocka_unit_test(what_cannot_be_connected_to_is_told_by_its_reason),
    };
    return cmocka_run_group_tests_name("hello", tests, set_up, tear_down);
}
