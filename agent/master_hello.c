#include "master_hello.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "master_probe.h"
#include "text.h"

/* RFC 2741 s. 6.1, 6.2: the header's octets, and where in it what stands. */
enum { VERSION = 1, TYPE_OPEN = 1, TYPE_CLOSE = 2, TYPE_RESPONSE = 18, NETWORK_BYTE_ORDER = 0x10, REASON_SHUTDOWN = 5 };
enum { AT_VERSION, AT_TYPE, AT_FLAGS, AT_SESSION = 4, AT_LENGTH = 16, HEADER_BYTES = 20 };
enum { AT_ERROR = HEADER_BYTES + 4, ANSWER_BYTES = HEADER_BYTES + 8 }; /* of a response: behind sysUpTime */

#define OUR_NAME "emailmon doctor." /* a whole number of words of four octets */

/* --- connecting --- */

static int open_socket(const struct sockaddr *address, socklen_t size, int wait_ms)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || master_connect(fd, address, size, wait_ms))
        return fd;
    int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

static int open_local(const char *path, int wait_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (text_copy(address.sun_path, sizeof address.sun_path, path))
        return open_socket((const struct sockaddr *)&address, sizeof address, wait_ms);
    errno = ENAMETOOLONG;
    return -1;
}

/* HOST:PORT, IPv4 as the library's. */
static int open_remote(const char *at, int wait_ms)
{
    char host[256];
    const char *colon = strrchr(at, ':');
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    errno = ENOENT;
    if (colon == NULL || (size_t)(colon - at) >= sizeof host)
        return -1;
    memcpy(host, at, (size_t)(colon - at));
    host[colon - at] = '\0';
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0) {
        errno = ENOENT;
        return -1;
    }
    int fd = open_socket(found->ai_addr, found->ai_addrlen, wait_ms);
    int error = errno;
    freeaddrinfo(found);
    errno = error;
    return fd;
}

static int open_master(const char *agentx, int wait_ms)
{
    static const char local[] = "unix:", remote[] = "tcp:";
    if (strncmp(agentx, local, sizeof local - 1) == 0)
        return open_local(agentx + sizeof local - 1, wait_ms);
    if (strncmp(agentx, remote, sizeof remote - 1) == 0)
        return open_remote(agentx + sizeof remote - 1, wait_ms);
    errno = ENOENT;
    return -1;
}

static enum hello why_not(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return HELLO_NO_SOCKET;
    case EACCES:
    case EPERM:
        return HELLO_CLOSED;
    case ETIMEDOUT:
    case EAGAIN: /* a unix socket whose queue of connections is full */
        return HELLO_SILENT;
    default:
        return HELLO_REFUSED;
    }
}

/* --- one session --- */

static void put_header(uint8_t *packet, uint8_t type, size_t payload)
{
    memset(packet, 0, HEADER_BYTES);
    packet[AT_VERSION] = VERSION;
    packet[AT_TYPE] = type;
    packet[AT_FLAGS] = NETWORK_BYTE_ORDER;
    packet[AT_LENGTH + 3] = (uint8_t)payload;
}

/* No time-out of its own, no OID, a name for the master's log. */
static bool say_open(int fd)
{
    enum { TIMEOUT_BYTES = 4, OID_BYTES = 4, LENGTH_BYTES = 4, NAME_BYTES = sizeof OUR_NAME - 1 };
    uint8_t packet[HEADER_BYTES + TIMEOUT_BYTES + OID_BYTES + LENGTH_BYTES + NAME_BYTES] = {0};
    uint8_t *length = packet + HEADER_BYTES + TIMEOUT_BYTES + OID_BYTES;
    put_header(packet, TYPE_OPEN, sizeof packet - HEADER_BYTES);
    length[LENGTH_BYTES - 1] = NAME_BYTES;
    memcpy(length + LENGTH_BYTES, OUR_NAME, NAME_BYTES);
    return send(fd, packet, sizeof packet, MSG_NOSIGNAL) == (ssize_t)sizeof packet;
}

static void say_close(int fd, const uint8_t *answer)
{
    uint8_t packet[HEADER_BYTES + 4] = {0};
    put_header(packet, TYPE_CLOSE, sizeof packet - HEADER_BYTES);
    memcpy(packet + AT_SESSION, answer + AT_SESSION, 4);
    packet[HEADER_BYTES] = REASON_SHUTDOWN;
    (void)send(fd, packet, sizeof packet, MSG_NOSIGNAL);
}

/* How many octets of an answer came before it was whole, closed or too late. */
static size_t hear(int fd, uint8_t answer[ANSWER_BYTES], int wait_ms)
{
    const uint64_t until_ms = monotonic_now_ms() + (uint64_t)wait_ms;
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    size_t n = 0;
    while (n < ANSWER_BYTES) {
        uint64_t now_ms = monotonic_now_ms();
        if (now_ms >= until_ms || poll(&readable, 1, (int)(until_ms - now_ms)) < 1)
            break;
        ssize_t got = recv(fd, answer + n, ANSWER_BYTES - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    return n;
}

static enum hello judge(const uint8_t *answer, size_t n, int *number)
{
    if (n == 0)
        return HELLO_SILENT;
    if (answer[AT_VERSION] != VERSION || n < ANSWER_BYTES || answer[AT_TYPE] != TYPE_RESPONSE)
        return HELLO_FOREIGN;
    bool big = (answer[AT_FLAGS] & NETWORK_BYTE_ORDER) != 0;
    unsigned first = answer[AT_ERROR], second = answer[AT_ERROR + 1];
    *number = (int)(big ? first << 8 | second : second << 8 | first);
    return *number == 0 ? HELLO_WELCOME : HELLO_DECLINED;
}

enum hello master_hello(const char *agentx, int wait_ms, int *number)
{
    uint8_t answer[ANSWER_BYTES] = {0};
    int fd = open_master(agentx, wait_ms);
    *number = 0;
    if (fd < 0) {
        *number = errno;
        return why_not(errno);
    }
    size_t n = say_open(fd) ? hear(fd, answer, wait_ms) : 0;
    enum hello hello = judge(answer, n, number);
    if (hello == HELLO_WELCOME)
        say_close(fd, answer);
    (void)close(fd);
    return hello;
}
