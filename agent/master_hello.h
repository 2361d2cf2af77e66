/*
 * Whether what listens where the AgentX master should be is one: a session is opened and closed again (RFC 2741
 * s. 6.2.1, 6.2.2), by hand, because the library would neither wait for a bounded time nor say what was wrong.
 */
#ifndef EMAILMON_MASTER_HELLO_H
#define EMAILMON_MASTER_HELLO_H

enum hello {
    HELLO_WELCOME,   /* an AgentX master, and it takes us */
    HELLO_NO_SOCKET, /* there is no such file, or no such host */
    HELLO_CLOSED,    /* no permission */
    HELLO_REFUSED,   /* nobody listens there */
    HELLO_SILENT,    /* connected, but no answer came in time */
    HELLO_FOREIGN,   /* the answer is none of AgentX */
    HELLO_DECLINED   /* a master that takes nobody: its error is the number (RFC 2741 s. 6.2.16) */
};

/** master_hello(agentx, wait_ms, number): ${agentx} as in the configuration; ${*number}: errno, or AgentX's error; 0:
 *  none.  Takes twice ${wait_ms} at most, and the time to look up a name. */
enum hello master_hello(const char *agentx, int wait_ms, int *number);

#endif
