#include "master_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static bool parse(const char *agentx, struct sockaddr_in *address)
{
    static const char prefix[] = "tcp:";
    char host[INET_ADDRSTRLEN];
    uint64_t port;
    if (strncmp(agentx, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *from = agentx + sizeof prefix - 1, *colon = strchr(from, ':');
    if (colon == NULL || (size_t)(colon - from) >= sizeof host || !number_parse(colon + 1, 1, UINT16_MAX, &port))
        return false;
    memcpy(host, from, (size_t)(colon - from));
    host[colon - from] = '\0';
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

bool master_connect(int fd, const struct sockaddr *address, socklen_t size, int wait_ms)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t error_size = sizeof error;
    if (connect(fd, address, size) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    if (poll(&writable, 1, wait_ms) != 1)
        error = ETIMEDOUT;
    else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0)
        error = errno;
    errno = error;
    return error == 0;
}

bool master_probe(const char *agentx, int wait_ms)
{
    struct sockaddr_in address;
    if (!parse(agentx, &address))
        return true;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool connected = master_connect(fd, (const struct sockaddr *)&address, sizeof address, wait_ms);
    (void)close(fd);
    return connected;
}
