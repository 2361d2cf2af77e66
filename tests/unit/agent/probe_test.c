/* Whether a master can be reached, found out in bounded time. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "master_probe.h"

enum { WAIT_MS = 2000 };

static int door(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void a_tcp_master_is_there_when_it_listens(void **state)
{
    uint16_t port;
    char agentx[64];
    int fd = door(&port);
    (void)state;
    (void)snprintf(agentx, sizeof agentx, "tcp:127.0.0.1:%u", (unsigned)port);
    assert_false(master_probe(agentx, WAIT_MS)); /* bound, but nobody listens */
    assert_int_equal(listen(fd, 1), 0);
    assert_true(master_probe(agentx, WAIT_MS));
    (void)close(fd);
    assert_false(master_probe(agentx, WAIT_MS));
}

static void what_the_probe_does_not_know_is_left_to_the_library(void **state)
{
    static const char *const others[] = {
        "unix:/nonexistent/master", "/nonexistent/master", "tcp:localhost:705",   "tcp:127.0.0.1",
        "tcp:127.0.0.1:0",          "tcp6:[::1]:705",      "tcp:127.0.0.1:70500", ""};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_true(master_probe(others[i], WAIT_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tcp_master_is_there_when_it_listens),
        cmocka_unit_test(what_the_probe_does_not_know_is_left_to_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
