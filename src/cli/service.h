/*
 * What a service manager wants to know of a service: sd_notify(3)'s protocol, a datagram to the socket that
 * $NOTIFY_SOCKET names.  Without that nothing is done.  Any thread; never blocks; a manager that does not listen is
 * none.
 */
#ifndef EMAILMON_SERVICE_H
#define EMAILMON_SERVICE_H

/** service_ready(): The state is open and all threads run; or the file was read again, taken or refused. */
void service_ready(void);

/** service_reloading(): The file is about to be read again. */
void service_reloading(void);

/** service_stopping(): It ends. */
void service_stopping(void);

#endif
