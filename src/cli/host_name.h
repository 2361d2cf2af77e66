/* The fully qualified name of this machine, for EHLO. */
#ifndef EMAILMON_HOST_NAME_H
#define EMAILMON_HOST_NAME_H

enum { HOST_NAME_MAX_BYTES = 256 };

/** host_name(name): "mon.example.com"; "" when this machine has only a short one.  Asks no name server. */
void host_name(char name[HOST_NAME_MAX_BYTES]);

#endif
