/*
 * Whether it is worth while to connect to the AgentX master.  The library connects without a time limit, so that a
 * machine which swallows packets would hold the agent thread for minutes.
 */
#ifndef EMAILMON_MASTER_PROBE_H
#define EMAILMON_MASTER_PROBE_H

#include <stdbool.h>
#include <sys/socket.h>

/** master_probe(agentx, wait_ms): False when ${agentx} is "tcp:ADDRESS:PORT" (IPv4) and no connection comes about
 *  within ${wait_ms}.  True for everything else: unix sockets answer at once, and the library knows more transports. */
bool master_probe(const char *agentx, int wait_ms);

/** master_connect(fd, address, size, wait_ms): connect() of a descriptor that does not block, waited for.  False: errno
 *  says why. */
bool master_connect(int fd, const struct sockaddr *address, socklen_t size, int wait_ms);

#endif
