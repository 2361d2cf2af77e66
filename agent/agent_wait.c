/*
 * Waiting for the master and for the other threads at once, and serving what came.
 */
#include <stdlib.h>
#include <unistd.h>

#include "agent_parts.h"
#include "netsnmp.h"
#include "oid.h"

enum { SHORT_AGAIN_US = 10000 };

static struct timeval timeval_of(int wait_ms)
{
    return (struct timeval){.tv_sec = wait_ms / 1000, .tv_usec = (wait_ms % 1000) * 1000L};
}

static void watch(struct inbox *inbox, netsnmp_large_fd_set *set, int *count)
{
    int fd = queue_fd(inbox->queue);
    NETSNMP_LARGE_FD_SET(fd, set);
    if (fd >= *count)
        *count = fd + 1;
}

static void look(struct inbox *inbox, netsnmp_large_fd_set *set)
{
    int fd = queue_fd(inbox->queue);
    if (!NETSNMP_LARGE_FD_ISSET(fd, set))
        return;
    inbox->ready = true;
    NETSNMP_LARGE_FD_CLR(fd, set);
}

/* Serve sessions whose descriptors are in ${set}, but the master's. */
static void read_inner(netsnmp_large_fd_set *set, int master)
{
    if (master >= 0 && NETSNMP_LARGE_FD_ISSET(master, set))
        NETSNMP_LARGE_FD_CLR(master, set);
    snmp_read2(set);
}

/* Until the library's inner session (a pipe to itself) has nothing more to answer. */
static void finish_requests(int master)
{
    enum { ROUNDS_MAX = 100 };
    for (int i = 0; i < ROUNDS_MAX; i++) {
        struct timeval at_once = {0};
        netsnmp_large_fd_set set;
        int count = 0, block = 0;
        netsnmp_large_fd_set_init(&set, FD_SETSIZE);
        NETSNMP_LARGE_FD_ZERO(&set);
        (void)snmp_select_info2(&count, &set, &at_once, &block);
        if (master >= 0 && NETSNMP_LARGE_FD_ISSET(master, &set))
            NETSNMP_LARGE_FD_CLR(master, &set);
        at_once = (struct timeval){0};
        bool more = netsnmp_large_fd_set_select(count, &set, NULL, NULL, &at_once) > 0;
        if (more)
            read_inner(&set, master);
        netsnmp_large_fd_set_cleanup(&set);
        if (!more)
            return;
    }
}

/* The library writes to what it was given for a request without a look whether it was given anything.  So it gets none
 * while there is not room enough for the greatest; the master waits, and tells its client in the end.  (volatile: or
 * the compiler leaves both calls out.) */
static bool has_memory(void)
{
    enum { REQUEST_OCTETS = 1 << 20 };
    void *volatile room = malloc(REQUEST_OCTETS);
    bool has = room != NULL;
    free(room);
    return has;
}

/*
 * When the master goes while an answer to it is under way inside the library, that answer is given to a session that is
 * freed by then (net-snmp issue 28).  So nothing is read from the master, and not its end either, before all that it
 * asked was answered.
 */
static void read_ready(netsnmp_large_fd_set *set)
{
    const netsnmp_transport *transport =
        main_session == NULL ? NULL : snmp_sess_transport(snmp_sess_pointer(main_session));
    int master = transport == NULL ? -1 : transport->sock;
    bool from_master = master >= 0 && NETSNMP_LARGE_FD_ISSET(master, set);
    read_inner(set, master);
    finish_requests(master);
    if (!from_master)
        return;
    if (!has_memory()) {
        (void)usleep(SHORT_AGAIN_US);
        return;
    }
    NETSNMP_LARGE_FD_ZERO(set);
    NETSNMP_LARGE_FD_SET(master, set);
    snmp_read2(set);
    finish_requests(master);
}

void agent_session_wait(struct agent *a, int wait_ms)
{
    struct inbox *const inboxes[] = {&a->notices, &a->reports, &a->news, &a->saved};
    struct timeval timeout = timeval_of(wait_ms);
    netsnmp_large_fd_set set;
    int count = 0, block = 0;

    netsnmp_large_fd_set_init(&set, FD_SETSIZE); /* it grows with the descriptors */
    NETSNMP_LARGE_FD_ZERO(&set);
    (void)snmp_select_info2(&count, &set, &timeout, &block);
    for (size_t i = 0; i < OID_COUNT(inboxes); i++)
        watch(inboxes[i], &set, &count);
    if (netsnmp_large_fd_set_select(count, &set, NULL, NULL, &timeout) > 0) {
        for (size_t i = 0; i < OID_COUNT(inboxes); i++)
            look(inboxes[i], &set);
        read_ready(&set);
    }
    netsnmp_large_fd_set_cleanup(&set);
    snmp_timeout();
    run_alarms();
    netsnmp_check_outstanding_agent_requests();
}
