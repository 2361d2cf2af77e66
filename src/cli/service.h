/*
 * What a service manager wants to know of a service: sd_notify(3)'s protocol, a datagram to the socket that
 * $NOTIFY_SOCKET names.  Without that nothing is done.
 */
#ifndef EMAILMON_SERVICE_H
#define EMAILMON_SERVICE_H

/** service_tell(state): "READY=1": the state is open, all threads run.  "STOPPING=1": it ends.  Any thread; never
 *  blocks; a manager that does not listen is none. */
void service_tell(const char *state);

#endif
